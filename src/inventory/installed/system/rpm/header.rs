//! The header of a package, which is the same in all databases of rpm: an index of tags, and their data behind it.

use super::Entry;
use super::bytes::{Order, part};

/// The most entries and bytes of data that rpm accepts.
const MOST_ENTRIES: usize = 65_535;
const MOST_DATA: usize = 256 << 20;

/// The tags that matter.
mod tag {
    pub(super) const NAME: u32 = 1000;
    pub(super) const VERSION: u32 = 1001;
    pub(super) const RELEASE: u32 = 1002;
    pub(super) const EPOCH: u32 = 1003;
    pub(super) const INSTALL_TIME: u32 = 1008;
    pub(super) const VENDOR: u32 = 1011;
    pub(super) const LICENSE: u32 = 1014;
    pub(super) const ARCHITECTURE: u32 = 1022;
    pub(super) const OLD_FILE_NAMES: u32 = 1027;
    pub(super) const FILE_FLAGS: u32 = 1037;
    pub(super) const SOURCE_RPM: u32 = 1044;
    pub(super) const FOLDER_INDEXES: u32 = 1116;
    pub(super) const BASE_NAMES: u32 = 1117;
    pub(super) const FOLDER_NAMES: u32 = 1118;
    pub(super) const MODULARITY_LABEL: u32 = 5096;
}

/// The types of data.
const INT32: u32 = 4;
const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// The flag of a file that a package only claims, without bringing it.
const GHOST: u32 = 1 << 6;

/// An entry of the index.
#[derive(Debug, Clone, Copy)]
struct Index {
    tag: u32,
    kind: u32,
    offset: usize,
    count: usize,
}

/// A header, split in its parts.
struct Header<'a> {
    index: Vec<Index>,
    data: &'a [u8],
}

/// Reads a header.
pub(super) fn read(blob: &[u8]) -> Result<Entry, String> {
    let header = Header::new(blob).ok_or("a package header is damaged")?;
    let name =
        header.text(tag::NAME)?.filter(|name| !name.is_empty()).ok_or("a package header has no name")?;
    let about = |what: &str| format!("the package header of {name} {what}");
    let required = |tag: u32, what: &str| {
        header.text(tag)?.filter(|value| !value.is_empty()).ok_or_else(|| about(&format!("has no {what}")))
    };
    let epoch = header.numbers(tag::EPOCH)?.and_then(|numbers| numbers.first().copied());
    let optional =
        |tag: u32| Ok::<_, String>(header.text(tag)?.filter(|value| value != "(none)").unwrap_or_default());
    let installed = header.numbers(tag::INSTALL_TIME)?.and_then(|numbers| numbers.first().copied());
    Ok(Entry {
        version: required(tag::VERSION, "version")?,
        release: required(tag::RELEASE, "release")?,
        epoch,
        architecture: optional(tag::ARCHITECTURE)?,
        source_rpm: optional(tag::SOURCE_RPM)?,
        vendor: optional(tag::VENDOR)?,
        license: optional(tag::LICENSE)?,
        module: optional(tag::MODULARITY_LABEL)?,
        installed: installed.unwrap_or_default(),
        files: header.files()?.ok_or_else(|| about("has a damaged list of files"))?,
        name,
    })
}

impl<'a> Header<'a> {
    /// Splits a header; none where its lengths do not fit.
    fn new(blob: &'a [u8]) -> Option<Self> {
        let entries = Order::Big.size(blob, 0).filter(|entries| (1..=MOST_ENTRIES).contains(entries))?;
        let length = Order::Big.size(blob, 4).filter(|length| *length <= MOST_DATA)?;
        let index = part(blob, 8, entries * 16)?;
        let data = part(blob, 8 + entries * 16, length)?;
        if blob.len() != 8 + entries * 16 + length {
            return None;
        }
        let index: Option<Vec<Index>> = index
            .chunks_exact(16)
            .map(|entry| {
                let entry = Index {
                    tag: Order::Big.u32(entry, 0)?,
                    kind: Order::Big.u32(entry, 4)?,
                    offset: Order::Big.size(entry, 8)?,
                    count: Order::Big.size(entry, 12)?,
                };
                let is_known = entry.tag >= 61 && entry.kind <= I18N_STRING;
                (is_known && entry.offset <= length && entry.count <= length).then_some(entry)
            })
            .collect();
        Some(Self { index: index?, data })
    }

    /// The entry of a tag; where a package was changed when it was installed, the last one.
    fn entry(&self, tag: u32) -> Option<Index> {
        self.index.iter().rev().find(|entry| entry.tag == tag).copied()
    }

    /// The strings of a tag.
    fn texts(&self, tag: u32) -> Result<Option<Vec<&'a [u8]>>, String> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        let damaged = || format!("the tag {tag} of a package header is damaged");
        if !matches!(entry.kind, STRING | STRING_ARRAY | I18N_STRING) || entry.count == 0 {
            return Err(damaged());
        }
        let mut rest = self.data.get(entry.offset..).ok_or_else(damaged)?;
        let count = if entry.kind == STRING { 1 } else { entry.count };
        let mut texts = Vec::new();
        for _ in 0..count {
            let end = rest.iter().position(|byte| *byte == 0).ok_or_else(damaged)?;
            let (text, after) = rest.split_at_checked(end).ok_or_else(damaged)?;
            texts.push(text);
            rest = after.get(1..).unwrap_or_default();
        }
        Ok(Some(texts))
    }

    /// The first string of a tag.
    fn text(&self, tag: u32) -> Result<Option<String>, String> {
        let texts = self.texts(tag)?;
        Ok(texts.and_then(|texts| texts.first().map(|text| String::from_utf8_lossy(text).trim().to_owned())))
    }

    /// The numbers of a tag.
    fn numbers(&self, tag: u32) -> Result<Option<Vec<u32>>, String> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        let bytes = entry.count.checked_mul(4).and_then(|length| part(self.data, entry.offset, length));
        let bytes = bytes.filter(|bytes| entry.kind == INT32 && !bytes.is_empty());
        let bytes = bytes.ok_or_else(|| format!("the tag {tag} of a package header is damaged"))?;
        Ok(Some(bytes.as_chunks().0.iter().map(|bytes| u32::from_be_bytes(*bytes)).collect()))
    }

    /// The paths that the package brings; none where the lists do not fit.
    fn files(&self) -> Result<Option<Vec<String>>, String> {
        let flags = self.numbers(tag::FILE_FLAGS)?.unwrap_or_default();
        let is_brought = |index: usize| flags.get(index).is_none_or(|flags| flags & GHOST == 0);
        let path = |text: &[u8]| String::from_utf8_lossy(text).trim_start_matches('/').to_owned();
        let Some(names) = self.texts(tag::BASE_NAMES)? else {
            let old = self.texts(tag::OLD_FILE_NAMES)?.unwrap_or_default();
            let old = old.into_iter().enumerate().filter(|(index, _)| is_brought(*index));
            return Ok(Some(old.map(|(_, text)| path(text)).collect()));
        };
        let folders = self.texts(tag::FOLDER_NAMES)?.unwrap_or_default();
        let indexes = self.numbers(tag::FOLDER_INDEXES)?.unwrap_or_default();
        if indexes.len() != names.len() {
            return Ok(None);
        }
        let mut files = Vec::new();
        for (number, (name, folder)) in names.into_iter().zip(indexes).enumerate() {
            let Some(folder) = usize::try_from(folder).ok().and_then(|folder| folders.get(folder)) else {
                return Ok(None);
            };
            if is_brought(number) {
                files.push(path(&[*folder, name].concat()));
            }
        }
        Ok(Some(files))
    }
}

#[cfg(test)]
mod tests {
    use super::{INT32, STRING, STRING_ARRAY, read, tag};

    /// A header of tags, each with its type, its count and its data.
    pub(crate) fn header(tags: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
        let mut index = Vec::new();
        let mut data: Vec<u8> = Vec::new();
        for (tag, kind, count, bytes) in tags {
            for number in [*tag, *kind, u32::try_from(data.len()).unwrap(), *count] {
                index.extend(number.to_be_bytes());
            }
            data.extend(*bytes);
        }
        let lengths = [tags.len(), data.len()].map(|length| u32::try_from(length).unwrap().to_be_bytes());
        [lengths.concat(), index, data].concat()
    }

    #[test]
    fn the_last_entry_of_a_tag_counts() {
        let blob = header(&[
            (tag::NAME, STRING, 1, b"a\0"),
            (tag::VERSION, STRING, 1, b"1\0"),
            (tag::RELEASE, STRING, 1, b"2\0"),
            (tag::EPOCH, INT32, 1, &[0, 0, 0, 3]),
            (tag::FILE_FLAGS, INT32, 2, &[0, 0, 0, 0, 0, 0, 0, 64]),
            (tag::FOLDER_INDEXES, INT32, 2, &[0, 0, 0, 1, 0, 0, 0, 0]),
            (tag::BASE_NAMES, STRING_ARRAY, 2, b"x\0y\0"),
            (tag::FOLDER_NAMES, STRING_ARRAY, 2, b"/usr/\0/etc/\0"),
            (tag::VERSION, STRING, 1, b"9\0"),
        ]);
        let entry = read(&blob).unwrap();
        assert_eq!((entry.name.as_str(), entry.version.as_str(), entry.epoch), ("a", "9", Some(3)));
        assert_eq!(entry.files, ["etc/x"]);
    }

    #[test]
    fn a_damaged_header_is_an_error() {
        let good: [(u32, u32, u32, &[u8]); 3] = [
            (tag::NAME, STRING, 1, b"a\0"),
            (tag::VERSION, STRING, 1, b"1\0"),
            (tag::RELEASE, STRING, 1, b"2\0"),
        ];
        let blob = header(&good);
        assert!(read(&blob).is_ok());
        for length in 0..blob.len() {
            assert!(read(&blob[..length]).is_err(), "{length}");
        }
        for (position, replaced) in [
            (0, (999, STRING, 1, &b"a\0"[..])),
            (1, (999, STRING, 1, &b"a\0"[..])),
            (2, (999, STRING, 1, &b"a\0"[..])),
            (0, (tag::NAME, INT32, 1, &b"a\0"[..])),
            (0, (tag::NAME, STRING, 0, &b"a\0"[..])),
            (2, (tag::RELEASE, STRING, 1, &b"2"[..])),
            (2, (tag::RELEASE, 10, 1, &b"2\0"[..])),
        ] {
            let mut tags = good;
            tags[position] = replaced;
            assert!(read(&header(&tags)).is_err(), "{replaced:?}");
        }
        let lists: [(u32, u32, u32, &[u8]); 3] = [
            (tag::FOLDER_INDEXES, INT32, 1, &[0, 0, 0, 1]),
            (tag::BASE_NAMES, STRING_ARRAY, 1, b"x\0"),
            (tag::FOLDER_NAMES, STRING_ARRAY, 1, b"/usr/\0"),
        ];
        assert!(read(&header(&[good.as_slice(), lists.as_slice()].concat())).is_err());
    }
}
