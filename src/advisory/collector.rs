//! What is taken from a database: every advisory about a wanted package, the number of all, the newest day.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use foldhash::fast::RandomState;
use jiff::ToSpan;
use jiff::civil::Date;

use super::enrichment::Enrichment;
use super::record::{Advisory, PackageKey, split_ecosystem};
use super::{osv, rustsec};
use devops_core::Ecosystem;

/// Longest advisory of RustSec that is read.
pub const LARGEST: u64 = 1 << 20;

/// Longest record in OSV's form that is read; the longest real ones, of the Linux kernel, have 2 MB.
pub const LARGEST_RECORD: u64 = 16 << 20;
/// Most days that are kept of the newest advisories: some may be in the future.
const MOST_DAYS: usize = 64;

/// Packages that are asked about: a name means something in its ecosystem only.
pub type Wanted<'a> = HashSet<(Ecosystem, &'a str), RandomState>;

/// What a source has about some packages, or about all.
#[derive(Debug, Default)]
pub struct Collected {
    /// By package, those that stand.
    pub advisories: BTreeMap<PackageKey, Vec<Advisory>>,
    /// Advisories about wanted packages that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// Advisories that can't be read, and of which nobody knows what they are about.
    pub nameless: Vec<Unreadable>,
    /// How many were withdrawn: about wanted packages, where the database says what a withdrawn advisory is about, else all.
    pub withdrawn: u64,
    /// How many advisories the database has.
    pub total: u64,
    /// How many of them stand, by ecosystem.
    pub ecosystems: BTreeMap<String, u64>,
    /// The releases of distributions that records are about, as their full names: `Debian:12`.
    pub releases: BTreeSet<String>,
    /// The day of its newest advisory.
    pub newest: Option<Date>,
    /// The newest days of all, those in the future included.
    pub days: BTreeSet<Date>,
    /// What other lists say of vulnerabilities.
    pub enrichment: Enrichment,
    /// How many entries such lists have.
    pub enriching: u64,
}

/// An advisory that can't be read, so that it is unknown whether it applies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreadable {
    /// The package it is about; none where that is unknown.
    pub package: Option<PackageKey>,
    /// Its name.
    pub id: String,
    /// Its place in the database, with `/`.
    pub path: String,
    /// Why; a lower-case fragment.
    pub reason: String,
}

/// Where an advisory stands: `crates/<package>/<id>.md`.
#[derive(Debug, Clone, Copy)]
pub struct Slot<'a> {
    /// The folder's name.
    pub package: &'a str,
    /// The file's name without its ending.
    pub id: &'a str,
}

impl<'a> Slot<'a> {
    /// The slot that a folder's and a file's names stand for, if it is one for advisories.
    pub fn of(package: &'a str, file: &'a str) -> Option<Self> {
        let id = file.strip_suffix(".md").or_else(|| file.strip_suffix(".toml"))?;
        let is_draft = id.starts_with("RUSTSEC-0000-");
        (!id.starts_with('.') && !is_draft).then_some(Self { package, id })
    }

    /// Its place in the database.
    pub fn path(&self) -> String {
        format!("crates/{}/{}.md", self.package, self.id)
    }
}

/// Takes every advisory as it is met, of one record together.
pub type Take<'a> = &'a mut dyn FnMut(Vec<(PackageKey, Advisory)>);

/// What is taken.
enum Scope<'a> {
    /// What is about these packages.
    Wanted { keys: BTreeSet<PackageKey>, today: Date },
    /// Everything, which is passed on and not kept.
    All(Take<'a>),
}

/// Takes what is wanted from a database while someone walks through it.
pub struct Collector<'a> {
    scope: Scope<'a>,
    collected: Collected,
    /// How many advisories of RustSec were met.
    of_rustsec: u64,
}

impl<'a> Collector<'a> {
    /// Takes what there is about these packages.
    pub fn new(wanted: &Wanted<'_>, today: Date) -> Self {
        let keys = wanted.iter().map(|(ecosystem, name)| PackageKey::of(ecosystem.name(), name)).collect();
        Self { scope: Scope::Wanted { keys, today }, collected: Collected::default(), of_rustsec: 0 }
    }

    /// Passes on everything.
    pub fn all(take: Take<'a>) -> Self {
        Self { scope: Scope::All(take), collected: Collected::default(), of_rustsec: 0 }
    }

    /// Counts an advisory of RustSec and says whether its text is wanted.
    pub fn meet(&mut self, slot: Slot<'_>) -> bool {
        self.collected.total += 1;
        self.of_rustsec += 1;
        self.wants(slot.package)
    }

    /// Whether advisories about this package are wanted.
    pub fn wants(&self, package: &str) -> bool {
        self.wants_key(&PackageKey::of(rustsec::ECOSYSTEM.name(), package))
    }

    fn wants_key(&self, key: &PackageKey) -> bool {
        match &self.scope {
            Scope::Wanted { keys, .. } => keys.contains(key),
            Scope::All(_) => true,
        }
    }

    /// Whether an advisory with this id may be newer than all seen so far.
    pub fn may_be_newest(&self, id: &str) -> bool {
        let Scope::Wanted { today, .. } = &self.scope else { return false };
        let seen = self.collected.newest.map_or(0, Date::year);
        rustsec::year(id).is_some_and(|year| year >= seen && year <= today.year())
    }

    /// Takes the day of an advisory of RustSec.
    pub fn take_date(&mut self, text: &[u8]) {
        self.take_day(rustsec::date(text));
    }

    /// Takes the day of an advisory; days that are still to come say nothing about age.
    fn take_day(&mut self, day: Option<Date>) {
        match &self.scope {
            Scope::Wanted { today, .. } => {
                let tomorrow = today.saturating_add(1.day());
                self.collected.newest = self.collected.newest.max(day.filter(|day| *day <= tomorrow));
            }
            Scope::All(_) => {
                self.collected.days.extend(day);
                if self.collected.days.len() > MOST_DAYS {
                    self.collected.days.pop_first();
                }
            }
        }
    }

    /// Takes the text of a wanted advisory of RustSec.
    pub fn take(&mut self, slot: Slot<'_>, text: &[u8]) {
        if matches!(self.scope, Scope::All(_)) {
            self.take_day(rustsec::date(text));
        }
        match rustsec::parse(text, slot.package, slot.id) {
            Ok(advisory) if advisory.withdrawn => self.collected.withdrawn += 1,
            Ok(advisory) => {
                let key = PackageKey::of(rustsec::ECOSYSTEM.name(), slot.package);
                self.keep(vec![(key, advisory)]);
            }
            Err(reason) => self.refuse(slot, reason),
        }
    }

    /// Keeps what a record says, or passes it on.
    fn keep(&mut self, mut advisories: Vec<(PackageKey, Advisory)>) {
        match &mut self.scope {
            Scope::Wanted { keys, .. } => {
                advisories.retain(|(key, _)| keys.contains(key));
                for (key, advisory) in advisories {
                    self.collected.advisories.entry(key).or_default().push(advisory);
                }
            }
            Scope::All(take) => take(advisories),
        }
    }

    /// Notes that a wanted advisory of RustSec can't be read.
    pub fn refuse(&mut self, slot: Slot<'_>, reason: impl Into<String>) {
        self.collected.unreadable.push(Unreadable {
            package: Some(PackageKey::of(rustsec::ECOSYSTEM.name(), slot.package)),
            id: slot.id.to_owned(),
            path: slot.path(),
            reason: reason.into(),
        });
    }

    /// Takes a record in OSV's form; `path` is its place in the database.
    pub fn take_record(&mut self, path: &str, bytes: &[u8]) {
        self.take_parsed(path, parse_record(path, bytes));
    }

    /// Takes a record that was parsed.
    pub fn take_parsed(&mut self, path: &str, parsed: Parsed) {
        self.collected.total += 1;
        let record = match parsed {
            Ok(record) => record,
            Err(damage) => {
                let id = damage.id.unwrap_or_else(|| stem(path).to_owned());
                return self.refuse_record(path, &id, &damage.reason, damage.packages);
            }
        };
        self.take_day(record.newest);
        if record.withdrawn {
            self.collected.withdrawn += 1;
            return;
        }
        let keys =
            record.advisories.iter().map(|(key, _)| key).chain(record.doubtful.iter().map(|(key, _)| key));
        let bases: BTreeSet<&str> = keys.map(|key| key.ecosystem.as_str()).collect();
        for base in bases {
            match self.collected.ecosystems.get_mut(base) {
                Some(count) => *count += 1,
                None => {
                    self.collected.ecosystems.insert(base.to_owned(), 1);
                }
            }
        }
        for (_, advisory) in &record.advisories {
            let has_release = !split_ecosystem(&advisory.ecosystem).1.is_empty();
            if has_release && !self.collected.releases.contains(&advisory.ecosystem) {
                self.collected.releases.insert(advisory.ecosystem.clone());
            }
        }
        for (key, reason) in record.doubtful {
            self.refuse_record(path, &record.id, &reason, vec![key]);
        }
        if !record.advisories.is_empty() {
            self.keep(record.advisories);
        }
    }

    /// Notes that a record can't be read; nobody knows what it is about where there are no packages.
    pub fn refuse_record(&mut self, path: &str, id: &str, reason: &str, packages: Vec<PackageKey>) {
        let unreadable = |package| Unreadable {
            package,
            id: id.to_owned(),
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        if packages.is_empty() {
            self.collected.nameless.push(unreadable(None));
        }
        for key in packages {
            if self.wants_key(&key) {
                self.collected.unreadable.push(unreadable(Some(key)));
            }
        }
    }

    /// Notes that a record is too long to be read.
    pub fn refuse_long(&mut self, path: &str) {
        self.collected.total += 1;
        let reason = format!("is larger than {LARGEST_RECORD} bytes");
        self.refuse_record(path, stem(path), &reason, Vec::new());
    }

    /// The lists that say more about vulnerabilities, to be added to.
    pub fn enrich(
        &mut self,
        add: impl FnOnce(&mut Enrichment) -> Result<(u64, Option<Date>), String>,
    ) -> Result<(), String> {
        let (count, day) = add(&mut self.collected.enrichment)?;
        self.collected.enriching += count;
        if matches!(self.scope, Scope::All(_)) {
            self.take_day(day);
        }
        Ok(())
    }

    /// Everything taken, in an order that does not depend on the walk.
    pub fn finish(mut self) -> Collected {
        if self.of_rustsec > 0 {
            let withdrawn = if matches!(self.scope, Scope::All(_)) { self.collected.withdrawn } else { 0 };
            let standing = self.of_rustsec.saturating_sub(withdrawn);
            *self.collected.ecosystems.entry(rustsec::ECOSYSTEM.name().to_owned()).or_default() += standing;
        }
        for advisories in self.collected.advisories.values_mut() {
            advisories.sort_by(|left, right| left.id.cmp(&right.id));
        }
        self.collected.unreadable.sort();
        self.collected.nameless.sort();
        self.collected
    }
}

/// What was made of a record in OSV's form.
pub type Parsed = Result<osv::Record, Box<osv::Damage>>;

/// Parses a record in OSV's form, in the form that its name says it has.
pub fn parse_record(path: &str, bytes: &[u8]) -> Parsed {
    osv::parse(bytes, path.rsplit('.').next() != Some("json"))
}

/// A file's name without folders and ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
