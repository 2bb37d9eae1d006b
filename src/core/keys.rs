//! Keys of foreign JSON that are nearly known ones: in another case, or with one flipped bit, they are damage.
//!
//! Foreign formats grow, so that a reader ignores keys it does not know. Where a list of failures hides behind such a key,
//! the report would look clean. [`Checked`] wraps any deserializer and refuses such keys in every struct below it.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};

/// The known key that `key` is apart from case, surrounding white space or one bit; none if it is a known key itself.
pub fn damaged<'a>(key: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut near = None;
    for known in known {
        if known == key {
            return None;
        }
        if near.is_none() && (known.eq_ignore_ascii_case(key.trim()) || is_one_bit_away(known, key)) {
            near = Some(known);
        }
    }
    near
}

fn is_one_bit_away(one: &str, other: &str) -> bool {
    let bits = |(one, other): (u8, u8)| (one ^ other).count_ones();
    one.len() == other.len() && one.bytes().zip(other.bytes()).map(bits).sum::<u32>() == 1
}

/// Names the keys of a struct that are known and not read, by the struct's name.
pub type Unread = fn(&'static str) -> &'static [&'static str];

/// A deserializer that refuses damaged keys in every struct it reads.
#[derive(Clone, Copy)]
pub struct Checked<D> {
    inner: D,
    known: Known,
}

/// What is known beside the structs themselves, and how far a key must be from a known one.
#[derive(Clone, Copy)]
struct Known {
    unread: Unread,
    /// Whether a key that is not known is refused where it is nearly one that its object lacks.
    is_strict: bool,
}

impl<D> Checked<D> {
    /// Checks what `inner` reads; a key is known where the struct has it, or where `unread` names it.
    pub fn new(inner: D, unread: Unread) -> Self {
        Self { inner, known: Known { unread, is_strict: false } }
    }

    /// The same, which also refuses a key of a few other letters where the known one is missing: what `Sevrity` says would be lost.
    pub fn strict(inner: D, unread: Unread) -> Self {
        Self { inner, known: Known { unread, is_strict: true } }
    }

    fn wrap<V>(&self, visitor: V) -> Inside<V> {
        Inside { visitor, keys: Keys { read: &[], unread: &[] }, seen: Seen::default(), known: self.known }
    }
}

/// The known keys of a struct.
#[derive(Clone, Copy)]
struct Keys {
    read: &'static [&'static str],
    unread: &'static [&'static str],
}

/// Forwards requests for values that hold no keys, or that hold some further inside.
macro_rules! forward {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            let visitor = self.wrap(visitor);
            self.inner.$method(visitor)
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Checked<D> {
    type Error = D::Error;

    forward! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_option deserialize_unit deserialize_seq deserialize_map
        deserialize_identifier
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_ignored_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let keys = Keys { read: fields, unread: (self.known.unread)(name) };
        let visitor = Inside { keys, ..self.wrap(visitor) };
        self.inner.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.wrap(visitor);
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.wrap(visitor);
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = self.wrap(visitor);
        self.inner.deserialize_tuple(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.wrap(visitor);
        self.inner.deserialize_tuple_struct(name, length, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.wrap(visitor);
        self.inner.deserialize_enum(name, variants, visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// A visitor, seed or access whose values are checked further inside; `keys` are those of the struct it stands in.
struct Inside<T> {
    visitor: T,
    keys: Keys,
    seen: Seen,
    known: Known,
}

/// The keys of an object so far.
#[derive(Default)]
struct Seen {
    /// Positions of the known ones that are read.
    read: Vec<usize>,
    /// Those that are not known.
    others: Vec<String>,
}

impl Seen {
    /// How many keys that are not known are remembered.
    const OTHERS: usize = 100;

    fn add(&mut self, key: &str, keys: Keys) {
        if let Some(position) = keys.read.iter().position(|known| *known == key) {
            self.read.push(position);
        } else if !keys.unread.contains(&key) && self.others.len() < Self::OTHERS {
            self.others.push(key.to_owned());
        }
    }

    /// A key that is not known, and the missing one that it nearly is.
    fn mistaken(&self, keys: Keys) -> Option<(&str, &'static str)> {
        let missing = || {
            let all = keys.read.iter().enumerate();
            all.filter(|(position, _)| !self.read.contains(position)).map(|(_, known)| *known)
        };
        self.others.iter().find_map(|other| {
            let is_near = |known: &&str| {
                let limit = [5, 8, 12].into_iter().filter(|least| known.len() >= *least).count();
                known.len().abs_diff(other.len()) <= limit
                    && strsim::damerau_levenshtein(known, other) <= limit
            };
            Some((other.as_str(), missing().find(is_near)?))
        })
    }
}

/// Forwards values that hold no others.
macro_rules! visit {
    ($($method:ident: $type:ty)*) => {
        $(fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Inside<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(formatter)
    }

    visit! {
        visit_bool: bool visit_i8: i8 visit_i16: i16 visit_i32: i32 visit_i64: i64 visit_i128: i128
        visit_u8: u8 visit_u16: u16 visit_u32: u32 visit_u64: u64 visit_u128: u128
        visit_f32: f32 visit_f64: f64 visit_char: char
        visit_str: &str visit_borrowed_str: &'de str visit_string: String
        visit_bytes: &[u8] visit_borrowed_bytes: &'de [u8] visit_byte_buf: Vec<u8>
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Checked { inner: deserializer, known: self.known })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Checked { inner: deserializer, known: self.known })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        let Self { visitor, keys, seen, known } = self;
        visitor.visit_seq(Inside { visitor: list, keys, seen, known })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let Self { visitor, keys, seen, known } = self;
        visitor.visit_map(Inside { visitor: map, keys, seen, known })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(variant)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Inside<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.visitor.deserialize(Checked { inner: deserializer, known: self.known })
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let seed = Inside { visitor: seed, keys: self.keys, seen: Seen::default(), known: self.known };
        self.visitor.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.visitor.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let remembered = self.known.is_strict.then_some(&mut self.seen);
        let found = self.visitor.next_key_seed(Key { seed, keys: self.keys, seen: remembered })?;
        if found.is_none()
            && let Some((other, known)) = self.seen.mistaken(self.keys)
        {
            return Err(A::Error::custom(format!("unknown key `{other}`, did you mean `{known}`?")));
        }
        Ok(found)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = Inside { visitor: seed, keys: self.keys, seen: Seen::default(), known: self.known };
        self.visitor.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.visitor.size_hint()
    }
}

/// A key of a struct.
struct Key<'a, S> {
    seed: S,
    keys: Keys,
    /// Remembers it.
    seen: Option<&'a mut Seen>,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Key<'_, S> {
    type Value = S::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<S::Value, E> {
        let known = self.keys.read.iter().chain(self.keys.unread).copied();
        if let Some(near) = damaged(key, known) {
            return Err(E::custom(format!("unknown key `{key}`, did you mean `{near}`?")));
        }
        if let Some(seen) = self.seen {
            seen.add(key, self.keys);
        }
        let key: StrDeserializer<'_, E> = key.into_deserializer();
        self.seed.deserialize(key)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde::de::IgnoredAny;

    use super::{Checked, damaged};

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, rename_all = "PascalCase")]
    struct Outer {
        amount: u64,
        inner: Option<Vec<Inner>>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, rename_all = "PascalCase")]
    struct Inner {
        name: String,
        boxed: Option<Box<Inner>>,
    }

    fn read(text: &str) -> Result<Outer, String> {
        fn unread(name: &str) -> &'static [&'static str] {
            if name == "Inner" { &["Link"] } else { &[] }
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        Outer::deserialize(Checked::new(&mut reader, unread)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_right_is_read_as_without_the_check() {
        let text =
            r#"{"Amount": 1, "New": {"amount": 2}, "Inner": [{"Name": "a", "Boxed": {"Name": "b"}}, {}]}"#;
        assert_eq!(read(text).unwrap(), serde_json::from_str(text).unwrap());
        assert_eq!(read(r#"{"Inner": null}"#).unwrap(), Outer::default());
        assert!(
            read(r#"{"Amount": "1"}"#).unwrap_err().starts_with("invalid type: string \"1\", expected u64")
        );
        let mut reader = serde_json::Deserializer::from_str("[{\"a\": 1}]");
        assert!(IgnoredAny::deserialize(Checked::new(&mut reader, |_| &[])).is_ok());
    }

    #[test]
    fn damaged_keys_are_refused_at_every_level() {
        for (text, expected) in [
            (r#"{"amount": 1}"#, "unknown key `amount`, did you mean `Amount`? at line 1 column 9"),
            (r#"{"Amounx": 1}"#, ""),
            (r#"{"Amounu": 1}"#, "unknown key `Amounu`, did you mean `Amount`?"),
            (r#"{" Inner": []}"#, "unknown key ` Inner`, did you mean `Inner`?"),
            (r#"{"Inner": [{}, {"NAME": "x"}]}"#, "unknown key `NAME`, did you mean `Name`?"),
            (r#"{"Inner": [{"Boxed": {"name": "x"}}]}"#, "unknown key `name`, did you mean `Name`?"),
            (r#"{"Inner": [{"link": "x"}]}"#, "unknown key `link`, did you mean `Link`?"),
            (r#"{"Inner": [{"Link": "x"}]}"#, ""),
            (r#"{"link": "x"}"#, ""),
        ] {
            match read(text) {
                Ok(_) => assert_eq!(expected, "", "{text}"),
                Err(error) => assert!(!expected.is_empty() && error.starts_with(expected), "{text}: {error}"),
            }
        }
    }

    #[test]
    fn a_key_of_other_letters_is_refused_where_the_known_one_is_missing() {
        fn strict(text: &str) -> Result<Outer, String> {
            let mut reader = serde_json::Deserializer::from_str(text);
            Outer::deserialize(Checked::strict(&mut reader, |_| &[])).map_err(|error| error.to_string())
        }
        for (text, expected) in [
            (r#"{"Amout": 1}"#, "unknown key `Amout`, did you mean `Amount`?"),
            (r#"{"Amuont": 1}"#, "unknown key `Amuont`, did you mean `Amount`?"),
            (r#"{"Inner": [{"Boxes": {}}]}"#, "unknown key `Boxes`, did you mean `Boxed`?"),
            (r#"{"Amout": 1, "Amount": 1}"#, ""),
            (r#"{"Mount": 1, "Inner": [{"Nome": 1, "Boxed": {"Boxing": 1}}]}"#, ""),
        ] {
            match strict(text) {
                Ok(_) => assert_eq!(expected, "", "{text}"),
                Err(error) => assert!(!expected.is_empty() && error.starts_with(expected), "{text}: {error}"),
            }
            assert!(read(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_known_key_is_never_damaged() {
        assert_eq!(damaged("Line", ["Link", "Line"]), None);
        assert_eq!(damaged("line", ["Link", "Line"]), Some("Line"));
        assert_eq!(damaged("Lines", ["Link", "Line"]), None);
    }
}
