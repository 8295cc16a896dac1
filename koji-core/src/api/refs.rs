//! How a call names a thing: by id, by name, or by a struct of either.

use std::fmt;

use super::param::{Param, expected};
use crate::fault::FaultKind;
use crate::ids::{
    BuildId, CgId, ChannelId, EventId, ExternalRepoId, HostId, Id, PackageId, PermissionId, RpmId, TagId, TargetId,
    UserId, VolumeId,
};
use crate::python::{repr, repr_str};
use crate::xmlrpc::{Struct, Value};

/// A thing by id or by name. On the wire also a struct with `id` or `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ref<I> {
    /// By id.
    Id(I),
    /// By name.
    Name(String),
}

/// A tag by id or name.
pub type TagRef = Ref<TagId>;
/// A package by id or name.
pub type PackageRef = Ref<PackageId>;
/// A build target by id or name.
pub type TargetRef = Ref<TargetId>;
/// A host by id or name.
pub type HostRef = Ref<HostId>;
/// A channel by id or name.
pub type ChannelRef = Ref<ChannelId>;
/// A permission by id or name.
pub type PermissionRef = Ref<PermissionId>;
/// A content generator by id or name.
pub type CgRef = Ref<CgId>;
/// A volume by id or name.
pub type VolumeRef = Ref<VolumeId>;
/// An external repo by id or name.
pub type ExternalRepoRef = Ref<ExternalRepoId>;

impl<I: Id> From<I> for Ref<I> {
    fn from(id: I) -> Self {
        Ref::Id(id)
    }
}

impl<I> From<&str> for Ref<I> {
    fn from(name: &str) -> Self {
        Ref::Name(name.into())
    }
}

impl<I> From<String> for Ref<I> {
    fn from(name: String) -> Self {
        Ref::Name(name)
    }
}

/// As Python's `repr` would show it, which is how Koji's messages do.
impl<I: fmt::Display> fmt::Display for Ref<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ref::Id(id) => id.fmt(f),
            Ref::Name(name) => f.write_str(&repr_str(name)),
        }
    }
}

impl<I: Id> Ref<I> {
    /// Whether Python takes it for true: neither an id of zero nor an empty name.
    pub fn is_truthy(&self) -> bool {
        match self {
            Ref::Id(id) => (*id).into() != 0,
            Ref::Name(name) => !name.is_empty(),
        }
    }

    /// As Python's `str` would show it: a name without quotes.
    pub fn text(&self) -> String {
        match self {
            Ref::Id(id) => id.to_string(),
            Ref::Name(name) => name.clone(),
        }
    }
}

/// A thing by id or by name; nil is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaybeRef<I>(pub Option<Ref<I>>);

impl<I, R: Into<Ref<I>>> From<R> for MaybeRef<I> {
    fn from(which: R) -> Self {
        MaybeRef(Some(which.into()))
    }
}

impl<I: Id> Param for MaybeRef<I> {
    fn from_value(value: Value) -> Result<Self, String> {
        Option::from_value(value).map(MaybeRef)
    }
    fn into_value(self) -> Value {
        self.0.into_value()
    }
}

impl<I: Id> MaybeRef<I> {
    /// As Python's `str` would show it: a name without quotes, `None` for none.
    pub fn text(&self) -> String {
        self.0.as_ref().map_or_else(|| "None".into(), Ref::text)
    }
}

impl<I: Id> Param for Ref<I> {
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::String(name) => Ok(Ref::Name(name)),
            Value::Int(_) | Value::Bool(_) => I::from_value(value).map(Ref::Id),
            Value::Struct(mut s) => match (s.remove("id"), s.remove("name")) {
                (Some(id), _) if !id.is_nil() => I::from_value(id).map(Ref::Id),
                (_, Some(name)) => String::from_value(name).map(Ref::Name),
                _ => Err(format!("expected a {} with an id or a name", I::WHAT)),
            },
            other => expected(&format!("a {} id or name", I::WHAT), &other),
        }
    }
    fn into_value(self) -> Value {
        match self {
            Ref::Id(id) => id.into_value(),
            Ref::Name(name) => name.into(),
        }
    }
}

/// A build by id, by name-version-release, or by those parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildRef {
    /// By id.
    Id(BuildId),
    /// By the text `name-version-release`.
    Nvr(String),
    /// By its parts.
    Parts {
        /// The package's name.
        name: String,
        /// The version.
        version: String,
        /// The release.
        release: String,
    },
}

impl From<BuildId> for BuildRef {
    fn from(id: BuildId) -> Self {
        BuildRef::Id(id)
    }
}

impl From<&str> for BuildRef {
    fn from(nvr: &str) -> Self {
        BuildRef::Nvr(nvr.into())
    }
}

impl From<String> for BuildRef {
    fn from(nvr: String) -> Self {
        BuildRef::Nvr(nvr)
    }
}

/// As Python's `repr` would show it.
impl fmt::Display for BuildRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildRef::Id(id) => id.fmt(f),
            BuildRef::Nvr(nvr) => f.write_str(&repr_str(nvr)),
            BuildRef::Parts { name, version, release } => {
                write!(f, "{{'name': '{name}', 'version': '{version}', 'release': '{release}'}}")
            }
        }
    }
}

impl BuildRef {
    /// As Python's `str` would show it: a name without quotes.
    pub fn text(&self) -> String {
        match self {
            BuildRef::Nvr(nvr) => nvr.clone(),
            other => other.to_string(),
        }
    }
}

impl Param for BuildRef {
    const WRONG: FaultKind = FaultKind::Generic;
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::String(nvr) => Ok(BuildRef::Nvr(nvr)),
            Value::Int(_) | Value::Bool(_) => BuildId::from_value(value).map(BuildRef::Id),
            Value::Struct(mut s) => {
                let mut part = |name| match s.remove(name) {
                    Some(v) => String::from_value(v),
                    None => Err("did not provide name, version, and release".into()),
                };
                Ok(BuildRef::Parts { name: part("name")?, version: part("version")?, release: part("release")? })
            }
            other => Err(format!("Invalid type for argument: <class '{}'>", other.type_name())),
        }
    }
    fn into_value(self) -> Value {
        match self {
            BuildRef::Id(id) => id.into_value(),
            BuildRef::Nvr(nvr) => nvr.into(),
            BuildRef::Parts { name, version, release } => {
                Value::Struct([("name", name), ("version", version), ("release", release)].into_iter().collect())
            }
        }
    }
}

/// A user by id, by name or Kerberos principal, or by a struct that says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserRef {
    /// The user of the session: nil on the wire.
    Me,
    /// By id.
    Id(UserId),
    /// By name or principal.
    Name(String),
    /// By what is given of `id`, `name` and `krb_principal`.
    Fields {
        /// The id.
        id: Option<UserId>,
        /// The name.
        name: Option<String>,
        /// A Kerberos principal.
        krb_principal: Option<String>,
    },
}

impl From<UserId> for UserRef {
    fn from(id: UserId) -> Self {
        UserRef::Id(id)
    }
}

impl From<&str> for UserRef {
    fn from(name: &str) -> Self {
        UserRef::Name(name.into())
    }
}

impl From<String> for UserRef {
    fn from(name: String) -> Self {
        UserRef::Name(name)
    }
}

/// As Python's `repr` would show it.
impl fmt::Display for UserRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UserRef::Me => f.write_str("None"),
            UserRef::Id(id) => id.fmt(f),
            UserRef::Name(name) => f.write_str(&repr_str(name)),
            UserRef::Fields { id, name, krb_principal } => {
                let mut parts = Vec::new();
                parts.extend(id.map(|v| format!("'id': {v}")));
                parts.extend(name.as_ref().map(|v| format!("'name': '{v}'")));
                parts.extend(krb_principal.as_ref().map(|v| format!("'krb_principal': '{v}'")));
                write!(f, "{{{}}}", parts.join(", "))
            }
        }
    }
}

impl UserRef {
    /// Whether Python takes it for true: neither nil, nor an id of zero, nor an empty name.
    pub fn is_truthy(&self) -> bool {
        match self {
            UserRef::Me => false,
            UserRef::Id(id) => id.0 != 0,
            UserRef::Name(name) => !name.is_empty(),
            UserRef::Fields { .. } => true,
        }
    }

    /// As Python's `str` would show it: a name without quotes.
    pub fn text(&self) -> String {
        match self {
            UserRef::Name(name) => name.clone(),
            other => other.to_string(),
        }
    }
}

impl Param for UserRef {
    const WRONG: FaultKind = FaultKind::Generic;
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Nil => Ok(UserRef::Me),
            Value::String(name) => Ok(UserRef::Name(name)),
            Value::Int(_) | Value::Bool(_) => UserId::from_value(value).map(UserRef::Id),
            Value::Struct(mut s) => Ok(UserRef::Fields {
                id: s.remove("id").map_or(Ok(None), Option::from_value)?,
                name: s.remove("name").map_or(Ok(None), Option::from_value)?,
                krb_principal: s.remove("krb_principal").map_or(Ok(None), Option::from_value)?,
            }),
            other => Err(format!("Invalid type for userInfo: <class '{}'>", other.type_name())),
        }
    }
    fn into_value(self) -> Value {
        match self {
            UserRef::Me => Value::Nil,
            UserRef::Id(id) => id.into_value(),
            UserRef::Name(name) => name.into(),
            UserRef::Fields { id, name, krb_principal } => {
                let mut s = Struct::new();
                if let Some(id) = id {
                    s.insert("id", id.into_value());
                }
                if let Some(name) = name {
                    s.insert("name", name);
                }
                if let Some(krb_principal) = krb_principal {
                    s.insert("krb_principal", krb_principal);
                }
                Value::Struct(s)
            }
        }
    }
}

/// An RPM by id, by name-version-release.arch, or by a struct of fields.
#[derive(Debug, Clone, PartialEq)]
pub enum RpmRef {
    /// By id.
    Id(RpmId),
    /// By the text `name-version-release.arch`, or an id in digits.
    Nvra(String),
    /// By fields: `id`, or `name`, `version`, `release`, `arch` and perhaps `location` (an external repo's name).
    Fields(Struct),
}

impl From<RpmId> for RpmRef {
    fn from(id: RpmId) -> Self {
        RpmRef::Id(id)
    }
}

impl From<&str> for RpmRef {
    fn from(nvra: &str) -> Self {
        RpmRef::Nvra(nvra.into())
    }
}

impl Param for RpmRef {
    const WRONG: FaultKind = FaultKind::Generic;
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::String(nvra) => Ok(RpmRef::Nvra(nvra)),
            Value::Int(_) | Value::Bool(_) => RpmId::from_value(value).map(RpmRef::Id),
            Value::Struct(s) => Ok(RpmRef::Fields(s)),
            other => Err(format!("Invalid type for rpminfo: <class '{}'>", other.type_name())),
        }
    }
    fn into_value(self) -> Value {
        match self {
            RpmRef::Id(id) => id.into_value(),
            RpmRef::Nvra(nvra) => nvra.into(),
            RpmRef::Fields(s) => s.into(),
        }
    }
}

/// A moment in history: an event, or `auto` for the last state of a thing that is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventRef {
    /// As of that event.
    At(EventId),
    /// The last state there was.
    Auto,
}

impl From<EventId> for EventRef {
    fn from(id: EventId) -> Self {
        EventRef::At(id)
    }
}

impl Param for EventRef {
    const WRONG: FaultKind = FaultKind::Generic;
    fn from_value(value: Value) -> Result<Self, String> {
        match &value {
            Value::String(text) if text == "auto" => Ok(EventRef::Auto),
            Value::Int(_) | Value::Bool(_) => EventId::from_value(value).map(EventRef::At),
            other => Err(format!("Invalid event: {}", repr(other))),
        }
    }
    fn into_value(self) -> Value {
        match self {
            EventRef::At(id) => id.into_value(),
            EventRef::Auto => "auto".into(),
        }
    }
}

/// The name that something is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewName(pub String);

impl From<&str> for NewName {
    fn from(name: &str) -> Self {
        NewName(name.into())
    }
}

impl From<String> for NewName {
    fn from(name: String) -> Self {
        NewName(name)
    }
}

impl Param for NewName {
    const WRONG: FaultKind = FaultKind::Generic;
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::String(name) => Ok(NewName(name)),
            _ => Err("Name should be string".into()),
        }
    }
    fn into_value(self) -> Value {
        self.0.into()
    }
}
