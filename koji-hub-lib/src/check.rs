//! Checking that a hub can work: configuration, database, storage.

use crate::db::args;
use crate::{Hub, Result};

impl Hub {
    /// Checks what the hub stands on; says what it found, a line each. The first thing that is wrong is an error.
    pub async fn check(&self) -> Result<Vec<String>> {
        let mut out = vec![format!("policies: {} in the configuration", self.config().policies.len())];
        let mut db = self.db().read().await?;
        for (what, sql) in [
            ("users", "SELECT COUNT(*) FROM users"),
            ("tags", "SELECT COUNT(*) FROM tag"),
            ("builds", "SELECT COUNT(*) FROM build"),
            ("tasks", "SELECT COUNT(*) FROM task"),
        ] {
            let count: i64 = db.fetch_scalar(sql, args![]).await?;
            out.push(format!("database: {count} {what}"));
        }
        let probe = format!(".check-{:016x}", rand::random::<u64>());
        self.storage().put(&probe, "ok".into()).await?;
        self.storage().remove(&probe).await?;
        out.push(format!("storage: {} can be written", self.config().koji_dir.display()));
        Ok(out)
    }
}
