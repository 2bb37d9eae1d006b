//! A hash table of Berkeley DB, `Packages`, of either byte order.

use super::bytes::{Order, Pages, part};

/// The magic number of hash tables, at [`MAGIC_AT`].
const MAGIC: u32 = 0x0006_1561;
const MAGIC_AT: usize = 12;
/// The length of what every page begins with.
const PAGE_HEAD: usize = 26;

/// Types of pages.
const FREE: u8 = 0;
const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const HASH_METADATA: u8 = 8;
const HASH: u8 = 13;

/// Types of keys and values on a page.
const ON_PAGE: u8 = 1;
const OFF_PAGE: u8 = 3;

/// The order of bytes of a file, if it begins like such a database.
fn order(head: &[u8]) -> Option<Order> {
    [Order::Little, Order::Big].into_iter().find(|order| order.u32(head, MAGIC_AT) == Some(MAGIC))
}

/// Whether a file begins like such a database.
pub(in super::super) fn is_bdb(head: &[u8]) -> bool {
    order(head).is_some()
}

/// A file of pages.
struct File<'a> {
    bytes: &'a [u8],
    order: Order,
    page_size: usize,
    used: Pages,
}

/// The headers in a database.
pub(super) fn headers(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let order = order(bytes).ok_or("the file does not begin like a hash table of Berkeley DB")?;
    let cut_off = || "the file is cut off".to_owned();
    let number = |at: usize| order.size(bytes, at).ok_or_else(cut_off);
    let page_size = number(20)?;
    if !page_size.is_power_of_two() || !(512..=65_536).contains(&page_size) {
        return Err(format!("a page size of {page_size} bytes is impossible"));
    }
    let version = number(16)?;
    if !(5..=10).contains(&version) {
        return Err(format!("version {version} of hash tables is unknown"));
    }
    let [encryption, kind, flags] =
        part(bytes, 24, 3).and_then(|part| part.first_chunk().copied()).ok_or_else(cut_off)?;
    if encryption != 0 || flags != 0 {
        return Err("the database is encrypted or has checksums, which is not supported".to_owned());
    }
    if kind != HASH_METADATA {
        return Err("the first page is damaged".to_owned());
    }
    // Several values of one key, or several tables in one file.
    if number(48)? & 0b111 != 0 {
        return Err("the table is not one that rpm makes".to_owned());
    }
    let last = number(32)?;
    let count = last.checked_add(1).filter(|count| *count <= bytes.len() / page_size).ok_or_else(cut_off)?;
    let mut file = File { bytes, order, page_size, used: Pages::new(count) };
    file.used.take(0)?;
    let mut headers = Vec::new();
    let mut elements = 0;
    for number in 1..count {
        let page = file.page(number)?;
        match page.get(25).copied().unwrap_or_default() {
            HASH | HASH_UNSORTED => {
                file.used.take(number)?;
                elements += file.hash_page(page, &mut headers)?;
            }
            FREE | OVERFLOW => {}
            HASH_METADATA => return Err(format!("page {number} is of another table")),
            other => return Err(format!("page {number} has the unknown type {other}")),
        }
    }
    for number in 1..count {
        let is_overflow = file.page(number)?.get(25) == Some(&OVERFLOW);
        if is_overflow && !file.used.is_taken(number) {
            return Err(format!("page {number} belongs to no package"));
        }
    }
    let expected = number(88)?;
    if elements != expected {
        return Err(format!("the table has {elements} entries and says {expected}"));
    }
    Ok(headers)
}

impl<'a> File<'a> {
    /// A page, which says its own number, but for those that were never written.
    fn page(&self, number: usize) -> Result<&'a [u8], String> {
        let page = part(self.bytes, number * self.page_size, self.page_size).ok_or("the file is cut off")?;
        let is_empty = || page.iter().all(|byte| *byte == 0);
        if self.order.size(page, 8) != Some(number) && !is_empty() {
            return Err(format!("page {number} is damaged"));
        }
        Ok(page)
    }

    /// Adds the headers of a page of the table; how many pairs it has.
    fn hash_page(&mut self, page: &'a [u8], headers: &mut Vec<Vec<u8>>) -> Result<usize, String> {
        let damaged = || "a page of the table is damaged".to_owned();
        let entries = usize::from(self.order.u16(page, 20).ok_or_else(damaged)?);
        if !entries.is_multiple_of(2) || PAGE_HEAD + entries * 2 > self.page_size {
            return Err(damaged());
        }
        // Each item ends where the one before it begins.
        let mut end = self.page_size;
        let mut items = Vec::new();
        for index in 0..entries {
            let start = usize::from(self.order.u16(page, PAGE_HEAD + index * 2).ok_or_else(damaged)?);
            let item = page.get(start..end).filter(|item| !item.is_empty()).ok_or_else(damaged)?;
            items.push(item);
            end = start;
        }
        if end < PAGE_HEAD + entries * 2 || self.order.u16(page, 22).map(usize::from) != Some(end % 65_536) {
            return Err(damaged());
        }
        for pair in items.chunks_exact(2) {
            let [key, value] = pair else { continue };
            let [ON_PAGE, key @ ..] = key else { return Err(damaged()) };
            if key.len() != 4 {
                return Err(damaged());
            }
            let value = match value {
                [ON_PAGE, value @ ..] => value.to_vec(),
                [OFF_PAGE, ..] if value.len() == 12 => self.chain(value)?,
                _ => return Err(damaged()),
            };
            // Record 0 holds the number of the next package.
            if key.iter().all(|byte| *byte == 0) {
                continue;
            }
            headers.push(value);
        }
        Ok(entries / 2)
    }

    /// A value that lies on pages of its own.
    fn chain(&mut self, item: &[u8]) -> Result<Vec<u8>, String> {
        let damaged = || "a package is damaged".to_owned();
        let mut number = self.order.size(item, 4).ok_or_else(damaged)?;
        let length = self.order.size(item, 8).ok_or_else(damaged)?;
        let mut value = Vec::new();
        while number != 0 {
            self.used.take(number)?;
            let page = self.page(number)?;
            let size = usize::from(self.order.u16(page, 22).ok_or_else(damaged)?);
            if page.get(25) != Some(&OVERFLOW) {
                return Err(damaged());
            }
            value.extend(part(page, PAGE_HEAD, size).ok_or_else(damaged)?);
            number = self.order.size(page, 16).ok_or_else(damaged)?;
        }
        if value.len() == length { Ok(value) } else { Err(damaged()) }
    }
}
