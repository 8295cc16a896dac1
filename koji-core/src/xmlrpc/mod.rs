//! XML-RPC as Koji speaks it: values, documents, and serde in both directions.
//!
//! [`Value`] is any wire value. [`Writer`] and [`to_xml`] write any `Serialize` type as XML, byte for byte as Python's
//! `xmlrpc.client` (and so Koji) does; [`from_xml`] reads a value into any `Deserialize` type without building a
//! [`Value`] first. Whole documents (calls, responses, faults) are in [`Document`] and the functions beside it.

mod convert;
mod de;
mod document;
mod parse;
mod ser;
mod value;

pub use convert::{from_value, to_value};
pub use de::from_xml;
pub use document::{Call, Document, Response, read_call, read_response, write_call, write_fault, write_response};
pub use ser::{Writer, format_double, to_xml};
pub use value::{Base64, DateTime, Struct, Value};

/// Why a document could not be read or a value not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not well-formed XML.
    #[error("syntax error: {0}")]
    Syntax(String),
    /// A document type or an entity declaration, both of which are refused.
    #[error("document types and entities are not allowed")]
    Forbidden,
    /// Values nested deeper than [`MAX_DEPTH`].
    #[error("values are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// Well-formed XML that is not XML-RPC.
    #[error("not XML-RPC: {0}")]
    Shape(String),
    /// A number, date or base64 text that cannot be read.
    #[error("invalid {kind}: {text:?}")]
    Invalid {
        /// The element's name.
        kind: &'static str,
        /// What stood in it.
        text: String,
    },
    /// An integer beyond 64 bits.
    #[error("long int exceeds XML-RPC limits")]
    IntegerRange,
    /// A value of another type than expected, or a type the wire has no form for.
    #[error("{0}")]
    Type(String),
}

/// How deep arrays and structs may nest.
pub const MAX_DEPTH: usize = 100;

impl serde::de::Error for Error {
    fn custom<T: std::fmt::Display>(msg: T) -> Self {
        Error::Type(msg.to_string())
    }
}

impl serde::ser::Error for Error {
    fn custom<T: std::fmt::Display>(msg: T) -> Self {
        Error::Type(msg.to_string())
    }
}

impl From<quick_xml::Error> for Error {
    fn from(e: quick_xml::Error) -> Self {
        Error::Syntax(e.to_string())
    }
}

#[cfg(test)]
mod tests;
