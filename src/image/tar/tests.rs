//! Archives that are written here and read back, and damaged ones.

use std::io::{self, Cursor};

use proptest::prelude::*;

use super::{Damage, Entry, Source, Tar, What};

impl Source for Cursor<Vec<u8>> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        self.set_position(self.position().saturating_add(count));
        Ok(())
    }
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Folder,
    File(Vec<u8>),
    Symlink(String),
    HardLink(String),
}

/// An entry to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
}

/// An entry with a file.
pub(crate) fn file(name: &str, text: &str) -> Written {
    Written { name: name.to_owned(), kind: Kind::File(text.as_bytes().to_vec()), mode: 0o644 }
}

/// A header, by POSIX.
pub(crate) fn header(name: &str, flag: u8, size: u64, target: &str, mode: u32) -> [u8; 512] {
    let mut block = [0; 512];
    block[..name.len().min(100)].copy_from_slice(&name.as_bytes()[..name.len().min(100)]);
    block[100..107].copy_from_slice(format!("{mode:07o}").as_bytes());
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = flag;
    block[157..157 + target.len()].copy_from_slice(target.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    sum(&mut block);
    block
}

/// Writes the checksum of a header.
pub(crate) fn sum(block: &mut [u8; 512]) {
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
}

/// Adds content, filled up to whole blocks.
fn content(archive: &mut Vec<u8>, bytes: &[u8]) {
    archive.extend(bytes);
    archive.resize(archive.len().next_multiple_of(512), 0);
}

/// An archive with its end.
pub(crate) fn archive(entries: &[Written]) -> Vec<u8> {
    let mut bytes = open_archive(entries);
    bytes.extend([0; 1024]);
    bytes
}

fn open_archive(entries: &[Written]) -> Vec<u8> {
    let mut archive = Vec::new();
    for entry in entries {
        let (flag, bytes, target) = match &entry.kind {
            Kind::Folder => (b'5', &[][..], ""),
            Kind::File(bytes) => (b'0', bytes.as_slice(), ""),
            Kind::Symlink(target) => (b'2', &[][..], target.as_str()),
            Kind::HardLink(target) => (b'1', &[][..], target.as_str()),
        };
        archive.extend(header(&entry.name, flag, bytes.len() as u64, target, entry.mode));
        content(&mut archive, bytes);
    }
    archive
}

fn entries(bytes: Vec<u8>) -> Result<(Vec<Entry>, bool), Damage> {
    let mut tar = Tar::new(Cursor::new(bytes));
    let mut entries = Vec::new();
    while let Some(entry) = tar.next()? {
        entries.push(entry);
    }
    Ok((entries, tar.has_end()))
}

#[test]
fn entries_are_read() {
    let written = [
        Written { name: "a/".to_owned(), kind: Kind::Folder, mode: 0o755 },
        file("a/b", "text"),
        Written { name: "c".to_owned(), kind: Kind::Symlink("a/b".to_owned()), mode: 0o777 },
        Written { name: "d".to_owned(), kind: Kind::HardLink("a/b".to_owned()), mode: 0o4755 },
    ];
    let (read, has_end) = entries(archive(&written)).unwrap();
    assert!(has_end);
    let what: Vec<&What> = read.iter().map(|entry| &entry.what).collect();
    assert_eq!(
        what,
        [&What::Folder, &What::File, &What::Symlink(b"a/b".to_vec()), &What::HardLink(b"a/b".to_vec())]
    );
    assert_eq!((read[1].size, read[3].mode), (4, 0o4755));
    assert!(!entries(open_archive(&written)).unwrap().1);
}

#[test]
fn long_names_are_read_in_every_form() {
    let long = "x".repeat(150);
    let mut gnu = header("././@LongLink", b'L', 151, "", 0).to_vec();
    content(&mut gnu, format!("{long}\0").as_bytes());
    gnu.extend(open_archive(&[file("cut", "text")]));
    let record = format!("159 path={long}\n");
    assert_eq!(record.len(), 160);
    let record = record.replace("159", "160");
    let mut posix = header("PaxHeaders/x", b'x', record.len() as u64, "", 0).to_vec();
    content(&mut posix, record.as_bytes());
    posix.extend(open_archive(&[file("cut", "text")]));
    for mut bytes in [gnu, posix] {
        bytes.extend([0; 1024]);
        let (read, _) = entries(bytes).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].name, long.as_bytes());
    }
    let mut prefixed = header("name", b'0', 0, "", 0o644);
    prefixed[345..348].copy_from_slice(b"a/b");
    sum(&mut prefixed);
    let (read, _) = entries([&prefixed[..], &[0; 1024]].concat()).unwrap();
    assert_eq!(read[0].name, b"a/b/name");
}

#[test]
fn what_runtimes_refuse_is_damaged() {
    let good = archive(&[file("a", "text"), file("b", "more")]);
    let mut wrong_sum = good.clone();
    wrong_sum[0] = b'z';
    assert!(!entries(good[..700].to_vec()).unwrap().1, "cut off in a content");
    let cut = good[..1100].to_vec();
    let mut one_empty = good.clone();
    one_empty.splice(1024..1024, [0; 512]);
    let mut unknown = header("a", b'Z', 0, "", 0).to_vec();
    unknown.extend([0; 1024]);
    let mut name_alone = header("././@LongLink", b'L', 1, "", 0).to_vec();
    content(&mut name_alone, b"x");
    name_alone.extend([0; 1024]);
    let record = "10 path=a\n";
    let mut global = header("g", b'g', record.len() as u64, "", 0).to_vec();
    content(&mut global, record.as_bytes());
    global.extend(&good);
    for (what, bytes) in [
        ("checksum", wrong_sum),
        ("cut off", cut),
        ("one empty block", one_empty),
        ("unknown kind", unknown),
        ("a name alone", name_alone),
        ("global path", global),
    ] {
        assert!(entries(bytes).is_err(), "{what}");
    }
}

proptest! {
    #[test]
    fn damage_is_no_panic(at in 0_usize..2_560, byte: u8, cut in 0_usize..2_560) {
        let mut bytes = archive(&[file("a", "text"), file("b", "more")]);
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        bytes.truncate(bytes.len() - cut.min(bytes.len()));
        let _ = entries(bytes);
    }
}
