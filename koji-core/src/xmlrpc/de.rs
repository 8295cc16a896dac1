use std::borrow::Cow;

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::Error;
use super::parse::{Parser, Token};

/// Reads one `<value>` element, and nothing else, into a type.
pub fn from_xml<T: de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    let mut p = Parser::new(text);
    p.open("value")?;
    let out = read_value(&mut p)?;
    p.end()?;
    Ok(out)
}

/// Reads a value whose `<value>` is open.
pub(super) fn read_value<T: de::DeserializeOwned>(p: &mut Parser<'_>) -> Result<T, Error> {
    T::deserialize(ValueDe(p))
}

/// A value that is open but not yet looked at.
struct ValueDe<'p, 'a>(&'p mut Parser<'a>);

/// A value whose kind is known.
struct TokenDe<'p, 'a> {
    parser: &'p mut Parser<'a>,
    token: Token<'a>,
}

impl<'p, 'a> TokenDe<'p, 'a> {
    fn next(parser: &'p mut Parser<'a>) -> Result<Self, Error> {
        let token = parser.token()?;
        Ok(TokenDe { parser, token })
    }

    fn visit<'de, V: Visitor<'de>>(self, visitor: V, dates: bool) -> Result<V::Value, Error> {
        match self.token {
            Token::Nil => visitor.visit_unit(),
            Token::Bool(v) => visitor.visit_bool(v),
            Token::Int(v) => visitor.visit_i64(v),
            Token::Double(v) => visitor.visit_f64(v),
            Token::String(v) => visit_text(visitor, v),
            Token::DateTime(v) if dates => {
                visitor.visit_newtype_struct(StringDeserializer::<Error>::new(v.into_owned()))
            }
            Token::DateTime(v) => visit_text(visitor, v),
            Token::Base64(v) => visitor.visit_byte_buf(v),
            Token::Array => {
                let mut items = Items { parser: self.parser, done: false };
                let out = visitor.visit_seq(&mut items)?;
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(out)
            }
            Token::Struct => {
                let mut members = Members { parser: self.parser, done: false };
                let out = visitor.visit_map(&mut members)?;
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(out)
            }
        }
    }
}

fn visit_text<'de, V: Visitor<'de>>(visitor: V, text: Cow<'_, str>) -> Result<V::Value, Error> {
    match text {
        Cow::Borrowed(s) => visitor.visit_str(s),
        Cow::Owned(s) => visitor.visit_string(s),
    }
}

impl<'de> Deserializer<'de> for TokenDe<'_, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit(visitor, true)
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.token {
            Token::Nil => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let value = <super::Value as de::Deserialize>::deserialize(self)?;
        value.into_deserializer().deserialize_enum(name, variants, visitor)
    }
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit(visitor, false)
    }
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit(visitor, false)
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> Deserializer<'de> for ValueDe<'_, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        TokenDe::next(self.0)?.deserialize_any(visitor)
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        TokenDe::next(self.0)?.deserialize_option(visitor)
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        TokenDe::next(self.0)?.deserialize_enum(name, variants, visitor)
    }
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        TokenDe::next(self.0)?.deserialize_str(visitor)
    }
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        TokenDe::next(self.0)?.deserialize_string(visitor)
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Items<'p, 'a> {
    parser: &'p mut Parser<'a>,
    done: bool,
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.done || !self.parser.element()? {
            self.done = true;
            return Ok(None);
        }
        seed.deserialize(ValueDe(self.parser)).map(Some)
    }
}

struct Members<'p, 'a> {
    parser: &'p mut Parser<'a>,
    done: bool,
}

impl<'de> MapAccess<'de> for Members<'_, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if self.done {
            return Ok(None);
        }
        match self.parser.member()? {
            Some(Cow::Borrowed(name)) => seed.deserialize(MemberName(name)).map(Some),
            Some(Cow::Owned(name)) => seed.deserialize(StringDeserializer::new(name)).map(Some),
            None => {
                self.done = true;
                Ok(None)
            }
        }
    }
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let value = seed.deserialize(ValueDe(self.parser))?;
        self.parser.close("member")?;
        Ok(value)
    }
}

/// A member name, lent for the time of one look.
struct MemberName<'a>(&'a str);

impl<'de> Deserializer<'de> for MemberName<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
