//! Types of JSON that accept just what a JSON Schema of the same words accepts; what is not used is checked and dropped.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A field that may be left out, but is never `null`.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// An object, and never a list of its values.
#[derive(Debug, Default)]
pub(super) struct Strict<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Strict<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AsStrict(PhantomData))
    }
}

struct AsStrict<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AsStrict<T> {
    type Value = Strict<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Strict<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Strict)
    }
}

/// A seed that hands the items of a list to a function, and returns how many there are; `null` is no list.
pub(super) struct Items<T, F>(F, PhantomData<T>);

/// Hands the items of a list to `take`.
pub(super) fn items<T, F: FnMut(T)>(take: F) -> Items<T, F> {
    Items(take, PhantomData)
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Items<T, F> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Items<T, F> {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<u64, A::Error> {
        let mut count = 0;
        while let Some(item) = list.next_element()? {
            (self.0)(item);
            count += 1;
        }
        Ok(count)
    }
}

/// A list whose items are checked, and dropped.
#[derive(Debug)]
pub(super) struct Each<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Each<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        items(|_: T| ()).deserialize(deserializer).map(|_| Self(PhantomData))
    }
}

/// A list of texts with at least one item, the first of them joined by ` > `.
///
/// Several reporters write one text, against the schema; that is kept apart, for the tests to be counted all the same.
#[derive(Debug, Default)]
pub(super) struct Path {
    pub(super) text: String,
    pub(super) is_list: bool,
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsPath)
    }
}

struct AsPath;

impl<'de> Visitor<'de> for AsPath {
    type Value = Path;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Path, E> {
        Ok(Path { text: text.to_owned(), is_list: false })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Path, A::Error> {
        let mut text = String::new();
        let mut is_first = true;
        let take = |name: String| {
            if text.len() < 4_000 {
                if !is_first {
                    text.push_str(" > ");
                }
                text.push_str(&name);
                is_first = false;
            }
        };
        match items(take).visit_seq(list)? {
            0 => Err(A::Error::invalid_length(0, &"at least one item")),
            _ => Ok(Path { text, is_list: true }),
        }
    }
}

/// Any object.
#[derive(Debug)]
pub(super) struct Anything;

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        values::<IgnoredAny, D>(deserializer)
    }
}

/// An object whose values are scalars, or lists of them with at least one item.
#[derive(Debug)]
pub(super) struct Labels;

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        values::<Label, D>(deserializer).map(|_| Self)
    }
}

/// An object whose values are each a `T`.
fn values<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Anything, D::Error> {
    struct Values<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Values<T> {
        type Value = Anything;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Anything, A::Error> {
            while map.next_entry::<IgnoredAny, T>()?.is_some() {}
            Ok(Anything)
        }
    }
    deserializer.deserialize_map(Values::<T>(PhantomData))
}

/// A scalar, or a list of scalars with at least one item.
struct Label;

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsLabel { is_list: true })
    }
}

/// A text, a number, `true` or `false`.
struct Scalar;

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsLabel { is_list: false }).map(|_| Self)
    }
}

struct AsLabel {
    is_list: bool,
}

impl<'de> Visitor<'de> for AsLabel {
    type Value = Label;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, a number, a boolean or a list of them")
    }

    fn visit_str<E>(self, _: &str) -> Result<Label, E> {
        Ok(Label)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Label, E> {
        Ok(Label)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Label, E> {
        Ok(Label)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Label, E> {
        Ok(Label)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Label, E> {
        Ok(Label)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Label, A::Error> {
        if !self.is_list {
            return Err(A::Error::custom("a list stands in a list of scalars"));
        }
        match items(|_: Scalar| ()).visit_seq(list)? {
            0 => Err(A::Error::invalid_length(0, &"at least one item")),
            _ => Ok(Label),
        }
    }
}

/// A whole number; `1.0` is one, too.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Whole(pub(super) f64);

impl Whole {
    pub(super) fn count(self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10^15")]
        let count = self.0.clamp(0.0, 1e15) as u64;
        count
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if number.fract() == 0.0 { Ok(Self(number)) } else { Err(D::Error::custom("a number is not whole")) }
    }
}

/// A number that the schema wants whole; several reporters write fractions, which is reported.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(super) struct Millis(pub(super) f64);

impl Millis {
    pub(super) fn is_whole(self) -> bool {
        self.0.fract() == 0.0
    }
}

/// A whole number from one.
#[derive(Debug)]
pub(super) struct Positive;

impl<'de> Deserialize<'de> for Positive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if Whole::deserialize(deserializer)?.0 >= 1.0 {
            Ok(Self)
        } else {
            Err(D::Error::custom("a number is less than 1"))
        }
    }
}

/// A text that a rule holds for.
pub(super) trait Rule {
    const WHAT: &'static str;
    fn holds(text: &str) -> bool;
}

/// A text for which `R` holds.
#[derive(Debug)]
pub(super) struct Checked<R>(pub(super) String, PhantomData<R>);

impl<'de, R: Rule> Deserialize<'de> for Checked<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if R::holds(&text) {
            Ok(Self(text, PhantomData))
        } else {
            Err(D::Error::custom(format_args!("a string is not a {}", R::WHAT)))
        }
    }
}

/// At least one character.
#[derive(Debug)]
pub(super) struct Filled;

impl Rule for Filled {
    const WHAT: &'static str = "text with at least one character";

    fn holds(text: &str) -> bool {
        !text.is_empty()
    }
}

/// The word `CTRF`.
#[derive(Debug)]
pub(super) struct Ctrf;

impl Rule for Ctrf {
    const WHAT: &'static str = "`CTRF`";

    fn holds(text: &str) -> bool {
        text == "CTRF"
    }
}

/// A version such as `1.0.0`.
#[derive(Debug)]
pub(super) struct Version;

impl Rule for Version {
    const WHAT: &'static str = "version such as `1.0.0`";

    fn holds(text: &str) -> bool {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        text.split('.').count() == 3 && text.split('.').all(is_number)
    }
}

/// A time as RFC 3339 has it.
#[derive(Debug)]
pub(super) struct DateTime;

impl Rule for DateTime {
    const WHAT: &'static str = "time such as `2026-01-31T12:00:00Z`";

    fn holds(text: &str) -> bool {
        date_time(text).is_some()
    }
}

fn date_time(text: &str) -> Option<()> {
    let (date, time) = text.split_once(['T', 't'])?;
    date.parse::<jiff::civil::Date>()
        .ok()
        .filter(|_| date.len() == 10 && date.as_bytes().get(4) == Some(&b'-'))?;
    let (clock, rest) = time.split_at_checked(8)?;
    let [hour, minute, second] = triple(clock)?;
    let rest = match rest.strip_prefix('.') {
        Some(rest) => {
            let zone = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
            (zone.len() < rest.len()).then_some(zone)?
        }
        None => rest,
    };
    let (sign, ahead) = match rest.split_at_checked(1)? {
        ("Z" | "z", "") => (1, [0, 0]),
        ("+", zone) => (-1, pair(zone)?),
        ("-", zone) => (1, pair(zone)?),
        _ => return None,
    };
    let minutes = (hour * 60 + minute + sign * (ahead[0] * 60 + ahead[1])).rem_euclid(24 * 60);
    let is_fine = hour < 24 && minute < 60 && ahead[0] < 24 && ahead[1] < 60;
    // A leap second is the last one of a day.
    (is_fine && (second < 60 || (second == 60 && minutes == 24 * 60 - 1))).then_some(())
}

fn triple(clock: &str) -> Option<[i32; 3]> {
    let (front, second) = clock.split_at_checked(5)?;
    let [hour, minute] = pair(front)?;
    Some([hour, minute, digits(second.strip_prefix(':')?)?])
}

/// Two numbers of two digits, as `12:30`.
fn pair(text: &str) -> Option<[i32; 2]> {
    let (one, other) = text.split_once(':')?;
    Some([digits(one)?, digits(other)?])
}

fn digits(text: &str) -> Option<i32> {
    let is_pair = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_pair.then(|| text.parse().ok()).flatten()
}

/// An address with its scheme, as RFC 3986 has it.
#[derive(Debug)]
pub(super) struct Uri;

impl Rule for Uri {
    const WHAT: &'static str = "address such as `https://example.org/`";

    fn holds(text: &str) -> bool {
        let Some((scheme, rest)) = text.split_once(':') else { return false };
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|each| each.is_ascii_alphanumeric() || "+-.".contains(each));
        is_scheme && rest.matches('#').count() <= 1 && is_part(rest) && authority(rest)
    }
}

/// Whether a text has only characters of an address, and whole escapes.
fn is_part(text: &str) -> bool {
    let mut parts = text.split('%');
    let is_plain = |part: &str| {
        part.chars().all(|each| each.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/?#[]".contains(each))
    };
    let is_escape =
        |part: &str| part.get(..2).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    parts.next().is_some_and(is_plain) && parts.all(|part| is_escape(part) && is_plain(part))
}

/// Whether the host and the port are fine, where there are any, and brackets stand around the host only.
fn authority(rest: &str) -> bool {
    let Some(behind) = rest.strip_prefix("//") else { return !rest.contains(['[', ']']) };
    let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    let (authority, path) = behind.split_at_checked(end).unwrap_or((behind, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if path.contains(['[', ']']) || authority.matches('@').count() > 1 {
        return false;
    }
    let (host, port) = match host.strip_prefix('[').map(|inside| inside.split_once(']')) {
        Some(Some((inside, port))) => {
            if inside.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            ("", port.strip_prefix(':').or(port.is_empty().then_some("")))
        }
        Some(None) => return false,
        None => match host.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host, Some("")),
        },
    };
    !host.contains(['[', ']']) && port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}
