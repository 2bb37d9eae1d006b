//! The parts of a program: ELF, PE and Mach-O, of which only headers and what is asked for are read.

use std::io;

use super::super::Content;

/// Largest table of headers that is read.
const LARGEST_TABLE: u64 = 8 << 20;
/// Most parts of a file for several processors.
const MOST_SLICES: u64 = 16;
/// How much is read together where something is looked for.
const CHUNK: usize = 256 << 10;

/// A part of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// The name of a section; empty for a segment.
    pub(super) name: String,
    /// Where it lies once it is loaded.
    pub(super) address: u64,
    /// Where it lies in the file.
    pub(super) offset: u64,
    /// How much of it is in the file.
    pub(super) size: u64,
    /// Whether it is data that may be written.
    pub(super) is_data: bool,
}

/// A program, or the part of it for one kind of processor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Program {
    /// Its sections and segments.
    pub(super) parts: Vec<Part>,
    /// Whether it has a table of sections.
    pub(super) has_sections: bool,
}

/// Numbers of a header in the order of bytes of the program; zero behind its end, where no table can lie.
#[derive(Clone, Copy)]
struct Header<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

impl Header<'_> {
    fn number(self, at: usize, size: usize) -> u64 {
        let bytes = at.checked_add(size).and_then(|end| self.bytes.get(at..end)).unwrap_or_default();
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.is_little { bytes.iter().rev().fold(0, join) } else { bytes.iter().fold(0, join) }
    }

    /// A number that is as wide as an address.
    fn word(self, narrow: usize, wide: usize, is_wide: bool) -> u64 {
        if is_wide { self.number(wide, 8) } else { self.number(narrow, 4) }
    }
}

/// Reads the parts of a program; none where the file is no program. What lies behind the end of the file is left out.
pub(super) fn programs(content: &mut dyn Content) -> io::Result<Vec<Program>> {
    let magic: [u8; 8] = match content.head(8)?.first_chunk() {
        Some(magic) => *magic,
        None => return Ok(Vec::new()),
    };
    match magic {
        [0x7f, b'E', b'L', b'F', ..] => Ok(vec![elf(content)?]),
        [b'M', b'Z', ..] => Ok(pe(content)?.into_iter().collect()),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] => {
            Ok(vec![mach(content, 0)?])
        }
        // Classes of Java begin in the same way, and have a much larger number here.
        [0xca, 0xfe, 0xba, kind @ (0xbe | 0xbf), ..] => fat(content, kind == 0xbf),
        _ => Ok(Vec::new()),
    }
}

/// A table that a header tells about; none where it is too large or not whole.
fn table(content: &mut dyn Content, offset: u64, entry: u64, count: u64) -> io::Result<Option<Vec<u8>>> {
    let size = entry.checked_mul(count).filter(|size| *size <= LARGEST_TABLE);
    let size = size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
    let Some(size) = size else { return Ok(None) };
    let bytes = content.range(offset, size)?;
    Ok((bytes.len() == size).then(|| bytes.into_owned()))
}

fn elf(content: &mut dyn Content) -> io::Result<Program> {
    let bytes = content.head(64)?.into_owned();
    let is_wide = bytes.get(4) == Some(&2);
    let is_little = bytes.get(5) != Some(&2);
    let header = Header { bytes: &bytes, is_little };
    let at = if is_wide { 54 } else { 42 };
    let of = |field: usize| header.number(at + 2 * field, 2);
    let mut program = Program::default();
    let size = of(0);
    if let Some(bytes) = table(content, header.word(28, 32, is_wide), size, of(1))? {
        for entry in bytes.chunks_exact(usize::try_from(size).unwrap_or(usize::MAX)) {
            let entry = Header { bytes: entry, is_little };
            let flags = entry.number(if is_wide { 4 } else { 24 }, 4);
            if entry.number(0, 4) == 1 {
                program.parts.push(Part {
                    name: String::new(),
                    address: entry.word(8, 16, is_wide),
                    offset: entry.word(4, 8, is_wide),
                    size: entry.word(16, 32, is_wide),
                    is_data: flags & 3 == 2,
                });
            }
        }
    }
    let (offset, size, mut count, mut names) = (header.word(32, 40, is_wide), of(2), of(3), of(4));
    if offset == 0 {
        return Ok(program);
    }
    // The first section holds what does not fit.
    let first = table(content, offset, size, 1)?.unwrap_or_default();
    let first = Header { bytes: &first, is_little };
    if count == 0 {
        count = first.word(20, 32, is_wide);
    }
    if names == 0xffff {
        names = first.number(if is_wide { 40 } else { 24 }, 4);
    }
    let Some(bytes) = table(content, offset, size, count)? else { return Ok(program) };
    let entries: Vec<Header<'_>> = bytes
        .chunks_exact(usize::try_from(size).unwrap_or(usize::MAX))
        .map(|bytes| Header { bytes, is_little })
        .collect();
    let place = |entry: &Header<'_>| (entry.word(16, 24, is_wide), entry.word(20, 32, is_wide));
    let names = usize::try_from(names).ok().and_then(|at| entries.get(at)).map(place);
    let names = match names {
        Some((offset, size)) => table(content, offset, 1, size)?.unwrap_or_default(),
        None => Vec::new(),
    };
    for entry in &entries {
        let (offset, size) = place(entry);
        // Sections without bytes in the file are left out.
        if !matches!(entry.number(4, 4), 0 | 8) {
            program.parts.push(Part {
                name: name(names.get(usize::try_from(entry.number(0, 4)).unwrap_or(usize::MAX)..)),
                address: entry.word(12, 16, is_wide),
                offset,
                size,
                is_data: false,
            });
        }
    }
    program.has_sections = !names.is_empty();
    Ok(program)
}

/// A name that ends with a zero.
fn name(bytes: Option<&[u8]>) -> String {
    let bytes = bytes.unwrap_or_default();
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

fn pe(content: &mut dyn Content) -> io::Result<Option<Program>> {
    let bytes = content.head(64)?.into_owned();
    let start = Header { bytes: &bytes, is_little: true }.number(0x3c, 4);
    let bytes = content.range(start, 24 + 32)?.into_owned();
    if !bytes.starts_with(b"PE\0\0") {
        return Ok(None);
    }
    let header = Header { bytes: &bytes, is_little: true };
    let (count, optional) = (header.number(6, 2), header.number(20, 2));
    let base = if header.number(24, 2) == 0x20b { header.number(48, 8) } else { header.number(52, 4) };
    let mut program = Program { parts: Vec::new(), has_sections: true };
    let sections = start.saturating_add(24 + optional);
    if let Some(bytes) = table(content, sections, 40, count)? {
        for entry in bytes.chunks_exact(40) {
            let header = Header { bytes: entry, is_little: true };
            // Alignment is of no matter.
            let flags = header.number(36, 4) & !0x0060_0000;
            program.parts.push(Part {
                name: name(entry.get(..8)),
                address: base.wrapping_add(header.number(12, 4)),
                offset: header.number(20, 4),
                size: header.number(16, 4),
                is_data: flags == 0xc000_0040,
            });
        }
    }
    Ok(Some(program))
}

fn fat(content: &mut dyn Content, is_wide: bool) -> io::Result<Vec<Program>> {
    let bytes = content.head(8)?.into_owned();
    let count = Header { bytes: &bytes, is_little: false }.number(4, 4);
    if count > MOST_SLICES {
        return Ok(Vec::new());
    }
    let size = if is_wide { 32 } else { 20 };
    let Some(bytes) = table(content, 8, size, count)? else { return Ok(Vec::new()) };
    let slices = bytes.chunks_exact(usize::try_from(size).unwrap_or(usize::MAX));
    slices.map(|bytes| mach(content, Header { bytes, is_little: false }.word(8, 8, is_wide))).collect()
}

fn mach(content: &mut dyn Content, start: u64) -> io::Result<Program> {
    let bytes = content.range(start, 32)?.into_owned();
    let is_little = matches!(bytes.first(), Some(0xcf | 0xce));
    let is_wide = bytes.first() == Some(&0xcf) || bytes.get(3) == Some(&0xcf);
    let header = Header { bytes: &bytes, is_little };
    let (count, size) = (header.number(16, 4), header.number(20, 4));
    let mut program = Program { parts: Vec::new(), has_sections: true };
    let Some(commands) = table(content, start.saturating_add(if is_wide { 32 } else { 28 }), 1, size)? else {
        return Ok(program);
    };
    let mut rest = commands.as_slice();
    for _ in 0..count {
        let command = Header { bytes: rest, is_little };
        let (kind, size) = (command.number(0, 4), command.number(4, 4));
        let Some((bytes, after)) =
            usize::try_from(size).ok().filter(|size| *size >= 8).and_then(|size| rest.split_at_checked(size))
        else {
            break;
        };
        rest = after;
        let is_segment = kind == if is_wide { 0x19 } else { 1 };
        if !is_segment {
            continue;
        }
        let command = Header { bytes, is_little };
        program.parts.push(Part {
            name: String::new(),
            address: command.word(24, 24, is_wide),
            offset: start.saturating_add(command.word(32, 40, is_wide)),
            size: command.word(36, 48, is_wide),
            is_data: command.number(if is_wide { 60 } else { 44 }, 4) == 3,
        });
        let (first, size) = if is_wide { (72, 80) } else { (56, 68) };
        for entry in bytes.get(first..).unwrap_or_default().chunks_exact(size) {
            let section = Header { bytes: entry, is_little };
            program.parts.push(Part {
                name: name(entry.get(..16)),
                address: section.word(32, 32, is_wide),
                offset: start.saturating_add(section.number(if is_wide { 48 } else { 40 }, 4)),
                size: section.word(36, 40, is_wide),
                is_data: false,
            });
        }
    }
    Ok(program)
}

impl Program {
    /// The section of a name.
    pub(super) fn section(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// Bytes at an address; fewer where no part has all of them.
    pub(super) fn at(&self, content: &mut dyn Content, address: u64, length: usize) -> io::Result<Vec<u8>> {
        let holds = |part: &&Part| address.checked_sub(part.address).is_some_and(|inside| inside < part.size);
        let Some(part) = self.parts.iter().find(holds) else { return Ok(Vec::new()) };
        let inside = address.wrapping_sub(part.address);
        let rest = usize::try_from(part.size - inside).unwrap_or(usize::MAX);
        Ok(content.range(part.offset.saturating_add(inside), length.min(rest))?.into_owned())
    }
}

/// Looks through a part chunk by chunk, each with the last `overlap` bytes of the one before, until `look` finds something. It gets
/// the place of the chunk in the part.
pub(super) fn search<T>(
    content: &mut dyn Content,
    part: &Part,
    overlap: usize,
    look: &mut dyn FnMut(u64, &[u8]) -> Option<T>,
) -> io::Result<Option<T>> {
    let mut at = 0;
    while at < part.size {
        let length = usize::try_from(part.size - at).unwrap_or(CHUNK).min(CHUNK);
        let chunk = content.range(part.offset.saturating_add(at), length)?;
        if let Some(found) = look(at, &chunk) {
            return Ok(Some(found));
        }
        if chunk.len() < CHUNK {
            break;
        }
        at += (CHUNK - overlap) as u64;
    }
    Ok(None)
}
