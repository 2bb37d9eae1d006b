//! Values as foreign programs write them: a number where a text is expected, a null where nothing is meant.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

/// A text; numbers and booleans become their text, null becomes the empty one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Text, E> {
        Ok(Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Text, E> {
        Ok(Text(value))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Text, E> {
        Ok(Text::default())
    }
}

/// A whole number from 0; null and nothing become 0, a text of digits its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Whole(pub(crate) u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(Self(0));
        }
        let number = text.parse().map(Self);
        number.map_err(|_| Error::invalid_value(Unexpected::Str(&text), &"a whole number from 0"))
    }
}

/// What a value of unknown form contains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Unknown {
    /// Whether it is an object.
    is_object: bool,
    /// How many objects it holds, if it is a list.
    pub(super) objects: u64,
}

impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnknownVisitor)
    }
}

struct UnknownVisitor;

/// Values that hold no others.
macro_rules! plain {
    ($($method:ident: $type:ty)*) => {
        $(fn $method<E: Error>(self, _: $type) -> Result<Unknown, E> {
            Ok(Unknown::default())
        })*
    };
}

impl<'de> Visitor<'de> for UnknownVisitor {
    type Value = Unknown;

    plain! { visit_str: &str visit_bool: bool visit_u64: u64 visit_i64: i64 visit_f64: f64 }

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Unknown, E> {
        Ok(Unknown::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Unknown, A::Error> {
        let mut objects = 0;
        while let Some(item) = list.next_element::<Unknown>()? {
            objects += u64::from(item.is_object);
        }
        Ok(Unknown { is_object: false, objects })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unknown, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Unknown { is_object: true, objects: 0 })
    }
}

/// A boolean; null becomes false, the texts `true` and `false` what they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        match text.as_str() {
            "true" => Ok(Self(true)),
            "" | "false" => Ok(Self(false)),
            _ => Err(Error::invalid_value(Unexpected::Str(&text), &"a boolean")),
        }
    }
}
