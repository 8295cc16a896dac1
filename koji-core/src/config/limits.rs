use serde::{Deserialize, Serialize};

use super::Section;
use crate::{Error, Result};

/// A limit of a process's resources, an option such as `RLIMIT_NOFILE = 4096 8192` of `hub.conf` and `kojid.conf`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceLimit {
    /// The system's name of the resource: `RLIMIT_NOFILE`.
    pub resource: String,
    /// What the process may use; `u64::MAX` for no limit, which is written -1.
    pub soft: u64,
    /// Up to where it may raise that itself. Stays as it is unless given.
    pub hard: Option<u64>,
}

impl ResourceLimit {
    const RESOURCES: [&str; 11] =
        ["as", "core", "cpu", "data", "fsize", "memlock", "nofile", "nproc", "ofile", "rss", "stack"];

    /// Whether an option, as [`Section::names`] has it, is a limit.
    pub fn is_named(option: &str) -> bool {
        option.strip_prefix("rlimit_").is_some_and(|resource| Self::RESOURCES.contains(&resource))
    }

    /// Reads an option of which [`is_named`](Self::is_named) is true: one number, or two; none when it is empty.
    ///
    /// # Errors
    /// For anything else.
    pub fn read(section: &Section<'_>, option: &str) -> Result<Option<Self>> {
        let text = section.get(option)?.unwrap_or_default();
        let resource = match option.to_uppercase() {
            // the name that it once had
            old if old == "RLIMIT_OFILE" => "RLIMIT_NOFILE".to_owned(),
            resource => resource,
        };
        let limit = |word: &str| match word {
            "-1" => Ok(u64::MAX),
            word => word.parse::<u64>(),
        };
        let limits: Result<Vec<u64>, _> = text.split_whitespace().map(limit).collect();
        match limits.as_deref() {
            Ok([]) => Ok(None),
            Ok([soft]) => Ok(Some(ResourceLimit { resource, soft: *soft, hard: None })),
            Ok([soft, hard]) if soft <= hard => Ok(Some(ResourceLimit { resource, soft: *soft, hard: Some(*hard) })),
            _ => {
                let problem = format!("{option} must be a limit, or a soft and a higher hard one, in numbers: {text}");
                Err(section.invalid(option, problem))
            }
        }
    }

    /// Sets the limit for this process.
    ///
    /// # Errors
    /// [`Error::Limit`] when the system does not allow it.
    pub fn apply(&self) -> Result<()> {
        let set = || {
            let resource: rlimit::Resource = self.resource.parse().map_err(std::io::Error::other)?;
            resource.set(self.soft, self.hard.map_or_else(|| resource.get_hard(), Ok)?)
        };
        set().map_err(|source| Error::Limit { resource: self.resource.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Ini;

    fn read(value: &str) -> Result<Option<ResourceLimit>> {
        let mut ini = Ini::raw();
        ini.read_text("hub.conf".as_ref(), &format!("[hub]\nRLIMIT_OFILE = {value}\n")).unwrap();
        ResourceLimit::read(&ini.section("hub").unwrap(), "RLIMIT_OFILE")
    }

    #[test]
    fn one_number_or_two() {
        let limit = |soft, hard| ResourceLimit { resource: "RLIMIT_NOFILE".to_owned(), soft, hard };
        assert_eq!(read("10").unwrap(), Some(limit(10, None)));
        assert_eq!(read("10 -1").unwrap(), Some(limit(10, Some(u64::MAX))));
        assert_eq!(read("").unwrap(), None);
        for wrong in ["many", "10 5", "1 2 3", "-2"] {
            assert!(read(wrong).unwrap_err().to_string().starts_with("hub.conf:2: RLIMIT_OFILE must"), "{wrong}");
        }
        assert!(ResourceLimit::is_named("rlimit_as") && !ResourceLimit::is_named("rlimit_nice"));
    }
}
