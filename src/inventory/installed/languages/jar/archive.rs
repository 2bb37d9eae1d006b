//! A zip, of which only the central directory and the entries that matter are read.

use std::io::{self, Read as _};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::super::super::Content;
use super::super::Trouble;
use crate::document::Damage;

/// Longest comment behind the directory.
const LONGEST_COMMENT: u64 = 0xffff;
/// Length of the record at the end, and of the one before it that leads to the directory of a large archive.
const END: u64 = 22;
const LOCATOR: u64 = 20;
/// Largest central directory that is read.
const LARGEST_DIRECTORY: u64 = 128 << 20;
/// Most files in one archive.
const MOST_ENTRIES: u64 = 1_000_000;

/// A file of an archive.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its path.
    pub(super) name: String,
    /// Its length when it is unpacked.
    pub(super) size: u64,
    method: u16,
    is_encrypted: bool,
    packed: u64,
    crc: u32,
    offset: u64,
}

fn damaged(what: impl Into<String>) -> Trouble {
    Damage::new(0, what).into()
}

/// Numbers and texts, in their order.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, count: usize) -> Option<u64> {
        Some(self.take(count)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn short(&mut self) -> Option<usize> {
        self.number(2).and_then(|number| usize::try_from(number).ok())
    }
}

/// What the record at the end says.
struct End {
    entries: u64,
    size: u64,
    offset: u64,
    /// Where the directory ends.
    at: u64,
}

/// The files of an archive, as its central directory has them; none where it is no archive at all.
pub(super) fn entries(content: &mut dyn Content) -> Result<Option<Vec<Entry>>, Trouble> {
    let Some(end) = end(content)? else { return Ok(None) };
    let cut = || damaged("has a central directory that is cut off or damaged");
    if end.entries > MOST_ENTRIES || end.size > LARGEST_DIRECTORY {
        return Err(damaged(format!("has more than {MOST_ENTRIES} files")));
    }
    // A script may stand before the archive, which places don't count.
    let start = end.at.checked_sub(end.size).ok_or_else(cut)?;
    let before = start.checked_sub(end.offset).ok_or_else(cut)?;
    let length = usize::try_from(end.size).map_err(|_| cut())?;
    let bytes = content.range(start, length)?;
    if bytes.len() != length {
        return Err(cut());
    }
    let mut fields = Fields(&bytes);
    let mut entries = Vec::new();
    for _ in 0..end.entries {
        let mut entry = entry(&mut fields).ok_or_else(cut)?;
        entry.offset = entry.offset.checked_add(before).filter(|offset| *offset < start).ok_or_else(cut)?;
        entries.push(entry);
    }
    // What stands behind the last entry could be one that is not counted.
    if fields.0.is_empty() { Ok(Some(entries)) } else { Err(cut()) }
}

/// The record at the end; none where there is none.
fn end(content: &mut dyn Content) -> Result<Option<End>, Trouble> {
    let size = content.size();
    // Most archives have no comment, so that few bytes are enough.
    for tail in [END, END + LONGEST_COMMENT] {
        let start = size.saturating_sub(tail);
        let length = usize::try_from(size - start).unwrap_or_default();
        let bytes = content.range(start, length)?.into_owned();
        let read = |at: usize| {
            let mut fields = Fields(bytes.get(at..)?);
            if fields.number(4)? != 0x0605_4b50 {
                return None;
            }
            let (disk, first, here, entries) =
                (fields.short()?, fields.short()?, fields.number(2)?, fields.number(2)?);
            let (size, offset, comment) = (fields.number(4)?, fields.number(4)?, fields.short()?);
            let is_end = comment == fields.0.len() && disk == first && here == entries;
            is_end.then_some(End { entries, size, offset, at: start + at as u64 })
        };
        if let Some(mut end) = (0..bytes.len()).rev().find_map(read) {
            if let Some(place) = end.at.checked_sub(LOCATOR)
                && let locator = content.range(place, 20)?.into_owned()
                && locator.starts_with(b"PK\x06\x07")
            {
                end = large_end(content, &locator, place)?;
            }
            return Ok(Some(end));
        }
    }
    Ok(None)
}

/// The record at the end of an archive that is too large for the plain one.
fn large_end(content: &mut dyn Content, locator: &[u8], before: u64) -> Result<End, Trouble> {
    let wrong = || damaged("has a central directory that is cut off or damaged");
    let mut fields = Fields(locator.get(8..).unwrap_or_default());
    let said = fields.number(8).ok_or_else(wrong)?;
    // Before the locator, where a script stands before the archive.
    for at in [said, before.saturating_sub(56)] {
        let record = content.range(at, 56)?.into_owned();
        let mut fields = Fields(&record);
        if fields.number(4) == Some(0x0606_4b50) {
            let mut read = || {
                fields.take(28)?;
                Some((fields.number(8)?, fields.number(8)?, fields.number(8)?))
            };
            let (entries, size, offset) = read().ok_or_else(wrong)?;
            return Ok(End { entries, size, offset, at });
        }
    }
    Err(wrong())
}

/// An entry of the directory.
fn entry(fields: &mut Fields<'_>) -> Option<Entry> {
    if fields.number(4)? != 0x0201_4b50 {
        return None;
    }
    fields.take(4)?;
    let (flags, method) = (fields.number(2)?, fields.number(2)?);
    fields.take(4)?;
    let crc = u32::try_from(fields.number(4)?).ok()?;
    let (mut packed, mut size) = (fields.number(4)?, fields.number(4)?);
    let (name, extra, comment) = (fields.short()?, fields.short()?, fields.short()?);
    fields.take(8)?;
    let mut offset = fields.number(4)?;
    let name = String::from_utf8_lossy(fields.take(name)?).into_owned();
    let mut extra = Fields(fields.take(extra)?);
    fields.take(comment)?;
    while extra.0.len() >= 4 {
        let (kind, length) = (extra.number(2)?, extra.short()?);
        // Some tools align with what is no field.
        let Some(field) = extra.take(length) else { break };
        let mut field = Fields(field);
        if kind == 1 {
            for number in [&mut size, &mut packed, &mut offset] {
                if *number == 0xffff_ffff {
                    *number = field.number(8)?;
                }
            }
        }
    }
    let method = u16::try_from(method).ok()?;
    Some(Entry { name, size, method, is_encrypted: flags & 1 != 0, packed, crc, offset })
}

impl Entry {
    fn damaged(&self, what: &str) -> Trouble {
        damaged(format!("has a file `{}` that {what}", self.name))
    }

    /// Where its bytes start.
    fn start(&self, content: &mut dyn Content) -> Result<u64, Trouble> {
        if self.is_encrypted {
            return Err(self.damaged("is encrypted"));
        }
        let header = content.range(self.offset, 30)?.into_owned();
        let mut fields = Fields(&header);
        let signature = fields.number(4);
        fields.take(22);
        match (signature, fields.number(2), fields.number(2)) {
            (Some(0x0403_4b50), Some(name), Some(extra)) => Ok(self.offset.saturating_add(30 + name + extra)),
            _ => Err(self.damaged("is not where the central directory says")),
        }
    }

    /// Its place, where it is not packed.
    pub(super) fn stored(&self, content: &mut dyn Content) -> Result<Option<u64>, Trouble> {
        if self.method != 0 {
            return Ok(None);
        }
        let start = self.start(content)?;
        let is_inside = start.checked_add(self.size).is_some_and(|end| end <= content.size());
        if is_inside && self.size == self.packed { Ok(Some(start)) } else { Err(self.damaged("is cut off")) }
    }

    /// Its bytes, unpacked: all of them, or where it is longer its beginning, which has no checksum of its own.
    pub(super) fn beginning(&self, content: &mut dyn Content, limit: u64) -> Result<Vec<u8>, Trouble> {
        let start = self.start(content)?;
        let wanted = self.size.min(limit);
        let mut bytes = Vec::new();
        match self.method {
            0 => bytes.extend_from_slice(&content.range(start, usize::try_from(wanted).unwrap_or_default())?),
            8 => {
                // What is packed can be longer than what it is unpacked to, but not by much.
                let packed = self.packed.min(limit.saturating_mul(2).saturating_add(4096));
                let packed = content.range(start, usize::try_from(packed).unwrap_or_default())?;
                let read =
                    DeflateDecoder::new(&*packed).take(wanted.saturating_add(1)).read_to_end(&mut bytes);
                read.map_err(|error: io::Error| self.damaged(&format!("is damaged: {error}")))?;
                if self.size <= limit && bytes.len() as u64 > self.size {
                    return Err(self.damaged("is longer than the central directory says"));
                }
                bytes.truncate(usize::try_from(wanted).unwrap_or_default());
            }
            _ => return Err(self.damaged("is packed by an unknown method")),
        }
        if (bytes.len() as u64) < wanted {
            return Err(self.damaged("is cut off"));
        }
        if self.size <= limit {
            let mut crc = Crc::new();
            crc.update(&bytes);
            if crc.sum() != self.crc {
                return Err(self.damaged("is damaged: its checksum differs"));
            }
        }
        Ok(bytes)
    }
}
