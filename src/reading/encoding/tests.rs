use std::io::Read;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{Decoded, Decoder};

/// Hands out one byte at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = usize::from(!self.0.is_empty());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// The text, and how many characters were replaced.
fn text(bytes: &[u8]) -> (String, u64) {
    let read = |mut decoder: Decoder<&mut dyn Read>| {
        let mut text = String::new();
        while decoder.read(&mut text).unwrap() {}
        (text, decoder.forbidden + decoder.undecoded)
    };
    let whole = read(Decoder::new(&mut { bytes }));
    assert_eq!(whole, read(Decoder::new(&mut Slow(bytes))));
    whole
}

fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
    let unit = |unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn every_encoding_becomes_the_same_text() {
    for big_endian in [true, false] {
        assert_eq!(text(&utf16("\u{feff}<a b='é𝄞'/>", big_endian)), ("<a b='é𝄞'/>".to_owned(), 0));
        assert_eq!(text(&utf16("<a b='é𝄞'/>", big_endian)), ("<a b='é𝄞'/>".to_owned(), 0));
    }
    assert_eq!(text("\u{feff}<a b='é'/>".as_bytes()), ("<a b='é'/>".to_owned(), 0));
    for (name, letters) in [
        ("ISO-8859-1", "é"),
        ("windows-1252", "€"),
        ("windows-1251", "корзина ёлка"),
        ("ISO-8859-5", "корзина"),
        ("KOI8-R", "корзина"),
        ("Shift_JIS", "注文を数える"),
        ("EUC-JP", "注文を数える"),
        ("ISO-2022-JP", "注文を数える"),
        ("GB18030", "购物车𝄞"),
        ("GBK", "购物车"),
        ("Big5", "購物車"),
        ("EUC-KR", "장바구니"),
        ("windows-1256", "سلة"),
        ("macintosh", "é"),
        ("UTF-8", "장바구니"),
    ] {
        let whole = format!("<?xml version='1.0' encoding='{name}'?><a b='{letters}'/>");
        let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap();
        let (bytes, _, is_lossy) = encoding.encode(&whole);
        assert!(!is_lossy, "{name}");
        assert_eq!(text(&bytes), (whole.clone(), 0), "{name}");
    }
}

#[test]
fn letters_on_the_edge_of_what_is_read_at_once_stay_whole() {
    for lead in 0..4 {
        let long = format!("{}{}", "a".repeat(lead), "é𝄞".repeat(30_000));
        assert_eq!(text(long.as_bytes()), (long.clone(), 0));
        assert_eq!(text(&utf16(&format!("\u{feff}{long}"), false)), (long, 0));
    }
}

#[test]
fn what_xml_forbids_is_replaced_and_counted() {
    let expected = "<a>\u{fffd}[0m \u{fffd}00é\u{fffd}ff\u{fffd}c3</a>";
    assert_eq!(text(b"<a>\x1b[0m \0\xc3\xa9\xff\xc3</a>"), (expected.to_owned(), 4));
    assert_eq!(text(b"a\xe2\x82"), ("a\u{fffd}e2\u{fffd}82".to_owned(), 1));
    assert_eq!(text(b""), (String::new(), 0));
}

#[test]
fn what_is_not_utf_8_and_says_nothing_is_windows_1252() {
    assert_eq!(text(b"1..2\nok 1 caf\xe9\nok 2 \xc3\xa9\n").0, "1..2\nok 1 café\nok 2 Ã©\n");
    // Where UTF-8 stood before, or is stated, it is UTF-8 with something wrong in it.
    assert_eq!(text(b"\xc3\xa9 caf\xe9 \xc3\xa9").0, "é caf\u{fffd}e9 é");
    assert_eq!(text(b"\xef\xbb\xbfcaf\xe9 \xc3\xa9").0, "caf\u{fffd}e9 é");
    let stated = b"<?xml version='1.0' encoding='utf-8'?><a b='\xe9\xc3\xa9'/>";
    assert!(text(stated).0.ends_with("<a b='\u{fffd}e9é'/>"));
    let unknown = b"<?xml version='1.0' encoding='cp437'?><a b='\x82'/>";
    assert!(text(unknown).0.ends_with("<a b='‚'/>"));
}

#[test]
fn bytes_that_mean_nothing_stay_apart() {
    let japanese =
        |bytes: &[u8]| text(&[b"<?xml version='1.0' encoding='Shift_JIS'?>", bytes, b"<a/>"].concat()).0;
    let (one, other) = (japanese(b"\x83\x4a\xfd\x83<"), japanese(b"\x83\x4a\xfe\x83<"));
    assert!(one.contains("カ\u{fffd}fd\u{fffd}83<"), "{one}");
    assert!(other.contains("カ\u{fffd}fe\u{fffd}83<"), "{other}");
    let lone = text(&[&utf16("\u{feff}<a", false)[..], &[0x00, 0xd8, b'>', 0]].concat()).0;
    assert_eq!(lone, "<a\u{fffd}00\u{fffd}d8>");
}

#[test]
fn an_encoding_in_which_nothing_can_be_trusted_is_refused() {
    for bytes in [
        &b"<?xml version='1.0' encoding='UTF-7'?><a/>"[..],
        b"+/v8-<a/>",
        b"<?xml version='1.0' encoding='hz-gb-2312'?><a/>",
        b"\xff\xfe\0\0<\0\0\0",
        b"<\0\0\0a\0\0\0",
    ] {
        let mut source = bytes;
        let error = Decoder::new(&mut source).read(&mut String::new()).unwrap_err();
        assert!(error.to_string().contains("is not supported; write the report in UTF-8"), "{error}");
    }
}

#[test]
fn oddities_are_told_with_their_place() {
    let notes = |bytes: &[u8]| {
        let mut decoded = Decoded::new(bytes);
        decoded.read_to_end(&mut Vec::new()).unwrap();
        decoded.notes()
    };
    assert_eq!(notes("é\x1b[0m".as_bytes()), [""; 0]);
    assert_eq!(
        notes(b"\xc3\xa9\n a\xff\xfe"),
        ["2:3: 2 characters that can't be decoded were replaced, the first one here"]
    );
    assert_eq!(
        notes(b"a\nb\xe9"),
        ["2:2: 1 character that can't be decoded were replaced, the first one here"]
    );
    assert_eq!(
        notes(b"a\nb\xe9\n"),
        ["2:2: not UTF-8, and no known encoding is declared: read as windows-1252"]
    );
}

proptest! {
    #[test]
    fn different_bytes_stay_different_text(
        mark in 0..4_usize,
        one in proptest::collection::vec(any::<u8>(), 1..6),
        other in proptest::collection::vec(any::<u8>(), 1..6),
    ) {
        let mark: &[u8] = [&b"\xef\xbb\xbf"[..], b"a", b"<?xml version='1.0' encoding='windows-1251'?>", "é".as_bytes()][mark];
        let decoded = |bytes: &[u8]| text(&[mark, bytes].concat()).0;
        // Only digits that stand there look like those of a byte that was replaced.
        let has_digits = |bytes: &[u8]| bytes.iter().any(u8::is_ascii_hexdigit) || bytes.contains(&0xef);
        if one != other && !has_digits(&one) && !has_digits(&other) {
            prop_assert!(decoded(&one) != decoded(&other));
        }
        prop_assert_eq!(decoded(&one), decoded(&one));
    }
}
