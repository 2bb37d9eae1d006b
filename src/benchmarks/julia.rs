//! `BenchmarkTools` of Julia: groups in groups, at whose ends stand a `Trial` with all its times or one estimate of them.

use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::benchmark::Benchmark;
use super::format::Format;
use super::samples::Samples;
use super::sheet::{Reading, Sheet};
use devops_reading::json::document;
use devops_reading::shape::Shape;

/// What is read here.
pub(super) const FORMATS: &[Format] =
    &[Format { name: "BenchmarkTools.jl", is, read: |source, _| read(source) }];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    matches!(shape, Shape::Json(json) if json.is_list && json.has(&["[]", "BenchmarkTools"]))
}

/// Reads a whole file: versions, then a list of values.
fn read(source: &mut dyn Read) -> Reading {
    let mut sheet = Sheet::default();
    if let Err(trouble) = document(source, Root(&mut sheet)) {
        sheet.troubles.push(trouble);
    }
    sheet.finish()
}

struct Root<'a>(&'a mut Sheet);

impl<'de> DeserializeSeed<'de> for Root<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of versions and values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        list.next_element::<IgnoredAny>()?;
        list.next_element_seed(Values(self.0))?.ok_or_else(|| A::Error::custom("there are no values"))?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

struct Values<'a>(&'a mut Sheet);

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Node { sheet: self.0, path: "" })?.is_some() {}
        Ok(())
    }
}

/// `["BenchmarkGroup", {…}]` or `["Trial", {…}]`, and the way to it.
struct Node<'a> {
    sheet: &'a mut Sheet,
    path: &'a str,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a type and its value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let kind: String =
            list.next_element()?.ok_or_else(|| A::Error::custom("a value without its type"))?;
        let missing = || A::Error::custom(format!("a {kind} without its value"));
        match kind.as_str() {
            "BenchmarkGroup" => {
                list.next_element_seed(Group { sheet: self.sheet, path: self.path, is_data: false })?
                    .ok_or_else(missing)?;
            }
            "Trial" | "TrialEstimate" => {
                let estimate: Estimate = list.next_element()?.ok_or_else(missing)?;
                take(estimate, self.path, self.sheet);
            }
            other => {
                self.sheet.trouble(0, format!("`{}` is a {other}, not a benchmark", self.path));
                while list.next_element::<IgnoredAny>()?.is_some() {}
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// A group, and in it the map of its members.
struct Group<'a> {
    sheet: &'a mut Sheet,
    path: &'a str,
    is_data: bool,
}

impl<'de> DeserializeSeed<'de> for Group<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Group<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a group of benchmarks")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if self.is_data {
                let path = if self.path.is_empty() { key } else { format!("{}/{key}", self.path) };
                map.next_value_seed(Node { sheet: self.sheet, path: &path })?;
            } else if key == "data" {
                map.next_value_seed(Group { sheet: self.sheet, path: self.path, is_data: true })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Estimate {
    time: Option<f64>,
    #[serde(default)]
    times: Samples,
    memory: Option<f64>,
    allocs: Option<f64>,
}

fn take(estimate: Estimate, path: &str, sheet: &mut Sheet) {
    let path = if path.is_empty() { "benchmark" } else { path };
    let Some(time) = estimate.time.or_else(|| estimate.times.kept.first().copied()) else {
        sheet.trouble(0, format!("`{path}` has no time"));
        return;
    };
    sheet.push(Benchmark::new(path, "time", time, "ns").samples(estimate.times.kept), 0);
    if let Some(memory) = estimate.memory {
        sheet.push(Benchmark::new(path, "memory", memory, "B/op"), 0);
    }
    if let Some(allocs) = estimate.allocs {
        sheet.push(Benchmark::new(path, "allocs", allocs, "allocs/op"), 0);
    }
}
