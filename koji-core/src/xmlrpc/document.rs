use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::de::read_value;
use super::parse::Parser;
use super::{Error, Struct, Value, Writer};
use crate::fault::Fault;

/// A `<methodCall>`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The method's name; `None` in a document that names none.
    pub method: Option<String>,
    /// The parameters in order.
    pub params: Vec<Value>,
}

/// What a `<methodResponse>` holds.
pub type Response<T> = Result<T, Fault>;

/// Any document, as it may stand in a task's `request` or `result`.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// A call.
    Call(Call),
    /// A response with its one value.
    Response(Value),
    /// A response with a fault.
    Fault(Fault),
}

const PROLOG: &str = "<?xml version='1.0'?>\n";

impl Document {
    /// Reads any document.
    pub fn read(text: &[u8]) -> Result<Document, Error> {
        let text = decode(text)?;
        let mut p = Parser::new(&text);
        let out = match p.root()? {
            "methodCall" => Document::Call(call(&mut p)?),
            _ => match response(&mut p)? {
                Ok(v) => Document::Response(v),
                Err(f) => Document::Fault(f),
            },
        };
        p.end()?;
        Ok(out)
    }
}

/// Reads a request. A `<methodResponse>` reads as a call that names no method, as Koji takes it. Characters that XML has
/// no place for are refused: they would come back in answers that other clients cannot read.
pub fn read_call(text: &[u8]) -> Result<Call, Error> {
    if let Some(byte) = text.iter().find(|b| **b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r')) {
        return Err(Error::Syntax(format!("the character {byte:#04x} is not allowed")));
    }
    Ok(match Document::read(text)? {
        Document::Call(call) => call,
        Document::Response(v) => Call { method: None, params: vec![v] },
        Document::Fault(_) => Call { method: None, params: Vec::new() },
    })
}

/// Reads a response into the type of its value.
pub fn read_response<T: DeserializeOwned>(text: &[u8]) -> Result<Response<T>, Error> {
    let text = decode(text)?;
    let mut p = Parser::new(&text);
    match p.root()? {
        "methodResponse" => {}
        other => return Err(Error::Shape(format!("expected a <methodResponse>, found <{other}>"))),
    }
    let out = response(&mut p)?;
    p.end()?;
    Ok(out)
}

fn call(p: &mut Parser<'_>) -> Result<Call, Error> {
    let mut out = Call { method: None, params: Vec::new() };
    while let Some(part) = p.open_or_close(&["methodName", "params"], "methodCall")? {
        if part == "methodName" {
            out.method = Some(p.text()?.into_owned());
            continue;
        }
        while p.open_or_close(&["param"], "params")?.is_some() {
            p.open("value")?;
            out.params.push(read_value(p)?);
            p.close("param")?;
        }
    }
    Ok(out)
}

fn response<T: DeserializeOwned>(p: &mut Parser<'_>) -> Result<Response<T>, Error> {
    let out = match p.open_or_close(&["params", "fault"], "methodResponse")? {
        Some("params") => {
            p.open("param")?;
            p.open("value")?;
            let v = read_value(p)?;
            p.close("param")?;
            p.close("params")?;
            Ok(v)
        }
        Some(_) => {
            p.open("value")?;
            let members: Struct = read_value(p)?;
            p.close("fault")?;
            Err(Fault::from_members(&members))
        }
        None => return Err(Error::Shape("an empty <methodResponse>".into())),
    };
    p.close("methodResponse")?;
    Ok(out)
}

impl Parser<'_> {
    fn root(&mut self) -> Result<&'static str, Error> {
        match self.open_or_close(&["methodCall", "methodResponse"], "")? {
            Some(name) => Ok(name),
            None => Err(Error::Shape("no document element".into())),
        }
    }
}

/// The text of a document in UTF-8, or in Latin-1 when its declaration says so.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).to_ascii_lowercase();
    let declaration = head.strip_prefix("<?xml").and_then(|h| h.split_once("?>")).map_or("", |(d, _)| d);
    if declaration.contains("iso-8859-1") || declaration.contains("latin-1") || declaration.contains("latin1") {
        return Ok(bytes.iter().map(|b| char::from(*b)).collect::<String>().into());
    }
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|e| Error::Syntax(e.to_string()))
}

/// Writes a call.
pub fn write_call(method: &str, params: &[Value]) -> Result<String, Error> {
    let mut out = String::from(PROLOG);
    let mut w = Writer::new(&mut out);
    w.raw("<methodCall>\n<methodName>");
    w.text(method);
    w.raw("</methodName>\n<params>\n");
    for p in params {
        w.raw("<param>\n");
        w.value(p)?;
        w.raw("</param>\n");
    }
    w.raw("</params>\n</methodCall>\n");
    Ok(out)
}

/// Writes a response with its value.
pub fn write_response<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut out = String::with_capacity(512);
    out.push_str(PROLOG);
    let mut w = Writer::new(&mut out);
    w.raw("<methodResponse>\n<params>\n<param>\n");
    w.value(value)?;
    w.raw("</param>\n</params>\n</methodResponse>\n");
    Ok(out)
}

/// Writes a response with a fault.
pub fn write_fault(fault: &Fault) -> String {
    let mut out = String::from(PROLOG);
    let mut w = Writer::new(&mut out);
    w.raw("<methodResponse>\n<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n<value><int>");
    w.raw(&fault.code.to_string());
    w.raw("</int></value>\n</member>\n<member>\n<name>faultString</name>\n<value><string>");
    w.text(&fault.message);
    w.raw("</string></value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n");
    out
}
