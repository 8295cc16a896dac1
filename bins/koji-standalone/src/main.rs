//! Hub, builder and repository upkeep in one process: `koji-standalone --data DIR [--listen ADDR:PORT]`.

mod setup;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use koji_builder_lib::repo_upkeep::RepoUpkeep;
use koji_builder_lib::{BuilderConfig, Finish, Handlers, Manager, Request, run_task_process_if_asked};
use koji_hub_lib::Hub;
use tokio::sync::watch;

/// As in the hub's program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Parser)]
#[command(version, about = "A whole Koji in one process, on SQLite")]
struct Cli {
    /// Where database, storage and settings are kept; set up at the first start
    #[arg(long)]
    data: PathBuf,
    /// The address and port to serve at
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Where sources may come from, as in kojid.conf: `host:repository[:use_common[:source_cmd]]`, separated by spaces
    #[arg(long, default_value = "")]
    allowed_scms: String,
}

fn main() -> ExitCode {
    // a task of the builder runs in a process of its own, which is this program again
    run_task_process_if_asked(&Handlers::standard());
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info,sqlx::query=error".into()),
        )
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    // orphans of killed tasks come here, to be killed too
    let _ = nix::sys::prctl::set_child_subreaper(true);
    let done =
        tokio::runtime::Runtime::new().map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(cli)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("koji-standalone: {e:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    std::fs::create_dir_all(&cli.data).with_context(|| format!("cannot create {}", cli.data.display()))?;
    let data = cli.data.canonicalize().with_context(|| format!("cannot use {}", cli.data.display()))?;
    let config = setup::hub_config(&data, &cli.listen);
    tracing::info!("{}", Hub::init(&config).await?);
    let hub = Hub::open(config).await?;
    let listener = hub.bind().await?;
    let url = format!("http://{}", listener.local_addr()?);

    let requests = koji_builder_lib::requests_of_signals()?;
    let (stop_hub, mut hub_stops) = watch::channel(false);
    let serving = tokio::spawn({
        let (hub, requests) = (hub.clone(), requests.clone());
        async move {
            // an error is a sender that is gone: the program ends too
            let served = hub.serve(listener, async move { drop(hub_stops.wait_for(|stop| *stop).await) }).await;
            requests.send_replace(Request::Stop);
            served
        }
    });
    let setup = setup::run(&hub, &data, &url, cli.allowed_scms).await?;
    tracing::info!(hub = format!("{url}/kojihub"), config = %data.join("koji.conf").display(), "serving");
    // not under systemd there is no one to tell
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);

    // what ends takes the others along, rather than be missed
    let upkeep = tokio::spawn({
        let requests = requests.clone();
        async move {
            let ended = RepoUpkeep::run(setup.upkeep, stopped(requests.subscribe())).await;
            requests.send_replace(Request::Stop);
            ended
        }
    });
    let builder = build(setup.builder, &requests).await;
    requests.send_replace(Request::Stop);
    let upkeep = upkeep.await?;
    stop_hub.send_replace(true);
    serving.await?.context("the hub ended")?;
    builder.context("the builder ended")?;
    upkeep.context("the repository upkeep ended")
}

/// Runs the builder until it is to stop; a restart is one of the builder alone.
async fn build(config: BuilderConfig, requests: &watch::Sender<Request>) -> koji_builder_lib::Result<()> {
    while Manager::run(config.clone(), Handlers::standard(), requests.clone()).await? == Finish::Restart {
        tracing::info!("starting the builder anew");
        requests.send_if_modified(|request| {
            let restarts = *request == Request::Restart;
            if restarts {
                *request = Request::Run;
            }
            restarts
        });
    }
    Ok(())
}

/// Done when a stop is asked for.
async fn stopped(mut requests: watch::Receiver<Request>) {
    // an error is a sender that is gone: the program ends too
    drop(requests.wait_for(|request| *request == Request::Stop).await);
}
