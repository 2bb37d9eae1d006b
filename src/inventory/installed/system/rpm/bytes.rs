//! Numbers in bytes, of either order.

/// The order of bytes in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// Two bytes as a number; none where they are not there.
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..)?.first_chunk().copied()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        })
    }

    /// Four bytes as a number; none where they are not there.
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..)?.first_chunk().copied()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }

    /// Four bytes as a length or a position.
    pub(super) fn size(self, bytes: &[u8], at: usize) -> Option<usize> {
        self.u32(bytes, at).and_then(|number| usize::try_from(number).ok())
    }
}

/// A part of some bytes; none where it is not all there.
pub(super) fn part(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(length)?)
}

/// Pages that were used: each may be used once, so that no chain of pages has no end and no page is part of two.
#[derive(Debug)]
pub(super) struct Pages(Vec<bool>);

impl Pages {
    /// Those of a file of that many pages.
    pub(super) fn new(count: usize) -> Self {
        Self(vec![false; count])
    }

    /// Uses a page, by its number from 0.
    pub(super) fn take(&mut self, page: usize) -> Result<(), String> {
        match self.0.get_mut(page) {
            Some(is_used @ false) => {
                *is_used = true;
                Ok(())
            }
            Some(true) => Err(format!("page {page} is used twice")),
            None => Err(format!("page {page} lies behind the end of the file, which may be cut off")),
        }
    }

    /// Whether a page was used.
    pub(super) fn is_taken(&self, page: usize) -> bool {
        self.0.get(page).is_some_and(|is_used| *is_used)
    }
}
