//! How parameters travel: between Rust types and wire values, as tolerant as Koji is.

use crate::fault::FaultKind;
use crate::ids::Id;
use crate::time::{ParseTimestampError, Timestamp};
use crate::xmlrpc::{Struct, Value, from_value, to_value};

/// A type that stands for one parameter of a method.
pub trait Param: Sized {
    /// Which of the call's values it takes.
    const KIND: ParamKind = ParamKind::One;
    /// The fault for a value that cannot be read; the error of a kind other than `Parameter` is the fault's whole text.
    const WRONG: FaultKind = FaultKind::Parameter;
    /// Whether a value stands for none where the parameter is an `Option`.
    fn is_none(value: &Value) -> bool {
        value.is_nil()
    }
    /// Reads it; the error says what was expected.
    fn from_value(value: Value) -> Result<Self, String>;
    /// Writes it.
    fn into_value(self) -> Value;
}

/// Which of a call's values a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// One value, by position or by name.
    One,
    /// All further positional values, Python's `*args`.
    VarArgs,
    /// All further named values, Python's `**kwargs`.
    KwArgs,
}

/// All further positional values, Python's `*args`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VarArgs(pub Vec<Value>);

/// All further named values, Python's `**kwargs`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KwArgs(pub Struct);

pub(super) fn expected<T>(what: &str, found: &Value) -> Result<T, String> {
    Err(format!("expected {what}, not {}", found.type_name()))
}

impl Param for VarArgs {
    const KIND: ParamKind = ParamKind::VarArgs;
    fn from_value(value: Value) -> Result<Self, String> {
        Vec::from_value(value).map(VarArgs)
    }
    fn into_value(self) -> Value {
        Value::Array(self.0)
    }
}

impl Param for KwArgs {
    const KIND: ParamKind = ParamKind::KwArgs;
    fn from_value(value: Value) -> Result<Self, String> {
        Struct::from_value(value).map(KwArgs)
    }
    fn into_value(self) -> Value {
        Value::Struct(self.0)
    }
}

impl Param for Value {
    fn from_value(value: Value) -> Result<Self, String> {
        Ok(value)
    }
    fn into_value(self) -> Value {
        self
    }
}

/// Whatever Python takes for true.
impl Param for bool {
    fn from_value(value: Value) -> Result<Self, String> {
        Ok(value.is_truthy())
    }
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

/// Up to where doubles have every whole number.
const EXACT: f64 = (1_u64 << 53) as f64;

/// Python's client sends what it was given on the command line: digits in a string are a number too, and so is a double
/// without a fraction.
impl Param for i64 {
    fn from_value(value: Value) -> Result<Self, String> {
        let number = match &value {
            Value::String(text) => text.trim().parse().ok(),
            Value::Double(v) if v.fract() == 0.0 && v.abs() <= EXACT => Some(*v as i64),
            other => other.as_int(),
        };
        number.map_or_else(|| expected("an integer", &value), Ok)
    }
    fn into_value(self) -> Value {
        Value::Int(self)
    }
}

impl Param for i32 {
    fn from_value(value: Value) -> Result<Self, String> {
        let wide = i64::from_value(value)?;
        i32::try_from(wide).map_err(|_| format!("{wide} is out of range"))
    }
    fn into_value(self) -> Value {
        self.into()
    }
}

impl Param for f64 {
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Double(v) => Ok(v),
            // whole numbers are exact up to 2^53, far beyond what is sent
            Value::Int(v) => Ok(v as f64),
            other => expected("a number", &other),
        }
    }
    fn into_value(self) -> Value {
        Value::Double(self)
    }
}

impl Param for String {
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::String(v) => Ok(v),
            other => expected("a string", &other),
        }
    }
    fn into_value(self) -> Value {
        Value::String(self)
    }
}

impl Param for Struct {
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Struct(v) => Ok(v),
            other => expected("a struct", &other),
        }
    }
    fn into_value(self) -> Value {
        Value::Struct(self)
    }
}

/// A text, or seconds since 1970. An empty text and zero are none.
impl Param for Timestamp {
    fn is_none(value: &Value) -> bool {
        !value.is_truthy()
    }
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => text.parse().map_err(|e: ParseTimestampError| e.to_string()),
            Value::DateTime(time) => time.0.parse().map_err(|e: ParseTimestampError| e.to_string()),
            number => f64::from_value(number).map(Timestamp::from_secs_f64),
        }
    }
    fn into_value(self) -> Value {
        self.to_string().into()
    }
}

impl<T: Param> Param for Option<T> {
    const WRONG: FaultKind = T::WRONG;
    fn from_value(value: Value) -> Result<Self, String> {
        if T::is_none(&value) { Ok(None) } else { T::from_value(value).map(Some) }
    }
    fn into_value(self) -> Value {
        self.map_or(Value::Nil, T::into_value)
    }
}

impl<T: Param> Param for Vec<T> {
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Array(v) => v.into_iter().map(T::from_value).collect(),
            other => expected("a list", &other),
        }
    }
    fn into_value(self) -> Value {
        Value::Array(self.into_iter().map(T::into_value).collect())
    }
}

impl<I: Id> Param for I {
    fn from_value(value: Value) -> Result<Self, String> {
        i32::from_value(value).map(I::from)
    }
    fn into_value(self) -> Value {
        let id: i32 = self.into();
        id.into()
    }
}

/// An id that goes to the database as it comes: nil is nothing's, and a list of one stands for what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnyId<I>(pub Option<I>);

impl<I: Id> From<I> for AnyId<I> {
    fn from(id: I) -> Self {
        AnyId(Some(id))
    }
}

impl<I: Id> Param for AnyId<I> {
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Nil => Ok(AnyId(None)),
            Value::Array(mut list) if list.len() == 1 => Self::from_value(list.pop().unwrap_or_default()),
            one => I::from_value(one).map(Self::from),
        }
    }
    fn into_value(self) -> Value {
        self.0.into_value()
    }
}

/// One value or a list of them.
#[derive(Debug, Clone, PartialEq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> From<T> for OneOrMany<T> {
    fn from(one: T) -> Self {
        OneOrMany(vec![one])
    }
}

impl<T> From<Vec<T>> for OneOrMany<T> {
    fn from(many: Vec<T>) -> Self {
        OneOrMany(many)
    }
}

impl<T: Param> Param for OneOrMany<T> {
    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Array(_) => Vec::from_value(value).map(OneOrMany),
            one => T::from_value(one).map(Self::from),
        }
    }
    fn into_value(self) -> Value {
        self.0.into_value()
    }
}

pub(crate) fn from_wire<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    from_value(value).map_err(|e| e.to_string())
}

// what our own records serialize to is always a wire value
pub(crate) fn to_wire<T: serde::Serialize>(value: &T) -> Value {
    to_value(value).unwrap_or_default()
}
