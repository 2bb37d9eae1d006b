//! A folder of downloaded files that are asked for again only where they changed.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::download::{Arrived, Headers, Validators, Wanted, discard, download, put_in_place, with_ending};
use super::network::failed;
use devops_advisory::index::SourceFile;
use devops_core::{Error, Location};
use devops_files::{Bounded, HashingReader, WRITTEN_BY_HAND, open, read, replace};
use devops_net::{Ask, Method, Wire};

/// Most bytes that a packed file may unpack to while it is checked.
const UNPACKED: u64 = 4 << 30;

/// The kind of a file, by which it is checked to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A zip archive.
    Zip,
    /// Anything in gzip.
    Gzip,
    /// JSON.
    Json,
}

/// A file to keep.
pub(super) struct Source {
    /// What people call it.
    pub(super) label: String,
    /// Where it is from.
    pub(super) address: String,
    /// Its name in the folder.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: Kind,
}

/// A file that is in the folder.
pub(super) struct Kept {
    /// Its path.
    pub(super) path: PathBuf,
    /// What is known about it.
    pub(super) record: Record,
    /// Whether it was there already.
    pub(super) is_unchanged: bool,
}

/// What is written beside a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Where it is from.
    pub(super) address: String,
    /// When the server was asked last, and said that it has this.
    pub(super) fetched: Timestamp,
    /// Its length.
    pub(super) bytes: u64,
    /// Its SHA-256.
    pub(super) sha256: String,
    #[serde(flatten)]
    validators: Validators,
}

impl Kept {
    /// The file as a source of an index.
    pub(super) fn file(&self) -> SourceFile {
        SourceFile {
            path: self.path.clone(),
            fetched: Some(self.record.fetched),
            address: Some(self.record.address.clone()),
        }
    }
}

/// Brings a file of the folder up to date.
///
/// # Errors
/// Where it can't be had, or what arrives is damaged: then what was there stays.
pub(super) async fn keep(
    wire: &Wire,
    source: &Source,
    folder: &Path,
    limit: u64,
    now: Timestamp,
) -> Result<Kept, Error> {
    let path = folder.join(&source.name);
    let noted = with_ending(&path, ".json");
    let known = known(&path, &noted, source);
    let open = async |headers: Headers| {
        wire.open(&Ask { headers, ..Ask::new(Method::Get, source.address.as_str()) }).await
    };
    let wanted =
        Wanted { label: &source.label, address: &source.address, path: &path, limit, is_fixed: false };
    let arrived = download(wire, &wanted, known.as_ref().map(|record| &record.validators), &open).await;
    let arrived = arrived
        .map_err(|trouble| failed(&format!("{} from {}", source.label, source.address), &trouble, &[]))?;
    let (record, is_unchanged) = match (arrived, known) {
        (Arrived::Unchanged, Some(record)) => (Record { fetched: now, ..record }, true),
        (Arrived::Unchanged, None) => return Err(Error::bug("nothing was known, and it has not changed")),
        (Arrived::Whole(part, validators), _) => {
            if let Err(error) = check(&part, source.kind) {
                discard(&path);
                return Err(Error::input(format!("{} is damaged", source.label))
                    .at(Location::file(&source.address))
                    .help("run the command again; if that does not help, check the address or the mirror behind it")
                    .because(error));
            }
            let (bytes, sha256) = digest(&part).map_err(|error| Error::unreadable(&part, error))?;
            put_in_place(&path).map_err(|error| Error::unwritable(&path, error))?;
            (Record { address: source.address.clone(), fetched: now, bytes, sha256, validators }, false)
        }
    };
    let text = serde_json::to_vec_pretty(&record)
        .map_err(|error| Error::bug("a record has no JSON form").because(error))?;
    replace(&noted, &text)?;
    Ok(Kept { path, record, is_unchanged })
}

/// Forgets what is known about a file, so that it is downloaded again.
pub(super) fn forget(path: &Path) {
    // Where that can't be removed, the file is asked about again, which is no harm.
    let _ = std::fs::remove_file(with_ending(path, ".json"));
}

/// What is known about a file that is there, from this address, and as it was downloaded.
fn known(path: &Path, noted: &Path, source: &Source) -> Option<Record> {
    let record: Record = serde_json::from_slice(&read(noted, WRITTEN_BY_HAND).ok()?).ok()?;
    let (bytes, sha256) = digest(path).ok()?;
    let is_same = record.address == source.address && record.bytes == bytes && record.sha256 == sha256;
    is_same.then_some(record)
}

/// Length and SHA-256 of a file.
pub(super) fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut reader = HashingReader::new(open(path)?);
    io::copy(&mut reader, &mut io::sink())?;
    let input = reader.finish("");
    Ok((input.bytes, input.sha256))
}

/// Checks that a file is what it should be, and whole.
fn check(path: &Path, kind: Kind) -> io::Result<()> {
    let broken = |message: &str| io::Error::new(io::ErrorKind::InvalidData, message.to_owned());
    let mut file = open(path)?;
    match kind {
        Kind::Json => {
            serde_json::from_reader::<_, IgnoredAny>(io::BufReader::new(file)).map_err(io::Error::from)?;
        }
        Kind::Gzip => {
            io::copy(
                &mut Bounded::new(MultiGzDecoder::new(io::BufReader::new(file)), UNPACKED),
                &mut io::sink(),
            )?;
        }
        Kind::Zip => {
            // The directory stands at the end, before a comment of at most 64 KiB.
            let mut start = [0; 2];
            file.read_exact(&mut start)?;
            let length = file.seek(SeekFrom::End(0))?;
            file.seek(SeekFrom::Start(length.saturating_sub(22 + 0xffff)))?;
            let mut end = Vec::new();
            file.take(22 + 0xffff).read_to_end(&mut end)?;
            if start != *b"PK" {
                return Err(broken("it is no zip archive"));
            }
            if !end.windows(4).any(|four| four == b"PK\x05\x06") {
                return Err(broken("the zip archive is cut off"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{Kind, check};

    #[test]
    fn what_is_cut_off_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&[7; 10_000]).unwrap();
        let packed = packed.finish().unwrap();
        let zip = [b"PK\x03\x04".as_slice(), &[0; 100], b"PK\x05\x06", &[0; 18]].concat();
        for (kind, whole) in [(Kind::Gzip, packed), (Kind::Zip, zip), (Kind::Json, b"{\"a\": [1]}".to_vec())]
        {
            std::fs::write(&path, &whole).unwrap();
            check(&path, kind).unwrap();
            for length in [0, 1, whole.len() / 2, whole.len().saturating_sub(22).max(3)] {
                std::fs::write(&path, &whole[..length]).unwrap();
                assert!(check(&path, kind).is_err(), "{kind:?} of {length} bytes");
            }
            std::fs::write(&path, "<html>not found</html>").unwrap();
            assert!(check(&path, kind).is_err(), "{kind:?}");
        }
    }
}
