//! A zip file, read entry by entry: sizes, names and checksums are those of its central directory, which must be whole.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

/// Most entries.
const MOST_ENTRIES: u64 = 4_000_000;
/// Longest central directory: 4,000,000 entries with names of 40 characters.
const LONGEST_DIRECTORY: u64 = 512 << 20;
/// How many bytes are read and unpacked together.
const BATCH: u64 = 4 << 20;
/// Most threads that unpack: each batch is too short for more.
const MOST_WORKERS: usize = 8;
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
    /// How many entries it has.
    entries: u64,
    /// Where the directory starts: every entry ends before.
    end: u64,
}

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

    /// Gives what `prepare` makes of each file and its bytes to `take`, in the order of the directory; a file that is longer than
    /// `largest` has no bytes. `prepare` runs on every processor, while this thread reads ahead and takes what is ready.
    ///
    /// # Errors
    /// Where an entry is damaged, leads out of the archive or can't be read, or two entries share bytes.
    pub(super) fn each<T: Send>(
        &mut self,
        largest: u64,
        prepare: &(dyn Fn(&Entry<'_>, Option<&[u8]>) -> T + Sync),
        take: &mut dyn FnMut(T),
    ) -> io::Result<()> {
        let entries = entries(&self.directory, self.entries)?;
        check_overlap(&entries)?;
        let mut left = entries.as_slice();
        let mut batch = Vec::new();
        let mut ready: Vec<io::Result<T>> = Vec::new();
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS);
        loop {
            let mut next = Vec::new();
            ready = std::thread::scope(|scope| -> io::Result<Vec<io::Result<T>>> {
                let mut running = Vec::new();
                for part in batch.chunks(usize::max(batch.len().div_ceil(workers), 1)) {
                    running.push(scope.spawn(move || {
                        let mut room = Room::default();
                        let one = |packed| prepared(packed, &mut room, prepare);
                        part.iter().map(one).collect::<Vec<_>>()
                    }));
                }
                for one in ready.drain(..) {
                    take(one?);
                }
                next = read_batch(&mut self.source, self.end, largest, &mut left)?;
                let mut results = Vec::new();
                for worker in running {
                    results.extend(worker.join().map_err(|_| bad("a thread failed"))?);
                }
                Ok(results)
            })?;
            if ready.is_empty() && next.is_empty() {
                return Ok(());
            }
            batch = next;
        }
    }
}

/// An entry of a batch, with its bytes as they stand in the file; without them where it is too long.
struct Packed<'a> {
    entry: &'a Entry<'a>,
    bytes: Option<Vec<u8>>,
}

/// What one thread unpacks in. It is kept from entry to entry: what an entry becomes would lie between the large blocks that each one
/// takes and gives back, and so no later one could have them.
struct Room<'a> {
    decoder: DeflateDecoder<&'a [u8]>,
    bytes: Vec<u8>,
}

impl Default for Room<'_> {
    fn default() -> Self {
        Self { decoder: DeflateDecoder::new(&[]), bytes: Vec::new() }
    }
}

/// Unpacks an entry and makes something of it.
fn prepared<'a, T>(
    packed: &'a Packed<'_>,
    room: &mut Room<'a>,
    prepare: &(dyn Fn(&Entry<'_>, Option<&[u8]>) -> T + Sync),
) -> io::Result<T> {
    let Some(inside) = &packed.bytes else { return Ok(prepare(packed.entry, None)) };
    unpack(inside, packed.entry, room).map_err(|error| bad(format!("`{}`: {error}", packed.entry.name)))?;
    Ok(prepare(packed.entry, Some(&room.bytes)))
}

/// Reads the next entries.
fn read_batch<'a, S: Read + Seek>(
    source: &mut BufReader<S>,
    end: u64,
    largest: u64,
    left: &mut &'a [Entry<'a>],
) -> io::Result<Vec<Packed<'a>>> {
    let (mut batch, mut length) = (Vec::new(), 0);
    while length < BATCH
        && let Some((entry, rest)) = left.split_first()
    {
        *left = rest;
        if entry.name.ends_with('/') && entry.size == 0 {
            continue;
        }
        // What is packed well still counts with its whole length, because that is how much work it is.
        length += entry.size.max(entry.packed).min(largest) + 64;
        let bytes = if entry.size > largest {
            None
        } else {
            Some(read_entry(source, entry, end).map_err(|error| bad(format!("`{}`: {error}", entry.name)))?)
        };
        batch.push(Packed { entry, bytes });
    }
    Ok(batch)
}

/// Reads the entries of the directory.
fn entries(directory: &[u8], count: u64) -> io::Result<Vec<Entry<'_>>> {
    let mut fields = Fields(directory);
    let entries = (0..count).map(|_| entry(&mut fields)).collect::<io::Result<_>>()?;
    if fields.0.is_empty() { Ok(entries) } else { Err(bad("its directory has more entries than it says")) }
}

/// Refuses entries that share bytes: so a small file would unpack to a huge one.
fn check_overlap(entries: &[Entry<'_>]) -> io::Result<()> {
    let mut places: Vec<(u64, u64)> = entries
        .iter()
        .map(|entry| {
            let end = entry.offset.saturating_add(30 + entry.name.len() as u64);
            (entry.offset, end.saturating_add(entry.packed))
        })
        .collect();
    places.sort_unstable();
    let is_apart = places.is_sorted_by(|(_, end), (start, _)| end <= start);
    if is_apart { Ok(()) } else { Err(bad("two of its entries share bytes")) }
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

/// Reads the bytes of an entry; its own header must have the name that the directory gives it.
fn read_entry<S: Read + Seek>(source: &mut BufReader<S>, entry: &Entry<'_>, end: u64) -> io::Result<Vec<u8>> {
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
    let (name_length, extra) = (fields.number(2)?, fields.number(2)?);
    let mut name = Vec::new();
    source.take(name_length).read_to_end(&mut name)?;
    if name != entry.name.as_bytes() {
        return Err(bad("has another name in its own header"));
    }
    source.seek_relative(extra.cast_signed())?;
    let start = entry.offset.checked_add(30 + name_length + extra);
    if start.and_then(|start| start.checked_add(entry.packed)).is_none_or(|data| data > end) {
        return Err(bad("reaches into the directory"));
    }
    let mut packed = Vec::with_capacity(usize::try_from(entry.packed.min(1 << 20)).unwrap_or_default());
    source.take(entry.packed).read_to_end(&mut packed)?;
    if packed.len() as u64 == entry.packed { Ok(packed) } else { Err(bad("is cut off")) }
}

/// Unpacks an entry, and compares its length and its checksum.
fn unpack<'a>(packed: &'a [u8], entry: &Entry<'_>, room: &mut Room<'a>) -> io::Result<()> {
    let Room { decoder, bytes } = room;
    bytes.clear();
    match entry.method {
        0 => bytes.extend_from_slice(packed),
        8 => {
            decoder.reset(packed);
            decoder.by_ref().take(entry.size + 1).read_to_end(bytes)?;
            if decoder.total_in() != entry.packed {
                return Err(bad("is damaged: it ends before its last byte"));
            }
        }
        method => return Err(bad(format!("is packed by the unknown method {method}"))),
    }
    let mut crc = Crc::new();
    crc.update(bytes);
    if bytes.len() as u64 != entry.size || crc.sum() != entry.crc {
        return Err(bad("is damaged: its length or checksum differs"));
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests;
