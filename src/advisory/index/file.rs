//! Where the bytes of an index are, and positioned reads of them.

use std::fs::File;
use std::io::{self, Cursor, Read as _};
#[cfg(not(unix))]
use std::io::{Seek as _, SeekFrom};

/// Where the bytes of an index are.
pub(super) enum Bytes {
    File(File),
    Memory(Cursor<Vec<u8>>),
}

impl Bytes {
    pub(super) fn read_at(&mut self, from: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        match self {
            #[cfg(unix)]
            Self::File(file) => std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, from)?,
            #[cfg(not(unix))]
            Self::File(file) => {
                file.seek(SeekFrom::Start(from))?;
                file.read_exact(&mut bytes)?;
            }
            Self::Memory(memory) => {
                memory.set_position(from);
                memory.read_exact(&mut bytes)?;
            }
        }
        Ok(bytes)
    }

    pub(super) fn length(&self) -> io::Result<u64> {
        Ok(match self {
            Self::File(file) => file.metadata()?.len(),
            Self::Memory(memory) => memory.get_ref().len() as u64,
        })
    }
}
