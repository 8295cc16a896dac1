//! What the first start makes: users, the builder's host, and the client's configuration.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use koji_builder_lib::BuilderConfig;
use koji_builder_lib::repo_upkeep::UpkeepConfig;
use koji_client::Session;
use koji_core::api::hosts::{AddHost, AddHostToChannel, EditHost, GetHost};
use koji_core::api::users::GetUser;
use koji_core::xmlrpc::Value;
use koji_hub_lib::config::HubConfig;
use koji_hub_lib::{Hub, NewUser};

const ADMIN: &str = "admin";
const BUILDER: &str = "localhost";
const UPKEEP: &str = "kojira";

/// The hub's settings: everything below the data directory.
pub fn hub_config(data: &Path, listen: &str) -> HubConfig {
    let mut config = HubConfig::new(format!("sqlite://{}/koji.db", data.display()), data.join("koji"));
    config.listen = listen.to_owned();
    config.web_url = format!("http://{listen}/koji");
    config
}

/// What builder and upkeep are started with.
pub struct Setup {
    pub builder: BuilderConfig,
    pub upkeep: UpkeepConfig,
}

/// Sets up what is not there yet. Builder and upkeep get new passwords at each start, which are kept nowhere.
pub async fn run(hub: &Hub, data: &Path, url: &str, allowed_scms: String) -> anyhow::Result<Setup> {
    let server = format!("{url}/kojihub");
    let topurl = format!("{url}/kojifiles");
    let client_config = data.join("koji.conf");
    let admin_password = match stored_password(&client_config)? {
        Some(password) => password,
        None => secret(),
    };
    let visitor = Session::new(&server)?;
    ensure_user(hub, &visitor, ADMIN, &["admin"], false, &admin_password).await?;
    let upkeep_password = secret();
    ensure_user(hub, &visitor, UPKEEP, &["repo"], false, &upkeep_password).await?;

    let admin = Session::new(&server)?;
    admin.login(ADMIN, &admin_password).await.context("the administrator cannot log in")?;
    if admin.call(GetHost::new(BUILDER)).await?.is_none() {
        let arches = vec![Value::from(std::env::consts::ARCH)];
        admin.call(AddHost::new(BUILDER, arches)).await?;
        admin.call(AddHostToChannel::new(BUILDER, "createrepo")).await?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut capacity = koji_core::xmlrpc::Struct::new();
        capacity.insert("capacity", 2.0 * cores as f64 + 2.0);
        admin.call(EditHost::new(BUILDER).changes(koji_core::api::KwArgs(capacity))).await?;
    }
    let builder_password = secret();
    hub.set_password(BUILDER, &builder_password).await?;
    admin.logout().await?;
    write_client_config(&client_config, data, url, &admin_password)?;

    let mut builder = BuilderConfig::new(&server, &topurl);
    builder.topdir = data.join("koji");
    builder.workdir = data.join("builder");
    builder.user = Some(BUILDER.into());
    builder.password = Some(builder_password.into());
    builder.force_lock = true;
    builder.minspace = 512;
    // its machine is also its user's, who would not know why nothing happens
    builder.maxload = 1000.0;
    builder.allowed_scms = allowed_scms;
    let mut upkeep = UpkeepConfig::new(&server, data.join("koji"));
    upkeep.user = Some(UPKEEP.into());
    upkeep.password = Some(upkeep_password.into());
    upkeep.force_lock = true;
    upkeep.sleeptime = std::time::Duration::from_secs(1);
    Ok(Setup { builder, upkeep })
}

async fn ensure_user(
    hub: &Hub,
    visitor: &Session,
    name: &str,
    permissions: &[&str],
    host: bool,
    password: &str,
) -> anyhow::Result<()> {
    if visitor.call(GetUser::new().user_info(name)).await?.is_none() {
        let permissions = permissions.iter().map(|p| (*p).to_owned()).collect();
        hub.add_user(NewUser { name: name.into(), password: None, permissions, host, blocked: false }).await?;
    }
    Ok(hub.set_password(name, password).await?)
}

/// A password that nobody has to remember.
fn secret() -> String {
    const CHARS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    (0..24).map(|_| char::from(CHARS[rand::random_range(0..CHARS.len())])).collect()
}

/// The administrator's password, if an earlier start has written one.
fn stored_password(path: &Path) -> anyhow::Result<Option<String>> {
    let text = match std::fs::read_to_string(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let passwords = text.lines().filter_map(|line| line.strip_prefix("password")?.trim_start().strip_prefix('='));
    Ok(passwords.map(|password| password.trim().to_owned()).find(|password| !password.is_empty()))
}

/// Writes what the client needs, for its owner alone to read.
fn write_client_config(path: &Path, data: &Path, url: &str, password: &str) -> anyhow::Result<()> {
    let text = format!(
        "# Python's koji reads neither user nor password here. Tell it:\n\
         # koji -c {config} --user {ADMIN} --password \"$(sed -n 's/^password = //p' {config})\" hello\n\
         [koji]\nserver = {url}/kojihub\ntopurl = {url}/kojifiles\nweburl = {url}/koji\ntopdir = {}/koji\n\
         authtype = password\nuser = {ADMIN}\npassword = {password}\n",
        data.display(),
        config = path.display(),
    );
    let new = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
