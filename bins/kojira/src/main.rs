//! kojira, the repo daemon program.

use anyhow::Context;
use clap::Parser;
use koji_builder_lib::repo_upkeep::{Cli, RepoUpkeep};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let (only_check, show) = (cli.skip_main, cli.show_config);
    let config = cli.into_config()?;
    if show {
        println!("{config:#?}");
    }
    if only_check || show {
        return Ok(());
    }
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new(&config.log_filter))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    RepoUpkeep::run(config, shutdown).await.context("kojira ends")
}
