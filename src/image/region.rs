//! A part of a file: a blob of a layout, or a member of an archive.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use devops_core::Error;

/// Bytes that are read at once where somebody walks over headers: enough for those of several small files.
const WINDOW: usize = 16 << 10;

/// A part of a file that is read at given places, by several threads if need be.
#[derive(Debug, Clone)]
pub struct Region {
    file: Arc<File>,
    offset: u64,
    length: u64,
    label: Arc<str>,
}

impl Region {
    /// A whole regular file.
    ///
    /// # Errors
    /// Where it can't be opened, or is no regular file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let unreadable = |error| Error::unreadable(path, error);
        let file = devops_files::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        Ok(Self { file: Arc::new(file), offset: 0, length, label: path.to_string_lossy().into() })
    }

    /// A part of this one, under its own name; none where it does not lie within.
    pub fn part(&self, name: &str, offset: u64, length: u64) -> Option<Self> {
        let end = offset.checked_add(length)?;
        (end <= self.length).then(|| Self {
            file: Arc::clone(&self.file),
            offset: self.offset + offset,
            length,
            label: format!("{}: {name}", self.label).into(),
        })
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// What reports call it: the path of the file, with the member's name behind it.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Fills the buffer from this place; how many bytes there were before the end.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let Some(buffer) = buffer.get_mut(..wanted) else { return Ok(0) };
        devops_files::read_at(&self.file, self.offset.saturating_add(offset), buffer)
    }

    /// All of it, where it is not longer than the limit.
    ///
    /// # Errors
    /// Where it is longer, can't be read, or the file ends before the part does.
    pub fn whole(&self, limit: u64) -> io::Result<Vec<u8>> {
        if self.length > limit {
            return Err(io::Error::other(format!("it has more than {limit} bytes")));
        }
        let mut bytes = vec![0; usize::try_from(self.length).map_err(io::Error::other)?];
        let count = self.read_at(0, &mut bytes)?;
        if count < bytes.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }

    /// Reads it from its beginning.
    pub fn reader(&self) -> RegionReader {
        RegionReader { region: self.clone(), position: 0, window: Vec::new(), used: 0 }
    }
}

/// Reads a region from its beginning; what is skipped is not read.
#[derive(Debug)]
pub struct RegionReader {
    region: Region,
    /// Where the next window begins.
    position: u64,
    window: Vec<u8>,
    used: usize,
}

impl RegionReader {
    /// Where it is.
    pub fn position(&self) -> u64 {
        self.position - (self.window.len() - self.used) as u64
    }

    /// Goes so many bytes further, which may be behind the end.
    pub fn skip(&mut self, count: u64) {
        let held = (self.window.len() - self.used) as u64;
        if count < held {
            self.used += usize::try_from(count).unwrap_or_default();
        } else {
            self.position = self.position.saturating_add(count - held);
            self.window.clear();
            self.used = 0;
        }
    }

    /// What is read.
    pub fn region(&self) -> &Region {
        &self.region
    }
}

impl Read for RegionReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used == self.window.len() && buffer.len() >= WINDOW {
            let count = self.region.read_at(self.position, buffer)?;
            self.position += count as u64;
            return Ok(count);
        }
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for RegionReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.window.len() {
            self.window.resize(WINDOW, 0);
            self.used = 0;
            let count = self.region.read_at(self.position, &mut self.window);
            // Nothing is held where reading failed.
            self.window.truncate(*count.as_ref().unwrap_or(&0));
            self.position += count? as u64;
        }
        Ok(self.window.get(self.used..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.used = self.window.len().min(self.used + count);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::{Region, WINDOW};

    #[test]
    fn a_part_ends_where_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let bytes: Vec<u8> = (0..3 * WINDOW).map(|number| u8::try_from(number % 251).unwrap()).collect();
        std::fs::write(&path, &bytes).unwrap();
        let whole = Region::open(&path).unwrap();
        assert!(whole.part("a", 10, bytes.len() as u64).is_none());
        assert!(whole.part("a", u64::MAX, 2).is_none());
        let part = whole.part("a", 10, (2 * WINDOW) as u64).unwrap();
        assert_eq!(part.whole(u64::MAX).unwrap(), bytes[10..10 + 2 * WINDOW]);
        assert!(part.whole(5).is_err());
        let mut reader = part.reader();
        let mut some = [0; 7];
        reader.read_exact(&mut some).unwrap();
        assert_eq!((some.as_slice(), reader.position()), (&bytes[10..17], 7));
        reader.skip(3);
        reader.read_exact(&mut some).unwrap();
        assert_eq!((some.as_slice(), reader.position()), (&bytes[20..27], 17));
        reader.skip(WINDOW as u64);
        reader.read_exact(&mut some).unwrap();
        assert_eq!(some.as_slice(), &bytes[27 + WINDOW..34 + WINDOW]);
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, bytes[34 + WINDOW..10 + 2 * WINDOW]);
    }
}
