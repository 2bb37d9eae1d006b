//! The index: one file in which the advisories about a package are found by a few small reads, whatever the number of others.
//!
//! Preamble (magic, version, length of the header, root), header (JSON), directory of buckets, directory of shared blocks, filter of
//! names, buckets, shared blocks, postings. The root is the SHA-256 of all that comes before it and of the header. The header has the
//! SHA-256 of both directories and of the filter, and the length of every part; a directory has a hash of 16 bytes for each bucket or
//! block; an entry of a bucket has the hash of its posting. So everything that is read is compared, and one digest pins the file.
//!
//! The filter says of nearly every package that the index lacks that it does. The bucket of another package is given by the first bits of the SHA-256 of its ecosystem and name. Its entry has its malware in short form
//! and the place of its posting, which has every other record about it, whole, so that one more read gets all.

mod build;
mod bytes;
mod file;
mod inspect;
mod lay;
mod look_up;
mod names;
mod open;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use self::build::{Built, SourceFile, build};
use self::file::Bytes;
pub use self::inspect::{Difference, diff, verify};
use self::names::Names;
use crate::collector::Unreadable;
use crate::record::Advisory;
use devops_core::Error;
use devops_core::digest::hexadecimal;

/// What an index begins with: its magic and the version of its format.
const PREAMBLE: &[u8; 12] = b"devops-idx\x03\x00";
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
    /// The releases of distributions that it has records about: `Debian:12`.
    pub releases: BTreeSet<String>,
    /// What it was made of.
    pub sources: Vec<Source>,
    /// Records that could not be read and of which nobody knows what they are about: id, place, reason.
    pub nameless: Vec<(String, String, String)>,
    buckets: Directory,
    shared: Directory,
    names: Directory,
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

/// A part that is read whole: a list of hashes, or the filter of names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Directory {
    bytes: u64,
    sha256: String,
}

/// The hash by which a package's bucket is found.
fn hash_of(ecosystem: &str, name: &str) -> u64 {
    let digest = Sha256::new().chain_update(ecosystem).chain_update([0]).chain_update(name).finalize();
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
    /// Which packages it may have.
    names: Names,
    shared_start: u64,
    posting_start: u64,
    ecosystems: Vec<String>,
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
        open::damaged(&self.label)
    }
}
