//! rpm's own database, `Packages.db`: slots that point to blocks, each of which holds a header with a checksum.

use super::bytes::{Order, part};

/// The length of a block and of a slot.
const BLOCK: usize = 16;
/// The length of a page of slots.
const PAGE: usize = 4096;
/// What stands before and behind a header.
const HEAD: usize = 16;
const TAIL: usize = 12;

/// The headers in a database.
pub(super) fn headers(file: &[u8]) -> Result<Vec<&[u8]>, String> {
    let number = |at: usize| Order::Little.size(file, at).ok_or("the file is cut off");
    if !is_ndb(file) {
        return Err("the file does not begin like rpm's own database".to_owned());
    }
    let version = number(4)?;
    if version != 0 {
        return Err(format!("version {version} of the database format is unknown"));
    }
    let slots = number(12)?
        .checked_mul(PAGE)
        .and_then(|length| part(file, 0, length))
        .ok_or("the file is cut off")?;
    if slots.is_empty() || !file.len().is_multiple_of(BLOCK) {
        return Err("the file is cut off".to_owned());
    }
    let mut headers = Vec::new();
    let mut used = vec![false; file.len() / BLOCK];
    // The first two slots are the head of the file.
    for slot in slots.chunks_exact(BLOCK).skip(2) {
        let field = |at: usize| Order::Little.size(slot, at).unwrap_or_default();
        if !slot.starts_with(b"Slot") {
            return Err("a slot is damaged".to_owned());
        }
        let (package, offset, count) = (field(4), field(8), field(12));
        if offset == 0 {
            if package != 0 || count != 0 {
                return Err("a slot is damaged".to_owned());
            }
            continue;
        }
        if package == 0 || count == 0 || offset < slots.len() / BLOCK {
            return Err("a slot is damaged".to_owned());
        }
        let blocks =
            used.get_mut(offset..).and_then(|rest| rest.get_mut(..count)).ok_or("the file is cut off")?;
        if blocks.contains(&true) {
            return Err("two packages use the same block".to_owned());
        }
        blocks.fill(true);
        let blob = part(file, offset * BLOCK, count * BLOCK).ok_or("the file is cut off")?;
        let header =
            header(blob, package).ok_or_else(|| format!("the package in block {offset} is damaged"))?;
        headers.push(header);
    }
    // rpm overwrites what it removes: a package without a slot has lost it.
    let blocks = file.chunks_exact(BLOCK).zip(used).skip(slots.len() / BLOCK);
    if blocks.into_iter().any(|(block, is_used)| !is_used && block.starts_with(b"BlbS")) {
        return Err("a package has no slot".to_owned());
    }
    Ok(headers)
}

/// Whether a file begins like such a database.
pub(in super::super) fn is_ndb(head: &[u8]) -> bool {
    head.starts_with(b"RpmP")
}

/// The header in its blocks, where everything around it fits.
fn header(blob: &[u8], package: usize) -> Option<&[u8]> {
    let length = Order::Little.size(blob, 12)?;
    let tail = blob.len().checked_sub(TAIL)?;
    let fits = blob.starts_with(b"BlbS")
        && Order::Little.size(blob, 4)? == package
        && (HEAD + TAIL).checked_add(length)?.div_ceil(BLOCK) == blob.len() / BLOCK
        && Order::Little.size(blob, tail + 4)? == length
        && blob.ends_with(b"BlbE")
        && Order::Little.u32(blob, tail)? == adler_32(blob.get(..tail)?);
    if fits { part(blob, HEAD, length) } else { None }
}

/// The checksum of zlib.
fn adler_32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut low, mut high) = (1, 0);
    // So many bytes fit the sums.
    for chunk in bytes.chunks(5552) {
        for byte in chunk {
            low += u32::from(*byte);
            high += low;
        }
        low %= MODULUS;
        high %= MODULUS;
    }
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::adler_32;

    #[test]
    fn the_checksum_is_that_of_zlib() {
        assert_eq!(adler_32(b""), 1);
        assert_eq!(adler_32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler_32(&vec![0xff; 100_000]), 0x149a_302c);
    }
}
