//! Where a database is: `sqlite:///file`, `postgres://..`, or libpq's `key=value` pairs.

use std::fmt;
use std::path::PathBuf;
use std::str::{Chars, FromStr};

use sqlx::postgres::PgConnectOptions;

use super::{DbError, Dialect};

/// Names a database.
///
/// - `sqlite:///var/lib/koji/hub.db`, an absolute path;
/// - `postgres://user:password@host:port/dbname?sslmode=require`;
/// - `dbname=koji user=koji host=db.example.com port=5432 password='a b'`, as in Koji's `DBConnectionString`.
///
/// What a Postgres address leaves out comes from libpq's variables (`PGHOST`, ..), its password file, and its defaults.
#[derive(Clone)]
pub struct DbUrl(pub(super) Target);

#[derive(Clone)]
pub(super) enum Target {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl DbUrl {
    /// The SQLite database in this file.
    pub fn sqlite(file: impl Into<PathBuf>) -> Self {
        Self(Target::Sqlite(file.into()))
    }

    /// A Postgres database from libpq's parameters: `dbname`, `user`, `host`, `port`, `password`, `sslmode`, ..; a host
    /// that begins with `/` is the folder of a Unix socket.
    pub fn postgres(parameters: &[(impl AsRef<str>, impl AsRef<str>)]) -> Result<Self, DbError> {
        let mut url = String::from("postgres:///?");
        for (key, value) in parameters {
            let (key, value) = (key.as_ref(), value.as_ref());
            match key {
                "dbname" | "user" | "password" | "host" | "hostaddr" | "port" | "sslmode" | "sslrootcert"
                | "sslcert" | "sslkey" | "application_name" | "options" => {
                    url.extend([key, "="]);
                    percent_encode(value, &mut url);
                    url.push('&');
                }
                // How libpq itself goes about it; there is no counterpart here.
                "channel_binding"
                | "client_encoding"
                | "connect_timeout"
                | "fallback_application_name"
                | "gssencmode"
                | "keepalives"
                | "keepalives_count"
                | "keepalives_idle"
                | "keepalives_interval"
                | "krbsrvname"
                | "target_session_attrs"
                | "tcp_user_timeout" => {}
                _ => return Err(DbError::Url(format!("unknown database connection parameter {key:?}"))),
            }
        }
        match url.parse() {
            Ok(options) => Ok(Self(Target::Postgres(Box::new(options)))),
            Err(_) => Err(DbError::Url("the database connection's port, hostaddr or sslmode is invalid".into())),
        }
    }

    /// Which of the two databases it names.
    pub fn dialect(&self) -> Dialect {
        match self.0 {
            Target::Sqlite(_) => Dialect::Sqlite,
            Target::Postgres(_) => Dialect::Postgres,
        }
    }
}

/// Where it is and as whom, without the password.
impl fmt::Display for DbUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Target::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Target::Postgres(options) => {
                let user = options.get_username();
                let name = options.get_database().unwrap_or(user);
                write!(f, "Postgres database {name} as {user} at ")?;
                match options.get_socket() {
                    Some(folder) => write!(f, "{}", folder.display())?,
                    None => f.write_str(options.get_host())?,
                }
                write!(f, ", port {}", options.get_port())
            }
        }
    }
}

impl fmt::Debug for DbUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DbUrl({self})")
    }
}

impl FromStr for DbUrl {
    type Err = DbError;

    fn from_str(text: &str) -> Result<Self, DbError> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix("sqlite://") {
            if path.starts_with('/') {
                return Ok(Self::sqlite(path));
            }
            return Err(DbError::Url(format!("{text}: needs an absolute path, as in sqlite:///var/lib/koji/hub.db")));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            // The parser's own words might quote the password.
            let options = text.parse().map_err(|_| DbError::Url("the postgres:// address is malformed".into()))?;
            return Ok(Self(Target::Postgres(Box::new(options))));
        }
        Self::postgres(&pairs(text)?)
    }
}

/// Splits `key=value key='a \'quoted\' value'` as libpq does.
fn pairs(text: &str) -> Result<Vec<(String, String)>, DbError> {
    let malformed = || {
        DbError::Url(
            "expected sqlite:///FILE, postgres://USER@HOST/NAME, or KEY=VALUE pairs such as dbname=koji".into(),
        )
    };
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or_else(malformed)?;
        let key = key.trim();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err(malformed());
        }
        let mut chars = after.trim_start().chars();
        let value = value(&mut chars).ok_or_else(malformed)?;
        pairs.push((key.to_owned(), value));
        rest = chars.as_str().trim_start();
    }
    if pairs.is_empty() { Err(malformed()) } else { Ok(pairs) }
}

/// Takes one value; `None` when a quote or a backslash has no end.
fn value(chars: &mut Chars<'_>) -> Option<String> {
    let quoted = chars.as_str().starts_with('\'');
    if quoted {
        chars.next();
    }
    let mut value = String::new();
    loop {
        match chars.next() {
            Some('\\') => value.push(chars.next()?),
            Some('\'') if quoted => return Some(value),
            Some(c) if !quoted && c.is_whitespace() => return Some(value),
            Some(c) => value.push(c),
            None => return (!quoted).then_some(value),
        }
    }
}

fn percent_encode(value: &str, url: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() {
            url.push(byte.into());
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> PgConnectOptions {
        match text.parse::<DbUrl>().unwrap().0 {
            Target::Postgres(options) => *options,
            Target::Sqlite(_) => panic!("{text} is SQLite"),
        }
    }

    #[test]
    fn reads_the_three_forms() {
        let url: DbUrl = "sqlite:///srv/hub.db".parse().unwrap();
        assert_eq!((url.dialect(), url.to_string().as_str()), (Dialect::Sqlite, "sqlite:///srv/hub.db"));

        let url = options("postgres://koji:secret@db.example.com:5433/hub");
        assert_eq!((url.get_host(), url.get_port(), url.get_database()), ("db.example.com", 5433, Some("hub")));

        let url = options(r"dbname = koji user=k host=/run/pg port=5433 password='it\'s + 100%&more'");
        assert_eq!((url.get_username(), url.get_port(), url.get_database()), ("k", 5433, Some("koji")));
        assert_eq!(url.get_socket().unwrap().to_str(), Some("/run/pg"));
    }

    #[test]
    fn the_password_is_never_shown() {
        for text in ["postgres://koji:secret@db/hub", "dbname=hub user=koji host=db password=secret"] {
            let shown = format!("{:?}", text.parse::<DbUrl>().unwrap());
            assert_eq!(shown, "DbUrl(Postgres database hub as koji at db, port 5432)");
        }
    }

    #[test]
    fn refuses_what_names_no_database() {
        for text in ["", "koji", "sqlite://hub.db", "dbname=koji nonsense=1", "password='x", "dbname=a port=x", "= b"] {
            assert!(matches!(text.parse::<DbUrl>(), Err(DbError::Url(_))), "{text}");
        }
    }
}
