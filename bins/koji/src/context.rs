//! What a command works with.

use koji_client::{Error, Session};
use koji_core::api::system::GetApiVersion;
use koji_core::config::{AuthType, Profile};
use koji_core::paths;

use crate::exit::Stop;
use crate::globals::Globals;
use crate::optparse::Parser;

/// The version of the API that this program speaks.
const API_VERSION: i32 = 1;

/// The settings, and a session with the hub.
pub struct Context {
    /// The program's name, by which its messages call it.
    pub program: String,
    /// The settings.
    pub profile: Profile,
    /// The session. It is logged in after [`activate`](Self::activate).
    pub session: Session,
    /// Whether headers are left out.
    pub quiet: bool,
    runas: Option<String>,
    noauth: bool,
}

impl Context {
    /// From the global options; `anonymous` commands do not log in unless they are forced to.
    pub fn new(program: &str, globals: Globals, anonymous: bool) -> Result<Self, Stop> {
        let forced = globals.profile.force_auth || globals.command.iter().any(|arg| arg == "--mine");
        let session = Session::from_profile(&globals.profile)?;
        Ok(Self {
            program: program.to_owned(),
            session,
            quiet: globals.quiet,
            runas: globals.runas,
            noauth: globals.noauth || (anonymous && !forced),
            profile: globals.profile,
        })
    }

    /// A parser for a command's options.
    pub fn parser(&self, usage: &str) -> Parser {
        let usage = format!("%prog {usage}\n(Specify the --help global option for a list of other help options)");
        Parser::new(&self.program, &usage)
    }

    /// Makes sure that the hub answers, and logs in if that is forced.
    pub async fn connect(&self) -> Result<(), Stop> {
        if self.profile.force_auth {
            return self.activate().await;
        }
        self.check().await
    }

    /// Logs in, as the settings say.
    pub async fn activate(&self) -> Result<(), Stop> {
        if self.session.is_logged_in() {
            return Ok(());
        }
        if !self.noauth && self.profile.authtype != Some(AuthType::NoAuth) {
            self.session.authenticate(&self.profile, self.runas.as_deref()).await?;
        }
        self.check().await?;
        if self.profile.debug {
            crate::say!("successfully connected to hub");
        }
        Ok(())
    }

    /// Lets a command log in that does not by itself.
    pub fn allow_login(&mut self) {
        self.noauth = false;
    }

    async fn check(&self) -> Result<(), Stop> {
        match self.session.call(GetApiVersion::new()).await {
            Ok(API_VERSION) => Ok(()),
            Ok(version) => {
                crate::warn!("WARNING: The server is at API version {version} and the client is at {API_VERSION}");
                Ok(())
            }
            Err(error @ (Error::Transport { .. } | Error::Deadline { .. })) => {
                crate::warn!("Error: Unable to connect to server");
                tracing::debug!(?error);
                Err(Stop::Exit(1))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A path below the hub's top directory as people see it: on this machine's disk.
    pub fn on_disk(&self, relative: &str) -> String {
        paths::under(&self.profile.topdir.to_string_lossy(), relative)
    }
}
