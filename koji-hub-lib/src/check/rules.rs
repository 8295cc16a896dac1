//! Questions to the database of which every answer is a fault.

use futures_util::TryStreamExt;

use super::{Report, builds, references, sessions, tasks, versioned};
use crate::db::{Sql, args};
use crate::{Hub, Result};

/// Asks them all. Each gives one text a row, which says what is wrong.
pub(super) async fn check(hub: &Hub, report: &mut Report<'_>) -> Result<()> {
    let shared = [versioned::RULES, tasks::RULES, builds::RULES, sessions::RULES].concat();
    let rules = shared.into_iter().map(Sql::from).chain([references::RULE]);
    let mut db = hub.db().read().await?;
    for sql in rules {
        let mut rows = db.stream::<(String,)>(sql, args![])?;
        while let Some((text,)) = rows.try_next().await? {
            report.fault(text);
        }
    }
    Ok(())
}
