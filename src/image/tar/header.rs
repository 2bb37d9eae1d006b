//! The header of a tar entry: 512 bytes, by POSIX (ustar) and GNU.

use super::Damage;

/// Length of a header, and of the blocks that contents are filled up to.
pub(super) const BLOCK: usize = 512;

/// What an entry is, as its header says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    /// A regular file; a folder where its name ends with a slash.
    File,
    /// A second name of a file.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A device or a pipe.
    Special,
    /// A folder.
    Folder,
    /// A file of GNU tar with holes.
    Sparse,
    /// The long name of the next entry, by GNU.
    LongName,
    /// The long target of the next entry, by GNU.
    LongTarget,
    /// Values for the next entry, by POSIX.
    Extended,
    /// Values for all entries that follow, by POSIX.
    Global,
}

/// A header that was read.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) flag: Flag,
    /// The name, with the prefix of POSIX before it.
    pub(super) name: Vec<u8>,
    /// The target of a link.
    pub(super) target: Vec<u8>,
    /// Length of what follows the header, without filling.
    pub(super) size: u64,
    pub(super) mode: u32,
    /// Whether more of the map of holes follows in blocks of its own.
    pub(super) has_more_holes: bool,
}

impl Header {
    /// Reads a header; none where the block is empty.
    pub(super) fn read(block: &[u8; BLOCK]) -> Result<Option<Self>, Damage> {
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let field = |from: usize, length: usize| block.get(from..from + length).unwrap_or_default();
        let sum = number(field(148, 8)).ok_or(Damage::Header("its checksum is no number"))?;
        if sum != checksum(block) && sum != checksum_signed(block) {
            return Err(Damage::Header("its checksum is wrong"));
        }
        let magic = field(257, 8);
        let mut name = text(field(0, 100)).to_vec();
        // The archiver star has times behind a shorter prefix.
        let prefix = text(field(345, if field(508, 4) == b"tar\0" { 131 } else { 155 }));
        // GNU has times and a map of holes in the place of the prefix.
        if magic.starts_with(b"ustar\0") && !prefix.is_empty() {
            name = [prefix, b"/", &name].concat();
        }
        let flag = match field(156, 1).first().copied().unwrap_or_default() {
            0 | b'0' | b'7' => Flag::File,
            b'1' => Flag::HardLink,
            b'2' => Flag::Symlink,
            b'3' | b'4' | b'6' => Flag::Special,
            b'5' => Flag::Folder,
            b'S' => Flag::Sparse,
            b'L' => Flag::LongName,
            b'K' => Flag::LongTarget,
            b'x' | b'X' => Flag::Extended,
            b'g' => Flag::Global,
            _ => return Err(Damage::Header("it is of a kind that images don't have")),
        };
        Ok(Some(Self {
            flag,
            name,
            target: text(field(157, 100)).to_vec(),
            size: number(field(124, 12)).ok_or(Damage::Header("its length is no number"))?,
            // A mode that is no number is none: it says nothing about where bytes are.
            mode: number(field(100, 8)).and_then(|mode| u32::try_from(mode & 0o7777).ok()).unwrap_or(0),
            has_more_holes: field(482, 1) != [0],
        }))
    }
}

/// A text up to its first zero.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number: octal digits between spaces and zeros, or where its first bit is set, a positive one to the base of 256.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        if *first != 0x80 {
            // Negative, or longer than any file.
            return None;
        }
        return rest
            .iter()
            .try_fold(0_u64, |sum, byte| (sum >> 56 == 0).then(|| sum << 8 | u64::from(*byte)));
    }
    let is_filling = |byte: &u8| *byte == b' ' || *byte == 0;
    let start = field.iter().position(|byte| !is_filling(byte)).unwrap_or(field.len());
    let digits = field.get(start..)?;
    let end = digits.iter().position(is_filling).unwrap_or(digits.len());
    let (digits, filling) = digits.split_at_checked(end)?;
    if !filling.iter().all(is_filling) {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 8)?;
        (sum >> 61 == 0).then(|| sum << 3 | u64::from(digit))
    })
}

/// The sum of all bytes, with spaces in the place of the sum itself.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    let byte = |(at, byte): (usize, &u8)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) };
    block.iter().enumerate().map(byte).sum()
}

/// The same as old programs count it, with bytes from -128 to 127.
fn checksum_signed(block: &[u8; BLOCK]) -> u64 {
    let above =
        block.iter().enumerate().filter(|(at, byte)| !(148..156).contains(at) && **byte > 127).count();
    checksum(block).wrapping_sub(256 * above as u64)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_octal_or_long() {
        for (field, expected) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"77777777777\0", Some(0o77_777_777_777)),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\0", Some(0x2_0000_0000)),
            (b"\x80\0\0\0\x01\0\0\0\0\0\0\0\0", None),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"0000 644", None),
            (b"0000948\0", None),
        ] {
            assert_eq!(number(field), expected, "{field:?}");
        }
    }
}
