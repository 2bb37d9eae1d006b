//! Values of JSON as producers really write them: of any kind, of any length, and converted where that is possible.
//!
//! Shared by the formats that are JSON; knows none of them.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::numbers;
use crate::execution::DETAIL;
use devops_reading::excerpt::prefix;
use devops_reading::shape::{Json, Shape};

/// Maximum number of items of a list that are held.
const HELD: usize = 100;

/// The keys of a file that begins with JSON, be it one document or several.
pub(crate) fn json(shape: &Shape) -> Option<&Json> {
    match shape {
        Shape::Json(json) | Shape::JsonLines(json) => Some(json),
        _ => None,
    }
}

/// Text; of a list its items, one a line; of an object nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

impl Text {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsText)
    }
}

struct AsText;

impl<'de> Visitor<'de> for AsText {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Text, E> {
        Ok(Text(text))
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text, A::Error> {
        let mut text = String::new();
        while let Some(item) = list.next_element::<Text>()? {
            if text.len() < 2 * DETAIL {
                text.push_str(prefix(&item.0, 2 * DETAIL));
                text.push('\n');
            }
        }
        Ok(Text(text.trim_end().to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }
}

/// A number, or something that can't be read as one.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Number(pub(crate) Option<f64>);

impl Number {
    /// The number of things it stands for; none where it can't be that.
    pub(crate) fn count(self) -> u64 {
        self.whole().unwrap_or(0)
    }

    /// A whole number from zero.
    pub(crate) fn whole(self) -> Option<u64> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10^15")]
        self.0.filter(|number| (0.0..=1e15).contains(number)).map(|number| number as u64)
    }

    /// Microseconds, where it counts units of `seconds`.
    pub(crate) fn micros(self, seconds: f64) -> Option<u64> {
        self.0.and_then(|number| crate::execution::micros(number * seconds))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Ok(Self(numbers::decimal(&text.0).filter(|number| number.is_finite())))
    }
}

/// True where something says `true`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Text::deserialize(deserializer)?.0 == "true"))
    }
}

/// The first items of a list, and how many it has; `null` has none.
#[derive(Debug, Clone)]
pub(crate) struct Few<T> {
    pub(crate) first: Vec<T>,
    /// The last one, where it is not among the first.
    pub(crate) last: Option<T>,
    pub(crate) count: u64,
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self { first: Vec::new(), last: None, count: 0 }
    }
}

impl<T> Few<T> {
    /// Those that are held, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.last)
    }

    pub(crate) fn last(&self) -> Option<&T> {
        self.last.as_ref().or_else(|| self.first.last())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsFew(PhantomData))
    }
}

struct AsFew<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AsFew<T> {
    type Value = Few<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Few<T>, E> {
        Ok(Few::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Few<T>, A::Error> {
        let mut few = Few::default();
        while let Some(item) = list.next_element()? {
            few.count += 1;
            if few.first.len() < HELD { few.first.push(item) } else { few.last = Some(item) }
        }
        Ok(few)
    }
}

/// What stands before the last part of a full name, as `cart` before `adds` in `cart adds`.
pub(crate) fn before(full: &str, last: &str) -> String {
    full.strip_suffix(last).unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Few, Number, Text, before};

    #[test]
    fn values_are_taken_for_what_they_can_be() {
        for (json, expected) in [
            ("\"a\"", "a"),
            ("null", ""),
            ("1.5", "1.5"),
            ("[\"a\", [\"b\"], null, 3]", "a\nb\n\n3"),
            ("{\"a\": [1]}", ""),
            ("true", "true"),
        ] {
            assert_eq!(serde_json::from_str::<Text>(json).unwrap().0, expected, "{json}");
        }
        let whole = |json| serde_json::from_str::<Number>(json).unwrap().whole();
        assert_eq!([whole("3"), whole("\"4\""), whole("-1"), whole("{}")], [Some(3), Some(4), None, None]);
        let many: Few<u64> = serde_json::from_str(&format!("{:?}", (0..300).collect::<Vec<_>>())).unwrap();
        assert_eq!((many.count, many.first.len(), many.last()), (300, 100, Some(&299)));
        assert_eq!(before("cart adds", "adds"), "cart");
    }
}
