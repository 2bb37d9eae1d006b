//! Reports in every encoding, declared, not declared or declared wrongly: never a test less, never a failure less.

use super::{Said, judge, judge_text};

/// A failed and a passed test whose names differ in letters outside of ASCII.
fn report(declaration: &str, failed: &[u8], passed: &[u8]) -> Vec<u8> {
    [
        declaration.as_bytes(),
        b"<testsuite name='s'><testcase classname='shop' name='",
        failed,
        b"'><failure message='no'/></testcase><testcase classname='shop' name='",
        passed,
        b"'/></testsuite>\n",
    ]
    .concat()
}

fn declared(encoding: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n")
}

/// Two names of the same length in Cyrillic, as windows-1251 has them.
const CARD: &[u8] = b"\xee\xef\xeb\xe0\xf2\xe0 \xea\xe0\xf0\xf2\xee\xe9";
const CASH: &[u8] = b"\xee\xef\xeb\xe0\xf2\xe0 \xef\xee \xf1\xf7\xb8";

fn title(said: &Said) -> String {
    said.findings()[0]["title"].as_str().unwrap().to_owned()
}

#[test]
fn names_in_any_encoding_stay_two_names() {
    let card = "shop.оплата картой";
    let (utf8, other) = ("оплата картой".as_bytes(), "оплата по счё".as_bytes());
    for (declaration, failed, passed, expected) in [
        (declared("UTF-8"), utf8, other, card),
        (String::new(), utf8, other, card),
        (declared("windows-1251"), CARD, CASH, card),
        (declared("cp1251"), CARD, CASH, card),
        (declared("Shift_JIS"), b"\x83\x4a\x81\x5b", b"\x83\x4a\x83\x67", "shop.カー"),
        (declared("cp949"), b"\xb0\xa1", b"\xb0\xa2", "shop.가"),
        // Nothing says what it is, or something wrong.
        (String::new(), CARD, CASH, "shop.îïëàòà êàðòîé"),
        (declared("cp437"), CARD, CASH, "shop.îïëàòà êàðòîé"),
        (declared("UTF-16"), utf8, other, card),
        (declared("UTF-8"), CARD, CASH, "shop.�ee�ef�eb�e0�f2�e0 �ea�e0�f0�f2�ee�e9"),
    ] {
        for (failed, passed) in [(failed, passed), (passed, failed)] {
            let said = judge_text(report(&declaration, failed, passed));
            assert_eq!((said.code(), said.counts()), (1, [2, 1, 0, 1, 0, 0, 0]), "{declaration} {expected}");
        }
        assert_eq!(title(&judge_text(report(&declaration, failed, passed))), expected, "{declaration}");
    }
}

#[test]
fn marks_go_before_declarations() {
    let text =
        |declaration: &str| String::from_utf8(report(declaration, "é".as_bytes(), "è".as_bytes())).unwrap();
    let utf16 = |text: &str, mark: &str| -> Vec<u8> {
        format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    for bytes in [
        format!("\u{feff}{}", text(&declared("windows-1251"))).into_bytes(),
        utf16(&text(&declared("UTF-8")), "\u{feff}"),
        utf16(&text(&declared("UTF-16")), ""),
        utf16(&text(""), ""),
    ] {
        let said = judge_text(bytes);
        assert_eq!((said.code(), said.counts()), (1, [2, 1, 0, 1, 0, 0, 0]));
        assert_eq!((title(&said).as_str(), said.notes().as_str()), ("shop.é", "[]"));
    }
}

#[test]
fn what_was_replaced_or_guessed_is_told() {
    for (declaration, words) in [
        (
            declared("UTF-8"),
            "junit.xml:2:54: 23 characters that can't be decoded were replaced, the first one here",
        ),
        (String::new(), "junit.xml:1:54: not UTF-8, and no known encoding is declared: read as windows-1252"),
        (declared("cp437"), "unknown encoding `cp437`, read as UTF-8"),
    ] {
        let said = judge_text(report(&declaration, CARD, CASH));
        assert!(said.notes().contains(words), "{}", said.notes());
    }
    // Formats of text and JSON have no declaration, and say it as well.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.tap"), b"1..2\nnot ok 1 - caf\xe9\nok 2 - caf\xe8\n").unwrap();
    let said = judge(folder.path(), &["a.tap"]);
    assert_eq!((said.counts(), title(&said).as_str()), ([2, 1, 0, 1, 0, 0, 0], "café"));
    assert!(said.notes().contains("a.tap:2:15: not UTF-8"), "{}", said.notes());
    let json = b"\xef\xbb\xbf{\"stats\": {\"tests\": 1}, \"tests\": [{\"title\": \"caf\xe9\", \"fullTitle\": \"caf\xe9\", \"err\": {}}], \"pending\": [], \"failures\": [], \"passes\": []}";
    std::fs::write(folder.path().join("a.json"), json).unwrap();
    let said = judge(folder.path(), &["a.json"]);
    assert!(said.notes().contains("2 characters that can't be decoded were replaced"), "{}", said.report);
}

#[test]
fn an_encoding_that_hides_markup_is_refused() {
    let hidden = "<testsuite><testcase name='a'>+ADw-failure/+AD4-</testcase></testsuite>";
    for (text, name) in [
        (declared("UTF-7") + hidden, "UTF-7"),
        (declared("unicode-1-1-utf-7") + hidden, "UTF-7"),
        (format!("+/v8-{hidden}"), "UTF-7"),
        (declared("HZ-GB-2312") + hidden, "HZ"),
        (hidden.chars().flat_map(|character| [character, '\0', '\0', '\0']).collect(), "UTF-32"),
    ] {
        let said = judge_text(&text);
        assert_eq!((said.code(), said.rules()), (1, vec!["report-unreadable"]), "{name}");
        let title = title(&said);
        assert!(
            title.contains(name) && title.ends_with("is not supported; write the report in UTF-8"),
            "{title}"
        );
    }
    // Without a word about it the letters are what they are, and so is the failure.
    let shown = hidden.replace("+ADw-", "<").replace("+AD4-", ">");
    assert_eq!(judge_text(shown).counts(), [1, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn tests_whose_names_were_replaced_are_never_attempts() {
    // Pytest writes the attempt before the last one like a pass, so that a second pass of one name is flaky there.
    let pytest = |one: &str, other: &str| {
        format!(
            "<testsuites><testsuite name='pytest'><testcase classname='a' name='{one}'/><testcase classname='a' name='{other}'><failure/></testcase></testsuite></testsuites>"
        )
    };
    assert_eq!(judge_text(pytest("b", "b")).counts(), [1, 0, 0, 1, 0, 0, 0]);
    for (one, other) in [("b\u{1b}", "b\u{1b}"), ("b\u{fffd}", "b\u{fffd}"), ("b\u{1}", "b\u{2}")] {
        assert_eq!(judge_text(pytest(one, other)).counts(), [2, 1, 0, 1, 0, 0, 0], "{one:?}");
    }
}
