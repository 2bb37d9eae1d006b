//! How values stand in an index: numbers of seven bits a byte, texts behind their length.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::record::{Advisory, Epss, Events, Kind, PackageKey, Read, Versions};
use devops_core::Severity;
use devops_versions::range::{Bound, Kind as RangeKind};

/// The day that days are counted from.
const FIRST_DAY: Date = date(1970, 1, 1);

/// What is wrong with bytes that no index has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// Writes values.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn number(&mut self, mut number: u64) {
        loop {
            let byte = u8::try_from(number & 0x7f).unwrap_or_default();
            number >>= 7;
            if number == 0 {
                self.0.push(byte);
                return;
            }
            self.0.push(byte | 0x80);
        }
    }

    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn texts(&mut self, texts: &[String]) {
        self.count(texts.len());
        for text in texts {
            self.text(text);
        }
    }

    fn day(&mut self, day: Option<Date>) {
        let days = day.and_then(|day| day.since(FIRST_DAY).ok()).map(|span| i64::from(span.get_days()));
        // No advisory is older than its first day; one that says so has none.
        self.number(days.and_then(|days| u64::try_from(days).ok()).map_or(0, |days| days + 1));
    }
}

/// Reads values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, Damaged> {
        let (first, rest) = self.0.split_first().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn number(&mut self) -> Result<u64, Damaged> {
        let mut number = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    /// A number of things, of which each has at least a byte.
    pub(super) fn count(&mut self) -> Result<usize, Damaged> {
        let count = usize::try_from(self.number()?).map_err(|_| Damaged)?;
        if count > self.0.len() { Err(Damaged) } else { Ok(count) }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Damaged> {
        let count = self.count()?;
        self.take(count)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Damaged> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Damaged)
    }

    fn texts(&mut self) -> Result<Vec<String>, Damaged> {
        let count = self.count()?;
        (0..count).map(|_| self.text().map(str::to_owned)).collect()
    }

    fn day(&mut self) -> Result<Option<Date>, Damaged> {
        let Some(days) = self.number()?.checked_sub(1) else { return Ok(None) };
        let days = i64::try_from(days).ok().filter(|days| *days < 3_000_000).ok_or(Damaged)?;
        FIRST_DAY.checked_add(days.days()).map(Some).map_err(|_| Damaged)
    }
}

/// Malware of which only the number of its record, its day and its versions are known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malware<'a> {
    year: u64,
    number: u64,
    day: Option<Date>,
    versions: Vec<&'a str>,
}

impl<'a> Malware<'a> {
    /// The short form of an advisory, where it has one; none where something would be lost.
    pub(super) fn of(key: &PackageKey, advisory: &'a Advisory) -> Option<Self> {
        let (year, number) = advisory.id.strip_prefix("MAL-")?.split_once('-')?;
        let (year, number): (u64, u64) = (year.parse().ok()?, number.parse().ok()?);
        let short = Self { year, number, day: advisory.date, versions: versions(advisory)? };
        let mut writer = Writer::default();
        short.write(&mut writer);
        let is_same =
            Malware::read(&mut Reader(&writer.0)).is_ok_and(|again| again.advisory(key) == *advisory);
        is_same.then_some(short)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.number(self.year.saturating_sub(2000));
        writer.number(self.number);
        writer.day(self.day);
        writer.count(self.versions.len());
        for version in &self.versions {
            writer.text(version);
        }
    }

    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Damaged> {
        let (year, number, day) = (reader.number()?.saturating_add(2000), reader.number()?, reader.day()?);
        let count = reader.count()?;
        let versions = (0..count).map(|_| reader.text()).collect::<Result<_, _>>()?;
        Ok(Self { year, number, day, versions })
    }

    /// Goes behind one.
    pub(super) fn skip(reader: &mut Reader<'_>) -> Result<(), Damaged> {
        for _ in 0..3 {
            reader.number()?;
        }
        for _ in 0..reader.count()? {
            reader.bytes()?;
        }
        Ok(())
    }

    /// The advisory that this is short for.
    pub(super) fn advisory(&self, key: &PackageKey) -> Advisory {
        let everything =
            Events { kind: RangeKind::SemVer, events: vec![(Bound::Introduced, "0".to_owned())] };
        Advisory {
            id: format!("MAL-{}-{}", self.year, self.number),
            aliases: Vec::new(),
            title: format!("Malicious code in {} ({})", key.name, key.ecosystem),
            date: self.day,
            kind: Kind::Malware,
            vectors: Vec::new(),
            word: None,
            withdrawn: false,
            known_exploited: None,
            epss: None,
            ecosystem: key.ecosystem.clone(),
            patched: Vec::new(),
            versions: Versions::Osv {
                listed: self.versions.iter().map(|version| (*version).to_owned()).collect(),
                ranges: if self.versions.is_empty() { vec![everything] } else { Vec::new() },
                git_ranges: 0,
            },
            read: Read::default(),
        }
    }
}

/// The versions of a record without ranges, or none where it is about every version.
fn versions(advisory: &Advisory) -> Option<Vec<&str>> {
    match &advisory.versions {
        Versions::Osv { listed, .. } => Some(listed.iter().map(String::as_str).collect()),
        Versions::Requirements { .. } => None,
    }
}

/// What an advisory says of every package that it is about.
pub(super) fn write_head(advisory: &Advisory) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.text(&advisory.id);
    writer.texts(&advisory.aliases);
    writer.text(&advisory.title);
    writer.day(advisory.date);
    let (kind, other) = match &advisory.kind {
        Kind::Malware => (0, ""),
        Kind::Vulnerability => (1, ""),
        Kind::Unmaintained => (2, ""),
        Kind::Unsound => (3, ""),
        Kind::Notice => (4, ""),
        Kind::Other(word) => (5, word.as_str()),
    };
    writer.number(kind);
    if kind == 5 {
        writer.text(other);
    }
    writer.texts(&advisory.vectors);
    writer.number(advisory.word.map_or(0, |word| match word {
        Severity::Info => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    }));
    writer.day(advisory.known_exploited);
    match advisory.epss {
        None => writer.number(0),
        Some(epss) => {
            writer.number(u64::from(epss.score) + 1);
            writer.number(epss.percentile.into());
        }
    }
    writer.0
}

/// What an advisory says of the versions of one package.
pub(super) fn write_affected(advisory: &Advisory) -> Vec<u8> {
    let mut writer = Writer::default();
    let suffix = advisory.ecosystem.split_once(':').map_or("", |(_, suffix)| suffix);
    writer.text(suffix);
    match &advisory.versions {
        Versions::Requirements { patched, unaffected } => {
            writer.number(0);
            writer.texts(patched);
            writer.texts(unaffected);
        }
        Versions::Osv { listed, ranges, git_ranges } => {
            writer.number(1);
            writer.texts(listed);
            writer.count(ranges.len());
            for range in ranges {
                writer.number(match range.kind {
                    RangeKind::SemVer => 0,
                    RangeKind::Ecosystem => 1,
                    RangeKind::Git => 2,
                    RangeKind::Other => 3,
                });
                writer.count(range.events.len());
                for (bound, version) in &range.events {
                    writer.number(match bound {
                        Bound::Introduced => 0,
                        Bound::Fixed => 1,
                        Bound::LastAffected => 2,
                        Bound::Limit => 3,
                    });
                    writer.text(version);
                }
            }
            writer.count(*git_ranges);
        }
    }
    writer.0
}

/// An advisory out of both.
#[expect(clippy::too_many_lines, reason = "the fields, in their order")]
pub(super) fn read(key: &PackageKey, head: &[u8], affected: &[u8]) -> Result<Advisory, Damaged> {
    let mut head = Reader(head);
    let (id, aliases, title) = (head.text()?.to_owned(), head.texts()?, head.text()?.to_owned());
    let date = head.day()?;
    let kind = match head.number()? {
        0 => Kind::Malware,
        1 => Kind::Vulnerability,
        2 => Kind::Unmaintained,
        3 => Kind::Unsound,
        4 => Kind::Notice,
        5 => Kind::Other(head.text()?.to_owned()),
        _ => return Err(Damaged),
    };
    let vectors = head.texts()?;
    let word = match head.number()? {
        0 => None,
        1 => Some(Severity::Info),
        2 => Some(Severity::Low),
        3 => Some(Severity::Medium),
        4 => Some(Severity::High),
        5 => Some(Severity::Critical),
        _ => return Err(Damaged),
    };
    let known_exploited = head.day()?;
    let epss = match head.number()?.checked_sub(1) {
        None => None,
        Some(score) => {
            let share = |number: u64| u32::try_from(number).map_err(|_| Damaged);
            Some(Epss { score: share(score)?, percentile: share(head.number()?)? })
        }
    };
    let mut affected = Reader(affected);
    let suffix = affected.text()?;
    let (versions, patched) = match affected.number()? {
        0 => {
            let (patched, unaffected) = (affected.texts()?, affected.texts()?);
            (Versions::Requirements { patched: patched.clone(), unaffected }, patched)
        }
        1 => osv(&mut affected)?,
        _ => return Err(Damaged),
    };
    if !head.0.is_empty() || !affected.0.is_empty() {
        return Err(Damaged);
    }
    Ok(Advisory {
        id,
        aliases,
        title,
        date,
        kind,
        vectors,
        word,
        withdrawn: false,
        known_exploited,
        epss,
        ecosystem: if suffix.is_empty() {
            key.ecosystem.clone()
        } else {
            format!("{}:{suffix}", key.ecosystem)
        },
        patched,
        versions,
        read: Read::default(),
    })
}

/// Versions in OSV's form, and those that are repaired.
fn osv(reader: &mut Reader<'_>) -> Result<(Versions, Vec<String>), Damaged> {
    let listed = reader.texts()?;
    let (count, mut ranges, mut patched) = (reader.count()?, Vec::new(), Vec::new());
    for _ in 0..count {
        let kind = match reader.number()? {
            0 => RangeKind::SemVer,
            1 => RangeKind::Ecosystem,
            2 => RangeKind::Git,
            3 => RangeKind::Other,
            _ => return Err(Damaged),
        };
        let (count, mut events) = (reader.count()?, Vec::new());
        for _ in 0..count {
            let bound = match reader.number()? {
                0 => Bound::Introduced,
                1 => Bound::Fixed,
                2 => Bound::LastAffected,
                3 => Bound::Limit,
                _ => return Err(Damaged),
            };
            let version = reader.text()?.to_owned();
            if bound == Bound::Fixed && !patched.contains(&version) {
                patched.push(version.clone());
            }
            events.push((bound, version));
        }
        ranges.push(Events { kind, events });
    }
    let git_ranges = usize::try_from(reader.number()?).map_err(|_| Damaged)?;
    Ok((Versions::Osv { listed, ranges, git_ranges }, patched))
}
