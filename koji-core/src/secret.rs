//! Texts that must not be shown.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// A password: its `Debug` form does not show it, so that settings can be shown and logged.
///
/// ```
/// use koji_core::secret::Secret;
/// let password = Secret::from("hunter2");
/// assert_eq!(&*password, "hunter2");
/// assert_eq!(format!("{password:?}"), "(secret)");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Deref for Secret {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Secret(text.to_owned())
    }
}
