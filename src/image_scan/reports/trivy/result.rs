//! A result of a Trivy report: one target of one class, with everything that was found in it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::keys;
use super::model::{FoundSecret, Licence, Misconfiguration, Modified, Package, Summary, Vulnerability};
use super::text::{Text, Unknown};
use crate::collect::{Collector, Problems};
use crate::problem::Target;
use crate::reports::{Header, Suppressed};
use devops_reading::json::each_of;

/// How many packages' lines are remembered for the vulnerabilities that follow.
const LINES: usize = 50_000;

/// How many suppressed findings are listed.
const SUPPRESSED: usize = 100;

/// How many lists that are not known are named.
const NOT_JUDGED: usize = 20;

/// The list of results.
pub(super) struct Results<'a> {
    pub(super) collector: &'a mut Collector,
    pub(super) header: &'a mut Header,
    /// Which report it is, counted from 0 over all of them.
    pub(super) report: usize,
}

impl<'de> DeserializeSeed<'de> for Results<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Results<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of results")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { collector, header, report } = self;
        loop {
            let target = Target { report, ..Target::default() };
            let seed = OneResult {
                found: Found::default(),
                collector: &mut *collector,
                header: &mut *header,
                target,
            };
            if list.next_element_seed(seed)?.is_none() {
                return Ok(());
            }
        }
    }
}

/// What is known of a result while it is read; its target may be named last.
#[derive(Default)]
struct Found {
    problems: Problems,
    lines: BTreeMap<String, u64>,
    packages: u64,
    successes: u64,
    harmless: BTreeMap<String, u64>,
    suppressed: Vec<Suppressed>,
    suppressed_count: u64,
    keys: Vec<String>,
    /// Lists of objects that this release does not know, with how many objects they hold.
    not_judged: BTreeMap<String, u64>,
}

/// One result.
struct OneResult<'a> {
    found: Found,
    target: Target,
    collector: &'a mut Collector,
    header: &'a mut Header,
}

impl<'de> DeserializeSeed<'de> for OneResult<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_struct("OneResult", keys::RESULT, self)
    }
}

impl<'de> Visitor<'de> for OneResult<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a result (a JSON object)")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if self.field(&key, &mut map)? {
                if self.found.keys.contains(&key) {
                    return Err(Error::custom(format!("duplicate key `{key}`")));
                }
                self.found.keys.push(key);
            }
        }
        self.finish();
        Ok(())
    }
}

impl OneResult<'_> {
    /// Reads one key's value. Returns whether the key is one we know.
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "Target" => self.target.name = map.next_value::<Text>()?.0,
            "Class" => self.target.class = map.next_value::<Text>()?.0,
            "Type" => self.target.kind = map.next_value::<Text>()?.0,
            "Packages" => {
                map.next_value_seed(each_of("a list of packages", |package| self.found.package(package)))?;
            }
            "MisconfSummary" => {
                self.found.successes = map.next_value::<Option<Summary>>()?.unwrap_or_default().successes.0;
            }
            "ExperimentalModifiedFindings" => {
                map.next_value_seed(each_of("a list of suppressed findings", |modified| {
                    self.found.modified(modified);
                }))?;
            }
            _ => return self.problems(key, map),
        }
        Ok(true)
    }

    /// Reads a list of complaints. Returns whether the key is one we know.
    fn problems<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        let Self { found: Found { problems, lines, harmless, .. }, collector, .. } = self;
        let filters = &collector.filters;
        match key {
            "Vulnerabilities" => {
                map.next_value_seed(each_of("a list of vulnerabilities", |one: Vulnerability| {
                    let line = lines.get(&one.pkg_id.0).copied();
                    problems.add(one.problem(line), filters);
                }))?;
            }
            "Misconfigurations" => {
                map.next_value_seed(each_of("a list of misconfigurations", |one: Misconfiguration| {
                    if let Some(problem) = one.problem() {
                        problems.add(problem, filters);
                    }
                }))?;
            }
            "Secrets" => map.next_value_seed(each_of("a list of secrets", |one: FoundSecret| {
                problems.add(one.problem(), filters);
            }))?,
            "Licenses" => map.next_value_seed(each_of("a list of licences", |one: Licence| {
                if one.is_harmless() {
                    *harmless.entry(one.category.0.to_lowercase()).or_default() += 1;
                } else {
                    problems.add(one.problem(), filters);
                }
            }))?,
            // Data that somebody's own module leaves behind, whatever that is.
            "CustomResources" => drop(map.next_value::<IgnoredAny>()?),
            _ => {
                let Unknown { objects, .. } = map.next_value()?;
                if objects > 0 && self.found.not_judged.len() < NOT_JUDGED {
                    *self.found.not_judged.entry(key.to_owned()).or_default() += objects;
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Hands over what was found.
    fn finish(self) {
        let Self { found, target, collector, header } = self;
        header.results += 1;
        if target.class == "custom" && found.problems.is_empty() {
            collector.custom += 1;
            return;
        }
        if !collector.take(target, found.problems) {
            return;
        }
        header.looked_at += 1;
        collector.packages += found.packages;
        collector.successes += found.successes;
        for (category, amount) in found.harmless {
            *collector.harmless_licences.entry(category).or_default() += amount;
        }
        for (key, objects) in found.not_judged {
            *header.not_judged.entry(key).or_default() += objects;
        }
        header.suppressed_count += found.suppressed_count;
        header.suppressed.extend(found.suppressed);
        header.suppressed.sort();
        header.suppressed.truncate(SUPPRESSED);
    }
}

impl Found {
    fn package(&mut self, package: Package) {
        self.packages += 1;
        let lines = package.locations.unwrap_or_default();
        let line = lines.first().map(|lines| lines.start_line.0).filter(|line| *line > 0);
        if let Some(line) = line.filter(|_| self.lines.len() < LINES) {
            self.lines.insert(package.id.0, line);
        }
    }

    fn modified(&mut self, modified: Modified) {
        self.suppressed_count += 1;
        let original = modified.finding.unwrap_or_default();
        self.suppressed.push(Suppressed {
            id: original.id(),
            subject: original.subject(),
            status: modified.status.0,
            statement: modified.statement.0,
            source: modified.source.0,
        });
        if self.suppressed.len() >= 2 * SUPPRESSED {
            self.suppressed.sort();
            self.suppressed.truncate(SUPPRESSED);
        }
    }
}
