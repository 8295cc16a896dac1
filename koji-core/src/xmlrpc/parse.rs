use std::borrow::Cow;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Error, MAX_DEPTH};

/// What a value turned out to be. Containers are open: their elements follow.
pub(super) enum Token<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Double(f64),
    String(Cow<'a, str>),
    DateTime(Cow<'a, str>),
    Base64(Vec<u8>),
    Array,
    Struct,
}

/// Lenient as Python's decoder is: padding may be missing, bits may trail.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A cursor over the elements of a document.
pub(super) struct Parser<'a> {
    reader: Reader<&'a [u8]>,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Parser { reader, depth: 0 }
    }

    fn event(&mut self) -> Result<Event<'a>, Error> {
        loop {
            match self.reader.read_event()? {
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
                Event::DocType(_) => return Err(Error::Forbidden),
                Event::Eof => return Err(Error::Syntax("unexpected end of the document".into())),
                other => return Ok(other),
            }
        }
    }

    /// The next tag, with nothing but white space before it: its name, and whether it opens.
    fn tag(&mut self) -> Result<(Tag<'a>, bool), Error> {
        loop {
            match self.event()? {
                Event::Start(e) => return Ok((Tag(Event::Start(e)), true)),
                Event::End(e) => return Ok((Tag(Event::End(e)), false)),
                Event::Text(t) if t.trim().is_empty() => {}
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// Opens the named element.
    pub(super) fn open(&mut self, name: &str) -> Result<(), Error> {
        let (tag, opens) = self.tag()?;
        if opens && tag.is(name) { Ok(()) } else { Err(Error::Shape(format!("expected <{name}>, found {tag}"))) }
    }

    /// Closes the named element.
    pub(super) fn close(&mut self, name: &str) -> Result<(), Error> {
        let (tag, opens) = self.tag()?;
        if !opens && tag.is(name) { Ok(()) } else { Err(Error::Shape(format!("expected </{name}>, found {tag}"))) }
    }

    /// Opens one of the named elements, or closes the one around: `None` then.
    pub(super) fn open_or_close<'n>(&mut self, names: &[&'n str], outer: &str) -> Result<Option<&'n str>, Error> {
        let (tag, opens) = self.tag()?;
        if opens && let Some(name) = names.iter().find(|n| tag.is(n)) {
            return Ok(Some(name));
        }
        if !opens && tag.is(outer) { Ok(None) } else { Err(Error::Shape(format!("unexpected {tag} in <{outer}>"))) }
    }

    /// The text up to the end of the element that is open, which this closes.
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, Error> {
        let mut out = Cow::Borrowed("");
        loop {
            match self.event()? {
                Event::End(_) => return Ok(out),
                other => append(&mut out, other)?,
            }
        }
    }

    /// Reads a value whose `<value>` is open. Scalars are closed; containers are open when this returns.
    pub(super) fn token(&mut self) -> Result<Token<'a>, Error> {
        let mut untyped = Cow::Borrowed("");
        let start = loop {
            match self.event()? {
                Event::Start(e) => break e,
                Event::End(_) => return Ok(Token::String(untyped)),
                other => append(&mut untyped, other)?,
            }
        };
        if !untyped.trim().is_empty() {
            return Err(Error::Shape("text beside an element in <value>".into()));
        }
        let name = start.name();
        // with a prefix (`ex:nil`) it is the same, as for Python
        let name = name.as_ref().rsplit(':').next().unwrap_or_default();
        let token = match name {
            "int" | "i4" => Token::Int(integer(&self.text()?)?),
            "string" => Token::String(self.text()?),
            "nil" => {
                self.text()?;
                Token::Nil
            }
            "boolean" => {
                let text = self.text()?;
                match text.trim() {
                    "0" => Token::Bool(false),
                    "1" => Token::Bool(true),
                    _ => return Err(Error::Invalid { kind: "boolean", text: text.into_owned() }),
                }
            }
            "double" | "float" | "bigdecimal" => {
                let text = self.text()?;
                let number = text.trim().parse();
                Token::Double(number.map_err(|_| Error::Invalid { kind: "double", text: text.into_owned() })?)
            }
            "struct" => {
                self.deeper()?;
                return Ok(Token::Struct);
            }
            "array" => {
                self.deeper()?;
                self.open("data")?;
                return Ok(Token::Array);
            }
            "dateTime.iso8601" => Token::DateTime(self.text()?),
            "base64" => {
                let text: String = self.text()?.split_ascii_whitespace().collect();
                let bytes = BASE64.decode(&text);
                Token::Base64(bytes.map_err(|_| Error::Invalid { kind: "base64", text })?)
            }
            "i8" | "i1" | "i2" | "biginteger" => Token::Int(integer(&self.text()?)?),
            other => return Err(Error::Shape(format!("unknown type <{other}>"))),
        };
        self.close("value")?;
        Ok(token)
    }

    fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Error::TooDeep) } else { Ok(()) }
    }

    /// Opens an array's next element; at the end closes the array and its `<value>`.
    pub(super) fn element(&mut self) -> Result<bool, Error> {
        if self.open_or_close(&["value"], "data")?.is_some() {
            return Ok(true);
        }
        self.depth -= 1;
        self.close("array")?;
        self.close("value")?;
        Ok(false)
    }

    /// Reads a struct's next member name and opens its value; at the end closes the struct and its `<value>`.
    pub(super) fn member(&mut self) -> Result<Option<Cow<'a, str>>, Error> {
        if self.open_or_close(&["member"], "struct")?.is_none() {
            self.depth -= 1;
            self.close("value")?;
            return Ok(None);
        }
        self.open("name")?;
        let name = self.text()?;
        self.open("value")?;
        Ok(Some(name))
    }

    /// After the document: nothing but white space may follow.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        loop {
            match self.reader.read_event()? {
                Event::Eof => return Ok(()),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Text(t) if t.trim().is_empty() => {}
                _ => return Err(Error::Syntax("junk after document element".into())),
            }
        }
    }
}

/// A start or an end tag.
struct Tag<'a>(Event<'a>);

impl Tag<'_> {
    fn is(&self, name: &str) -> bool {
        match &self.0 {
            Event::Start(e) => e.name().as_ref() == name,
            Event::End(e) => e.name().as_ref() == name,
            _ => false,
        }
    }
}

impl std::fmt::Display for Tag<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Event::Start(e) => write!(f, "<{}>", e.name().as_ref()),
            Event::End(e) => write!(f, "</{}>", e.name().as_ref()),
            _ => Ok(()),
        }
    }
}

fn unexpected(e: &Event<'_>) -> Error {
    match e {
        Event::Start(e) => Error::Shape(format!("unexpected <{}>", e.name().as_ref())),
        Event::End(e) => Error::Shape(format!("unexpected </{}>", e.name().as_ref())),
        _ => Error::Shape("unexpected text".into()),
    }
}

/// Adds a piece of character data. Most text is one piece and stays borrowed.
fn append<'a>(out: &mut Cow<'a, str>, event: Event<'a>) -> Result<(), Error> {
    let piece = match event {
        Event::Text(t) => normal(t.into_inner()),
        Event::CData(t) => normal(t.into_inner()),
        Event::GeneralRef(r) => match r.resolve_char_ref()? {
            Some(c) if c < ' ' && !matches!(c, '\t' | '\n' | '\r') => {
                return Err(Error::Syntax(format!("the character {:#04x} is not allowed", u32::from(c))));
            }
            Some(c) => Cow::Owned(c.to_string()),
            None => Cow::Borrowed(match r.as_ref() {
                "lt" => "<",
                "gt" => ">",
                "amp" => "&",
                "apos" => "'",
                "quot" => "\"",
                _ => return Err(Error::Forbidden),
            }),
        },
        other => return Err(unexpected(&other)),
    };
    if out.is_empty() {
        *out = piece;
    } else {
        out.to_mut().push_str(&piece);
    }
    Ok(())
}

/// XML's line ends: `\r\n` and `\r` read as `\n`.
fn normal(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { text }
}

fn integer(text: &str) -> Result<i64, Error> {
    let t = text.trim();
    t.parse().map_err(|_| {
        let digits = t.strip_prefix(['-', '+']).unwrap_or(t);
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            Error::IntegerRange
        } else {
            Error::Invalid { kind: "int", text: text.into() }
        }
    })
}
