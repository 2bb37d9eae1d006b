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

/// Keys that show that an object is something a scanner found.
const FOUND: [&str; 13] = [
    "severity",
    "vulnerabilityid",
    "vulnerability",
    "ruleid",
    "avdid",
    "pkgname",
    "installedversion",
    "status",
    "target",
    "vulnerabilities",
    "misconfigurations",
    "secrets",
    "results",
];

/// What a value of unknown form contains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// Whether it is an object.
    is_object: bool,
    /// How many objects it holds, if it is a list.
    pub(crate) objects: u64,
    /// Whether it, or one of them, looks like something that was found.
    pub(crate) is_found: bool,
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
        let mut unknown = Unknown::default();
        while let Some(item) = list.next_element::<Unknown>()? {
            unknown.objects += u64::from(item.is_object);
            unknown.is_found |= item.is_object && item.is_found;
        }
        Ok(unknown)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unknown, A::Error> {
        let mut is_found = false;
        while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
            is_found |= FOUND.contains(&key.to_ascii_lowercase().as_str());
        }
        Ok(Unknown { is_object: true, objects: 0, is_found })
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

/// Longest explanation that is kept.
const LONGEST: usize = 1_000;

/// At most a thousand characters of a text.
pub(crate) fn short(Text(text): Text) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
