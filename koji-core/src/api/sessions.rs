//! Logging in, and what a session is.

use super::UserRef;
use super::method::methods;
use crate::ids::SessionId;
use crate::model::{LoggedInUser, SessionKeys};
use crate::xmlrpc::{Struct, Value};

methods! {
    /// Begins a session with a password, or renews the one that is sent along.
    [Anyone, Write] "login" => Login(user: Value, password: Value, opts: Option<Struct> = None, renew: bool = false, exclusive: bool = false) -> SessionKeys;
    /// Begins a session by TLS client certificate or Kerberos.
    [Anyone, Write] "sslLogin" => SslLogin(proxyuser: Option<String> = None, proxyauthtype: Option<i32> = None, renew: bool = false, exclusive: Option<bool> = None) -> Option<SessionKeys>;
    /// Ends a session and its subsessions.
    [Anyone, Write] "logout" => Logout(session_id: Option<SessionId> = None) -> ();
    /// Begins a session below this one.
    [Anyone, Write] "subsession" => Subsession() -> SessionKeys;
    /// Ends a session below this one.
    [Anyone, Write] "logoutChild" => LogoutChild(session_id: SessionId) -> ();
    /// Makes this the user's only session; nothing without one.
    [Anyone, Write] "exclusiveSession" => ExclusiveSession(force: bool = false) -> ();
    /// Lets the user have other sessions again; nothing without a session.
    [Anyone, Write] "sharedSession" => SharedSession() -> ();
    /// The session; with a user, all sessions of that user.
    [Anyone, Read] "getSessionInfo" => GetSessionInfo(details: bool = false, user "user_id": Option<UserRef> = None) -> Value;
    /// A text that shows the session.
    [Anyone, Read] "showSession" => ShowSession() -> String;
    /// The user of the session.
    [Anyone, Read] "getLoggedInUser" => GetLoggedInUser() -> Option<LoggedInUser>;
    /// The permissions of the session's user.
    [Anyone, Read] "getPerms" => GetPerms() -> Vec<String>;
    /// Whether the session's user holds a permission itself.
    [Anyone, Read] "hasPerm" => HasPerm(perm: String, strict: bool = false) -> bool;
}
