//! The types of archives, which the names of files tell.

use koji_core::model::ArchiveType;

use crate::call::Call;
use crate::db::{Conn, Select, args};
use crate::error::fail;
use crate::{Result, names};

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
fn has_extension(kind: &ArchiveType, extension: &str) -> bool {
    kind.extensions.split_whitespace().any(|known| known.to_lowercase() == extension)
}

/// Adds a type; a fault if it or one of its extensions is known.
pub(crate) async fn add_type(
    cx: &mut Call<'_>,
    name: &str,
    description: &str,
    extensions: &str,
    compression: Option<&str>,
) -> Result<()> {
    names::check_internal(cx.hub().config(), name)?;
    if let Some(other) = compression.filter(|kind| !matches!(*kind, "zip" | "tar")) {
        fail!("Unsupported compression type {other}");
    }
    let db = cx.db().await?;
    let known = types(db).await?;
    if known.iter().any(|kind| kind.name == name) {
        fail!("archivetype {name} already exists");
    }
    for extension in extensions.split(' ') {
        let bare = extension.replace('.', "");
        if bare.is_empty() || !bare.chars().all(char::is_alphanumeric) {
            fail!("No such {extension} file extension");
        }
        if known.iter().any(|kind| has_extension(kind, &extension.to_lowercase())) {
            fail!("file extension {extension} already exists");
        }
    }
    db.execute(
        "INSERT INTO archivetypes (name, description, extensions, compression_type) VALUES ($1, $2, $3, $4)",
        args![name, description, extensions, compression],
    )
    .await?;
    Ok(())
}
