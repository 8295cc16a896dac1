//! What a policy would decide.

use std::fmt;
use std::str::FromStr;

use koji_core::policy::Decision;
use koji_core::xmlrpc::{Struct, Value};

use crate::call::{Call, Client};
use crate::error::fail;
use crate::{Error, Hub, Result, policy};

/// A field of what a policy is asked about, as an operator writes it: `tag=f44` is text, `task_id:=5` is JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyData {
    /// The field's name.
    pub name: String,
    /// Its value.
    pub value: Value,
}

impl FromStr for PolicyData {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let Some((name, value)) = text.split_once('=') else { fail!("not of the form name=value: {text}") };
        let (name, value) = match name.strip_suffix(':') {
            None => (name, value.into()),
            Some(name) => match serde_json::from_str(value) {
                Ok(value) => (name, value),
                Err(e) => fail!("{name}: not JSON: {e}"),
            },
        };
        Ok(PolicyData { name: name.to_owned(), value })
    }
}

/// Which rule of a policy decides, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Where the rule stands: the file and its line, or the line of the policy.
    pub place: String,
    /// The rule; none if no rule decides.
    pub decision: Option<Decision>,
}

impl fmt::Display for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.decision {
            None => write!(f, "{}: no rule decides", self.place),
            Some(Decision { action, rule, .. }) => write!(f, "{}: {rule}\n{action}", self.place),
        }
    }
}

impl Hub {
    /// Which rule of a policy would decide about some data, for a caller who is not logged in: the user is the data's
    /// `user_id`. A policy that there is not is a fault.
    pub async fn decide(&self, name: &str, data: impl IntoIterator<Item = PolicyData>) -> Result<Decided> {
        let data: Struct = data.into_iter().map(|field| (field.name, field.value)).collect();
        let mut cx = Call::new(self, None, Client::default(), false);
        let decision = policy::decide(&mut cx, name, &data).await?;
        let place = match &decision {
            Some(decision) => policy::place(self.config(), name, decision.line),
            None => format!("policy {name}"),
        };
        Ok(Decided { place, decision })
    }
}
