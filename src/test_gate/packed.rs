//! Files that are packed: a report in gzip is unpacked on the way, an archive is named with what to do.
//!
//! Recognised by the first bytes and never by the name. Knows no report format.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::detect::Unrecognised;
use devops_core::words::bytes;

/// Maximum number of bytes that a packed report may have: one of a million tests has less than a fifth of it.
const MOST: u64 = if cfg!(test) { 16 << 20 } else { 1 << 30 };

/// Endings of archives, which are never looked into.
const ARCHIVES: [&str; 9] = [".zip", ".tar", ".tgz", ".tar.gz", ".7z", ".rar", ".xz", ".bz2", ".zst"];

/// Whether a file's name says that it is an archive.
pub(super) fn is_archive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ARCHIVES.iter().any(|ending| name.ends_with(ending))
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// One file in gzip.
    Gzip,
    /// Anything else: what it is called, and what unpacks it.
    Other(&'static str, &'static str),
}

impl Packing {
    /// How a file that begins in this way is packed.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        Some(match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Other("a zip archive", "unzip"),
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => Self::Other("a bzip2 file", "bunzip2"),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Other("an xz file", "unxz"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Other("a Zstandard file", "unzstd"),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Self::Other("a 7z archive", "7z x"),
            [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => Self::Other("a RAR archive", "unrar x"),
            _ if head.get(257..262) == Some(b"ustar") => Self::Other("a tar archive", "tar -xf"),
            _ => return None,
        })
    }

    /// What is to be said of a file that is packed so, within `around`.
    pub(super) fn unrecognised(self, around: Option<Self>) -> Unrecognised {
        let (what, command) = match (self, around) {
            // Tar unpacks both in one.
            (Self::Other(what, command), None | Some(Self::Other(..))) => (what.to_owned(), command),
            (Self::Other(what, "tar -xf"), Some(Self::Gzip)) => (format!("{what} in gzip"), "tar -xzf"),
            (Self::Other(what, _), Some(Self::Gzip)) => (format!("{what} in gzip"), "gunzip"),
            (Self::Gzip, _) => ("gzip in gzip".to_owned(), "gunzip"),
        };
        let what = format!("{what}: unpack it first, e.g. with `{command}`, and give the reports in it");
        Unrecognised { what, may_stand_by: true, is_text: false }
    }
}

/// What a file in gzip holds, and no more than a report can have.
pub(super) fn unpacked<R: Read>(source: R) -> impl Read {
    Bounded { inner: MultiGzDecoder::new(source), left: MOST }
}

/// Reads no more than it may.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::other(format!("it unpacks to more than {}: unpack it first", bytes(MOST)))
        })?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::{Packing, is_archive};
    use crate::attempts::State;
    use crate::collector::Keep;
    use crate::read::{Content, content};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Content {
        content(&mut &*bytes, "a", Keep::default())
    }

    /// Tests, failed tests and what could not be understood.
    fn told(bytes: &[u8]) -> (u64, u64, String) {
        match read(bytes) {
            Content::Tests(reading) => {
                let troubles = reading.troubles.kept().iter().map(|trouble| trouble.what.clone());
                let (tests, failed) = (reading.counts.tests(), reading.counts.of(State::Failed));
                (tests, failed, troubles.collect::<Vec<_>>().join(", "))
            }
            Content::Unknown(unrecognised) => (0, 0, unrecognised.what),
            other => panic!("{other:?}"),
        }
    }

    const REPORT: &[u8] =
        b"<testsuite><testcase name='a'/><testcase name='b'><failure/></testcase></testsuite>\n";

    #[test]
    fn a_report_in_gzip_is_read() {
        assert_eq!(told(&gzip(REPORT)), (2, 1, String::new()));
        // Parts that were packed apart are one file.
        let (one, other) = REPORT.split_at(40);
        assert_eq!(told(&[gzip(one), gzip(other)].concat()), (2, 1, String::new()));
        let events = b"{\"Action\":\"start\",\"Package\":\"a\"}\n{\"Action\":\"run\",\"Package\":\"a\",\"Test\":\"T\"}\n{\"Action\":\"pass\",\"Package\":\"a\",\"Test\":\"T\"}\n{\"Action\":\"pass\",\"Package\":\"a\"}\n";
        assert_eq!(told(&gzip(events)), (1, 0, String::new()));
    }

    #[test]
    fn no_beginning_of_a_packed_report_is_green() {
        let green = gzip(b"<testsuite><testcase name='a'/></testsuite>\n");
        assert_eq!(told(&green).2, "");
        for length in 0..green.len() {
            let (_, _, troubles) = told(&green[..length]);
            let is_empty =
                matches!(read(&green[..length]), Content::Tests(reading) if reading.counts.tests() == 0);
            assert!(!troubles.is_empty() || is_empty, "{length}");
        }
        let mut damaged = green.clone();
        let last = damaged.len() - 6;
        damaged[last] ^= 1;
        assert!(told(&damaged).2.contains("can't be read"), "{:?}", told(&damaged));
        assert!(told(&[green, b"rest".to_vec()].concat()).2.contains("can't be read"));
    }

    #[test]
    fn archives_are_named_with_what_to_do() {
        let mut tar = vec![0; 1024];
        tar[257..262].copy_from_slice(b"ustar");
        for (bytes, words) in [
            (b"PK\x03\x04rest".to_vec(), "a zip archive: unpack it first, e.g. with `unzip`"),
            (tar.clone(), "a tar archive: unpack it first, e.g. with `tar -xf`"),
            (gzip(&tar), "a tar archive in gzip: unpack it first, e.g. with `tar -xzf`"),
            (gzip(&gzip(REPORT)), "gzip in gzip: unpack it first, e.g. with `gunzip`"),
            (gzip(b"PK\x03\x04rest"), "a zip archive in gzip: unpack it first"),
        ] {
            let told = told(&bytes);
            assert!(told.2.starts_with(words), "{told:?}");
        }
        assert_eq!(Packing::of(b"BZh is how a text may begin"), None);
        assert!(is_archive("a/b.ZIP") && is_archive("a.tar.gz") && !is_archive("a.xml.gz"));
    }

    #[test]
    fn what_unpacks_without_end_is_refused() {
        let bomb = [b"<testsuite><testcase name='a'/><!--".to_vec(), vec![b'x'; 17 << 20]].concat();
        assert!(told(&gzip(&bomb)).2.contains("it unpacks to more than 16.8 MB"), "{:?}", told(&gzip(&bomb)));
    }
}
