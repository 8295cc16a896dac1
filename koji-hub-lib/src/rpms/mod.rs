//! RPMs: those of builds, and those of external repos that were seen in buildroots.

mod checksums;
mod external;
mod signatures;

pub(crate) use checksums::checksums;
pub(crate) use external::{find_or_register, register};
pub(crate) use signatures::{add_signature, rename_signature, sign, unsign, write_signed};

use koji_core::api::RpmRef;
use koji_core::ids::{ExternalRepoId, RpmId};
use koji_core::model::Rpm;
use koji_core::nvr::{Nvr, Nvra};
use koji_core::python;
use koji_core::xmlrpc::{Struct, Value};

use crate::db::{Conn, Select, args};
use crate::error::fail;
use crate::{Result, names};

/// What an RPM is looked up by.
#[derive(Debug, Clone)]
enum Key {
    Id(RpmId),
    Name { nvra: Nvra, shown: Struct },
}

impl Key {
    fn of(rpm: &RpmRef) -> Result<Key> {
        Ok(match rpm {
            RpmRef::Id(id) => Key::Id(*id),
            RpmRef::Nvra(text) => match text.trim().parse() {
                Ok(id) => Key::Id(id),
                Err(_) => Key::name(text.parse()?),
            },
            RpmRef::Fields(fields) => {
                let id = fields.get("id").and_then(Value::as_int).and_then(|id| i32::try_from(id).ok());
                if let Some(id) = id {
                    return Ok(Key::Id(RpmId(id)));
                }
                let part = |name| match fields.get(name) {
                    Some(Value::String(text)) => Ok(text.clone()),
                    _ => fail!(Parameter, "expected an rpm with name, version, release and arch, without {name}"),
                };
                let mut nvra = Nvra::new(Nvr::new(part("name")?, part("version")?, part("release")?), part("arch")?);
                nvra.location = fields.get("location").and_then(Value::as_str).map(str::to_owned);
                Key::Name { nvra, shown: fields.clone() }
            }
        })
    }

    fn name(nvra: Nvra) -> Key {
        let mut shown: Struct = [
            ("release", Value::from(nvra.nvr.release.as_str())),
            ("version", nvra.nvr.version.as_str().into()),
            ("name", nvra.nvr.name.as_str().into()),
            ("epoch", nvra.nvr.epoch.as_deref().unwrap_or_default().into()),
            ("arch", nvra.arch.as_str().into()),
            ("src", nvra.is_src().into()),
        ]
        .into_iter()
        .collect();
        if let Some(location) = &nvra.location {
            shown.insert("location", location.as_str());
        }
        Key::Name { nvra, shown }
    }

    /// As Koji's message shows it.
    fn shown(&self) -> String {
        match self {
            Key::Id(id) => format!("{{'id': {id}}}"),
            Key::Name { shown, .. } => python::repr(&shown.clone().into()),
        }
    }
}

/// All RPMs that are meant: several may have one name, those of drafts and of external repos.
pub(crate) async fn find_all(db: &mut Conn, rpm: &RpmRef) -> Result<Vec<Rpm>> {
    by_key(db, &Key::of(rpm)?).await
}

async fn by_key(db: &mut Conn, key: &Key) -> Result<Vec<Rpm>> {
    let query = Select::from("rpminfo")
        .columns(&[
            ("rpminfo.id", "id"),
            ("rpminfo.build_id", "build_id"),
            ("rpminfo.buildroot_id", "buildroot_id"),
            ("rpminfo.name", "name"),
            ("rpminfo.version", "version"),
            ("rpminfo.release", "release"),
            ("rpminfo.epoch", "epoch"),
            ("rpminfo.arch", "arch"),
            ("rpminfo.draft", "draft"),
            ("rpminfo.external_repo_id", "external_repo_id"),
            ("external_repo.name", "external_repo_name"),
            ("rpminfo.payloadhash", "payloadhash"),
            ("rpminfo.size", "size"),
            ("rpminfo.buildtime", "buildtime"),
            ("rpminfo.metadata_only", "metadata_only"),
            ("rpminfo.extra", "extra"),
        ])
        .join("JOIN external_repo ON external_repo.id = rpminfo.external_repo_id")
        .order_by("rpminfo.id");
    let query = match key {
        Key::Id(id) => query.filter("rpminfo.id = $1", args![*id]),
        Key::Name { nvra: Nvra { nvr, arch, location }, .. } => {
            let query = query.filter(
                "rpminfo.name = $1 AND rpminfo.version = $2 AND rpminfo.release = $3 AND rpminfo.arch = $4",
                args![nvr.name.as_str(), nvr.version.as_str(), nvr.release.as_str(), arch.as_str()],
            );
            match location {
                None => query,
                Some(repo) => {
                    let (repo, _) = names::get::<ExternalRepoId>(db, &repo.as_str().into()).await?;
                    query.filter("rpminfo.external_repo_id = $1", args![repo])
                }
            }
        }
    };
    Ok(query.fetch_all(db).await?)
}

/// The RPM that is meant, if there is one: rather the hub's own than a draft's, rather that than an external one, rather
/// a new one.
pub(crate) async fn find(db: &mut Conn, rpm: &RpmRef) -> Result<Option<Rpm>> {
    Ok(preferred(find_all(db, rpm).await?))
}

/// The RPM that is meant; a fault if there is none.
pub(crate) async fn get(db: &mut Conn, rpm: &RpmRef) -> Result<Rpm> {
    let key = Key::of(rpm)?;
    match preferred(by_key(db, &key).await?) {
        Some(found) => Ok(found),
        None => fail!("No such rpm: {}", key.shown()),
    }
}

fn preferred(found: Vec<Rpm>) -> Option<Rpm> {
    found.into_iter().max_by_key(|rpm| (rpm.external_repo_id.0 == 0, rpm.draft != Some(true), rpm.id))
}

/// The RPM's name.
pub(crate) fn nvra(rpm: &Rpm) -> Nvra {
    Nvra::new(Nvr::new(&rpm.name, &rpm.version, &rpm.release), &rpm.arch)
}
