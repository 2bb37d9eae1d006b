//! An advisory database as a tarball, plain or gzipped: streamed once, nothing is written anywhere.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use super::collector::{Collector, LARGEST, Slot};
use super::database;
use super::enrichment::Enrichment;
use devops_core::{Error, Input, Location};
use devops_files::{HashingReader, open_within};

/// Maximum number of bytes that a tarball may unpack to; the real database has 4 MB.
const MOST_BYTES: u64 = if cfg!(test) { 1 << 20 } else { 128 << 20 };
/// Maximum number of bytes of the tarball itself: one that is not compressed is a little longer than what is in it.
const MOST_PACKED: u64 = 256 << 20;
/// Maximum number of entries that a tarball may have; the real database has 3,000.
const MOST_ENTRIES: u64 = if cfg!(test) { 100 } else { 200_000 };

/// What the first bytes of a file say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Gzip,
    Tar,
    Zip,
    Epss,
    Other,
}

/// Streams a tarball, or a list of EPSS that is gzipped.
///
/// # Errors
/// Where it is not one, is cut off or damaged, or asks for more than is reasonable.
pub(super) fn walk(path: &Path, collector: &mut Collector<'_>) -> Result<Input, Error> {
    let broken = |error: io::Error| {
        Error::input("advisory database can't be read to its end").at(place(path)).because(error).help(HELP)
    };
    let file = open_within(path, MOST_PACKED).map_err(|error| Error::unreadable(path, error))?;
    let mut reader = HashingReader::new(BufReader::with_capacity(1 << 16, file));
    unpack(&mut reader, path, collector)?;
    io::copy(&mut reader, &mut io::sink()).map_err(broken)?;
    Ok(reader.finish(path.display().to_string().replace('\\', "/")))
}

/// Fills a buffer as far as there are bytes.
fn read_fully(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<u64> {
    let length = buffer.len() as u64;
    let mut filled = buffer;
    io::copy(&mut source.take(length), &mut filled)
}

const HELP: &str = "fetch the database again; it is the RustSec folder, or a `.tar` or `.tar.gz` of it";

/// Looks at the first bytes of a file, not at its name.
pub(super) fn form(head: &[u8]) -> Form {
    match head {
        [0x1f, 0x8b, ..] => Form::Gzip,
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Form::Zip,
        _ if head.get(257..262) == Some(b"ustar") => Form::Tar,
        _ => Form::Other,
    }
}

/// Goes through a tarball or a list of EPSS, plain or gzipped.
fn unpack(source: &mut impl Read, path: &Path, collector: &mut Collector<'_>) -> Result<(), Error> {
    let broken = |error: io::Error| {
        Error::input("advisory database is cut off or damaged").at(place(path)).because(error).help(HELP)
    };
    let mut head = [0; 2];
    let count = read_fully(source, &mut head).map_err(broken)?;
    let mut source = head.as_slice().take(count).chain(source);
    if head != [0x1f, 0x8b] {
        return entries(&mut source, path, collector);
    }
    let mut inside = MultiGzDecoder::new(source);
    let mut head = [0; 14];
    let count = read_fully(&mut inside, &mut head).map_err(broken)?;
    let start = head.get(..usize::try_from(count).unwrap_or_default()).unwrap_or_default();
    let mut inside = start.chain(inside);
    if Enrichment::is_epss(start) {
        return database::epss(inside.take(MOST_BYTES), &path.display().to_string(), collector);
    }
    entries(&mut inside, path, collector)
}

/// The same for a tarball that is held whole, plain or gzipped.
///
/// # Errors
/// As [`walk`].
pub(super) fn walk_bytes(bytes: &[u8], path: &Path, collector: &mut Collector<'_>) -> Result<(), Error> {
    unpack(&mut &*bytes, path, collector)
}

/// Goes through the entries of a tarball.
fn entries(source: &mut impl Read, path: &Path, collector: &mut Collector<'_>) -> Result<(), Error> {
    let broken = |error: io::Error| {
        Error::input("advisory database is cut off or damaged").at(place(path)).because(error).help(HELP)
    };
    let ended = Rc::new(Cell::new(false));
    let mut archive =
        tar::Archive::new(Bounded { inner: source, left: MOST_BYTES, ended: Rc::clone(&ended) });
    let mut text = Vec::new();
    for (index, entry) in (0..).zip(archive.entries().map_err(broken)?) {
        if index >= MOST_ENTRIES {
            return Err(broken(io::Error::other(format!("more than {MOST_ENTRIES} entries"))));
        }
        let mut entry = entry.map_err(broken)?;
        let name = entry.path_bytes();
        let name = String::from_utf8_lossy(&name).into_owned();
        if leads_out(&name) {
            return Err(broken(io::Error::other(format!("`{name}` is outside of the archive"))));
        }
        let kind = entry.header().entry_type();
        if !kind.is_file() && !kind.is_dir() && stands_for_folder(&name) {
            return Err(broken(io::Error::other(format!("`{name}` is a link, not a folder"))));
        }
        let Some(slot) = slot(&name).filter(|_| !kind.is_dir()) else { continue };
        let wanted = collector.meet(slot);
        if !wanted && !collector.may_be_newest(slot.id) {
            continue;
        }
        let reason = if !kind.is_file() {
            Some("is a link, not a file".to_owned())
        } else if entry.size() > LARGEST {
            Some(format!("is larger than {LARGEST} bytes"))
        } else {
            None
        };
        if let Some(reason) = reason {
            if wanted {
                collector.refuse(slot, reason);
            }
            continue;
        }
        text.clear();
        entry.read_to_end(&mut text).map_err(broken)?;
        if collector.may_be_newest(slot.id) {
            collector.take_date(&text);
        }
        if wanted {
            collector.take(slot, &text);
        }
    }
    let mut rest = archive.into_inner();
    if ended.get() {
        return Err(broken(io::Error::new(io::ErrorKind::UnexpectedEof, "it has no end marker")));
    }
    padding(&mut rest).map_err(broken)
}

/// Reads what follows the end mark to the very end, so that the checksum of a gzip stream is compared. It must be
/// zeros: a second archive behind the first would not be looked at.
fn padding(rest: &mut impl Read) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = match rest.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.iter().take(count).any(|byte| *byte != 0) {
            return Err(io::Error::other("there is data after its end marker"));
        }
    }
}

/// Whether an entry stands where the folder of all packages or of one package belongs: `…/crates`,
/// `…/crates/<package>`. A link there would hide every advisory below it.
fn stands_for_folder(path: &str) -> bool {
    let mut parts = names(path);
    let last = parts.next();
    last == Some("crates") || parts.next() == Some("crates")
}

/// The names that a path consists of, from its end.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.rsplit('/').filter(|part| !part.is_empty() && *part != ".")
}

/// The slot that an entry's path ends with: `…/crates/<package>/<id>.md`.
fn slot(path: &str) -> Option<Slot<'_>> {
    let mut parts = names(path);
    let (file, package, collection) = (parts.next()?, parts.next()?, parts.next()?);
    if collection == "crates" { Slot::of(package, file) } else { None }
}

/// Whether a path is absolute or climbs.
fn leads_out(path: &str) -> bool {
    Path::new(path).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
}

fn place(path: &Path) -> Location {
    Location::file(path.display().to_string().replace('\\', "/"))
}

/// Reads no more than it may, and remembers whether the end was met.
struct Bounded<R> {
    inner: R,
    left: u64,
    ended: Rc<Cell<bool>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            self.ended.set(true);
        }
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other(format!("unpacks to more than {MOST_BYTES} bytes")))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::civil::date;

    use super::{Collector, entries};

    fn walk(sizes: &[usize]) -> Result<(), String> {
        let mut builder = tar::Builder::new(Vec::new());
        for (index, size) in sizes.iter().enumerate() {
            let mut header = tar::Header::new_ustar();
            header.set_size(*size as u64);
            let name = format!("crates/unused/RUSTSEC-2026-{index:04}.md");
            builder.append_data(&mut header, name, vec![b'x'; *size].as_slice()).unwrap();
        }
        let bytes = builder.into_inner().unwrap();
        let wanted = crate::Wanted::default();
        let mut collector = Collector::new(&wanted, date(2026, 11, 23));
        entries(&mut bytes.as_slice(), Path::new("db.tar"), &mut collector).map_err(|error| error.to_string())
    }

    #[test]
    fn what_unpacks_without_end_is_refused() {
        assert_eq!(walk(&[1_000; 100]), Ok(()));
        assert!(walk(&[1; 101]).unwrap_err().ends_with("more than 100 entries"));
        assert!(walk(&[600_000; 2]).unwrap_err().contains("unpacks to more than"));
        assert!(walk(&[2_000_000]).unwrap_err().contains("unpacks to more than"));
    }
}
