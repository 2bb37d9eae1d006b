//! Reading up to a bound, whatever length the system tells: that of a device or of a file of `/proc` is 0.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;

use super::open::{open, open_itself};

/// Most bytes of a configuration or of another file that people write.
pub const WRITTEN_BY_HAND: u64 = 8 << 20;

/// A file that is read up to a bound, and no further.
#[derive(Debug)]
pub struct Bounded<R> {
    inner: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Bounded<R> {
    /// Reads at most so many bytes; a source that has more is an error when they are met.
    pub fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit, limit }
    }
}

impl Bounded<File> {
    /// The length that the system tells now: good for choosing a way to read, never for where to end.
    pub fn told_length(&self) -> u64 {
        self.inner.metadata().map_or(0, |known| known.len())
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| too_large(self.limit))?;
        Ok(count)
    }
}

/// Opens a regular file to be read up to a bound. One that is known to be longer is refused at once.
///
/// # Errors
/// Where it can't be opened, is not a regular file or is too large.
pub fn open_within(path: &Path, limit: u64) -> io::Result<Bounded<File>> {
    within(open(path)?, limit)
}

/// The same, where `path` itself is no link.
///
/// # Errors
/// As [`open_within`], and where it is a link.
pub fn open_itself_within(path: &Path, limit: u64) -> io::Result<Bounded<File>> {
    within(open_itself(path)?, limit)
}

/// Reads a regular file of at most so many bytes, through links.
///
/// # Errors
/// Where it can't be read, is not a regular file or is too large.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    whole(within(open(path)?, limit)?)
}

/// The same, where `path` itself is no link.
///
/// # Errors
/// As [`read`], and where it is a link.
pub fn read_itself(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    whole(within(open_itself(path)?, limit)?)
}

/// Reads a text in UTF-8 of at most so many bytes, through links.
///
/// # Errors
/// As [`read`], and where it is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read(path, limit)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads the last bytes of a file that may be longer; `path` itself is no link.
///
/// # Errors
/// Where it can't be read or is not a regular file.
pub fn read_end(path: &Path, amount: u64) -> io::Result<Vec<u8>> {
    let mut file = open_itself(path)?;
    let from = file.metadata()?.len().saturating_sub(amount);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(amount).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn within(file: File, limit: u64) -> io::Result<Bounded<File>> {
    if file.metadata()?.len() > limit {
        return Err(too_large(limit));
    }
    Ok(Bounded::new(file, limit))
}

fn whole(mut file: Bounded<File>) -> io::Result<Vec<u8>> {
    // At most the limit; one byte more, so that the end is met without growing.
    let mut bytes =
        Vec::with_capacity(usize::try_from(file.told_length().min(file.limit) + 1).unwrap_or_default());
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn too_large(limit: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {}", size(limit)))
}

/// A limit in the largest unit that it is a multiple of.
fn size(limit: u64) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if limit >= unit && limit.is_multiple_of(unit) {
            return format!("{} {name}", limit / unit);
        }
    }
    format!("{limit} bytes")
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;

    use super::{Bounded, open_within, read, read_end, read_text};

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(read(&path, 3).unwrap(), b"abc");
        assert_eq!(read(&path, 2).unwrap_err().to_string(), "it is larger than 2 bytes");
        assert!(read(&folder.path().join("b"), 2).is_err());
        assert_eq!(read_end(&path, 2).unwrap(), b"bc");
        assert_eq!(read_end(&path, 9).unwrap(), b"abc");
        std::fs::write(&path, b"\xff").unwrap();
        assert!(read_text(&path, 2).is_err());
    }

    #[test]
    fn a_length_is_never_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(open_within(&path, 8 << 20).unwrap_err().to_string(), "it is larger than 8 MiB");
        assert_eq!(open_within(&path, 4 << 30).unwrap_err().to_string(), "it is larger than 4 GiB");
        let mut endless = Bounded::new(std::io::repeat(b' '), 1 << 10);
        let trouble = endless.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(trouble.to_string(), "it is larger than 1 KiB");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_says_it_is_empty_is_read() {
        let path = std::path::Path::new("/proc/self/status");
        assert_eq!(std::fs::metadata(path).unwrap().len(), 0);
        assert!(!read(path, 1 << 20).unwrap().is_empty());
        assert!(read(path, 16).is_err());
    }
}
