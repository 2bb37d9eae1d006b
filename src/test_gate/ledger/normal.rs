//! Texts made equal across runs: what differs between two runs of the same tests on two machines is left out.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use devops_core::digest::hexadecimal;

/// Folders that hosts check a project out to, and how many more folders belong to the checkout.
const CHECKOUTS: [(&str, usize); 7] = [
    ("/home/runner/work/", 2),
    ("/Users/runner/work/", 2),
    ("/__w/", 2),
    ("/builds/", 2),
    ("/github/workspace/", 0),
    ("D:\\a\\", 2),
    ("D:/a/", 2),
];

/// Maximum bytes of a text; longer ones are distinguished by a digest of the whole.
const LONGEST: usize = 400;

/// Minimum digits of a hexadecimal number that counts as an address.
const ADDRESS: usize = 8;

/// A text without what differs between runs of the same test: checkout folders go, and addresses (`0x` and at least eight
/// digits, or behind `@` as Java prints objects), GUIDs and times of day with their date become `*`. A text of over 400
/// bytes is cut, and ends with a digest of all of it.
pub(super) fn normal(text: &str) -> Cow<'_, str> {
    let mut made = String::new();
    let (mut at, mut copied, mut is_inside_word) = (0, 0, false);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some((length, put)) = volatile(rest, is_inside_word) {
            made.push_str(text.get(copied..at).unwrap_or_default());
            made.push_str(put);
            at += length.max(1);
            copied = at;
            is_inside_word = false;
        } else {
            let first = rest.chars().next().unwrap_or_default();
            is_inside_word = first.is_alphanumeric();
            at += first.len_utf8();
        }
    }
    if copied == 0 {
        return cut(Cow::Borrowed(text));
    }
    made.push_str(text.get(copied..).unwrap_or_default());
    cut(Cow::Owned(made))
}

/// The same, cut to the greatest length.
fn cut(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return text;
    }
    let digest: String = hexadecimal(&Sha256::digest(text.as_bytes())).chars().take(16).collect();
    let end = (0..=LONGEST - 20).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let kept = text.get(..end).unwrap_or_default();
    Cow::Owned(format!("{kept}…{digest}"))
}

/// How many bytes at the beginning differ between runs, and what stands for them.
fn volatile(rest: &str, is_inside_word: bool) -> Option<(usize, &'static str)> {
    let bytes = rest.as_bytes();
    match bytes.first()? {
        b'@' if is_inside_word => {
            let digits = hexadecimals(bytes.get(1..)?);
            ((5..=8).contains(&digits) && !is_word(bytes.get(digits + 1))).then_some((digits + 1, "@*"))
        }
        _ if is_inside_word => None,
        b'/' | b'D' => checkout(rest).or_else(|| guid(bytes)),
        b'0' if bytes.get(1) == Some(&b'x') => {
            let digits = hexadecimals(bytes.get(2..)?);
            (digits >= ADDRESS).then_some((digits + 2, "0x*"))
        }
        first if first.is_ascii_hexdigit() => guid(bytes).or_else(|| moment(bytes)),
        _ => None,
    }
}

/// A checkout folder.
fn checkout(rest: &str) -> Option<(usize, &'static str)> {
    for (start, folders) in CHECKOUTS {
        if let Some(inside) = rest.strip_prefix(start) {
            let mut length = start.len();
            let mut inside = inside;
            for _ in 0..folders {
                let end = inside.find(['/', '\\'])?;
                // A folder's name has no space; another path may begin behind one.
                if inside.get(..end)?.contains(char::is_whitespace) {
                    return None;
                }
                inside = inside.get(end + 1..)?;
                length += end + 1;
            }
            return Some((length, ""));
        }
    }
    None
}

/// A GUID: 8, 4, 4, 4 and 12 hexadecimal digits.
fn guid(bytes: &[u8]) -> Option<(usize, &'static str)> {
    let text = bytes.get(..36)?;
    let is_guid = text.iter().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    (is_guid && !is_word(bytes.get(36))).then_some((36, "*"))
}

/// A date with a time of day, as `2026-11-23T10:11:12.5Z`.
fn moment(bytes: &[u8]) -> Option<(usize, &'static str)> {
    let pattern = b"dddd-dd-ddTdd:dd";
    let is_moment = bytes.len() >= pattern.len()
        && pattern.iter().zip(bytes).all(|(pattern, byte)| match pattern {
            b'd' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b't' | b' ' | b'_'),
            other => other == byte,
        });
    if !is_moment {
        return None;
    }
    let is_more = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.');
    let mut length = pattern.len() + bytes.iter().skip(pattern.len()).take_while(is_more).count();
    match bytes.get(length) {
        Some(b'Z' | b'z') => length += 1,
        Some(b'+' | b'-') if bytes.get(length + 1).is_some_and(u8::is_ascii_digit) => {
            length += 1 + bytes.iter().skip(length + 1).take_while(is_more).count();
        }
        _ => {}
    }
    Some((length, "*"))
}

fn hexadecimals(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count()
}

fn is_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::normal;

    #[test]
    fn what_differs_between_runs_is_left_out() {
        for (text, expected) in [
            ("test_a[<object at 0x7f8b1c2d3e4f>]", "test_a[<object at 0x*>]"),
            ("parses(0xdeadbeef)", "parses(0x*)"),
            ("flags 0xff", "flags 0xff"),
            ("[1] com.shop.Cart@1b2c3d", "[1] com.shop.Cart@*"),
            ("mail to a@example.org", "mail to a@example.org"),
            ("get 3f2504e0-4f89-41d3-9a0c-0305e82c3301!", "get *!"),
            ("at 2026-11-23T10:11:12.5+01:00 ok", "at * ok"),
            ("at 2026-11-23 10:11", "at *"),
            ("on 2026-11-23", "on 2026-11-23"),
            ("/home/runner/work/shop/shop/tests/a.py", "tests/a.py"),
            ("reads /builds/group/shop/a.txt twice", "reads a.txt twice"),
            ("D:\\a\\shop\\shop\\a.cs", "a.cs"),
            ("/__w/a b/c/d", "/__w/a b/c/d"),
            ("é 0x1234567 é", "é 0x1234567 é"),
            ("", ""),
        ] {
            assert_eq!(normal(text), expected, "{text}");
        }
        let long = "é".repeat(500);
        let (one, other) = (normal(&long), normal(&long[2..]));
        assert!(one.len() <= 400 && one != other);
    }

    proptest! {
        #[test]
        fn any_text_has_a_normal_form_that_stays(text in ".{0,60}|[0-9a-fx@/ -]{0,60}") {
            let once = normal(&text).into_owned();
            prop_assert!(once.len() <= text.len() + 2);
            let twice = normal(&once).into_owned();
            prop_assert!(twice.len() <= once.len());
            let thrice = normal(&twice).into_owned();
            prop_assert_eq!(normal(&thrice).into_owned(), thrice);
        }
    }
}
