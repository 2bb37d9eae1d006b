//! The content of one file of a layer, read as far as somebody asks.

use std::borrow::Cow;
use std::io::{self, Read};

use super::region::Region;
use devops_inventory::installed::Content;

/// Most bytes of one file that are held in memory.
const MOST_HELD: u64 = 1 << 30;

/// Content that comes out of a stream, of which everything up to what was asked for is held.
pub(crate) struct Streamed<'a, S> {
    source: &'a mut S,
    size: u64,
    held: Vec<u8>,
}

impl<'a, S: Read> Streamed<'a, S> {
    /// The next `size` bytes of a stream.
    pub(crate) fn new(source: &'a mut S, size: u64) -> Self {
        Self { source, size, held: Vec::new() }
    }

    /// How many bytes of the stream were read.
    pub(crate) fn read(&self) -> u64 {
        self.held.len() as u64
    }
}

impl<S: Read> Content for Streamed<'_, S> {
    fn size(&self) -> u64 {
        self.size
    }

    fn range(&mut self, offset: u64, length: usize) -> io::Result<Cow<'_, [u8]>> {
        let end = offset.saturating_add(length as u64).min(self.size);
        let missing = end.saturating_sub(self.read());
        if end > MOST_HELD {
            return Err(io::Error::other(format!("more than {MOST_HELD} bytes of it would have to be held")));
        }
        if missing > 0 {
            // Grows with what is there, not with what a header says.
            let read = self.source.take(missing).read_to_end(&mut self.held)?;
            if (read as u64) < missing {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Cow::Borrowed(part(&self.held, offset, length)))
    }
}

/// Content that stands in a file as it is, of which only what was asked for is read.
pub(crate) struct Stored {
    region: Region,
}

impl Stored {
    /// A whole region.
    pub(crate) fn new(region: Region) -> Self {
        Self { region }
    }
}

impl Content for Stored {
    fn size(&self) -> u64 {
        self.region.length()
    }

    fn range(&mut self, offset: u64, length: usize) -> io::Result<Cow<'_, [u8]>> {
        let left = self.region.length().saturating_sub(offset);
        let length = left.min(length as u64);
        if length > MOST_HELD {
            return Err(io::Error::other(format!("more than {MOST_HELD} bytes of it would have to be held")));
        }
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        if self.region.read_at(offset, &mut bytes)? < bytes.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Cow::Owned(bytes))
    }
}

/// A file with holes, whose content is not what is stored: nobody reads it.
pub(crate) struct WithHoles(pub(crate) u64);

impl Content for WithHoles {
    fn size(&self) -> u64 {
        self.0
    }

    fn range(&mut self, _: u64, _: usize) -> io::Result<Cow<'_, [u8]>> {
        Err(io::Error::other("it is stored with holes, which is not read"))
    }
}

fn part(bytes: &[u8], offset: u64, length: usize) -> &[u8] {
    let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
    rest.get(..length).unwrap_or(rest)
}
