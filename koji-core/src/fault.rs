//! Faults: the errors of the wire, with Koji's codes.

use serde::{Deserialize, Serialize};

use crate::xmlrpc::{Struct, Value};

/// An error as it travels: a code that says the kind, and words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Fault {
    /// One of Koji's codes, see [`FaultKind`], or any number that a hub sends.
    #[serde(rename = "faultCode")]
    pub code: i32,
    /// What went wrong, for people. Some texts are parsed by clients.
    #[serde(rename = "faultString")]
    pub message: String,
}

impl Fault {
    /// A fault of a kind.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Fault { code: kind.code(), message: message.into() }
    }

    /// Koji's most common fault, `GenericError` (1000).
    pub fn generic(message: impl Into<String>) -> Self {
        Fault::new(FaultKind::Generic, message)
    }

    /// The kind, if the code is one of Koji's.
    pub fn kind(&self) -> Option<FaultKind> {
        FaultKind::from_code(self.code)
    }

    /// Whether it is of that kind, or of one that Koji derives from it (an expired session is an authentication error).
    pub fn is(&self, kind: FaultKind) -> bool {
        let mut at = self.kind();
        while let Some(k) = at {
            if k == kind {
                return true;
            }
            at = k.parent();
        }
        false
    }

    pub(crate) fn from_members(members: &Struct) -> Self {
        let code = members.get("faultCode").and_then(Value::as_int).and_then(|c| i32::try_from(c).ok()).unwrap_or(1);
        let message = match members.get("faultString") {
            Some(Value::String(s)) => s.clone(),
            _ => String::new(),
        };
        Fault { code, message }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $class:literal $(in $parent:ident)?;)*) => {
        /// Koji's kinds of faults.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FaultKind { $($(#[$doc])* $name),* }

        impl FaultKind {
            /// The fault code.
            pub fn code(self) -> i32 {
                match self { $(FaultKind::$name => $code),* }
            }
            /// The kind with that code.
            pub fn from_code(code: i32) -> Option<Self> {
                match code { $($code => Some(FaultKind::$name),)* _ => None }
            }
            /// The name of Koji's exception class.
            pub fn class(self) -> &'static str {
                match self { $(FaultKind::$name => $class),* }
            }
            /// The kind that Koji derives this one from, when it is not `GenericError`.
            pub fn parent(self) -> Option<Self> {
                match self { $(FaultKind::$name => kinds!(@parent $($parent)?)),* }
            }
        }
    };
    (@parent $parent:ident) => { Some(FaultKind::$parent) };
    (@parent) => { None };
}

kinds! {
    /// Any exception that is not Koji's.
    Unknown = 1, "Fault";
    /// The common case.
    Generic = 1000, "GenericError";
    /// A lock could not be had.
    Lock = 1001, "LockError";
    /// Not logged in, or wrongly.
    Auth = 1002, "AuthError";
    /// A tag refuses.
    Tag = 1003, "TagError";
    /// A policy or a missing permission refuses.
    ActionNotAllowed = 1004, "ActionNotAllowed";
    /// A build failed.
    Build = 1005, "BuildError";
    /// Another session of the user is exclusive.
    AuthLock = 1006, "AuthLockError" in Auth;
    /// The session has expired.
    AuthExpired = 1007, "AuthExpired" in Auth;
    /// A call number went backwards.
    Sequence = 1008, "SequenceError" in Auth;
    /// A call that may not be repeated was.
    Retry = 1009, "RetryError" in Auth;
    /// A build failed before it began.
    PreBuild = 1010, "PreBuildError" in Build;
    /// A build failed after it was done.
    PostBuild = 1011, "PostBuildError" in Build;
    /// A buildroot could not be made or used.
    Buildroot = 1012, "BuildrootError" in Build;
    /// The method is no more.
    FunctionDeprecated = 1013, "FunctionDeprecated";
    /// The hub or its database is down.
    ServerOffline = 1014, "ServerOffline";
    /// A live CD failed.
    LiveCd = 1015, "LiveCDError";
    /// A plugin failed.
    Plugin = 1016, "PluginError";
    /// A plugin's callback failed.
    Callback = 1017, "CallbackError" in Plugin;
    /// An appliance failed.
    Appliance = 1018, "ApplianceError";
    /// Wrong arguments.
    Parameter = 1019, "ParameterError";
    /// An import failed.
    Import = 1020, "ImportError";
    /// The hub's configuration is wrong.
    Configuration = 1021, "ConfigurationError";
    /// A live medium failed.
    LiveMedia = 1022, "LiveMediaError";
    /// Kerberos refused.
    GssapiAuth = 1023, "GSSAPIAuthError" in Auth;
    /// A name with characters that are not allowed, or too long.
    NameValidation = 1024, "NameValidationError";
}
