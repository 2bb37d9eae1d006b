//! How an index is built: sources are read one after the other, and only what the index needs of a record is kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::bytes::{Damaged, Malware, Reader, Writer, write_affected, write_head};
use super::lay::{Laid, broken};
use super::{Header, Source, hash_of};
use crate::collector::{Collector, Unreadable};
use crate::database;
use crate::enrichment::Enrichment;
use crate::record::{Advisory, PackageKey, Versions};
use devops_core::digest::hexadecimal;
use devops_core::{Error, Input, Location};
use devops_versions::range::{Affected, Verdict};
use devops_versions::{Order, Version, find};

/// A source of advisories on the disk.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// A file or a folder.
    pub path: PathBuf,
    /// When it was fetched, where that is known.
    pub fetched: Option<Timestamp>,
    /// The address that it was fetched from.
    pub address: Option<String>,
}

/// An index that was built.
#[derive(Debug, Clone)]
pub struct Built {
    /// What pins it: `sha256:…`.
    pub digest: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// What its header says.
    pub header: Header,
}

/// Most records of unknown packages that an index keeps; more are an error.
const MOST_NAMELESS: usize = 1000;

/// Builds an index of sources: the same bytes whatever their order. The file is replaced whole or not at all.
///
/// # Errors
/// Where a source is missing, damaged as a whole, or has nothing; where two are one; where the index can't be written.
#[expect(clippy::too_many_lines, reason = "the steps of one recipe, in their order")]
pub fn build(sources: &[SourceFile], output: &Path) -> Result<Built, Error> {
    let mut building = Building::default();
    let mut described: Vec<Source> = Vec::new();
    // What enriches records comes first, so that each record is written once.
    let mut others = Vec::new();
    let mut enrichment = Enrichment::default();
    for source in sources {
        if database::enriches(&source.path)? {
            let mut take = |_| {};
            let mut collector = Collector::all(&mut take);
            let input = database::walk(&source.path, &mut collector)?;
            let collected = collector.finish();
            enrichment.add(collected.enrichment);
            described.push(Source::of(source, input.as_ref(), collected.enriching, 0, 0, &collected.days));
        } else {
            others.push(source);
        }
    }
    for source in others {
        let before = building.hash;
        let collected = {
            let mut take = |advisories: Vec<(PackageKey, Advisory)>| building.take(advisories, &enrichment);
            let mut collector = Collector::all(&mut take);
            let input = database::walk(&source.path, &mut collector)?;
            (input, collector.finish())
        };
        let (input, collected) = collected;
        if collected.total == 0 {
            return Err(
                Error::input("source has no advisories").at(Location::file(database::shown(&source.path)))
            );
        }
        let unreadable = (collected.unreadable.len() + collected.nameless.len()) as u64;
        let mut own = Source::of(
            source,
            input.as_ref(),
            collected.total,
            collected.withdrawn,
            unreadable,
            &collected.days,
        );
        own.ecosystems = collected.ecosystems.clone();
        if own.sha256.is_none() {
            // A folder: what was taken from it stands for it.
            own.sha256 = Some(hexadecimal(&xor(before, building.hash)));
        }
        for (ecosystem, count) in &own.ecosystems {
            *building.ecosystems.entry(ecosystem.clone()).or_default() += count;
        }
        building.releases.extend(collected.releases.iter().cloned());
        described.push(own);
        building.doubtful.extend(collected.unreadable);
        building.nameless.extend(collected.nameless);
    }
    described.sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
    if let Some([one, ..]) = described
        .windows(2)
        .find(|both| both.first().map(|one| &one.sha256) == both.get(1).map(|other| &other.sha256))
    {
        return Err(Error::usage(format!("the source `{}` is given twice", one.name)));
    }
    if building.nameless.len() > MOST_NAMELESS {
        return Err(Error::input(format!("more than {MOST_NAMELESS} records can't be read"))
            .help("fetch the sources again"));
    }
    if building.pieces.is_empty() && building.doubtful.is_empty() {
        return Err(Error::input("the sources have no advisories about packages"));
    }
    building.write(described, output)
}

/// The bytes that differ.
fn xor(one: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    let mut both = one;
    both.iter_mut().zip(other).for_each(|(byte, other)| *byte ^= other);
    both
}

impl Source {
    /// What the header says of a source.
    #[expect(clippy::too_many_arguments, reason = "a row of a table, made in two places")]
    fn of(
        source: &SourceFile,
        input: Option<&Input>,
        records: u64,
        withdrawn: u64,
        unreadable: u64,
        days: &BTreeSet<jiff::civil::Date>,
    ) -> Self {
        let name = source.path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self {
            name: name.unwrap_or_default(),
            address: source.address.clone(),
            fetched: source.fetched,
            sha256: input.map(|input| input.sha256.clone()),
            bytes: input.map(|input| input.bytes),
            records,
            withdrawn,
            unreadable,
            ecosystems: BTreeMap::new(),
            newest: days.iter().rev().copied().collect(),
        }
    }

    fn sort_key(&self) -> (&Option<String>, &str) {
        (&self.sha256, &self.name)
    }
}

/// What a record says of a package, among the bytes of all: its package, what follows, and that.
struct Piece {
    hash: u64,
    start: usize,
    length: usize,
}

/// What follows in a piece.
pub(super) mod what {
    /// Malware in short form.
    pub(in super::super) const MALWARE: u64 = 0;
    /// What is said of its versions, and what the record says.
    pub(in super::super) const OWN: u64 = 1;
    /// What is said of its versions, and the number of what the record says of several packages.
    pub(in super::super) const SHARED: u64 = 2;
    /// Nothing: no record about it can be read.
    pub(in super::super) const NOTHING: u64 = 3;
}

/// An index while it is built.
#[derive(Default)]
pub(super) struct Building {
    /// In one place, because half a million small allocations take several times their length.
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    shared: Vec<Box<[u8]>>,
    doubtful: Vec<Unreadable>,
    pub(super) nameless: Vec<Unreadable>,
    pub(super) ecosystems: BTreeMap<String, u64>,
    pub(super) releases: BTreeSet<String>,
    /// Of all that was taken, whatever its order.
    hash: [u8; 32],
}

impl Building {
    /// Takes what a record says.
    fn take(&mut self, advisories: Vec<(PackageKey, Advisory)>, enrichment: &Enrichment) {
        let is_shared = advisories.len() > 1;
        let mut heads: HashMap<Box<[u8]>, usize> = HashMap::new();
        for (key, mut advisory) in advisories {
            enrichment.add_to(&mut advisory);
            if let Some(malware) = Malware::of(&key, &advisory) {
                let mut writer = Writer::default();
                malware.write(&mut writer);
                self.count(&key, &writer.0, &[]);
                self.add(&key, what::MALWARE, &[&writer.0]);
                continue;
            }
            without_repetition(&mut advisory);
            let (affected, head) = (write_affected(&advisory), write_head(&advisory).into_boxed_slice());
            self.count(&key, &affected, &head);
            let mut about = Writer::default();
            about.bytes(&affected);
            if is_shared {
                let next = self.shared.len();
                let number = *heads.entry(head.clone()).or_insert(next);
                if number == next {
                    self.shared.push(head);
                }
                about.count(number);
                self.add(&key, what::SHARED, &[&about.0]);
            } else {
                self.add(&key, what::OWN, &[&about.0, &head]);
            }
        }
    }

    /// Adds a piece about a package.
    fn add(&mut self, key: &PackageKey, what: u64, parts: &[&[u8]]) {
        let start = self.bytes.len();
        let mut writer = Writer(std::mem::take(&mut self.bytes));
        writer.text(&key.ecosystem);
        writer.text(&key.name);
        writer.number(what);
        self.bytes = writer.0;
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.pieces.push(Piece {
            hash: hash_of(&key.ecosystem, &key.name),
            start,
            length: self.bytes.len() - start,
        });
    }

    /// Counts what is taken into the hash of all.
    fn count(&mut self, key: &PackageKey, one: &[u8], other: &[u8]) {
        let mut digest = Sha256::new();
        for part in [key.ecosystem.as_bytes(), key.name.as_bytes(), one, other] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        self.hash = xor(self.hash, digest.finalize().into());
    }

    /// Writes the index.
    fn write(mut self, sources: Vec<Source>, output: &Path) -> Result<Built, Error> {
        let (shared, places) = self.lay_shared();
        let doubtful = self.doubtful_by_package();
        let bytes = std::mem::take(&mut self.bytes);
        let text = |piece: &Piece| bytes.get(piece.start..piece.start + piece.length).unwrap_or_default();
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.sort_unstable_by(|left, right| (left.hash, text(left)).cmp(&(right.hash, text(right))));
        let parsed = || {
            pieces.iter().map(|piece| Ok::<_, Error>((piece.hash, Parsed::of(text(piece)).map_err(broken)?)))
        };
        for piece in parsed() {
            let (_, piece) = piece?;
            if !self.ecosystems.contains_key(piece.ecosystem) {
                self.ecosystems.insert(piece.ecosystem.to_owned(), 0);
            }
        }
        let mut laid = Laid::of(self.ecosystems.keys().cloned().zip(0..).collect(), places, doubtful);
        let mut of_package: Vec<Parsed<'_>> = Vec::new();
        let mut last_hash = 0;
        for piece in parsed() {
            let (hash, piece) = piece?;
            if of_package.first().is_some_and(|first| !first.is_about_same(&piece)) {
                laid.package(last_hash, &of_package)?;
                of_package.clear();
            }
            last_hash = hash;
            of_package.push(piece);
        }
        laid.package(last_hash, &of_package)?;
        self.nameless.sort();
        laid.write(self, sources, &shared, output)
    }

    /// What can't be read, by package. These packages count as well, so that their ecosystem is known.
    fn doubtful_by_package(&mut self) -> BTreeMap<PackageKey, Vec<Unreadable>> {
        let mut doubtful: BTreeMap<PackageKey, Vec<Unreadable>> = BTreeMap::new();
        for one in std::mem::take(&mut self.doubtful) {
            if let Some(package) = &one.package {
                doubtful.entry(package.clone()).or_default().push(one);
            }
        }
        for key in doubtful.keys() {
            self.add(key, what::NOTHING, &[]);
            self.ecosystems.entry(key.ecosystem.clone()).or_default();
        }
        for all in doubtful.values_mut() {
            all.sort();
            all.dedup();
        }
        doubtful
    }

    /// The bytes of everything that several packages share, in an order of its own, and the place of each.
    fn lay_shared(&mut self) -> (Vec<u8>, Vec<(u64, u64)>) {
        let mut order: Vec<usize> = (0..self.shared.len()).collect();
        let text = |number: &usize| self.shared.get(*number);
        order.sort_by(|left, right| text(left).cmp(&text(right)));
        let (mut bytes, mut places) = (Vec::new(), vec![(0, 0); self.shared.len()]);
        let mut last: Option<(&[u8], (u64, u64))> = None;
        for number in order {
            let Some(head) = self.shared.get(number) else { continue };
            let place = match last {
                Some((known, place)) if known == head.as_ref() => place,
                _ => {
                    let place = (bytes.len() as u64, head.len() as u64);
                    bytes.extend_from_slice(head);
                    place
                }
            };
            last = Some((head, place));
            if let Some(slot) = places.get_mut(number) {
                *slot = place;
            }
        }
        (bytes, places)
    }
}

/// A piece, taken apart.
#[derive(Clone, Copy)]
pub(super) struct Parsed<'a> {
    pub(super) ecosystem: &'a str,
    pub(super) name: &'a str,
    pub(super) what: u64,
    pub(super) rest: &'a [u8],
}

impl<'a> Parsed<'a> {
    fn of(piece: &'a [u8]) -> Result<Self, Damaged> {
        let mut reader = Reader(piece);
        let (ecosystem, name, what) = (reader.text()?, reader.text()?, reader.number()?);
        Ok(Self { ecosystem, name, what, rest: reader.0 })
    }

    fn is_about_same(&self, other: &Self) -> bool {
        self.name == other.name && self.ecosystem == other.ecosystem
    }
}

/// Leaves out listed versions that a range holds anyway: the answer is the same without them.
fn without_repetition(advisory: &mut Advisory) {
    let Some(order) = find(&advisory.ecosystem).and_then(|known| known.order()) else { return };
    let Versions::Osv { listed, ranges, .. } = &mut advisory.versions else { return };
    let mut affected = Affected::new(Some(order), []);
    for range in ranges.iter() {
        affected.add(
            range.kind,
            Some(order),
            range.events.iter().map(|(bound, text)| (*bound, text.as_str())),
        );
    }
    // A listed version stands for its builds, which a range that names a build may tell apart.
    let names_build = |text: &String| order == Order::PyPi && text.contains('+');
    if ranges.is_empty() || ranges.iter().flat_map(|range| &range.events).any(|(_, text)| names_build(text)) {
        return;
    }
    listed.retain(|text| {
        let version = Version::of_any(order, text);
        !version.is_certain() || affected.affects(text) != Verdict::Affected
    });
}
