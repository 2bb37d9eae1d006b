//! What a file contains, read as far as somebody asks.

use std::borrow::Cow;
use std::io;

/// What a file contains. Of a file in an uncompressed archive only what is asked for is read; of a stream everything up to that, and it
/// is kept until the file ends.
pub trait Content {
    /// Its length in bytes.
    fn size(&self) -> u64;

    /// The bytes of a range; fewer where the file ends before.
    ///
    /// # Errors
    ///
    /// The file can't be read, or so much of it was asked for that it would not fit the bound on memory.
    fn range(&mut self, offset: u64, length: usize) -> io::Result<Cow<'_, [u8]>>;

    /// Its first bytes; fewer where it is shorter.
    ///
    /// # Errors
    ///
    /// As [`Content::range`].
    fn head(&mut self, length: usize) -> io::Result<Cow<'_, [u8]>> {
        self.range(0, length)
    }

    /// All of it, where it is not longer than the limit in bytes; none where it is.
    ///
    /// # Errors
    ///
    /// As [`Content::range`].
    fn whole(&mut self, limit: u64) -> io::Result<Option<Cow<'_, [u8]>>> {
        if self.size() > limit {
            return Ok(None);
        }
        let length = usize::try_from(self.size()).map_err(io::Error::other)?;
        self.range(0, length).map(Some)
    }
}

/// Content that is in memory already: of files of a root folder, of members of archives, and in tests.
#[derive(Debug, Clone, Copy)]
pub struct InMemory<'a>(pub &'a [u8]);

impl Content for InMemory<'_> {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn range(&mut self, offset: u64, length: usize) -> io::Result<Cow<'_, [u8]>> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.0.get(offset..)).unwrap_or_default();
        Ok(Cow::Borrowed(rest.get(..length).unwrap_or(rest)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Content as _, InMemory};

    #[test]
    fn a_range_ends_where_the_file_ends() {
        let mut content = InMemory(b"abcdef");
        assert_eq!(&*content.range(2, 3).unwrap(), b"cde");
        assert_eq!(&*content.range(4, 9).unwrap(), b"ef");
        assert_eq!(&*content.range(9, 1).unwrap(), b"");
        assert_eq!(content.whole(5).unwrap(), None);
        assert_eq!(content.whole(6).unwrap().as_deref(), Some(&b"abcdef"[..]));
    }
}
