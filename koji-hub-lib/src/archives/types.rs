//! The types of archives, which the names of files tell.

use koji_core::model::ArchiveType;

use crate::Result;
use crate::db::{Conn, Select, args};
use crate::error::fail;

fn select<'a>() -> Select<'a> {
    Select::from("archivetypes")
        .columns(&[
            ("id", "id"),
            ("name", "name"),
            ("description", "description"),
            ("extensions", "extensions"),
            ("compression_type", "compression_type"),
        ])
        .order_by("id")
}

/// All types.
pub(crate) async fn types(db: &mut Conn) -> Result<Vec<ArchiveType>> {
    Ok(select().fetch_all(db).await?)
}

/// The type with that id.
pub(crate) async fn type_by_id(db: &mut Conn, id: i32) -> Result<Option<ArchiveType>> {
    Ok(select().filter("id = $1", args![id]).fetch_optional(db).await?)
}

/// The type of that name.
pub(crate) async fn type_by_name(db: &mut Conn, name: &str) -> Result<Option<ArchiveType>> {
    Ok(select().filter("name = $1", args![name]).fetch_optional(db).await?)
}

/// The type of a file by its name: that of the longest ending which is some type's, so that `.tar.gz` comes before `.gz`.
pub(crate) async fn type_of_file(db: &mut Conn, filename: &str) -> Result<Option<ArchiveType>> {
    let all = types(db).await?;
    let lower = filename.to_lowercase();
    let mut ending = Some(lower.as_str());
    while let Some(extension) = ending {
        let mut found = all.iter().filter(|kind| has_extension(kind, extension));
        match (found.next(), found.next()) {
            (Some(only), None) => return Ok(Some(only.clone())),
            (Some(_), Some(_)) => fail!("multiple matches for file extension: {extension}"),
            (None, _) => ending = extension.split_once('.').map(|(_, rest)| rest),
        }
    }
    Ok(None)
}

/// Whether files of that type have that extension, which is in lower case.
pub(super) fn has_extension(kind: &ArchiveType, extension: &str) -> bool {
    kind.extensions.split_whitespace().any(|known| known.to_lowercase() == extension)
}
