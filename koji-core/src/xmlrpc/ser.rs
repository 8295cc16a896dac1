use std::fmt::{self, Write as _};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::ser::{self, Serializer};

use super::Error;
use super::value::DATE_TIME;

/// Writes one value as a `<value>` element.
pub fn to_xml<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut out = String::new();
    Writer::new(&mut out).value(value)?;
    Ok(out)
}

/// Writes values and the elements around them to the end of a text.
pub struct Writer<'o> {
    out: &'o mut String,
}

impl<'o> Writer<'o> {
    /// A writer that appends to `out`.
    pub fn new(out: &'o mut String) -> Self {
        Writer { out }
    }

    /// Appends a `<value>` element. On an error the text is as long as before.
    pub fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let before = self.out.len();
        value.serialize(ValueSer { out: self.out }).inspect_err(|_| self.out.truncate(before))
    }

    /// Appends markup as it is.
    pub fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// Appends text with `&`, `<` and `>` escaped.
    pub fn text(&mut self, text: &str) {
        escape(self.out, text);
    }
}

/// A number as Python's `repr` writes it: `0.1`, `1e+300`, `1e-07`, `nan`.
pub fn format_double(v: f64) -> String {
    let mut out = String::new();
    append_double(&mut out, v);
    out
}

fn append_double(out: &mut String, v: f64) {
    if v.is_nan() {
        return out.push_str("nan");
    }
    if v.is_infinite() {
        return out.push_str(if v > 0.0 { "inf" } else { "-inf" });
    }
    let start = out.len();
    append(out, format_args!("{v:?}"));
    let Some((mantissa, exponent)) = out[start..].split_once('e') else { return };
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |d| ('-', d));
    let mantissa = mantissa.strip_suffix(".0").unwrap_or(mantissa);
    let text = format!("{mantissa}e{sign}{digits:0>2}");
    out.truncate(start);
    out.push_str(&text);
}

/// Appends what a value's own formatting makes of it.
fn append(out: &mut String, what: fmt::Arguments<'_>) {
    // a `String` takes everything
    let _ = out.write_fmt(what);
}

fn escape(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| matches!(b, b'&' | b'<' | b'>')) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            _ => "&gt;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

struct ValueSer<'o> {
    out: &'o mut String,
}

impl<'o> ValueSer<'o> {
    fn put(self, parts: [&str; 3]) -> Result<(), Error> {
        for p in parts {
            self.out.push_str(p);
        }
        Ok(())
    }

    fn integer(self, v: i64) -> Result<(), Error> {
        let mut digits = itoa::Buffer::new();
        let text = digits.format(v);
        if i32::try_from(v).is_ok() {
            self.put(["<value><int>", text, "</int></value>\n"])
        } else {
            self.put(["<value><i8>", text, "</i8></value>\n"])
        }
    }

    fn open_array(self) -> Container<'o> {
        self.out.push_str("<value><array><data>\n");
        Container { out: self.out, end: "</data></array></value>\n" }
    }

    fn open_struct(self) -> Container<'o> {
        self.out.push_str("<value><struct>\n");
        Container { out: self.out, end: "</struct></value>\n" }
    }
}

impl<'o> Serializer for ValueSer<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Container<'o>;
    type SerializeTuple = Container<'o>;
    type SerializeTupleStruct = Container<'o>;
    type SerializeTupleVariant = Container<'o>;
    type SerializeMap = Container<'o>;
    type SerializeStruct = Container<'o>;
    type SerializeStructVariant = Container<'o>;

    fn serialize_bool(self, v: bool) -> Result<(), Error> {
        self.put(["<value><boolean>", if v { "1" } else { "0" }, "</boolean></value>\n"])
    }
    fn serialize_i8(self, v: i8) -> Result<(), Error> {
        self.integer(v.into())
    }
    fn serialize_i16(self, v: i16) -> Result<(), Error> {
        self.integer(v.into())
    }
    fn serialize_i32(self, v: i32) -> Result<(), Error> {
        self.integer(v.into())
    }
    fn serialize_i64(self, v: i64) -> Result<(), Error> {
        self.integer(v)
    }
    fn serialize_u8(self, v: u8) -> Result<(), Error> {
        self.integer(v.into())
    }
    fn serialize_u16(self, v: u16) -> Result<(), Error> {
        self.integer(v.into())
    }
    fn serialize_u32(self, v: u32) -> Result<(), Error> {
        self.integer(v.into())
    }
    fn serialize_u64(self, v: u64) -> Result<(), Error> {
        self.integer(i64::try_from(v).map_err(|_| Error::IntegerRange)?)
    }
    fn serialize_f32(self, v: f32) -> Result<(), Error> {
        self.serialize_f64(v.into())
    }
    fn serialize_f64(self, v: f64) -> Result<(), Error> {
        self.out.push_str("<value><double>");
        append_double(self.out, v);
        self.out.push_str("</double></value>\n");
        Ok(())
    }
    fn serialize_char(self, v: char) -> Result<(), Error> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, v: &str) -> Result<(), Error> {
        self.out.push_str("<value><string>");
        escape(self.out, v);
        self.out.push_str("</string></value>\n");
        Ok(())
    }
    fn collect_str<T: fmt::Display + ?Sized>(self, v: &T) -> Result<(), Error> {
        self.out.push_str("<value><string>");
        let start = self.out.len();
        append(self.out, format_args!("{v}"));
        if self.out[start..].contains(['&', '<', '>']) {
            let text = self.out.split_off(start);
            escape(self.out, &text);
        }
        self.out.push_str("</string></value>\n");
        Ok(())
    }
    fn serialize_bytes(self, v: &[u8]) -> Result<(), Error> {
        self.out.push_str("<value><base64>\n");
        for line in v.chunks(57) {
            STANDARD.encode_string(line, self.out);
            self.out.push('\n');
        }
        self.out.push_str("</base64></value>\n");
        Ok(())
    }
    fn serialize_none(self) -> Result<(), Error> {
        self.out.push_str("<value><nil/></value>");
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, v: &T) -> Result<(), Error> {
        v.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Error> {
        self.serialize_none()
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_none()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, v: &T) -> Result<(), Error> {
        if name == DATE_TIME {
            let text = super::from_value::<String>(super::to_value(v)?)?;
            return self.put(["<value><dateTime.iso8601>", &text, "</dateTime.iso8601></value>\n"]);
        }
        v.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        v: &T,
    ) -> Result<(), Error> {
        let mut s = self.open_struct();
        s.member(variant, v)?;
        s.close()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Container<'o>, Error> {
        Ok(self.open_array())
    }
    fn serialize_tuple(self, _: usize) -> Result<Container<'o>, Error> {
        Ok(self.open_array())
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Container<'o>, Error> {
        Ok(self.open_array())
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Container<'o>, Error> {
        Err(Error::Type(format!("no wire form for the variant {variant}")))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Container<'o>, Error> {
        Ok(self.open_struct())
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Container<'o>, Error> {
        Ok(self.open_struct())
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Container<'o>, Error> {
        Err(Error::Type(format!("no wire form for the variant {variant}")))
    }
}

/// An array or struct that is open.
struct Container<'o> {
    out: &'o mut String,
    end: &'static str,
}

impl Container<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Error> {
        v.serialize(ValueSer { out: self.out })
    }
    fn name(&mut self, name: &str) {
        self.out.push_str("<member>\n<name>");
        escape(self.out, name);
        self.out.push_str("</name>\n");
    }
    fn member<T: Serialize + ?Sized>(&mut self, name: &str, v: &T) -> Result<(), Error> {
        self.name(name);
        self.item(v)?;
        self.out.push_str("</member>\n");
        Ok(())
    }
    fn close(self) -> Result<(), Error> {
        self.out.push_str(self.end);
        Ok(())
    }
}

macro_rules! container {
    ($($t:ident $f:ident $put:ident($($name:ident: $name_type:ty)?)),*) => {$(
        impl ser::$t for Container<'_> {
            type Ok = ();
            type Error = Error;
            fn $f<T: Serialize + ?Sized>(&mut self, $($name: $name_type,)? v: &T) -> Result<(), Error> {
                self.$put($($name,)? v)
            }
            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )*};
}
container!(
    SerializeSeq serialize_element item(), SerializeTuple serialize_element item(),
    SerializeTupleStruct serialize_field item(), SerializeTupleVariant serialize_field item(),
    SerializeStruct serialize_field member(name: &'static str),
    SerializeStructVariant serialize_field member(name: &'static str)
);

/// The values that may be names of members: how they begin and end.
const NAMES: [(&str, &str); 3] = [
    ("<value><string>", "</string></value>\n"),
    ("<value><int>", "</int></value>\n"),
    ("<value><i8>", "</i8></value>\n"),
];

impl ser::SerializeMap for Container<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.out.push_str("<member>\n<name>");
        let start = self.out.len();
        key.serialize(ValueSer { out: self.out })?;
        // a name is what stands inside the value
        for (open, close) in NAMES {
            if let Some(name) = self.out[start..].strip_prefix(open).and_then(|text| text.strip_suffix(close)) {
                let end = start + open.len() + name.len();
                self.out.truncate(end);
                self.out.drain(start..start + open.len());
                self.out.push_str("</name>\n");
                return Ok(());
            }
        }
        Err(Error::Type("dictionary key must be string".into()))
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, v: &T) -> Result<(), Error> {
        self.item(v)?;
        self.out.push_str("</member>\n");
        Ok(())
    }
    fn end(self) -> Result<(), Error> {
        self.close()
    }
}
