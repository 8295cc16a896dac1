//! The release that a package's next build should have.

use koji_core::model::BuildState;

use crate::Result;
use crate::db::{Conn, args, list, sql};
use crate::error::fail;

/// The release after that of the latest build of a name and version, draft builds aside; `incr` for the first one.
pub(crate) async fn next_release(db: &mut Conn, name: &str, version: &str, incr: i64) -> Result<String> {
    let states = [BuildState::Complete, BuildState::Deleted, BuildState::Building].map(BuildState::code);
    let latest: Option<String> = db
        .fetch_scalar_optional(
            sql!(
                "SELECT build.release FROM build JOIN package ON package.id = build.pkg_id
                 WHERE package.name = $1 AND build.version = $2 AND NOT build.draft AND build.state ",
                {in "$3"},
                " ORDER BY build.id DESC LIMIT 1"
            ),
            args![name, version, list(&states)],
        )
        .await?;
    let Some(latest) = latest else { return Ok(incr.to_string()) };
    match after(&latest, incr) {
        Some(next) => Ok(next),
        None => fail!(Build, "Unable to increment release value: {latest}"),
    }
}

/// `N`, `N.x` and `a.b.N` can be counted up.
fn after(release: &str, incr: i64) -> Option<String> {
    let mut parts: Vec<String> = release.split('.').map(str::to_owned).collect();
    let counted = match parts.len() {
        1 | 2 => 0,
        3 => 2,
        _ => return None,
    };
    let part = parts.get_mut(counted)?;
    if !part.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    *part = part.parse::<i64>().ok()?.checked_add(incr)?.to_string();
    Some(parts.join("."))
}

#[cfg(test)]
mod tests {
    #[test]
    fn releases_are_counted_as_koji_does() {
        for (release, next) in [
            ("1", Some("2")),
            ("9.fc44", Some("10.fc44")),
            ("20240101.n.4", Some("20240101.n.5")),
            ("1.fc44.x", None),
            ("a", None),
            ("1.2.3.4", None),
            ("", None),
        ] {
            assert_eq!(super::after(release, 1).as_deref(), next, "{release}");
        }
        assert_eq!(super::after("1", 3).as_deref(), Some("4"));
    }
}
