//! The index: one file in which the advisories about a package are found by a few small reads, whatever the number of others.
//!
//! Preamble (magic, version, length of the header, root), header (JSON), directory of buckets, directory of shared blocks, buckets,
//! shared blocks, postings. The root is the SHA-256 of all that comes before it and of the header. The header has the SHA-256 of both
//! directories and the length of every part; a directory has a hash of 16 bytes for each bucket or block; an entry of a bucket has
//! the hash of its posting. So everything that is read is compared, and one digest pins the file.
//!
//! A package's bucket is given by the first bits of the SHA-256 of its ecosystem and name. Its entry has its malware in short form
//! and the place of its posting, which has every other record about it, whole, so that one more read gets all.

mod build;
mod bytes;
mod inspect;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, Read as _};
#[cfg(not(unix))]
use std::io::{Seek as _, SeekFrom};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use self::build::{Built, SourceFile, build};
use self::bytes::{Damaged, Malware, Reader};
pub use self::inspect::{Difference, diff, verify};
use crate::collector::{Collected, Unreadable, Wanted};
use crate::database::{self, Age, Database};
use crate::record::{Advisory, PackageKey};
use devops_core::digest::hexadecimal;
use devops_core::{Error, Input, Location};

/// What an index begins with: its magic and the version of its format.
const PREAMBLE: &[u8; 12] = b"devops-idx\x01\x00";
/// The part of it that is the same in every version.
const MAGIC: &[u8] = b"devops-idx";
/// Bytes before the header: what it begins with, the header's length, and the root.
const BEFORE_HEADER: u64 = 12 + 4 + 32;
/// Longest header: 10,000 sources and ecosystems.
const LONGEST_HEADER: u32 = 16 << 20;
/// Longest directory that is read.
const LONGEST_DIRECTORY: u64 = 256 << 20;
/// Longest posting: all that is said of one package.
const LONGEST_POSTING: u64 = 256 << 20;
/// Length of a shared block.
const BLOCK: usize = 4096;
/// Length of an entry of the directory of buckets.
const BUCKET_ENTRY: usize = 4 + 16;
/// Every so many buckets, the place of one is kept; that of others is found from there.
const STRIDE: usize = 16;

/// What an index says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// How many advisories it has: one for each package that a record is about.
    pub advisories: u64,
    /// How many records of malware it has in short form.
    pub malware: u64,
    /// How many packages it has.
    pub packages: u64,
    /// How many records it has by ecosystem, without suffixes.
    pub ecosystems: BTreeMap<String, u64>,
    /// What it was made of.
    pub sources: Vec<Source>,
    /// Records that could not be read and of which nobody knows what they are about: id, place, reason.
    pub nameless: Vec<(String, String, String)>,
    buckets: Directory,
    shared: Directory,
    bucket_bytes: u64,
    shared_bytes: u64,
    posting_bytes: u64,
}

/// What an index was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The name of its file or folder.
    pub name: String,
    /// The address that it was fetched from.
    pub address: Option<String>,
    /// When it was fetched.
    pub fetched: Option<Timestamp>,
    /// The SHA-256 of the file, or of what was taken from the folder.
    pub sha256: Option<String>,
    /// The length of the file.
    pub bytes: Option<u64>,
    /// How many records it has.
    pub records: u64,
    /// How many of them were withdrawn, and are not in the index.
    pub withdrawn: u64,
    /// How many of them can't be read.
    pub unreadable: u64,
    /// How many records it has by ecosystem.
    pub ecosystems: BTreeMap<String, u64>,
    /// The days of its newest records, the newest first.
    pub newest: Vec<Date>,
}

/// A list of hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Directory {
    bytes: u64,
    sha256: String,
}

/// The hash by which a package's bucket is found.
fn hash_of(key: &PackageKey) -> u64 {
    let digest =
        Sha256::new().chain_update(&key.ecosystem).chain_update([0]).chain_update(&key.name).finalize();
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// The bucket of a hash, where there are 2^bits.
fn bucket_of(hash: u64, bits: u32) -> u64 {
    hash.checked_shr(64 - bits).unwrap_or(0)
}

/// The first half of a SHA-256: nobody finds other bytes with the same.
fn short_hash(bytes: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut short = [0; 16];
    short.iter_mut().zip(digest).for_each(|(short, byte)| *short = byte);
    short
}

/// Where the bytes of an index are.
enum Bytes {
    File(File),
    Memory(Cursor<Vec<u8>>),
}

impl Bytes {
    fn read_at(&mut self, from: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        match self {
            #[cfg(unix)]
            Self::File(file) => std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, from)?,
            #[cfg(not(unix))]
            Self::File(file) => {
                file.seek(SeekFrom::Start(from))?;
                file.read_exact(&mut bytes)?;
            }
            Self::Memory(memory) => {
                memory.set_position(from);
                memory.read_exact(&mut bytes)?;
            }
        }
        Ok(bytes)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(match self {
            Self::File(file) => file.metadata()?.len(),
            Self::Memory(memory) => memory.get_ref().len() as u64,
        })
    }
}

/// An index whose header and directories were compared with their hashes.
pub struct Index {
    label: String,
    bytes: RefCell<Bytes>,
    header: Header,
    root: [u8; 32],
    length: u64,
    /// The directory of buckets.
    directory: Vec<u8>,
    /// Where the first of every [`STRIDE`] buckets starts.
    bucket_starts: Vec<u64>,
    shared_hashes: Vec<u8>,
    shared_start: u64,
    posting_start: u64,
    ecosystems: Vec<String>,
}

/// Where a bucket is, and what its bytes hash to.
struct Bucket {
    start: u64,
    length: u32,
    hash: [u8; 16],
}

/// What an index has about a package.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct About {
    /// What is known.
    pub advisories: Vec<Advisory>,
    /// What can't be read.
    pub unreadable: Vec<Unreadable>,
}

impl Index {
    /// Whether bytes begin as an index does, of whatever version.
    pub fn is_one(head: &[u8]) -> bool {
        head.starts_with(MAGIC)
    }

    /// Opens an index; it must have the digest (`sha256:…`), where one is given.
    ///
    /// # Errors
    /// Where it is none, is of another version, is cut off, altered or empty, or has another digest.
    pub fn open(path: &Path, digest: Option<&str>) -> Result<Self, Error> {
        let file = devops_files::open(path).map_err(|error| Error::unreadable(path, error))?;
        Self::of(Bytes::File(file), &database::shown(path), digest)
    }

    /// The same for an index that is held whole.
    ///
    /// # Errors
    /// As [`Index::open`].
    pub fn of_bytes(bytes: Vec<u8>, label: &str, digest: Option<&str>) -> Result<Self, Error> {
        Self::of(Bytes::Memory(Cursor::new(bytes)), label, digest)
    }

    #[expect(clippy::too_many_lines, reason = "the checks, in the order of the file")]
    fn of(mut bytes: Bytes, label: &str, digest: Option<&str>) -> Result<Self, Error> {
        let error = |message: &str| {
            Error::input(message.to_owned())
                .at(Location::file(label))
                .help("fetch the index again, or build it with `dep-scan db build`")
        };
        let damaged = || error("index of advisories is cut off or damaged");
        let read = |bytes: &mut Bytes, from, length| bytes.read_at(from, length).map_err(|_| damaged());
        let length = bytes.length().map_err(|_| damaged())?;
        if length < BEFORE_HEADER {
            return Err(damaged());
        }
        let preamble = read(&mut bytes, 0, BEFORE_HEADER)?;
        if !preamble.starts_with(PREAMBLE) {
            return Err(error("index of advisories has a format of another version"));
        }
        let mut fields = Reader(preamble.get(12..).unwrap_or_default());
        let long = fields.take(4).ok().and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let long =
            long.filter(|long| *long <= LONGEST_HEADER && u64::from(*long) <= length).ok_or_else(damaged)?;
        let root: [u8; 32] = fields.0.try_into().map_err(|_| damaged())?;
        let text = read(&mut bytes, BEFORE_HEADER, long.into())?;
        let mut hash = Sha256::new();
        hash.update(preamble.get(..16).unwrap_or_default());
        hash.update(&text);
        if <[u8; 32]>::from(hash.finalize()) != root {
            return Err(damaged());
        }
        let shown = format!("sha256:{}", hexadecimal(&root));
        if digest.is_some_and(|digest| !digest.eq_ignore_ascii_case(&shown)) {
            return Err(error(&format!(
                "index of advisories has the digest {shown}, which is not the one that is asked for"
            )));
        }
        let header: Header = serde_json::from_slice(&text).map_err(|_| damaged())?;
        let directory_start = BEFORE_HEADER + u64::from(long);
        let parts = [
            header.buckets.bytes,
            header.shared.bytes,
            header.bucket_bytes,
            header.shared_bytes,
            header.posting_bytes,
        ];
        let total = parts.iter().try_fold(directory_start, |sum, part| sum.checked_add(*part));
        if total != Some(length) || header.buckets.bytes.max(header.shared.bytes) > LONGEST_DIRECTORY {
            return Err(damaged());
        }
        if header.packages == 0 {
            return Err(error("index of advisories is empty"));
        }
        let directory = read(&mut bytes, directory_start, header.buckets.bytes)?;
        let shared_hashes = read(&mut bytes, directory_start + header.buckets.bytes, header.shared.bytes)?;
        let is_whole =
            |bytes: &[u8], directory: &Directory| hexadecimal(&Sha256::digest(bytes)) == directory.sha256;
        if !is_whole(&directory, &header.buckets) || !is_whole(&shared_hashes, &header.shared) {
            return Err(damaged());
        }
        let bucket_start = directory_start + header.buckets.bytes + header.shared.bytes;
        let bucket_starts =
            bucket_starts(&directory, bucket_start, header.bucket_bytes).ok_or_else(damaged)?;
        let is_covered = (shared_hashes.len() / 16 * BLOCK) as u64 >= header.shared_bytes;
        if !is_covered {
            return Err(damaged());
        }
        Ok(Self {
            label: label.to_owned(),
            bytes: RefCell::new(bytes),
            shared_start: bucket_start + header.bucket_bytes,
            posting_start: bucket_start + header.bucket_bytes + header.shared_bytes,
            ecosystems: header.ecosystems.keys().cloned().collect(),
            header,
            root,
            length,
            directory,
            bucket_starts,
            shared_hashes,
        })
    }

    /// What it says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What pins it: `sha256:…`.
    pub fn digest(&self) -> String {
        format!("sha256:{}", hexadecimal(&self.root))
    }

    /// The error that a part differs from its hash.
    fn damaged(&self) -> Error {
        Error::input("index of advisories is cut off or damaged")
            .at(Location::file(self.label.clone()))
            .help("fetch the index again, or build it with `dep-scan db build`")
    }

    fn read(&self, from: u64, length: u64, hash: &[u8]) -> Result<Vec<u8>, Error> {
        let bytes = self.bytes.borrow_mut().read_at(from, length).map_err(|_| self.damaged())?;
        if short_hash(&bytes) == *hash { Ok(bytes) } else { Err(self.damaged()) }
    }

    /// What it has about a package.
    ///
    /// # Errors
    /// Where what is read differs from its hash.
    pub fn about(&self, key: &PackageKey) -> Result<Option<About>, Error> {
        let number = bucket_of(hash_of(key), self.bits());
        let bucket = self.bucket(usize::try_from(number).map_err(|_| self.damaged())?)?;
        self.entries(&bucket, Some(key)).map(|found| found.into_iter().next().map(|(_, about)| about))
    }

    /// How many buckets there are.
    fn bucket_count(&self) -> usize {
        self.directory.len() / BUCKET_ENTRY
    }

    /// How many bits of a hash give the bucket.
    fn bits(&self) -> u32 {
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
    fn bucket(&self, number: usize) -> Result<Vec<u8>, Error> {
        let bucket = self.place_of(number).ok_or_else(|| self.damaged())?;
        self.read(bucket.start, bucket.length.into(), &bucket.hash)
    }

    /// What a bucket has about a package, or about all of its packages.
    fn entries(&self, bucket: &[u8], wanted: Option<&PackageKey>) -> Result<Vec<(PackageKey, About)>, Error> {
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
    fn shared(&self, place: u64, length: u64) -> Result<Vec<u8>, Error> {
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
            newest: database::newest(self.header.sources.iter().flat_map(|source| &source.newest), today),
            nameless: self.nameless().collect(),
            ..Collected::default()
        };
        // By bucket, so that each is read once, and in the order of the file.
        let mut keys: Vec<(u64, PackageKey)> = wanted
            .iter()
            .map(|(ecosystem, name)| PackageKey::of(ecosystem.name(), name))
            .map(|key| (bucket_of(hash_of(&key), self.bits()), key))
            .collect();
        keys.sort();
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

/// The length of a bucket, out of its entry of the directory.
fn bucket_length(entry: &[u8; BUCKET_ENTRY]) -> Option<u32> {
    entry.first_chunk::<4>().copied().map(u32::from_le_bytes)
}

/// Where the first of every few buckets starts; none where the lengths of a directory don't add up.
fn bucket_starts(directory: &[u8], start: u64, bytes: u64) -> Option<Vec<u64>> {
    let (entries, rest) = directory.as_chunks::<BUCKET_ENTRY>();
    if !rest.is_empty() || !entries.len().is_power_of_two() {
        return None;
    }
    let mut at = start;
    let mut starts = Vec::with_capacity(entries.len().div_ceil(STRIDE));
    for few in entries.chunks(STRIDE) {
        starts.push(at);
        let lengths = few.iter().filter_map(bucket_length);
        at = at.checked_add(lengths.map(u64::from).sum())?;
    }
    (at == start.checked_add(bytes)?).then_some(starts)
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
