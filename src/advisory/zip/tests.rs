//! Zips as different tools write them, and zips that are damaged or made to mislead.

use std::io::{Cursor, Write as _};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::Zip;

/// A file of a zip that is made here.
#[derive(Clone)]
struct File {
    name: &'static str,
    own_name: &'static str,
    text: String,
    method: u16,
    flags: u16,
}

fn file(name: &'static str, text: &str) -> File {
    File { name, own_name: name, text: text.to_owned(), method: 8, flags: 0 }
}

/// What differs from an ordinary zip.
#[derive(Clone, Copy, Default)]
struct Form {
    is_zip64: bool,
    has_descriptors: bool,
    /// How many entries the end record counts too many.
    miscounted: i64,
    /// Every entry of the directory has the place of the first.
    is_overlapping: bool,
}

/// The bytes of a zip.
#[expect(
    clippy::cast_possible_truncation,
    clippy::too_many_lines,
    reason = "the parts of a short file, in their order"
)]
fn zip(files: &[File], form: Form) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for file in files {
        let mut crc = Crc::new();
        crc.update(file.text.as_bytes());
        let packed = if file.method == 8 {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(file.text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        } else {
            file.text.clone().into_bytes()
        };
        let flags = file.flags | if form.has_descriptors { 8 } else { 0 };
        let facts = |is_own: bool| {
            let mut facts = Vec::new();
            facts.extend(flags.to_le_bytes());
            facts.extend(file.method.to_le_bytes());
            facts.extend([0; 4]);
            let (crc, packed, size) = if is_own && form.has_descriptors {
                (0, 0, 0)
            } else {
                (crc.sum(), packed.len() as u32, file.text.len() as u32)
            };
            let is_long = form.is_zip64 && !is_own;
            facts.extend(crc.to_le_bytes());
            facts.extend(if is_long { u32::MAX } else { packed }.to_le_bytes());
            facts.extend(if is_long { u32::MAX } else { size }.to_le_bytes());
            facts
        };
        let offset = if form.is_overlapping { 0 } else { bytes.len() as u64 };
        bytes.extend(b"PK\x03\x04\x14\x00");
        bytes.extend(facts(true));
        bytes.extend((file.own_name.len() as u16).to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(file.own_name.as_bytes());
        bytes.extend(&packed);
        if form.has_descriptors {
            bytes.extend(b"PK\x07\x08");
            bytes.extend(crc.sum().to_le_bytes());
            bytes.extend((packed.len() as u32).to_le_bytes());
            bytes.extend((file.text.len() as u32).to_le_bytes());
        }
        let extra = if form.is_zip64 {
            let numbers = [file.text.len() as u64, packed.len() as u64, offset];
            [vec![1, 0, 24, 0], numbers.iter().flat_map(|number| number.to_le_bytes()).collect()].concat()
        } else {
            Vec::new()
        };
        directory.extend(b"PK\x01\x02\x14\x00\x14\x00");
        directory.extend(facts(false));
        directory.extend((file.name.len() as u16).to_le_bytes());
        directory.extend((extra.len() as u16).to_le_bytes());
        directory.extend([0; 10]);
        directory.extend(if form.is_zip64 { u32::MAX } else { offset as u32 }.to_le_bytes());
        directory.extend(file.name.as_bytes());
        directory.extend(extra);
    }
    let (start, size) = (bytes.len() as u64, directory.len() as u64);
    let count = files.len() as u64;
    let count = count.wrapping_add_signed(form.miscounted);
    bytes.extend(directory);
    if form.is_zip64 {
        let end = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [count, count, size, start] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\x00\x00\x00\x00");
        bytes.extend(end.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
    }
    bytes.extend(b"PK\x05\x06\x00\x00\x00\x00");
    let count = if form.is_zip64 { u16::MAX } else { count as u16 };
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(if form.is_zip64 { u32::MAX } else { size as u32 }.to_le_bytes());
    bytes.extend(if form.is_zip64 { u32::MAX } else { start as u32 }.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// An ordinary zip of these files.
pub(crate) fn zip_of(files: &[(&'static str, &str)]) -> Vec<u8> {
    let files: Vec<File> = files.iter().map(|(name, text)| file(name, text)).collect();
    zip(&files, Form::default())
}

/// The name and the text of an entry.
type Read = (String, Option<String>);

/// Names and texts of the entries, in their order; none stands for one that is too long.
fn read(bytes: &[u8]) -> Result<Vec<Read>, String> {
    let mut zip = Zip::open(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut read = Vec::new();
    let prepare = |entry: &super::Entry<'_>, bytes: Option<&[u8]>| {
        (entry.name.to_owned(), bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
    };
    zip.each(1 << 16, &prepare, &mut |one| read.push(one)).map_err(|error| error.to_string())?;
    Ok(read)
}

fn files() -> Vec<File> {
    let names = ["a.json", "b/c.json", "d.json", "e.json", "f.json"];
    names.map(|name| file(name, &format!("{name} ").repeat(5))).to_vec()
}

fn expected(files: &[File]) -> Vec<Read> {
    files.iter().map(|file| (file.name.to_owned(), Some(file.text.clone()))).collect()
}

#[test]
fn every_form_of_a_zip_is_read() {
    for method in [0, 8] {
        for form in [
            Form::default(),
            Form { is_zip64: true, ..Form::default() },
            Form { has_descriptors: true, ..Form::default() },
            Form { is_zip64: true, has_descriptors: true, ..Form::default() },
        ] {
            let files: Vec<File> = files().into_iter().map(|file| File { method, ..file }).collect();
            assert_eq!(read(&zip(&files, form)).unwrap(), expected(&files), "method {method}");
        }
    }
    let folder = File { method: 0, ..file("b/", "") };
    assert_eq!(read(&zip(&[folder, file("b/c.json", "x")], Form::default())).unwrap().len(), 1);
    assert_eq!(read(&zip(&[], Form::default())).unwrap(), []);
    let long = file("long.json", &"x".repeat((1 << 16) + 1));
    assert_eq!(read(&zip(&[long], Form::default())).unwrap(), [("long.json".to_owned(), None)]);
}

#[test]
fn two_entries_of_one_name_are_both_read() {
    let twice = [file("a.json", "one"), file("a.json", "two")];
    assert_eq!(read(&zip(&twice, Form::default())).unwrap(), expected(&twice));
}

#[test]
fn what_misleads_is_refused() {
    let good = files();
    let with = |change: fn(&mut File)| {
        let mut files = good.clone();
        change(&mut files[2]);
        zip(&files, Form::default())
    };
    for (what, bytes, reason) in [
        ("encrypted", with(|file| file.flags = 1), "is encrypted"),
        ("other method", with(|file| file.method = 12), "unknown method 12"),
        ("climbs", with(|file| file.name = "../d.json"), "outside of the archive"),
        ("absolute", with(|file| file.name = "/d.json"), "outside of the archive"),
        ("of another system", with(|file| file.name = "..\\d.json"), "outside of the archive"),
        ("renamed in the directory", with(|file| file.name = "d.jsom"), "another name in its own header"),
        ("too many", zip(&good, Form { miscounted: 1, ..Form::default() }), "cut off"),
        ("too few", zip(&good, Form { miscounted: -1, ..Form::default() }), "more entries than it says"),
        ("overlapping", zip(&good, Form { is_overlapping: true, ..Form::default() }), "share bytes"),
        (
            "too few, Zip64",
            zip(&good, Form { is_zip64: true, miscounted: -1, ..Form::default() }),
            "more entries than it says",
        ),
    ] {
        let error = read(&bytes).unwrap_err();
        assert!(error.contains(reason), "{what}: {error}");
    }
}

#[test]
fn a_zip_that_is_cut_off_or_flipped_is_refused_or_the_same() {
    for form in [Form::default(), Form { is_zip64: true, ..Form::default() }] {
        let files = files();
        let whole = zip(&files, form);
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "cut off at {end}");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            if let Ok(read) = read(&flipped) {
                let texts = expected(&files);
                let is_same =
                    |(one, right): (&Read, &Read)| one.0 == right.0 && (one.1.is_none() || one.1 == right.1);
                assert!(read.len() == texts.len() && read.iter().zip(&texts).all(is_same), "at {at}");
            }
        }
    }
}
