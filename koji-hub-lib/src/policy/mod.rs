//! The hub's policies: who may do what, and what goes where.
//!
//! The language is that of [`koji_core::policy`]; here are the policies of `hub.conf` with Koji's defaults, the tests that
//! look into the database, and what is made of a decision.

mod facts;
mod task_data;

use std::collections::BTreeMap;

use koji_core::fault::FaultKind;
use koji_core::ids::VolumeId;
use koji_core::paths;
use koji_core::policy::{Decision, Policy, PolicyError};
use koji_core::xmlrpc::Struct;

use crate::call::Call;
use crate::config::HubConfig;
use crate::error::fail;
use crate::{Error, Result, names};

pub(crate) use facts::user;
pub(crate) use task_data::{of_args, of_task};

/// The policies that hold unless `hub.conf` has others of the same name.
const DEFAULTS: &[(&str, &str)] = &[
    ("build_rpm", "all :: allow"),
    ("build_from_srpm", ADMIN_ONLY),
    ("build_from_repo_id", ADMIN_ONLY),
    ("build_from_scm", ADMIN_ONLY),
    ("package_list", "has_perm admin tag :: allow\nall :: deny Only admin/tag can do this via default policy"),
    ("channel", "has req_channel :: req\nis_child_task :: parent\nall :: use default"),
    ("vm", "has_perm admin win-admin :: allow\nall :: deny Only admin/win-admin can do this via default policy"),
    ("cg_import", "all :: allow"),
    ("volume", "all :: DEFAULT"),
    ("priority", "all :: stay"),
    (
        "draft_promotion",
        "has_perm draft-promoter :: allow\nis_build_owner :: allow
         all :: deny Only draft-promoter and build owner can do this via default policy",
    ),
];
const ADMIN_ONLY: &str = "has_perm admin :: allow\nall :: deny Only admin can do this via default policy";

/// The policies of a hub, by name.
#[derive(Debug)]
pub struct Policies(BTreeMap<String, Policy>);

impl Policies {
    /// Koji's policies, and in their place those of the configuration. One that cannot be read is an
    /// [`Error::Config`] that names it and the line.
    pub fn new(config: &HubConfig) -> Result<Self> {
        Policies::with_tests(config, |_| false)
    }

    /// As [`new`](Self::new), with tests that plugins answer.
    pub(crate) fn with_tests(config: &HubConfig, is_test: impl Fn(&str) -> bool) -> Result<Self> {
        let configured = config.policies.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let known = |name: &str, args: &[String]| match facts::known(name, args) {
            Err(_) if is_test(name) => Ok(()),
            known => known,
        };
        let mut all = BTreeMap::new();
        for (name, text) in DEFAULTS.iter().copied().chain(configured) {
            let policy = Policy::parse(text, known).map_err(|e| refused(config, name, e))?;
            all.insert(name.to_owned(), policy);
        }
        Ok(Policies(all))
    }

    /// The policy of that name.
    pub fn get(&self, name: &str) -> Option<&Policy> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Policy)> {
        self.0.iter().map(|(name, policy)| (name.as_str(), policy))
    }
}

/// The place of a policy's line: in its file, or in its own text.
pub(crate) fn place(config: &HubConfig, name: &str, line: usize) -> String {
    let file = config.policy_places.get(name);
    match file.and_then(|(path, lines)| Some((path, lines.get(line.checked_sub(1)?)?))) {
        Some((path, line)) => format!("{}:{line}: policy {name}", path.display()),
        None => format!("policy {name}, line {line}"),
    }
}

fn refused(config: &HubConfig, name: &str, e: PolicyError) -> Error {
    Error::Config(format!("{}: {}", place(config, name, e.line), e.problem))
}

/// What an access policy says.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub allowed: bool,
    pub reason: String,
    rule: String,
}

/// What a policy says of the data; a fault if there is no such policy.
pub(crate) async fn eval(cx: &mut Call<'_>, name: &str, data: &Struct) -> Result<Option<String>> {
    Ok(decide(cx, name, data).await?.map(|decision| decision.action))
}

/// As [`eval`], with the rule that says so.
pub(crate) async fn decide(cx: &mut Call<'_>, name: &str, data: &Struct) -> Result<Option<Decision>> {
    let Some(policy) = cx.hub().policies().get(name) else { fail!("no such policy: {name}") };
    facts::decide(cx, policy, data).await
}

/// Whether an access policy allows it. `default` is for when no rule applies; with `force` an administrator is allowed
/// whatever the policy says.
pub(crate) async fn check(cx: &mut Call<'_>, name: &str, data: &Struct, default: &str, force: bool) -> Result<Verdict> {
    let decision = match cx.hub().policies().get(name) {
        None => None,
        Some(policy) => Some(facts::decide(cx, policy, data).await?),
    };
    let (action, reason, rule) = match decision {
        None => {
            let action = if cx.hub().config().missing_policy_ok { "allow" } else { "deny" };
            (action.to_owned(), "missing policy".to_owned(), String::new())
        }
        Some(None) => (default.to_owned(), "not covered by policy".into(), "(no match)".into()),
        Some(Some(Decision { action, rule, .. })) => {
            let (word, reason) = action.split_once(char::is_whitespace).unwrap_or((&action, ""));
            (word.to_lowercase(), reason.trim_start().to_owned(), rule)
        }
    };
    let reason = match action.as_str() {
        "allow" => return Ok(Verdict { allowed: true, reason, rule }),
        "deny" => reason,
        _ => {
            tracing::error!(policy = name, rule, "neither allow nor deny");
            "error in policy".into()
        }
    };
    if force
        && let Some(user) = facts::user(cx, data).await?
        && crate::users::permissions(cx.db().await?, user.id, true).await?.iter().any(|perm| perm == "admin")
    {
        tracing::info!(policy = name, user = user.name, reason, "overridden by force");
        return Ok(Verdict { allowed: true, reason: "overriden by force".into(), rule });
    }
    Ok(Verdict { allowed: false, reason, rule })
}

/// A fault unless an access policy allows it, or an administrator forces it.
pub(crate) async fn assert(cx: &mut Call<'_>, name: &str, data: &Struct, force: bool) -> Result<()> {
    check(cx, name, data, "deny", force).await?.require(cx, name)
}

impl Verdict {
    /// A fault unless it is allowed.
    pub(crate) fn require(self, cx: &Call<'_>, name: &str) -> Result<()> {
        if self.allowed {
            return Ok(());
        }
        let mut text = format!("policy violation ({name})");
        if !self.reason.is_empty() {
            text.extend([": ", &self.reason]);
        }
        if cx.hub().config().verbose_policy {
            text.extend([" [rule: ", &self.rule, "]"]);
        }
        Err(Error::fault(FaultKind::ActionNotAllowed, text))
    }
}

/// The volume that the policy `volume` says; the default one if it says none that there is.
pub(crate) async fn volume(cx: &mut Call<'_>, data: &Struct) -> Result<(VolumeId, String)> {
    Ok(chosen_volume(cx, data, false).await?.unwrap_or((VolumeId(0), paths::DEFAULT_VOLUME.into())))
}

/// The volume that the policy `volume` says; none if it says none that there is, which is a fault if strict.
pub(crate) async fn chosen_volume(
    cx: &mut Call<'_>,
    data: &Struct,
    strict: bool,
) -> Result<Option<(VolumeId, String)>> {
    let named = match eval(cx, "volume", data).await {
        Ok(named) => named,
        Err(e) if !strict && matches!(e, Error::Fault(_)) => {
            tracing::error!(error = %e, "the volume policy failed");
            None
        }
        Err(e) => return Err(e),
    };
    let Some(name) = named else {
        if strict {
            fail!("No volume policy match");
        }
        return Ok(None);
    };
    let found = names::find::<VolumeId>(cx.db().await?, &name.as_str().into()).await?;
    if found.is_none() {
        if strict {
            fail!("Policy returned no such volume: {name}");
        }
        tracing::error!(volume = name, "the volume policy names no volume that there is");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_policy_is_refused_by_name_and_line() {
        let mut config = HubConfig::new("sqlite://:memory:", "/mnt/koji");
        assert!(Policies::new(&config).unwrap().get("channel").is_some());
        config.policies.push(("tag".into(), "\n has_perm admin :: allow\n nosuch x :: deny".into()));
        let error = Policies::new(&config).unwrap_err().to_string();
        assert_eq!(error, "policy tag, line 3: missing test handler: nosuch");
        config.policies = vec![("tag".into(), "compare x ~ 1 :: deny".into())];
        let error = Policies::new(&config).unwrap_err().to_string();
        assert_eq!(error, "policy tag, line 1: Invalid comparison in test.");
    }
}
