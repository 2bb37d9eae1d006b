//! A zip file, read entry by entry: sizes, names and checksums are those of its central directory, which must be whole.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;

/// Most entries.
const MOST_ENTRIES: u64 = 4_000_000;
/// Longest central directory: 4,000,000 entries with names of 40 characters.
const LONGEST_DIRECTORY: u64 = 512 << 20;
/// Longest comment behind the directory.
const LONGEST_COMMENT: u64 = 0xffff;

/// A file of the zip.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// Its name, with `/`.
    pub(super) name: &'a str,
    /// Its length when it is unpacked.
    pub(super) size: u64,
    method: u16,
    flags: u16,
    packed: u64,
    crc: u32,
    offset: u64,
}

/// A zip whose directory was read.
#[derive(Debug)]
pub(super) struct Zip<S> {
    source: BufReader<S>,
    directory: Vec<u8>,
    entries: u64,
    /// Where the directory starts: every entry ends before.
    end: u64,
}

/// Takes each file, with its bytes unless it is too long.
pub(super) type Take<'a, E> = &'a mut dyn FnMut(&Entry<'_>, Option<&[u8]>) -> Result<(), E>;

fn bad(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.into())
}

/// Numbers and texts out of bytes.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| bad("its directory is cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self, count: usize) -> io::Result<u64> {
        Ok(self.take(count)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn short(&mut self) -> io::Result<u16> {
        Ok(u16::from_le_bytes(self.take(2)?.try_into().map_err(|_| bad("is cut off"))?))
    }
}

impl<S: Read + Seek> Zip<S> {
    /// Reads the central directory.
    ///
    /// # Errors
    /// Where it is not a zip, is cut off or asks for more than is reasonable.
    pub(super) fn open(mut source: S) -> io::Result<Self> {
        let length = source.seek(SeekFrom::End(0))?;
        let tail = read_at(&mut source, length.saturating_sub(LONGEST_COMMENT + 22 + 20), length)?;
        // The end record is the last whose comment reaches to the end of the file.
        let is_end = |at: &usize| {
            let Some(mut fields) = tail.get(*at..).map(Fields) else { return false };
            fields.number(4).is_ok_and(|signature| signature == 0x0605_4b50)
                && fields.take(16).is_ok()
                && fields.number(2).is_ok_and(|comment| comment == fields.0.len() as u64)
        };
        let at = (0..tail.len())
            .rev()
            .find(is_end)
            .ok_or_else(|| bad("it has no end record: it is cut off, or no zip"))?;
        let end_at = length - (tail.len() - at) as u64;
        let mut fields = Fields(tail.get(at + 4..).unwrap_or_default());
        let (disk, start_disk) = (fields.number(2)?, fields.number(2)?);
        let (here, mut entries) = (fields.number(2)?, fields.number(2)?);
        let (mut size, mut offset) = (fields.number(4)?, fields.number(4)?);
        if disk != start_disk || here != entries {
            return Err(bad("it is in several parts"));
        }
        let mut directory_end = end_at;
        let locator = at.checked_sub(20).and_then(|at| tail.get(at..at + 20)).unwrap_or_default();
        if locator.starts_with(b"PK\x06\x07") {
            let mut fields = Fields(locator.get(8..).unwrap_or_default());
            let place = fields.number(8)?;
            let record = read_at(&mut source, place, place.saturating_add(56))?;
            let mut fields = Fields(&record);
            if fields.number(4)? != 0x0606_4b50 {
                return Err(bad("its Zip64 record is not where it should be"));
            }
            fields.take(28)?;
            entries = fields.number(8)?;
            size = fields.number(8)?;
            offset = fields.number(8)?;
            directory_end = place;
        }
        if entries > MOST_ENTRIES || size > LONGEST_DIRECTORY {
            return Err(bad(format!("it has more than {MOST_ENTRIES} entries")));
        }
        if offset.checked_add(size) != Some(directory_end) {
            return Err(bad("its directory is not where it should be"));
        }
        let directory = read_at(&mut source, offset, directory_end)?;
        Ok(Self { source: BufReader::with_capacity(1 << 16, source), directory, entries, end: offset })
    }

    /// Gives each file to `take`, with its bytes where it is no longer than `largest`.
    ///
    /// # Errors
    /// Where an entry is damaged, leads out of the archive or can't be read, or `take` fails.
    pub(super) fn each<E: From<io::Error>>(&mut self, largest: u64, take: Take<'_, E>) -> Result<(), E> {
        let mut fields = Fields(&self.directory);
        let mut bytes = Vec::new();
        for _ in 0..self.entries {
            let entry = entry(&mut fields)?;
            if entry.name.ends_with('/') && entry.size == 0 {
                continue;
            }
            if entry.size > largest {
                take(&entry, None)?;
                continue;
            }
            unpack(&mut self.source, &entry, self.end, &mut bytes)
                .map_err(|error| bad(format!("`{}`: {error}", entry.name)))?;
            take(&entry, Some(&bytes))?;
        }
        if !fields.0.is_empty() {
            return Err(bad("its directory has more entries than it says").into());
        }
        Ok(())
    }
}

/// Reads the bytes between two places.
fn read_at(source: &mut (impl Read + Seek), from: u64, to: u64) -> io::Result<Vec<u8>> {
    source.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    let wanted = to.saturating_sub(from);
    source.take(wanted).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == wanted { Ok(bytes) } else { Err(bad("it is cut off")) }
}

/// Reads an entry of the directory.
fn entry<'a>(fields: &mut Fields<'a>) -> io::Result<Entry<'a>> {
    if fields.number(4)? != 0x0201_4b50 {
        return Err(bad("its directory is damaged"));
    }
    fields.take(4)?;
    let (flags, method) = (fields.short()?, fields.short()?);
    fields.take(4)?;
    let crc = u32::try_from(fields.number(4)?).unwrap_or_default();
    let (mut packed, mut size) = (fields.number(4)?, fields.number(4)?);
    let (name, extra, comment) = (fields.short()?, fields.short()?, fields.short()?);
    fields.take(8)?;
    let mut offset = fields.number(4)?;
    let name =
        std::str::from_utf8(fields.take(name.into())?).map_err(|_| bad("a name in it is not UTF-8"))?;
    let mut extra = Fields(fields.take(extra.into())?);
    fields.take(comment.into())?;
    while extra.0.len() >= 4 {
        let (kind, length) = (extra.short()?, extra.short()?);
        let mut field = Fields(extra.take(length.into())?);
        if kind == 1 {
            for number in [&mut size, &mut packed, &mut offset] {
                if *number == 0xffff_ffff {
                    *number = field.number(8)?;
                }
            }
        }
    }
    let leads_out = name.starts_with('/') || name.contains('\\') || name.split('/').any(|part| part == "..");
    if leads_out {
        return Err(bad(format!("`{name}` is outside of the archive")));
    }
    Ok(Entry { name, size, method, flags, packed, crc, offset })
}

/// Unpacks an entry, and compares its length and its checksum.
fn unpack<S: Read + Seek>(
    source: &mut BufReader<S>,
    entry: &Entry<'_>,
    end: u64,
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    if entry.flags & 1 != 0 {
        return Err(bad("is encrypted"));
    }
    let here = source.stream_position()?;
    // Entries mostly follow each other, so that what was read ahead is not thrown away.
    source.seek_relative(entry.offset.cast_signed().wrapping_sub(here.cast_signed()))?;
    let mut header = [0; 30];
    source.read_exact(&mut header)?;
    let mut fields = Fields(&header);
    if fields.number(4)? != 0x0403_4b50 {
        return Err(bad("is not where it should be"));
    }
    fields.take(22)?;
    let skipped = fields.number(2)? + fields.number(2)?;
    source.seek_relative(skipped.cast_signed())?;
    let data = entry.offset.checked_add(30 + skipped).and_then(|start| start.checked_add(entry.packed));
    if data.is_none_or(|data| data > end) {
        return Err(bad("reaches into the directory"));
    }
    bytes.clear();
    let mut packed = source.take(entry.packed);
    match entry.method {
        0 => packed.take(entry.size + 1).read_to_end(bytes)?,
        8 => {
            let count = DeflateDecoder::new(&mut packed).take(entry.size + 1).read_to_end(bytes)?;
            io::copy(&mut packed, &mut io::sink())?;
            count
        }
        method => return Err(bad(format!("is packed by the unknown method {method}"))),
    };
    let mut crc = Crc::new();
    crc.update(bytes);
    if bytes.len() as u64 != entry.size || crc.sum() != entry.crc {
        return Err(bad("is damaged: its length or checksum differs"));
    }
    Ok(())
}
