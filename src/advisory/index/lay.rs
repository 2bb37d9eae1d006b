//! How the parts of an index are laid and written.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::build::{Building, Built, Parsed, what};
use super::bytes::{Damaged, Reader, Writer};
use super::names::Names;
use super::{BLOCK, Directory, Header, PREAMBLE, Source, short_hash};
use crate::collector::Unreadable;
use crate::record::PackageKey;
use devops_core::Error;
use devops_core::digest::hexadecimal;

/// Bytes that a bucket has on average.
const BUCKET: u64 = 1024;

/// The parts of the file that are laid package by package, in the order of their hashes.
#[derive(Default)]
pub(super) struct Laid {
    /// The number of each ecosystem.
    ecosystems: BTreeMap<String, usize>,
    /// Where what several packages share is.
    places: Vec<(u64, u64)>,
    doubtful: BTreeMap<PackageKey, Vec<Unreadable>>,
    entries: Writer,
    postings: Vec<u8>,
    /// The hash of each package, and where its entry ends.
    ends: Vec<(u64, usize)>,
    records: u64,
    malware: u64,
}

impl Laid {
    /// Nothing yet.
    pub(super) fn of(
        ecosystems: BTreeMap<String, usize>,
        places: Vec<(u64, u64)>,
        doubtful: BTreeMap<PackageKey, Vec<Unreadable>>,
    ) -> Self {
        Self { ecosystems, places, doubtful, ..Self::default() }
    }

    /// Lays all that is said of a package.
    pub(super) fn package(&mut self, hash: u64, pieces: &[Parsed<'_>]) -> Result<(), Error> {
        let Some(first) = pieces.first() else { return Ok(()) };
        let (mut short, mut advisories): (Vec<&[u8]>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
        for piece in pieces {
            match piece.what {
                what::MALWARE => short.push(piece.rest),
                what::NOTHING => {}
                _ => advisories.push(advisory(piece, &self.places).map_err(broken)?),
            }
        }
        short.sort_unstable();
        short.dedup();
        self.malware += short.len() as u64;
        self.entries.count(self.ecosystems.get(first.ecosystem).copied().unwrap_or_default());
        self.entries.text(first.name);
        self.entries.count(short.len());
        for one in &short {
            self.entries.0.extend_from_slice(one);
        }
        advisories.sort();
        advisories.dedup();
        self.records += advisories.len() as u64;
        let key = PackageKey { ecosystem: first.ecosystem.to_owned(), name: first.name.to_owned() };
        let doubts = self.doubtful.remove(&key).unwrap_or_default();
        self.posting(&advisories, &doubts);
        self.ends.push((hash, self.entries.0.len()));
        Ok(())
    }

    /// Lays a posting, where there is anything for one, and ends the entry with its place.
    fn posting(&mut self, advisories: &[Vec<u8>], doubts: &[Unreadable]) {
        if advisories.is_empty() && doubts.is_empty() {
            self.entries.number(0);
            return;
        }
        let mut posting = Writer::default();
        posting.count(advisories.len());
        for one in advisories {
            posting.0.extend_from_slice(one);
        }
        posting.count(doubts.len());
        for doubt in doubts {
            posting.text(&doubt.id);
            posting.text(&doubt.path);
            posting.text(&doubt.reason);
        }
        self.entries.count(posting.0.len());
        self.entries.count(self.postings.len());
        self.entries.0.extend_from_slice(&short_hash(&posting.0));
        self.postings.extend_from_slice(&posting.0);
    }

    /// Writes the file. Entries are in the order of their hashes, and so are buckets.
    pub(super) fn write(
        self,
        building: Building,
        sources: Vec<Source>,
        shared: &[u8],
        output: &Path,
    ) -> Result<Built, Error> {
        let buckets = self.entries.0;
        let directory = lay_buckets(&buckets, &self.ends);
        let shared_directory = shared.chunks(BLOCK).flat_map(short_hash).collect::<Vec<u8>>();
        let hashes: Vec<u64> = self.ends.iter().map(|(hash, _)| *hash).collect();
        let names = Names::of(&hashes);
        let nameless = building.nameless.into_iter().map(|one| (one.id, one.path, one.reason));
        let header = Header {
            advisories: self.records,
            malware: self.malware,
            packages: self.ends.len() as u64,
            ecosystems: building.ecosystems,
            releases: building.releases,
            sources,
            nameless: nameless.collect(),
            buckets: Directory::of(&directory),
            shared: Directory::of(&shared_directory),
            names: Directory::of(names.bytes()),
            bucket_bytes: buckets.len() as u64,
            shared_bytes: shared.len() as u64,
            posting_bytes: self.postings.len() as u64,
        };
        let parts: [&[u8]; 6] =
            [&directory, &shared_directory, names.bytes(), &buckets, shared, &self.postings];
        write(header, &parts, output)
    }
}

impl Directory {
    fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, sha256: hexadecimal(&Sha256::digest(bytes)) }
    }
}

/// The error that a piece is not what was written.
pub(super) fn broken(_: Damaged) -> Error {
    Error::bug("a piece of the index has no package")
}

/// An advisory about a package, as it stands in the index.
fn advisory(piece: &Parsed<'_>, places: &[(u64, u64)]) -> Result<Vec<u8>, Damaged> {
    let mut reader = Reader(piece.rest);
    let mut writer = Writer::default();
    writer.bytes(reader.bytes()?);
    if piece.what == what::SHARED {
        let number = usize::try_from(reader.number()?).map_err(|_| Damaged)?;
        let (place, length) = places.get(number).copied().ok_or(Damaged)?;
        writer.number(length);
        writer.number(place);
    } else {
        writer.number(0);
        writer.bytes(reader.0);
    }
    Ok(writer.0)
}

/// The directory of buckets, of which each has the entries whose hashes have the same first bits: the length and the hash of each.
fn lay_buckets(entries: &[u8], ends: &[(u64, usize)]) -> Vec<u8> {
    let bits = (entries.len() as u64 / BUCKET).max(1).ilog2();
    let mut directory = Vec::new();
    let (mut start, mut ends) = (0, ends.iter().peekable());
    for number in 0..1_u64 << bits {
        let mut end = start;
        while let Some((_, next)) = ends.next_if(|(hash, _)| super::bucket_of(*hash, bits) == number) {
            end = *next;
        }
        let bucket = entries.get(start..end).unwrap_or_default();
        directory.extend_from_slice(&u32::try_from(bucket.len()).unwrap_or(u32::MAX).to_le_bytes());
        directory.extend_from_slice(&short_hash(bucket));
        start = end;
    }
    directory
}

/// Writes the file: preamble, header and parts.
fn write(header: Header, parts: &[&[u8]], output: &Path) -> Result<Built, Error> {
    let text = serde_json::to_vec(&header).map_err(|error| Error::bug(error.to_string()))?;
    let length = u32::try_from(text.len()).map_err(|_| Error::bug("the header is too long"))?;
    let mut preamble = PREAMBLE.to_vec();
    preamble.extend_from_slice(&length.to_le_bytes());
    let mut digest = Sha256::new();
    digest.update(&preamble);
    digest.update(&text);
    let root = digest.finalize();
    preamble.extend_from_slice(&root);
    devops_files::replace_with(output, |file| {
        let mut file = BufWriter::new(file);
        file.write_all(&preamble)?;
        file.write_all(&text)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        let written: io::Result<()> = file.flush();
        written
    })?;
    let bytes = (preamble.len() + text.len() + parts.iter().map(|part| part.len()).sum::<usize>()) as u64;
    Ok(Built { digest: format!("sha256:{}", hexadecimal(&root)), bytes, header })
}
