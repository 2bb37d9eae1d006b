//! Reads tar archives entry by entry, as the runtimes that unpack layers read them (Go's `archive/tar`).
//!
//! What is not asked for is skipped, which costs nothing where the archive is a plain file. Where the runtimes refuse an archive, and
//! where two readers could see different files in it, it is damaged.

mod extended;
mod header;

use std::fmt;
use std::io::{self, BufRead};

use self::extended::{Extended, HOLES};
use self::header::{BLOCK, Flag, Header};
use super::content::Stored;

/// Longest name, and longest list of values before an entry.
const LONGEST_EXTENSION: u64 = 1 << 20;

/// What an archive is read from.
pub(crate) trait Source: BufRead {
    /// Goes so many bytes further.
    fn skip(&mut self, count: u64) -> io::Result<()>;

    /// The content that follows, where it stands in a file as it is and need not be read here.
    fn stored(&mut self, _size: u64) -> Option<Stored> {
        None
    }
}

/// Why an archive can't be read.
#[derive(Debug)]
pub(crate) enum Damage {
    /// The file can't be read, or can't be unpacked.
    Unreadable(io::Error),
    /// It ends too early.
    CutOff,
    /// A header is wrong, a fragment.
    Header(&'static str),
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(formatter, "it can't be read: {error}"),
            Self::CutOff => formatter.write_str("it is cut off"),
            Self::Header(what) => write!(formatter, "an entry is damaged: {what}"),
        }
    }
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::CutOff } else { Self::Unreadable(error) }
    }
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A regular file.
    File,
    /// A regular file with holes, whose content is not what is stored.
    Sparse,
    /// A second name of another file.
    HardLink(Vec<u8>),
    /// A symbolic link.
    Symlink(Vec<u8>),
    /// A device or a pipe.
    Special,
    /// A folder.
    Folder,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its name, as it is stored.
    pub(crate) name: Vec<u8>,
    /// What it is.
    pub(crate) what: What,
    /// Length of its content in bytes.
    pub(crate) size: u64,
    /// Its permission bits.
    pub(crate) mode: u32,
}

/// An archive that is being read.
pub(crate) struct Tar<S> {
    source: S,
    /// Bytes of the entry's content that were not read, with the filling behind them.
    left: u64,
    filling: u64,
    /// Whether the mark at its end was met.
    has_end: bool,
}

impl<S: Source> Tar<S> {
    /// Begins to read.
    pub(crate) fn new(source: S) -> Self {
        Self { source, left: 0, filling: 0, has_end: false }
    }

    /// Whether the mark at its end was met; without it, the archive may be cut off between two entries.
    pub(crate) fn has_end(&self) -> bool {
        self.has_end
    }

    /// What it is read from.
    pub(crate) fn into_source(self) -> S {
        self.source
    }

    /// The source, which stands at the content of the entry; whoever reads from it says so with [`Tar::took`].
    pub(crate) fn source(&mut self) -> &mut S {
        &mut self.source
    }

    /// So many bytes of the entry's content were read.
    pub(crate) fn took(&mut self, count: u64) {
        self.left = self.left.saturating_sub(count);
    }

    /// The next entry; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Damage> {
        let (mut extended, mut long_name, mut long_target) = (None::<Extended>, None, None);
        loop {
            let rest = self.left + self.filling;
            if rest > 0 {
                self.source.skip(rest)?;
            }
            (self.left, self.filling) = (0, 0);
            let Some(header) = self.header()? else {
                let is_alone = extended.is_none() && long_name.is_none() && long_target.is_none();
                return if is_alone { Ok(None) } else { Err(Damage::Header("no entry follows its name")) };
            };
            match header.flag {
                Flag::LongName => long_name = Some(zero_ended(self.extension(&header)?)),
                Flag::LongTarget => long_target = Some(zero_ended(self.extension(&header)?)),
                Flag::Extended => extended = Some(Extended::read(&self.extension(&header)?)?),
                Flag::Global => Extended::read(&self.extension(&header)?)?.check_global()?,
                _ => {
                    let mut extended = extended.unwrap_or_default();
                    extended.path = long_name.or(extended.path);
                    extended.target = long_target.or(extended.target);
                    return self.entry(header, extended).map(Some);
                }
            }
        }
    }

    /// The next header; none at the mark at the end, or where the source ends.
    fn header(&mut self) -> Result<Option<Header>, Damage> {
        if self.source.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut block = [0; BLOCK];
        self.source.read_exact(&mut block)?;
        if let Some(header) = Header::read(&block)? {
            return Ok(Some(header));
        }
        self.has_end = true;
        // The mark is two empty blocks, of which the second may be missing.
        if self.source.fill_buf()?.is_empty() {
            return Ok(None);
        }
        self.source.read_exact(&mut block)?;
        match Header::read(&block) {
            Ok(None) => Ok(None),
            _ => Err(Damage::Header("one empty block stands before it")),
        }
    }

    /// The entry of a header, with what was said before it.
    fn entry(&mut self, header: Header, extended: Extended) -> Result<Entry, Damage> {
        let mut more = header.flag == Flag::Sparse && header.has_more_holes;
        while more {
            let mut block = [0; BLOCK];
            self.source.read_exact(&mut block)?;
            more = block.get(HOLES.flag).is_some_and(|flag| *flag != 0);
        }
        let is_content = matches!(header.flag, Flag::File | Flag::Sparse);
        let name = extended.path.unwrap_or(header.name);
        let target = extended.target.unwrap_or(header.target);
        let what = match header.flag {
            Flag::HardLink => What::HardLink(target),
            Flag::Symlink => What::Symlink(target),
            Flag::Folder => What::Folder,
            Flag::File | Flag::Sparse if name.ends_with(b"/") => What::Folder,
            Flag::File if !extended.is_sparse => What::File,
            Flag::File | Flag::Sparse => What::Sparse,
            _ => What::Special,
        };
        let size = if is_content { extended.size.unwrap_or(header.size) } else { 0 };
        self.content(size)?;
        Ok(Entry { name, what, size, mode: header.mode })
    }

    /// A text that belongs to the next entry.
    fn extension(&mut self, header: &Header) -> Result<Vec<u8>, Damage> {
        if header.size > LONGEST_EXTENSION {
            return Err(Damage::Header("its name is longer than 1 MiB"));
        }
        let mut bytes = vec![0; usize::try_from(header.size).unwrap_or_default()];
        self.source.read_exact(&mut bytes)?;
        self.content(header.size)?;
        self.left = 0;
        Ok(bytes)
    }

    /// So many bytes follow, filled up to whole blocks.
    fn content(&mut self, size: u64) -> Result<(), Damage> {
        let block = BLOCK as u64;
        let filling = (block - size % block) % block;
        if size > u64::MAX / 2 {
            return Err(Damage::Header("it is longer than any file"));
        }
        (self.left, self.filling) = (size, filling);
        Ok(())
    }
}

/// A name up to its first zero.
fn zero_ended(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
        bytes.truncate(end);
    }
    bytes
}

#[cfg(test)]
pub(crate) mod tests;
