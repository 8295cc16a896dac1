//! A throw-away Postgres server.
//!
//! The first test process starts it, those that run at the same time share it, and a watchdog stops it and removes its
//! files soon after the last has ended, however that ended: the kernel takes back the lock that each of them holds.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use tokio::sync::OnceCell;

/// Waits until nobody holds the lock `$1`, and some time for the next test; then, while nobody may join (lock `$2`),
/// stops the server `$3` and removes its folder `$4` and the note of it, `$5`.
const WATCHDOG: &str = r#"
while :; do
    flock -x "$1" true
    sleep 2
    (
        flock -x 9
        flock -n -x "$1" true || exit 1
        kill -QUIT "$3"
        for _ in 1 2 3 4 5 6 7 8 9; do kill -0 "$3" 2>/dev/null && sleep 0.3; done
        rm -rf "$4" "$5"
    ) 9<"$2" && exit 0
done
"#;

const SUPERUSER: &str = "koji";

/// A running Postgres server, on 127.0.0.1 and on a Unix socket.
pub struct Server {
    folder: PathBuf,
    port: u16,
    /// Held shared for as long as this process lives; the watchdog waits for it.
    _users: File,
}

impl Server {
    /// The server of this test run.
    pub async fn shared() -> Result<&'static Self> {
        static SERVER: OnceCell<Server> = OnceCell::const_new();
        SERVER
            .get_or_try_init(|| async {
                let exe = std::env::current_exe()?;
                let state = exe.with_file_name("koji-tests-postgres");
                tokio::task::spawn_blocking(move || Self::join(&state)).await?
            })
            .await
    }

    /// Joins the server that is noted in the folder `state`, or starts one.
    pub fn join(state: &Path) -> Result<Self> {
        fs::create_dir_all(state)?;
        let lock_path = state.join("lock");
        let users_path = state.join("users");
        let note = state.join("server");
        let lock = File::create(&lock_path)?;
        lock.lock()?;
        let users = File::create(&users_path)?;
        users.lock_shared()?;

        if let Some((folder, port)) = noted(&note) {
            return Ok(Self { folder, port, _users: users });
        }
        let (child, folder, port) = start()?;
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "sh"])
            .args([&users_path, &lock_path])
            .arg(child.id().to_string())
            .args([&folder, &note])
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        if let Err(e) = watchdog {
            kill(child);
            return Err(e).context("cannot start the watchdog of the Postgres server");
        }
        fs::write(&note, format!("{port} {}", folder.display()))?;
        Ok(Self { folder, port, _users: users })
    }

    /// Where the server keeps its files, and its Unix socket.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Creates an empty database and gives its address. It is dropped some time after this process has ended.
    pub async fn create_database(&self, name: &str) -> Result<String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let mut admin = self.admin().await?;
        self.drop_abandoned(&mut admin).await?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(32).collect();
        let database = format!("t{}_{number}_{name}", std::process::id()).to_ascii_lowercase();
        // A time zone far from UTC, so that no test passes for the lack of one.
        let sql = format!(
            "CREATE DATABASE {database} TEMPLATE template0;
             ALTER DATABASE {database} SET TimeZone TO 'Asia/Kathmandu'"
        );
        for sql in sql.split(';') {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await?;
        }
        admin.close().await?;
        Ok(format!("postgres://{SUPERUSER}@127.0.0.1:{}/{database}", self.port))
    }

    async fn admin(&self) -> Result<PgConnection> {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(&self.folder)
            .port(self.port)
            .username(SUPERUSER)
            .database("postgres");
        options.connect().await.context("cannot connect to the Postgres server of the tests")
    }

    /// Drops the databases of test processes that have ended.
    async fn drop_abandoned(&self, admin: &mut PgConnection) -> Result<()> {
        let names: Vec<String> = sqlx::query_scalar(r"SELECT datname FROM pg_database WHERE datname ~ '^t\d+_'")
            .fetch_all(&mut *admin)
            .await?;
        for name in names {
            let pid = name.trim_start_matches('t').split('_').next().unwrap_or_default();
            if !Path::new("/proc").join(pid).exists() {
                // Another test process may be at the same.
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                let _ = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *admin).await;
            }
        }
        Ok(())
    }
}

/// The folder and port of a server that runs.
fn noted(note: &Path) -> Option<(PathBuf, u16)> {
    let text = fs::read_to_string(note).ok()?;
    let (port, folder) = text.split_once(' ')?;
    let (port, folder) = (port.parse().ok()?, PathBuf::from(folder));
    let answers = folder.exists() && TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_ok();
    answers.then_some((folder, port))
}

fn start() -> Result<(Child, PathBuf, u16)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = programs(&path, Path::new("/usr/lib/postgresql"))?;
    let user = unprivileged_user()?;
    let as_user = |program: &str, folder: &Path| {
        let mut command = Command::new(programs.join(program));
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command.env_remove("PGDATA").current_dir(folder).stdin(Stdio::null());
        command
    };

    let folder = tempfile::Builder::new().prefix("koji-tests-postgres-").tempdir()?;
    if let Some((uid, gid)) = user {
        chown(folder.path(), Some(uid), Some(gid))?;
    }
    let data = folder.path().join("data");
    let initdb = as_user("initdb", folder.path())
        .arg("-D")
        .arg(&data)
        .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", SUPERUSER])
        .output()
        .context("cannot run initdb")?;
    ensure!(initdb.status.success(), "initdb failed:\n{}", String::from_utf8_lossy(&initdb.stderr));

    let log_path = folder.path().join("log");
    // The port may be taken between finding and using it.
    for _ in 0..5 {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let log = File::create(&log_path)?;
        let mut child = as_user("postgres", folder.path())
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-h", "127.0.0.1", "-p", &port.to_string()])
            .args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"])
            .args(["-c", "max_connections=400", "-c", "shared_buffers=64MB", "-c", "autovacuum=off"])
            .process_group(0)
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot run postgres")?;
        match wait_until_ready(&mut child, &data) {
            Ok(true) => return Ok((child, folder.keep(), port)),
            Ok(false) => {}
            Err(e) => {
                kill(child);
                return Err(e);
            }
        }
    }
    bail!("postgres does not start:\n{}", fs::read_to_string(&log_path)?)
}

/// True when the server takes connections, false when it ended.
fn wait_until_ready(child: &mut Child, data: &Path) -> Result<bool> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        // Its last line is the server's state.
        let status = match fs::read_to_string(data.join("postmaster.pid")) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(e.into()),
        };
        if status.lines().nth(7).is_some_and(|state| state.trim() == "ready") {
            return Ok(true);
        }
        if child.try_wait()?.is_some() {
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    bail!("postgres was not ready after a minute")
}

fn kill(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The folder with `initdb` and `postgres`: one on the path, or that of Debian's newest version.
fn programs(path: &OsStr, debian: &Path) -> Result<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(debian)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    std::env::split_paths(path)
        .chain(versions.into_iter().rev().map(|(_, folder)| folder))
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .context("this test needs a PostgreSQL server: install postgresql (Debian) or postgresql-server (Fedora)")
}

/// The user to run the server as, which refuses to run as root; none when this process is not root's.
fn unprivileged_user() -> Result<Option<(u32, u32)>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd")?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| {
            let mut fields =
                passwd.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.split(':').skip(1);
            Some(Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?)))
        })
        .context("Postgres does not run as root, and there is no user \"postgres\" or \"nobody\" to run it as")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_to_install_when_there_is_no_server() {
        let empty = tempfile::tempdir().unwrap();
        let error = programs(empty.path().as_os_str(), empty.path()).unwrap_err();
        assert!(error.to_string().contains("install postgresql"), "{error}");
    }

    #[test]
    fn takes_the_newest_of_debians_versions() {
        let debian = tempfile::tempdir().unwrap();
        for version in ["9", "15", "17", "common"] {
            let bin = debian.path().join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            for program in ["initdb", "postgres"] {
                File::create(bin.join(program)).unwrap();
            }
        }
        assert_eq!(programs(OsStr::new(""), debian.path()).unwrap(), debian.path().join("17/bin"));
    }
}
