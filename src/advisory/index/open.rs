//! Opens an index: what is read whole is compared with its hash, and the lengths of all parts with that of the file.

use std::cell::RefCell;
use std::io::Cursor;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::bytes::Reader;
use super::file::Bytes;
use super::names::Names;
use super::{
    BEFORE_HEADER, BLOCK, BUCKET_ENTRY, Directory, Header, Index, LONGEST_DIRECTORY, LONGEST_HEADER, MAGIC,
    PREAMBLE, STRIDE,
};
use crate::database;
use devops_core::digest::hexadecimal;
use devops_core::{Error, Location};

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

    fn of(mut bytes: Bytes, label: &str, digest: Option<&str>) -> Result<Self, Error> {
        let damaged = || damaged(label);
        let length = bytes.length().map_err(|_| damaged())?;
        let Start { header: text, root } = Start::read(&mut bytes, length, label, digest)?;
        let header: Header = serde_json::from_slice(&text).map_err(|_| damaged())?;
        let mut at = BEFORE_HEADER + text.len() as u64;
        if header.end(at) != Some(length) {
            return Err(damaged());
        }
        if header.packages == 0 {
            return Err(error(label, "index of advisories is empty"));
        }
        let mut whole = |part: &Directory| {
            let bytes = bytes.read_at(at, part.bytes).ok();
            at += part.bytes;
            bytes.filter(|bytes| hexadecimal(&Sha256::digest(bytes)) == part.sha256).ok_or_else(damaged)
        };
        let directory = whole(&header.buckets)?;
        let shared_hashes = whole(&header.shared)?;
        let names = Names::read(whole(&header.names)?, header.packages).ok_or_else(damaged)?;
        let bucket_starts = bucket_starts(&directory, at, header.bucket_bytes).ok_or_else(damaged)?;
        let is_covered = (shared_hashes.len() / 16 * BLOCK) as u64 >= header.shared_bytes;
        if !is_covered {
            return Err(damaged());
        }
        Ok(Self {
            label: label.to_owned(),
            bytes: RefCell::new(bytes),
            shared_start: at + header.bucket_bytes,
            posting_start: at + header.bucket_bytes + header.shared_bytes,
            ecosystems: header.ecosystems.keys().cloned().collect(),
            header,
            root,
            length,
            directory,
            bucket_starts,
            shared_hashes,
            names,
        })
    }
}

/// The text of the header, which has the root as its hash.
struct Start {
    header: Vec<u8>,
    root: [u8; 32],
}

impl Start {
    fn read(bytes: &mut Bytes, length: u64, label: &str, digest: Option<&str>) -> Result<Self, Error> {
        let damaged = || damaged(label);
        if length < BEFORE_HEADER {
            return Err(damaged());
        }
        let preamble = bytes.read_at(0, BEFORE_HEADER).map_err(|_| damaged())?;
        if !preamble.starts_with(PREAMBLE) {
            return Err(error(label, "index of advisories has a format of another version"));
        }
        let mut fields = Reader(preamble.get(12..).unwrap_or_default());
        let header_length =
            fields.take(4).ok().and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let header_length = header_length
            .filter(|bytes| *bytes <= LONGEST_HEADER && u64::from(*bytes) <= length)
            .ok_or_else(damaged)?;
        let root: [u8; 32] = fields.0.try_into().map_err(|_| damaged())?;
        let header = bytes.read_at(BEFORE_HEADER, header_length.into()).map_err(|_| damaged())?;
        let mut hash = Sha256::new();
        hash.update(preamble.get(..16).unwrap_or_default());
        hash.update(&header);
        if <[u8; 32]>::from(hash.finalize()) != root {
            return Err(damaged());
        }
        let shown = format!("sha256:{}", hexadecimal(&root));
        if digest.is_some_and(|digest| !digest.eq_ignore_ascii_case(&shown)) {
            let message =
                format!("index of advisories has the digest {shown}, which is not the one that is asked for");
            return Err(error(label, &message));
        }
        Ok(Self { header, root })
    }
}

impl Header {
    /// Where the file ends, if the header does there; none where a part is too long to be read.
    fn end(&self, header_end: u64) -> Option<u64> {
        let whole = [self.buckets.bytes, self.shared.bytes, self.names.bytes];
        if whole.iter().any(|bytes| *bytes > LONGEST_DIRECTORY) {
            return None;
        }
        let others = [self.bucket_bytes, self.shared_bytes, self.posting_bytes];
        whole.iter().chain(&others).try_fold(header_end, |sum, part| sum.checked_add(*part))
    }
}

/// An error about an index.
fn error(label: &str, message: &str) -> Error {
    Error::input(message.to_owned())
        .at(Location::file(label))
        .help("fetch the index again, or build it with `dep-scan db build`")
}

/// The error that a part differs from its hash, or is missing.
pub(super) fn damaged(label: &str) -> Error {
    error(label, "index of advisories is cut off or damaged")
}

/// The length of a bucket, out of its entry of the directory.
pub(super) fn bucket_length(entry: &[u8; BUCKET_ENTRY]) -> Option<u32> {
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
