//! A list of numbers in JSON, thinned out while it is read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

use super::sheet::Thinning;

/// A list of numbers, however deep, of any length.
#[derive(Debug, Default, Clone)]
pub(super) struct Samples {
    pub(super) kept: Vec<f64>,
    /// How many items are no number.
    pub(super) odd: u64,
    thinning: Thinning,
}

impl<'de> Deserialize<'de> for Samples {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut samples = Self::default();
        deserializer.deserialize_any(Take(&mut samples))?;
        Ok(samples)
    }
}

struct Take<'a>(&'a mut Samples);

impl<'de> serde::de::DeserializeSeed<'de> for Take<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Take<'_> {
    fn number(self, number: f64) {
        self.0.thinning.push(&mut self.0.kept, number);
    }

    fn odd(self) {
        self.0.odd += 1;
    }
}

impl<'de> Visitor<'de> for Take<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of numbers")
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.number(number);
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "a measure has no more digits than that")]
    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.number(number as f64);
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "a measure has no more digits than that")]
    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.number(number as f64);
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.odd();
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.odd();
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        // `null` in place of the list is an empty list; in it, it is passed over like one.
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Take(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
        self.odd();
        Ok(())
    }
}
