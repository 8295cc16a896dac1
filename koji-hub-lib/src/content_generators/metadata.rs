//! What a content generator says of its build, version 0 of its form.

use koji_core::api::Param;
use koji_core::ids::{BuildId, TaskId};
use koji_core::nvr::Nvr;
use koji_core::paths;
use koji_core::python;
use koji_core::time::Timestamp;
use koji_core::xmlrpc::{Struct, Value};

use crate::error::fail;
use crate::given::{check_type, read as read_value};
use crate::import::upload;
use crate::{Hub, Result};

/// The longest metadata that is read from a file.
const LONGEST: u64 = 512 * 1024 * 1024;

/// The metadata of an import.
pub(super) struct Metadata {
    pub build: BuildData,
    pub buildroots: Vec<BuildrootData>,
    pub outputs: Vec<Output>,
    /// The text that is kept with the build.
    pub text: String,
}

/// What is said of the build.
pub(super) struct BuildData {
    pub nvr: Nvr,
    /// The epoch, where one is given, be it nil.
    pub epoch: Option<Option<i32>>,
    pub source: Option<String>,
    /// Whatever else is known of it, with `typeinfo`.
    pub extra: Struct,
    /// What is known of it as a build of each of its types.
    pub types: Struct,
    pub start_time: Timestamp,
    pub end_time: Timestamp,
    pub owner: Option<String>,
    pub task_id: Option<TaskId>,
    pub draft: bool,
    /// The build that was reserved.
    pub reserved: Option<BuildId>,
}

/// What is said of a buildroot.
pub(super) struct BuildrootData {
    /// What the outputs call it.
    pub id: Value,
    pub cg_version: String,
    pub container: (String, String),
    pub host: (String, String),
    pub extra: Value,
    pub components: Vec<Struct>,
    /// Names and versions.
    pub tools: Vec<(String, String)>,
}

/// What is said of a file.
pub(super) struct Output {
    pub buildroot_id: Value,
    pub filename: String,
    /// The folder below the directory of the import; empty for none.
    pub relpath: String,
    pub size: i64,
    pub checksum: String,
    pub checksum_type: String,
    pub kind: String,
    pub extra: Option<Struct>,
    /// The folder in the build; empty for none.
    pub subdir: String,
    pub metadata_only: bool,
    pub components: Option<Vec<Struct>>,
    /// All that is said.
    pub given: Struct,
}

/// The members of a part of the metadata.
struct Fields {
    what: &'static str,
    members: Struct,
}

impl Fields {
    fn of(what: &'static str, value: Value) -> Result<Self> {
        Ok(Fields { what, members: read_value(what, value)? })
    }

    /// A member that must be there.
    fn required<T: Param>(&mut self, name: &str) -> Result<T> {
        match self.members.remove(name) {
            Some(value) => read_value(&format!("{}.{name}", self.what), value),
            None => fail!("Invalid metadata: {} has no {name}", self.what),
        }
    }

    fn optional<T: Param>(&mut self, name: &str) -> Result<Option<T>> {
        match self.members.remove(name) {
            None | Some(Value::Nil) => Ok(None),
            Some(value) => read_value(&format!("{}.{name}", self.what), value).map(Some),
        }
    }

    fn is_true(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(Value::is_truthy)
    }

    /// A part that must be there.
    fn part(&mut self, what: &'static str) -> Result<Fields> {
        Ok(Fields { what, members: self.required(what)? })
    }

    fn text_or_empty(&mut self, name: &str) -> Result<String> {
        Ok(self.optional(name)?.unwrap_or_default())
    }
}

/// The metadata before it was looked into: its members, and the text that is kept.
pub(super) async fn open(hub: &Hub, given: Value, dir: &str) -> Result<(Struct, String)> {
    let given = match given {
        Value::Struct(members) => {
            return match serde_json::to_string_pretty(&members) {
                Ok(text) => Ok((members, text)),
                Err(e) => fail!("Invalid metadata, cannot encode: {e}"),
            };
        }
        Value::Nil => Value::from("metadata.json"),
        other => other,
    };
    check_type(&given, "str")?;
    let given: String = read_value("metadata", given)?;
    let text = if given.ends_with(".json") { read_file(hub, dir, &given).await? } else { given };
    match serde_json::from_str(&text) {
        Ok(Value::Struct(members)) => Ok((members, text)),
        Ok(other) => fail!("Invalid metadata: expected a struct, not {}", other.type_name()),
        Err(_) => fail!("Invalid json data: {}", python::repr_str(&text)),
    }
}

async fn read_file(hub: &Hub, dir: &str, name: &str) -> Result<String> {
    let file = if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") };
    let path = upload(&file);
    if !paths::is_relative(&file) || hub.storage().metadata(&path).await?.is_none_or(|found| found.is_dir) {
        fail!("No such file: {name}");
    }
    match String::from_utf8(hub.storage().read(&path, 0, LONGEST).await?.into()) {
        Ok(text) => Ok(text),
        Err(_) => fail!("{name} is not UTF-8"),
    }
}

/// A fault unless the metadata are of the form that is known.
pub(super) fn check_version(members: &Struct) -> Result<()> {
    match members.get("metadata_version") {
        None => fail!("Invalid metadata: there is no metadata_version"),
        Some(version) if version.as_int() == Some(0) => Ok(()),
        Some(version) => fail!("No such metadata version: {}", python::repr(version)),
    }
}

/// The names of the content generators that made the buildroots.
pub(super) fn generators(members: &Struct) -> Result<Vec<Value>> {
    let Some(roots) = members.get("buildroots") else { fail!("Invalid metadata: there are no buildroots") };
    let named = |root: &Value| {
        let generator = root.as_struct().and_then(|root| root.get("content_generator")).and_then(Value::as_struct);
        match generator.and_then(|generator| generator.get("name")) {
            Some(name) => Ok(name.clone()),
            None => fail!("Invalid metadata: a buildroot has no content_generator with a name"),
        }
    };
    roots.as_array().unwrap_or_default().iter().map(named).collect()
}

/// Reads the metadata's members.
pub(super) fn read(members: Struct, text: String) -> Result<Metadata> {
    let mut all = Fields { what: "metadata", members };
    let build = build(all.part("build")?)?;
    let roots: Vec<Value> = all.required("buildroots")?;
    let outputs: Vec<Value> = all.required("output")?;
    Ok(Metadata {
        build,
        buildroots: roots.into_iter().map(|root| buildroot(Fields::of("buildroot", root)?)).collect::<Result<_>>()?,
        outputs: outputs.into_iter().map(|file| output(Fields::of("output", file)?)).collect::<Result<_>>()?,
        text,
    })
}

fn build(mut fields: Fields) -> Result<BuildData> {
    let nvr = Nvr::new(
        fields.required::<String>("name")?,
        fields.required::<String>("version")?,
        fields.required::<String>("release")?,
    );
    let mut extra: Struct = fields.required("extra")?;
    let task_id = task_id(&mut fields, &extra)?;
    let owner = match fields.members.remove("owner") {
        Some(Value::String(name)) if !name.is_empty() => Some(name),
        Some(other) if other.is_truthy() => {
            fail!("Invalid owner format (expected username): {}", python::str(&other))
        }
        _ => None,
    };
    let mut types: Struct = match extra.get("typeinfo") {
        None => Struct::new(),
        Some(given) => read_value("typeinfo", given.clone())?,
    };
    // Koji's first types may stand beside
    for btype in ["maven", "win", "image"] {
        let Some(info) = extra.get(btype) else { continue };
        if types.get(btype).is_some() {
            fail!("Duplicate typeinfo for '{btype}'");
        }
        types.insert(btype, info.clone());
    }
    extra.insert("typeinfo", types.clone());
    Ok(BuildData {
        nvr,
        epoch: match fields.members.remove("epoch") {
            None => None,
            Some(epoch) => Some(read_value("epoch", epoch)?),
        },
        source: fields.required("source")?,
        extra,
        types,
        start_time: seconds(fields.required("start_time")?, "start_time")?,
        end_time: seconds(fields.required("end_time")?, "end_time")?,
        owner,
        task_id,
        draft: fields.is_true("draft"),
        reserved: if fields.is_true("build_id") { fields.optional("build_id")? } else { None },
    })
}

/// Seconds since 1970, which may come as text.
fn seconds(value: Value, name: &str) -> Result<Timestamp> {
    let secs = match &value {
        Value::String(text) => text.trim().parse().ok(),
        _ => f64::from_value(value.clone()).ok(),
    };
    match secs {
        Some(secs) if f64::is_finite(secs) => Ok(Timestamp::from_secs_f64(secs)),
        _ => fail!("Invalid value for {name}: {}", python::repr(&value)),
    }
}

/// The task that made the build, which OSBS names in a place of its own.
fn task_id(fields: &mut Fields, extra: &Struct) -> Result<Option<TaskId>> {
    let number = |value: Value| -> Result<TaskId> {
        if value.is_nil() {
            fail!(Parameter, "Invalid type, expected type <class 'int'>");
        }
        read_value("task_id", value)
    };
    let own = fields.members.remove("task_id").map(number).transpose()?;
    let osbs = extra.get("container_koji_task_id").cloned().map(number).transpose()?;
    match (own, osbs) {
        (Some(own), Some(osbs)) if own != osbs => {
            fail!("CG provided non-matching task_id {own} and container_koji_task_id {osbs}")
        }
        (own, osbs) => Ok(osbs.or(own)),
    }
}

fn buildroot(mut fields: Fields) -> Result<BuildrootData> {
    let mut generator = fields.part("content_generator")?;
    let mut container = fields.part("container")?;
    let mut host = fields.part("host")?;
    let tools: Vec<Value> = fields.required("tools")?;
    let tool = |tool: Value| {
        let mut tool = Fields::of("tool", tool)?;
        Ok((tool.required("name")?, tool.required("version")?))
    };
    Ok(BuildrootData {
        id: fields.required("id")?,
        cg_version: generator.required("version")?,
        container: (container.required("type")?, container.required("arch")?),
        host: (host.required("os")?, host.required("arch")?),
        extra: fields.members.remove("extra").unwrap_or_default(),
        components: fields.required("components")?,
        tools: tools.into_iter().map(tool).collect::<Result<_>>()?,
    })
}

fn output(mut fields: Fields) -> Result<Output> {
    Ok(Output {
        given: fields.members.clone(),
        buildroot_id: fields.required("buildroot_id")?,
        filename: fields.required("filename")?,
        relpath: fields.text_or_empty("relpath")?,
        size: fields.required("filesize")?,
        checksum: fields.required("checksum")?,
        checksum_type: fields.required("checksum_type")?,
        kind: fields.required("type")?,
        extra: fields.optional("extra")?,
        subdir: fields.text_or_empty("subdir")?,
        metadata_only: fields.is_true("metadata_only"),
        components: match fields.members.remove("components") {
            None => None,
            Some(list) => Some(read_value("components", list)?),
        },
    })
}
