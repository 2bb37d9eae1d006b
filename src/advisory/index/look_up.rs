//! What an index has about packages: their buckets, their postings, and what several packages share.

use jiff::civil::Date;

use super::bytes::{self, Damaged, Malware, Reader};
use super::open::bucket_length;
use super::{About, BLOCK, BUCKET_ENTRY, Index, LONGEST_POSTING, STRIDE, bucket_of, hash_of, short_hash};
use crate::collector::{Collected, Unreadable, Wanted};
use crate::database::{self, Age, Database};
use crate::record::{Names, PackageKey};
use devops_core::digest::hexadecimal;
use devops_core::{Error, Input, Location};

/// Where a bucket is, and what its bytes hash to.
struct Bucket {
    start: u64,
    length: u32,
    hash: [u8; 16],
}

impl Index {
    /// What it has about a package.
    ///
    /// # Errors
    /// Where what is read differs from its hash.
    pub fn about(&self, key: &PackageKey) -> Result<Option<About>, Error> {
        let hash = hash_of(&key.ecosystem, &key.name);
        if !self.names.may_have(hash) {
            return Ok(None);
        }
        let number = bucket_of(hash, self.bits());
        let bucket = self.bucket(usize::try_from(number).map_err(|_| self.damaged())?)?;
        self.entries(&bucket, Some(key)).map(|found| found.into_iter().next().map(|(_, about)| about))
    }

    fn read(&self, from: u64, length: u64, hash: &[u8]) -> Result<Vec<u8>, Error> {
        let bytes = self.bytes.borrow_mut().read_at(from, length).map_err(|_| self.damaged())?;
        if short_hash(&bytes) == *hash { Ok(bytes) } else { Err(self.damaged()) }
    }

    /// How many buckets there are.
    pub(super) fn bucket_count(&self) -> usize {
        self.directory.len() / BUCKET_ENTRY
    }

    /// How many bits of a hash give the bucket.
    pub(super) fn bits(&self) -> u32 {
        self.bucket_count().max(1).ilog2()
    }

    /// Where a bucket is.
    fn place_of(&self, number: usize) -> Option<Bucket> {
        let (entries, _) = self.directory.as_chunks::<BUCKET_ENTRY>();
        let first = number - number % STRIDE;
        let lengths = entries.get(first..number)?.iter().filter_map(bucket_length);
        let before: u64 = lengths.map(u64::from).sum();
        let entry = entries.get(number)?;
        let (_, hash) = entry.split_first_chunk::<4>()?;
        let start = self.bucket_starts.get(number / STRIDE)?.checked_add(before)?;
        Some(Bucket { start, length: bucket_length(entry)?, hash: hash.try_into().ok()? })
    }

    /// The bytes of a bucket.
    pub(super) fn bucket(&self, number: usize) -> Result<Vec<u8>, Error> {
        let bucket = self.place_of(number).ok_or_else(|| self.damaged())?;
        self.read(bucket.start, bucket.length.into(), &bucket.hash)
    }

    /// What a bucket has about a package, or about all of its packages.
    pub(super) fn entries(
        &self,
        bucket: &[u8],
        wanted: Option<&PackageKey>,
    ) -> Result<Vec<(PackageKey, About)>, Error> {
        let mut found = Vec::new();
        let mut reader = Reader(bucket);
        while !reader.0.is_empty() {
            let damaged = |_| self.damaged();
            let (number, name) = package(&mut reader).map_err(damaged)?;
            let ecosystem = self.ecosystems.get(number).ok_or_else(|| self.damaged())?;
            if wanted.is_some_and(|key| key.name != name || key.ecosystem != *ecosystem) {
                skip(&mut reader).map_err(damaged)?;
                continue;
            }
            let entry = entry(&mut reader, name).map_err(damaged)?;
            let key = PackageKey { ecosystem: ecosystem.clone(), name: entry.name.to_owned() };
            let mut about = About::default();
            about.advisories.extend(entry.malware.iter().map(|malware| malware.advisory(&key)));
            if let Some((place, length, hash)) = entry.posting {
                let end = place.checked_add(length);
                if length > LONGEST_POSTING || end.is_none_or(|end| end > self.header.posting_bytes) {
                    return Err(self.damaged());
                }
                let bytes = self.read(self.posting_start + place, length, hash)?;
                self.posting(&key, &bytes, &mut about)?;
            }
            found.push((key, about));
        }
        Ok(found)
    }

    /// Reads a posting.
    fn posting(&self, key: &PackageKey, bytes: &[u8], about: &mut About) -> Result<(), Error> {
        let damaged = |_: Damaged| self.damaged();
        let mut reader = Reader(bytes);
        let count = reader.count().map_err(damaged)?;
        for _ in 0..count {
            let affected = reader.bytes().map_err(damaged)?;
            let length = reader.number().map_err(damaged)?;
            let advisory = if length == 0 {
                bytes::read(key, reader.bytes().map_err(damaged)?, affected)
            } else {
                let place = reader.number().map_err(damaged)?;
                bytes::read(key, &self.shared(place, length)?, affected)
            };
            about.advisories.push(advisory.map_err(damaged)?);
        }
        let count = reader.count().map_err(damaged)?;
        for _ in 0..count {
            let mut text = || reader.text().map(str::to_owned).map_err(damaged);
            let (id, path, reason) = (text()?, text()?, text()?);
            about.unreadable.push(Unreadable { package: Some(key.clone()), id, path, reason });
        }
        if reader.0.is_empty() { Ok(()) } else { Err(self.damaged()) }
    }

    /// Bytes that several packages share.
    pub(super) fn shared(&self, place: u64, length: u64) -> Result<Vec<u8>, Error> {
        let block = BLOCK as u64;
        let end = place.checked_add(length).filter(|end| *end <= self.header.shared_bytes);
        let end = end.ok_or_else(|| self.damaged())?;
        let (first, last) = (place / block, end.div_ceil(block));
        let mut bytes = Vec::new();
        for number in first..last {
            let from = number * block;
            let length = block.min(self.header.shared_bytes - from);
            let at = usize::try_from(number).map_err(|_| self.damaged())? * 16;
            let hash = self.shared_hashes.get(at..at + 16).ok_or_else(|| self.damaged())?;
            bytes.extend(self.read(self.shared_start + from, length, hash)?);
        }
        let start = usize::try_from(place - first * block).unwrap_or_default();
        let length = usize::try_from(length).unwrap_or_default();
        bytes.get(start..start + length).map(<[u8]>::to_vec).ok_or_else(|| self.damaged())
    }

    /// What it has about wanted packages.
    ///
    /// # Errors
    /// Where what is read differs from its hash.
    pub fn collect(&self, wanted: &Wanted<'_>, today: Date) -> Result<Collected, Error> {
        let withdrawn = self.header.sources.iter().map(|source| source.withdrawn).sum();
        let total = self
            .header
            .sources
            .iter()
            .filter(|source| !source.ecosystems.is_empty())
            .map(|source| source.records)
            .sum();
        let mut collected = Collected {
            withdrawn,
            total,
            ecosystems: self.header.ecosystems.clone(),
            releases: self.header.releases.clone(),
            newest: database::newest(self.header.sources.iter().flat_map(|source| &source.newest), today),
            nameless: self.nameless().collect(),
            ..Collected::default()
        };
        // By bucket, so that each is read once, and in the order of the file.
        let mut names = Names::default();
        let mut keys: Vec<(u64, PackageKey)> = wanted
            .iter()
            .filter_map(|(ecosystem, name)| {
                let (ecosystem, name) = names.parts(*ecosystem, name);
                let hash = hash_of(ecosystem, &name);
                let key = || PackageKey { ecosystem: ecosystem.to_owned(), name: name.into_owned() };
                self.names.may_have(hash).then(|| (bucket_of(hash, self.bits()), key()))
            })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        for of_bucket in keys.chunk_by(|one, other| one.0 == other.0) {
            let Some((number, _)) = of_bucket.first() else { continue };
            let bucket = self.bucket(usize::try_from(*number).map_err(|_| self.damaged())?)?;
            for (_, key) in of_bucket {
                for (key, about) in self.entries(&bucket, Some(key))? {
                    collected.unreadable.extend(about.unreadable);
                    if !about.advisories.is_empty() {
                        collected.advisories.entry(key).or_default().extend(about.advisories);
                    }
                }
            }
        }
        for advisories in collected.advisories.values_mut() {
            advisories.sort_by(|left, right| left.id.cmp(&right.id));
        }
        collected.unreadable.sort();
        Ok(collected)
    }

    /// Records that nobody knows what they are about.
    fn nameless(&self) -> impl Iterator<Item = Unreadable> {
        self.header.nameless.iter().map(|(id, path, reason)| Unreadable {
            package: None,
            id: id.clone(),
            path: path.clone(),
            reason: reason.clone(),
        })
    }

    /// The same as a database.
    ///
    /// # Errors
    /// As [`Index::collect`], and where nothing shows how old a source is.
    pub fn database(&self, wanted: &Wanted<'_>, today: Date) -> Result<Database, Error> {
        let collected = self.collect(wanted, today)?;
        let mut ages = Vec::new();
        for source in self.header.sources.iter().filter(|source| !source.ecosystems.is_empty()) {
            let age = Age {
                source: source.name.clone(),
                fetched: source
                    .fetched
                    .filter(|time| database::day(*time) <= today.saturating_add(jiff::ToSpan::day(1))),
                newest: database::newest(&source.newest, today),
                ecosystems: source.ecosystems.keys().cloned().collect(),
            };
            if age.since().is_none() {
                return Err(Error::input(format!(
                    "nothing shows how old the source `{}` of the index is",
                    source.name
                ))
                .at(Location::file(self.label.clone()))
                .help("fetch the sources again, and build the index with `dep-scan db build`"));
            }
            ages.push(age);
        }
        let root = hexadecimal(&self.root);
        let input = Input { path: self.label.clone(), bytes: self.length, sha256: root };
        Ok(Database {
            path: self.label.clone(),
            input: Some(input),
            ages,
            collected,
            digest: Some(self.digest()),
        })
    }
}
/// The place, the length and the hash of a posting.
type PostingPlace<'a> = (u64, u64, &'a [u8]);

/// An entry of a bucket.
struct Entry<'a> {
    name: &'a str,
    malware: Vec<Malware<'a>>,
    posting: Option<PostingPlace<'a>>,
}

/// Reads the number of the ecosystem and the name of the package that an entry is about.
fn package<'a>(reader: &mut Reader<'a>) -> Result<(usize, &'a str), Damaged> {
    Ok((usize::try_from(reader.number()?).map_err(|_| Damaged)?, reader.text()?))
}

/// Reads the rest of an entry.
fn entry<'a>(reader: &mut Reader<'a>, name: &'a str) -> Result<Entry<'a>, Damaged> {
    let count = reader.count()?;
    let malware = (0..count).map(|_| Malware::read(reader)).collect::<Result<_, _>>()?;
    Ok(Entry { name, malware, posting: posting_place(reader)? })
}

/// Goes behind the rest of an entry.
fn skip(reader: &mut Reader<'_>) -> Result<(), Damaged> {
    for _ in 0..reader.count()? {
        Malware::skip(reader)?;
    }
    posting_place(reader).map(|_| ())
}

/// Reads the place, the length and the hash of a posting; none where the package has none.
fn posting_place<'a>(reader: &mut Reader<'a>) -> Result<Option<PostingPlace<'a>>, Damaged> {
    let length = reader.number()?;
    if length == 0 { Ok(None) } else { Ok(Some((reader.number()?, length, reader.take(16)?))) }
}
