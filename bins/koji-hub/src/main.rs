//! The hub program: `koji-hub --config hub.conf init | serve | check | user add NAME`.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use koji_core::config::ResourceLimit;
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::{Hub, NewUser, PolicyData};
use tokio::signal::unix::{SignalKind, signal};

/// Rows and answers are many small pieces that one thread makes and another drops, SQLite's too.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Parser)]
#[command(version, about = "The hub of the Koji build system")]
struct Cli {
    /// Koji's hub.conf; files of hub.conf.d beside it are read too
    #[arg(long, short, default_value = "/etc/koji-hub/hub.conf")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Create or migrate the database and the storage; safe to repeat
    Init,
    /// Serve the API and the files
    Serve,
    /// Check the configuration, the database and the storage
    Check(Check),
    /// Manage users without a session
    #[command(subcommand)]
    User(UserCommand),
}

#[derive(Args)]
struct Check {
    /// Check that the data hold together, too: fails if there is a fault
    #[arg(long)]
    data: bool,
    /// Read every file, and compare its checksum with the database's
    #[arg(long, requires = "data")]
    checksums: bool,
    /// Only say which rule of this policy would decide about the data that follow
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    policy: Option<String>,
    /// What the policy is asked about: name=text or name:=JSON
    #[arg(requires = "policy", value_name = "NAME=VALUE")]
    about: Vec<PolicyData>,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add a user
    Add(AddUser),
}

#[derive(Args)]
struct AddUser {
    /// The user's name
    name: String,
    /// The password; seen by others in the process list
    #[arg(long, conflicts_with = "password_stdin")]
    password: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// A permission to grant; may be repeated
    #[arg(long = "permission")]
    permissions: Vec<String>,
    /// The user is a builder host
    #[arg(long)]
    host: bool,
    /// The user may not log in
    #[arg(long)]
    blocked: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("koji-hub: {e:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info,sqlx::query=error".into()),
        )
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let cli = Cli::parse();
    let config = HubConfig::read(&cli.config)?;
    match cli.command {
        Command::Init => println!("{}", Hub::init(&config).await?),
        Command::Serve => serve(config).await?,
        Command::Check(asked) => check(&Hub::open(config).await?, asked).await?,
        Command::User(UserCommand::Add(user)) => {
            let password = if user.password_stdin { Some(read_password()?) } else { user.password };
            let AddUser { name, permissions, host, blocked, .. } = user;
            let id = Hub::open(config).await?.add_user(NewUser { name, password, permissions, host, blocked }).await?;
            println!("{id}");
        }
    }
    Ok(())
}

async fn check(hub: &Hub, asked: Check) -> anyhow::Result<()> {
    if let Some(policy) = asked.policy {
        println!("{}", hub.decide(&policy, asked.about).await?);
        return Ok(());
    }
    for line in hub.check().await? {
        println!("{line}");
    }
    if asked.data {
        let checked = hub.check_data(asked.checksums, |line| println!("{line}")).await?;
        anyhow::ensure!(checked.faults == 0, "{checked}");
        println!("{checked}");
    }
    Ok(())
}

fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read the password")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

async fn serve(config: HubConfig) -> anyhow::Result<()> {
    config.rlimits.iter().try_for_each(ResourceLimit::apply)?;
    let hub = Hub::open(config).await?;
    let listener = hub.bind().await?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    // not under systemd there is no one to tell
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    hub.serve(listener, async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("stopping");
    })
    .await?;
    Ok(())
}
