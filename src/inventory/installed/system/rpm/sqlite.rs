//! SQLite, `rpmdb.sqlite`: a walk through the b-tree of the table of packages, without SQL.

use std::collections::BTreeSet;

use super::bytes::{Order, Pages, part};

/// The length of the head of the file, before the first page's own.
const FILE_HEAD: usize = 100;

/// Types of pages of tables.
const INTERIOR: u8 = 5;
const LEAF: u8 = 13;

/// A row: its number, and its columns as they are stored.
struct Row {
    number: u64,
    payload: Vec<u8>,
}

/// A value of a column.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

/// A file of pages.
struct File<'a> {
    bytes: &'a [u8],
    page_size: usize,
    /// The bytes of a page that are in use.
    usable: usize,
    used: Pages,
}

/// The headers in a database.
pub(super) fn headers(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut file = File::new(bytes)?;
    let mut packages = None;
    let mut names = None;
    for row in file.table(1)? {
        let columns = columns(&row.payload)?;
        let (Some(Value::Bytes(b"table")), Some(Value::Bytes(name)), Some(Value::Number(root))) =
            (columns.first(), columns.get(1), columns.get(3))
        else {
            continue;
        };
        let slot = match name.to_ascii_lowercase().as_slice() {
            b"packages" => &mut packages,
            b"name" => &mut names,
            _ => continue,
        };
        if slot.replace(*root).is_some() {
            return Err("a table is listed twice".to_owned());
        }
    }
    let root = |root: Option<u64>| root.map(|root| usize::try_from(root).map_err(|_| "a table is damaged"));
    let packages = root(packages).ok_or("the database has no table of packages")??;
    let names = root(names).transpose()?;
    let mut headers = Vec::new();
    let mut numbers = BTreeSet::new();
    for row in file.table(packages)? {
        let Some(Value::Bytes(header)) = columns(&row.payload)?.into_iter().nth(1) else {
            return Err("a row of the table of packages is damaged".to_owned());
        };
        numbers.insert(row.number);
        headers.push(header.to_vec());
    }
    // rpm finds packages by their name through this table, and changes both at once.
    if let Some(names) = names {
        for row in file.table(names)? {
            let Some(Value::Number(number)) = columns(&row.payload)?.into_iter().nth(1) else {
                return Err("a row of the table of names is damaged".to_owned());
            };
            if !numbers.contains(&number) {
                return Err("the table of names has a package that the table of packages lacks".to_owned());
            }
        }
    }
    Ok(headers)
}

/// Whether a file beside a database holds changes that the database lacks: a write-ahead log with frames, or a journal with pages.
pub(in super::super) fn has_changes(name: &str, bytes: &[u8]) -> bool {
    if name.ends_with("-wal") {
        return bytes.len() > 32;
    }
    // A journal that is done with is empty or has no head.
    bytes.iter().take(28).any(|byte| *byte != 0)
}

impl<'a> File<'a> {
    /// Reads the head of the file.
    fn new(bytes: &'a [u8]) -> Result<Self, String> {
        if !bytes.starts_with(b"SQLite format 3\0") {
            return Err("the file does not begin like a database of SQLite".to_owned());
        }
        let cut_off = "the file is cut off";
        let page_size = match Order::Big.u16(bytes, 16).ok_or(cut_off)? {
            1 => 65_536,
            size => usize::from(size),
        };
        if !page_size.is_power_of_two() || page_size < 512 {
            return Err(format!("a page size of {page_size} bytes is impossible"));
        }
        let [write, read, reserved] =
            part(bytes, 18, 3).and_then(|part| part.first_chunk().copied()).ok_or(cut_off)?;
        if !(1..=2).contains(&write) || !(1..=2).contains(&read) {
            return Err(format!("version {read} of the file format is unknown"));
        }
        if Order::Big.u32(bytes, 56) != Some(1) {
            return Err("the database is not encoded as UTF-8".to_owned());
        }
        let usable = page_size - usize::from(reserved);
        if usable < 480 {
            return Err("the first page is damaged".to_owned());
        }
        // The count is kept up by every version since 2010, which then says so.
        let is_counted = part(bytes, 24, 4).ok_or(cut_off)? == part(bytes, 92, 4).ok_or(cut_off)?;
        let whole = bytes.len() / page_size;
        let count = if is_counted { Order::Big.size(bytes, 28).ok_or(cut_off)? } else { whole };
        if count == 0 || count > whole || !bytes.len().is_multiple_of(page_size) {
            let length = bytes.len();
            return Err(format!(
                "the file has {length} bytes instead of {count} pages of {page_size}, so it is cut off"
            ));
        }
        Ok(Self { bytes, page_size, usable, used: Pages::new(count) })
    }

    /// A page by its number, from 1, which is then used.
    fn page(&mut self, number: usize) -> Result<&'a [u8], String> {
        let index = number.checked_sub(1).ok_or("a page has the number 0")?;
        self.used.take(index)?;
        let page = part(self.bytes, index * self.page_size, self.page_size).ok_or("the file is cut off")?;
        Ok(page.get(..self.usable).unwrap_or(page))
    }

    /// The rows of a table in their order.
    fn table(&mut self, root: usize) -> Result<Vec<Row>, String> {
        let mut rows = Vec::new();
        // Pages that are still to be read, the next one last.
        let mut waiting = vec![root];
        while let Some(number) = waiting.pop() {
            let page = self.page(number)?;
            let start = if number == 1 { FILE_HEAD } else { 0 };
            let damaged = || format!("page {number} is damaged");
            let (kind, cells) = cells(page, start).ok_or_else(damaged)?;
            let mut lengths = Vec::new();
            let mut children = Vec::new();
            for at in &cells {
                let cell = page.get(*at..).ok_or_else(damaged)?;
                if kind == INTERIOR {
                    children.push(Order::Big.size(cell, 0).ok_or_else(damaged)?);
                    let (_, length) = variable(cell, 4).ok_or_else(damaged)?;
                    lengths.push(4 + length);
                } else {
                    let (row, length) = self.row(cell).ok_or_else(damaged)??;
                    if rows.last().is_some_and(|last: &Row| last.number >= row.number) {
                        return Err(damaged());
                    }
                    rows.push(row);
                    lengths.push(length);
                }
            }
            if !is_accounted_for(page, start, kind, &cells, &lengths) {
                return Err(damaged());
            }
            if kind == INTERIOR {
                children.push(Order::Big.size(page, start + 8).ok_or_else(damaged)?);
                waiting.extend(children.into_iter().rev());
            }
        }
        Ok(rows)
    }

    /// A row, and how many bytes of its page it takes; none where the cell is damaged.
    fn row(&mut self, cell: &[u8]) -> Option<Result<(Row, usize), String>> {
        let (length, first) = variable(cell, 0)?;
        let (number, second) = variable(cell, first)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= self.bytes.len())?;
        let head = first + second;
        // The part on the page, by SQLite's formula.
        let most = self.usable - 35;
        let least = (self.usable - 12) * 32 / 255 - 23;
        let local = if length <= most {
            length
        } else {
            let local = least + (length - least) % (self.usable - 4);
            if local <= most { local } else { least }
        };
        let mut payload = part(cell, head, local)?.to_vec();
        let mut size = head + local;
        if local < length {
            let mut next = Order::Big.size(cell, size)?;
            size += 4;
            while next != 0 {
                let page = match self.page(next) {
                    Ok(page) => page,
                    Err(error) => return Some(Err(error)),
                };
                next = Order::Big.size(page, 0)?;
                let rest = length.checked_sub(payload.len()).filter(|rest| *rest > 0)?;
                let data = page.get(4..)?;
                payload.extend(data.get(..rest).unwrap_or(data));
            }
        }
        (payload.len() == length).then_some(Ok((Row { number, payload }, size.max(4))))
    }
}

/// The type of a page, and where its cells begin; none where it is no page of a table.
fn cells(page: &[u8], start: usize) -> Option<(u8, Vec<usize>)> {
    let kind = *page.get(start)?;
    let head = match kind {
        INTERIOR => 12,
        LEAF => 8,
        _ => return None,
    };
    let count = usize::from(Order::Big.u16(page, start + 3)?);
    let pointers = part(page, start + head, count * 2)?;
    let cells = pointers.as_chunks().0.iter().map(|bytes| usize::from(u16::from_be_bytes(*bytes))).collect();
    Some((kind, cells))
}

/// Whether cells and free space fill what a page says is filled, so that no cell is missing.
fn is_accounted_for(page: &[u8], start: usize, kind: u8, cells: &[usize], lengths: &[usize]) -> bool {
    let head = start + if kind == INTERIOR { 12 } else { 8 } + cells.len() * 2;
    let content = match Order::Big.u16(page, start + 5) {
        Some(0) => 65_536,
        Some(content) => usize::from(content),
        None => return false,
    };
    let mut parts: Vec<(usize, usize)> = cells.iter().copied().zip(lengths.iter().copied()).collect();
    let mut next = Order::Big.u16(page, start + 1).map_or(0, usize::from);
    while next != 0 {
        let [Some(after), Some(length)] =
            [next, next + 2].map(|at| Order::Big.u16(page, at).map(usize::from))
        else {
            return false;
        };
        // Free blocks stand in ascending order.
        if length < 4 || (after != 0 && after < next + length) {
            return false;
        }
        parts.push((next, length));
        next = after;
    }
    parts.sort_unstable();
    let mut end = content;
    let mut gaps = 0;
    for (at, length) in parts {
        let Some(gap) = at.checked_sub(end) else { return false };
        gaps += gap;
        end = at + length;
    }
    let Some(last) = page.len().checked_sub(end) else { return false };
    content >= head && Some(gaps + last) == page.get(start + 7).map(|fragments| usize::from(*fragments))
}

/// A number of up to nine bytes, and how many it has.
fn variable(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut number: u64 = 0;
    for (index, byte) in bytes.get(at..)?.iter().take(9).enumerate() {
        if index == 8 {
            return Some((number << 8 | u64::from(*byte), 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, index + 1));
        }
    }
    None
}

/// The columns of a row.
fn columns(payload: &[u8]) -> Result<Vec<Value<'_>>, String> {
    read_columns(payload).ok_or_else(|| "a row is damaged".to_owned())
}

/// The columns of a row; none where they do not fill it.
fn read_columns(payload: &[u8]) -> Option<Vec<Value<'_>>> {
    let (head, mut at) = variable(payload, 0)?;
    let head = usize::try_from(head).ok()?;
    let mut data = head;
    let mut values = Vec::new();
    while at < head {
        let (kind, length) = variable(payload, at)?;
        at += length;
        let size = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            kind => usize::try_from((kind - 12) / 2).ok()?,
        };
        let bytes = part(payload, data, size)?;
        data += size;
        values.push(match kind {
            1..=6 => Value::Number(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))),
            8 => Value::Number(0),
            9 => Value::Number(1),
            12.. => Value::Bytes(bytes),
            _ => Value::Other,
        });
    }
    (at == head && data == payload.len()).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::{has_changes, variable};

    #[test]
    fn numbers_have_up_to_nine_bytes() {
        for (bytes, expected) in [
            (&[0x7f][..], Some((127, 1))),
            (&[0x81, 0], Some((128, 2))),
            (&[0xff; 9], Some((u64::MAX, 9))),
            (&[0x80; 3], None),
            (&[], None),
        ] {
            assert_eq!(variable(bytes, 0), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_log_with_frames_holds_changes() {
        assert!(!has_changes("rpmdb.sqlite-wal", &[]) && !has_changes("rpmdb.sqlite-wal", &[1; 32]));
        assert!(has_changes("rpmdb.sqlite-wal", &[1; 33]));
        assert!(!has_changes("rpmdb.sqlite-journal", &[0; 512]) && !has_changes("rpmdb.sqlite-journal", &[]));
        assert!(has_changes("rpmdb.sqlite-journal", &[0xd9; 512]));
    }
}
