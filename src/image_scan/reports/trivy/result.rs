//! A result of a Trivy report: one target of one class, with everything that was found in it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::bill::Listed;
use super::super::text::{Text, Unknown};
use super::keys;
use super::model::{FoundSecret, Licence, Misconfiguration, Modified, Package, Summary, Vulnerability};
use crate::collect::{Collector, Problems};
use crate::problem::Target;
use crate::reports::{Header, NotJudged, Suppressed};
use devops_reading::json::each_of;

/// How many packages' lines are remembered for the vulnerabilities that follow.
const LINES: usize = 50_000;

/// How many lists that are not known are named.
const NOT_JUDGED: usize = 20;

/// The list of results.
pub(crate) struct Results<'a> {
    pub(crate) collector: &'a mut Collector,
    pub(crate) header: &'a mut Header,
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
        let Self { collector, header } = self;
        while list
            .next_element_seed(OneResult { collector: &mut *collector, header: &mut *header })?
            .is_some()
        {}
        Ok(())
    }
}

/// One result.
struct OneResult<'a> {
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

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = Found::default();
        while let Some(key) = map.next_key::<String>()? {
            found.field(&key, &mut map, self.collector)?;
        }
        found.finish(self.collector, self.header)
    }
}

/// What is known of a result while it is read; its target may be named last.
#[derive(Default)]
pub(crate) struct Found {
    target: Target,
    problems: Problems,
    lines: BTreeMap<String, u64>,
    packages: u64,
    listed: Listed,
    successes: u64,
    harmless: BTreeMap<String, u64>,
    suppressed: Vec<Modified>,
    keys: Vec<String>,
    /// Lists of objects that this release does not know.
    not_judged: BTreeMap<String, NotJudged>,
}

impl Found {
    /// Reads one key's value.
    pub(crate) fn field<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
        collector: &Collector,
    ) -> Result<(), A::Error> {
        if self.keys.iter().any(|known| known == key) {
            return Err(A::Error::custom(format!("duplicate key `{key}`")));
        }
        if keys::RESULT.contains(&key) {
            self.keys.push(key.to_owned());
        }
        let filters = &collector.filters;
        let Self { problems, lines, harmless, .. } = self;
        match key {
            "Target" => self.target.name = map.next_value::<Text>()?.0,
            "Class" => self.target.class = map.next_value::<Text>()?.0,
            "Type" => self.target.kind = map.next_value::<Text>()?.0,
            "Packages" => {
                let is_wanted = collector.packages.is_some();
                map.next_value_seed(each_of("a list of packages", |package| {
                    self.package(package, is_wanted);
                }))?;
            }
            "MisconfSummary" => {
                self.successes = map.next_value::<Option<Summary>>()?.unwrap_or_default().successes.0;
            }
            "ExperimentalModifiedFindings" => {
                let suppressed = &mut self.suppressed;
                map.next_value_seed(each_of("a list of suppressed findings", |modified: Modified| {
                    suppressed.push(modified);
                }))?;
            }
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
                let Unknown { objects, is_found, .. } = map.next_value()?;
                if objects > 0 && self.not_judged.len() < NOT_JUDGED {
                    self.not_judged.entry(key.to_owned()).or_default().add(objects, is_found);
                }
            }
        }
        Ok(())
    }

    /// Hands over what was found.
    pub(crate) fn finish<E: Error>(
        mut self,
        collector: &mut Collector,
        header: &mut Header,
    ) -> Result<(), E> {
        self.target.report = collector.next();
        header.results += 1;
        let mut suppressed = Vec::new();
        for modified in std::mem::take(&mut self.suppressed) {
            let Some(problem) = modified.problem()? else { continue };
            if modified.is_suppressed() {
                suppressed.push(Suppressed {
                    id: problem.id,
                    subject: format!("{} {}", problem.package, problem.installed).trim().to_owned(),
                    status: modified.status.0,
                    statement: modified.statement.0,
                    source: modified.source.0,
                });
            } else {
                self.problems.add(problem, &collector.filters);
            }
        }
        if self.target.class == "custom" && self.problems.is_empty() && self.not_judged.is_empty() {
            collector.custom += 1;
            return Ok(());
        }
        if let Some(files) = &mut collector.packages {
            files.extend(self.listed.finish(&self.target));
        }
        if !collector.take(self.target, self.problems, self.packages, self.successes) {
            return Ok(());
        }
        header.looked_at += 1;
        for (category, amount) in self.harmless {
            *collector.harmless_licences.entry(category).or_default() += amount;
        }
        for (key, NotJudged { objects, is_found }) in self.not_judged {
            header.not_judged.entry(key).or_default().add(objects, is_found);
        }
        for one in suppressed {
            header.suppress(one);
        }
        Ok(())
    }

    fn package(&mut self, package: Package, is_wanted: bool) {
        self.packages += 1;
        let lines = package.locations.as_deref().unwrap_or_default();
        let line = lines.first().map(|lines| lines.start_line.0).filter(|line| *line > 0);
        if let Some(line) = line.filter(|_| self.lines.len() < LINES) {
            self.lines.insert(package.id.0.clone(), line);
        }
        if is_wanted {
            self.listed.add(package.listed(line));
        }
    }
}
