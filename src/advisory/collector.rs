//! What is taken from a database: every advisory about a wanted package, the number of all, the newest day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;

use super::record::Advisory;
use super::rustsec;
use devops_core::Ecosystem;

/// Longest advisory that is read.
pub const LARGEST: u64 = 1 << 20;

/// Packages that are asked about: a name means something in its ecosystem only.
pub type Wanted<'a> = BTreeSet<(Ecosystem, &'a str)>;

/// The advisories of a database about wanted packages.
#[derive(Debug, Default)]
pub struct Collected {
    /// By ecosystem and package, those that stand.
    pub advisories: BTreeMap<(Ecosystem, String), Vec<Advisory>>,
    /// Advisories about wanted packages that can't be read.
    pub unreadable: Vec<Unreadable>,
    /// How many about wanted packages were withdrawn.
    pub withdrawn: u64,
    /// How many advisories the database has.
    pub total: u64,
    /// The day of its newest advisory.
    pub newest: Option<Date>,
}

/// An advisory about a wanted package that can't be read, so that it is unknown whether it applies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreadable {
    /// The ecosystem of the package it is about.
    pub ecosystem: Ecosystem,
    /// The package's name.
    pub package: String,
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

/// Takes what is wanted from a database while someone walks through it.
#[derive(Debug)]
pub struct Collector<'a> {
    wanted: &'a Wanted<'a>,
    today: Date,
    collected: Collected,
}

impl<'a> Collector<'a> {
    /// Takes what there is about these packages.
    pub fn new(wanted: &'a Wanted<'a>, today: Date) -> Self {
        Self { wanted, today, collected: Collected::default() }
    }

    /// Counts an advisory and says whether its text is wanted.
    pub fn meet(&mut self, slot: Slot<'_>) -> bool {
        self.collected.total += 1;
        self.wants(slot.package)
    }

    /// Whether advisories about this package are wanted.
    pub fn wants(&self, package: &str) -> bool {
        self.wanted.contains(&(rustsec::ECOSYSTEM, package))
    }

    /// Whether an advisory with this id may be newer than all seen so far.
    pub fn may_be_newest(&self, id: &str) -> bool {
        let seen = self.collected.newest.map_or(0, Date::year);
        rustsec::year(id).is_some_and(|year| year >= seen && year <= self.today.year())
    }

    /// Takes the day of an advisory; days that are still to come say nothing about age.
    pub fn take_date(&mut self, text: &[u8]) {
        let tomorrow = self.today.saturating_add(1.day());
        let date = rustsec::date(text).filter(|date| *date <= tomorrow);
        self.collected.newest = self.collected.newest.max(date);
    }

    /// Takes the text of a wanted advisory.
    pub fn take(&mut self, slot: Slot<'_>, text: &[u8]) {
        match rustsec::parse(text, slot.package, slot.id) {
            Ok(advisory) if advisory.withdrawn => self.collected.withdrawn += 1,
            Ok(advisory) => {
                let package = (rustsec::ECOSYSTEM, slot.package.to_owned());
                self.collected.advisories.entry(package).or_default().push(advisory);
            }
            Err(reason) => self.refuse(slot, reason),
        }
    }

    /// Notes that a wanted advisory can't be read.
    pub fn refuse(&mut self, slot: Slot<'_>, reason: impl Into<String>) {
        self.collected.unreadable.push(Unreadable {
            ecosystem: rustsec::ECOSYSTEM,
            package: slot.package.to_owned(),
            id: slot.id.to_owned(),
            path: slot.path(),
            reason: reason.into(),
        });
    }

    /// Everything taken, in an order that does not depend on the walk.
    pub fn finish(mut self) -> Collected {
        for advisories in self.collected.advisories.values_mut() {
            advisories.sort_by(|left, right| left.id.cmp(&right.id));
        }
        self.collected.unreadable.sort();
        self.collected
    }
}
