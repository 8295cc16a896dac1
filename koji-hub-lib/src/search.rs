//! Finding things by a part of their names.

use koji_core::api::QueryOpts;
use koji_core::api::query::Rows;
use koji_core::model::Found;

use crate::Result;
use crate::db::{Conn, Dialect, Select, Sql, args, glob_to_like};
use crate::error::fail;

/// What can be searched for: its table, how it is shown, and the conditions on its name.
struct Kind {
    from: &'static str,
    id: &'static str,
    name: &'static str,
    exact: &'static str,
    glob: Sql,
    regex: Sql,
}

/// A kind of which some texts are searched; the first is what it is shown as. A condition may have to hold besides.
macro_rules! kind {
    ($from:literal, $id:literal, $name:literal, $text:literal $(or $other:literal)? $(where $condition:literal)?) => {
        Kind {
            from: $from,
            id: $id,
            name: $name,
            exact: concat!("(", $text, " = $1" $(, " OR ", $other, " = $1")?, ")" $(, " AND ", $condition)?),
            glob: crate::sql!("(", {ilike $text, "$1"} $(, " OR ", {ilike $other, "$1"})?, ")" $(, " AND ", $condition)?),
            regex: crate::sql!("(", {iregex $text, "$1"} $(, " OR ", {iregex $other, "$1"})?, ")" $(, " AND ", $condition)?),
        }
    };
    ($table:literal) => {
        kind!($table, "id", "name", "name")
    };
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "package" => kind!("package"),
        "user" => kind!("users"),
        "host" => kind!("host"),
        "tag" => kind!("tag", "id", "name", "name"
            where "EXISTS (SELECT 1 FROM tag_config c WHERE c.tag_id = tag.id AND c.active = TRUE)"),
        "target" => kind!("build_target", "id", "name", "name"
            where "EXISTS (SELECT 1 FROM build_target_config c WHERE c.build_target_id = build_target.id AND c.active = TRUE)"),
        "build" => kind!(
            "build JOIN package ON package.id = build.pkg_id",
            "build.id",
            "package.name || '-' || build.version || '-' || build.release",
            "package.name || '-' || build.version || '-' || build.release"
        ),
        "rpm" => kind!(
            "rpminfo",
            "id",
            "name || '-' || version || '-' || release || '.' || arch || '.rpm'",
            "name || '-' || version || '-' || release || '.' || arch || '.rpm'"
        ),
        "maven" => kind!(
            "archiveinfo JOIN maven_archives m ON m.archive_id = archiveinfo.id",
            "archiveinfo.id",
            "archiveinfo.filename",
            "archiveinfo.filename" or "m.group_id || '-' || m.artifact_id || '-' || m.version"
        ),
        "win" => kind!(
            "archiveinfo JOIN win_archives w ON w.archive_id = archiveinfo.id",
            "archiveinfo.id",
            "LTRIM(w.relpath || '/' || archiveinfo.filename, '/')",
            "archiveinfo.filename" or "w.relpath || '/' || archiveinfo.filename"
        ),
        _ => return None,
    })
}

/// Searches as `search` does.
pub(crate) async fn search(
    db: &mut Conn,
    terms: &str,
    what: &str,
    how: &str,
    opts: Option<&QueryOpts>,
) -> Result<Rows<Found>> {
    if terms.is_empty() {
        fail!("empty search terms");
    }
    let Some(kind) = kind(what) else {
        match what {
            // file names are no longer searched
            "file" if opts.and_then(|o| o.count_only) == Some(true) => return Ok(Rows::Count(0)),
            "file" => return Ok(Rows::List(Vec::new())),
            _ => fail!("No such search type: {what}"),
        }
    };
    let query = Select::from(kind.from).column(kind.id, "id").column(kind.name, "name");
    let query = match how {
        "glob" => query.filter(kind.glob, args![glob_to_like(terms)]),
        "regexp" => {
            // Postgres says so itself
            if db.dialect() == Dialect::Sqlite
                && let Err(e) = regex::Regex::new(terms)
            {
                fail!("invalid regular expression: {e}");
            }
            query.filter(kind.regex, args![terms])
        }
        _ => query.filter(kind.exact, args![terms]),
    };
    Ok(query.rows(db, opts).await?)
}
