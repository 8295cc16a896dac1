//! Which sources may be built.

use koji_client::Session;
use koji_core::api::policies::EvalPolicy;
use koji_core::glob;
use koji_core::xmlrpc::Struct;

use super::ScmUrl;
use crate::task::TaskError;

/// What may be done with a source that may be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// Whether the directory `common` beside the source is fetched too.
    pub use_common: bool,
    /// The command that fetches what is not in the SCM, run where the source is; none to run none.
    pub source_cmd: Option<Vec<String>>,
}

impl Default for Permission {
    fn default() -> Self {
        Self { use_common: true, source_cmd: Some(vec!["make".to_owned(), "sources".to_owned()]) }
    }
}

/// The rules of the setting `allowed_scms`: `host:repository[:use_common[:source_cmd]]`, separated by whitespace.
///
/// Host and repository are patterns; the first rule that matches decides. A `!` in front denies. `use_common` is on
/// unless it is `no`, `off`, `false` or `0`. `source_cmd` has commas between its words and is `make,sources` unless it is
/// given; an empty one is none. A repository on the builder itself (`git+file`) has an empty host: `:/srv/git/*:no:`.
#[derive(Debug, Clone, Default)]
pub struct AllowedScms(Vec<Rule>);

#[derive(Debug, Clone)]
struct Rule {
    deny: bool,
    host: String,
    repository: String,
    permission: Permission,
}

impl AllowedScms {
    /// Reads the rules. One that cannot be read is logged and passed over, as Koji does.
    pub fn parse(text: &str) -> Self {
        let rule = |text: &str| {
            let rule = Rule::parse(text);
            if rule.is_none() {
                tracing::warn!(rule = text, "Ignoring incorrectly formatted SCM host:repository");
            }
            rule
        };
        Self(text.split_whitespace().filter_map(rule).collect())
    }

    /// What may be done with a source; a `BuildError` if it may not be built.
    pub fn check(&self, url: &ScmUrl) -> Result<Permission, TaskError> {
        let matching = |rule: &&Rule| {
            // an empty host is only for what is on the builder itself, so that `*:*` does not open its files
            let local = url.host().is_empty();
            let host = if local { rule.host.is_empty() } else { glob::matches(&rule.host, url.host()) };
            host && glob::matches(&rule.repository, url.repository())
        };
        match self.0.iter().find(matching) {
            Some(rule) if !rule.deny => Ok(rule.permission.clone()),
            _ => {
                let (host, repository) = (url.host(), url.repository());
                Err(TaskError::build(format!("{host}:{repository} is not in the list of allowed SCMs")))
            }
        }
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Rule> {
        let mut fields = text.split(':');
        let host = fields.next()?;
        let repository = fields.next()?;
        let (deny, host) = host.strip_prefix('!').map_or((false, host), |host| (true, host));
        let mut permission = Permission::default();
        if let Some(common) = fields.next() {
            permission.use_common = !matches!(common.to_lowercase().as_str(), "no" | "off" | "false" | "0");
        }
        if let Some(command) = fields.next() {
            permission.source_cmd =
                Some(command.split(',').map(str::to_owned).collect()).filter(|_| !command.is_empty());
        }
        Some(Rule { deny, host: host.to_owned(), repository: repository.to_owned(), permission })
    }
}

/// What the hub's policy `build_from_scm` says: `allow [use_common] [command.. | none]` or `deny [reason]`.
///
/// `data` is what the policy sees beside the URL. `before` is what was allowed so far.
pub async fn allowed_by_policy(
    session: &Session,
    url: &ScmUrl,
    data: Struct,
    before: Permission,
) -> Result<Permission, TaskError> {
    let mut all = url.policy_data();
    all.extend(data);
    let answer = session.call(EvalPolicy::new("build_from_scm", all)).await?.unwrap_or_default();
    by_answer(&answer, before).map_err(|reason| {
        let (host, repository) = (url.host(), url.repository());
        TaskError::build(format!("SCM: {host}:{repository} is not allowed, reason: {reason}"))
    })
}

fn by_answer(answer: &str, before: Permission) -> Result<Permission, String> {
    let mut words = answer.split_whitespace().map(str::to_owned).peekable();
    let action = words.next().unwrap_or_default().to_lowercase();
    if !matches!(action.as_str(), "yes" | "true" | "allow" | "allowed") {
        let reason: Vec<String> = words.collect();
        return Err(if reason.is_empty() { "None".to_owned() } else { reason.join(" ") });
    }
    let use_common = words.next_if(|word| word.to_lowercase() == "use_common").is_some();
    let command: Vec<String> = words.collect();
    let source_cmd = match command.first() {
        None => before.source_cmd,
        Some(first) if first.to_lowercase() == "none" => None,
        Some(_) => Some(command),
    };
    Ok(Permission { use_common, source_cmd })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rules: &str, url: &str) -> Option<(bool, Option<String>)> {
        let url = ScmUrl::parse(url, false).unwrap();
        let permission = AllowedScms::parse(rules).check(&url).ok()?;
        Some((permission.use_common, permission.source_cmd.map(|words| words.join(" "))))
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let rules =
            "!bad.example.com:* *.example.com:/rpms/*:no:fedpkg,sources \n other:/x:off: third:/* junk :/srv/*:no:";
        let make = Some("make sources".to_owned());
        assert_eq!(check(rules, "git://bad.example.com/rpms/a#x"), None);
        assert_eq!(check(rules, "git://a.example.com/rpms/a#x"), Some((false, Some("fedpkg sources".to_owned()))));
        assert_eq!(check(rules, "git://a.example.com/other/a#x"), None);
        assert_eq!(check(rules, "git://other/x#x"), Some((false, None)));
        assert_eq!(check(rules, "git://third/a/b#x"), Some((true, make)));
        assert_eq!(check(rules, "git+file:///srv/a#x"), Some((false, None)));
        assert_eq!(check(rules, "git+file:///etc#x"), None);
        assert_eq!(check("*:*", "git+file:///etc#x"), None);
        assert_eq!(check("", "git://h/r#x"), None);
        let url = ScmUrl::parse("git://h/r#x", false).unwrap();
        let error = AllowedScms::default().check(&url).unwrap_err();
        assert_eq!(error.to_string(), "h:/r is not in the list of allowed SCMs");
        assert_eq!(error.to_fault().code, 1005);
    }

    #[test]
    fn a_policy_says_what_and_how() {
        let make = Permission::default();
        let words = |text: &str| Some(text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let says = |answer: &str| by_answer(answer, make.clone()).map(|p| (p.use_common, p.source_cmd));
        assert_eq!(says("allow"), Ok((false, words("make sources"))));
        assert_eq!(says("allow use_common get it"), Ok((true, words("get it"))));
        assert_eq!(says("allow none"), Ok((false, None)));
        assert_eq!(says("deny not here"), Err("not here".to_owned()));
        assert_eq!(says(""), Err("None".to_owned()));
    }
}
