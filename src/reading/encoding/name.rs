//! Which encoding a file is in, as its first bytes and its XML declaration say.

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GBK, REPLACEMENT, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252,
};

/// What the first bytes of a file say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// A byte order mark of so many bytes.
    Marked { encoding: &'static Encoding, length: usize },
    /// No mark, and zeros where only this encoding has them.
    Like(&'static Encoding),
    /// An encoding that is not read.
    Refused(&'static str),
    /// Nothing.
    Plain,
}

impl Start {
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xff, 0xfe, 0, 0, ..]
            | [0, 0, 0xfe, 0xff, ..]
            | [1..=0x7f, 0, 0, 0, ..]
            | [0, 0, 0, 1..=0x7f, ..] => Self::Refused("UTF-32"),
            [b'+', b'/', b'v', b'8' | b'9' | b'+' | b'/', ..] => Self::Refused("UTF-7"),
            [0xef, 0xbb, 0xbf, ..] => Self::Marked { encoding: UTF_8, length: 3 },
            [0xff, 0xfe, ..] => Self::Marked { encoding: UTF_16LE, length: 2 },
            [0xfe, 0xff, ..] => Self::Marked { encoding: UTF_16BE, length: 2 },
            [1..=0x7f, 0, one, other, ..] if *one != 0 || *other != 0 => Self::Like(UTF_16LE),
            [0, 1..=0x7f, one, other, ..] if *one != 0 || *other != 0 => Self::Like(UTF_16BE),
            _ => Self::Plain,
        }
    }
}

/// What the name of an encoding means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    Known(&'static Encoding),
    /// Nothing that its bytes can be: a name of UTF-16 in a file of single bytes, which its writer only meant for its own strings;
    /// or ASCII, of which UTF-8 is more.
    Nothing,
    Unknown(String),
    /// One in which ASCII does not stand for itself, so that a failure could hide.
    Refused(&'static str),
}

/// Names that browsers don't know, of encodings that they do.
const OTHERS: [(&str, &Encoding); 14] = [
    ("cp932", SHIFT_JIS),
    ("ms932", SHIFT_JIS),
    ("cp943", SHIFT_JIS),
    ("cp936", GBK),
    ("ms936", GBK),
    ("cp949", EUC_KR),
    ("ms949", EUC_KR),
    ("cp950", BIG5),
    ("ms950", BIG5),
    ("ms950-hkscs", BIG5),
    ("latin-1", WINDOWS_1252),
    ("iso8859-1", WINDOWS_1252),
    ("ansi", WINDOWS_1252),
    ("utf8mb4", UTF_8),
];

impl Named {
    /// What a name in an XML declaration means; the spelling of Java and Python is understood.
    pub(super) fn of(name: &str) -> Self {
        let plain = name.trim().to_ascii_lowercase().replace('_', "-");
        let plain = plain.strip_prefix("x-windows-").map_or(plain.clone(), |page| format!("cp{page}"));
        if matches!(plain.as_str(), "ascii" | "us-ascii" | "ansi-x3.4-1968") {
            return Self::Nothing;
        }
        if plain.contains("utf-7") || plain.contains("utf7") {
            return Self::Refused("UTF-7");
        }
        let known = [name, plain.as_str()].iter().find_map(|name| Encoding::for_label(name.as_bytes()));
        let other = || OTHERS.iter().find(|(other, _)| *other == plain).map(|(_, encoding)| *encoding);
        match known.or_else(other) {
            Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Self::Nothing,
            Some(encoding) if encoding == REPLACEMENT => Self::Refused("ISO-2022-KR, ISO-2022-CN or HZ"),
            Some(encoding) => Self::Known(encoding),
            None if plain.starts_with("utf-16") || plain == "utf16" => Self::Nothing,
            None => Self::Unknown(name.trim().to_owned()),
        }
    }
}

/// The encoding that the XML declaration names.
pub(super) fn declared(start: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(start);
    let declaration = start.trim_start().strip_prefix("<?xml")?;
    let declaration = declaration.get(..declaration.find("?>")?)?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Some(value.split(quote).nth(1)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use encoding_rs::{EUC_KR, GBK, ISO_8859_5, KOI8_R, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

    use super::{Named, Start};

    #[test]
    fn names_are_understood_in_any_spelling() {
        for (name, encoding) in [
            ("utf-8", UTF_8),
            ("UTF8", UTF_8),
            ("ISO-8859-1", WINDOWS_1252),
            ("latin-1", WINDOWS_1252),
            ("Cp1252", WINDOWS_1252),
            ("ISO8859_5", ISO_8859_5),
            ("koi8-r", KOI8_R),
            ("cp932", SHIFT_JIS),
            ("Windows-31J", SHIFT_JIS),
            ("MS949", EUC_KR),
            ("x-windows-949", EUC_KR),
            ("cp936", GBK),
        ] {
            assert_eq!(Named::of(name), Named::Known(encoding), "{name}");
        }
        for name in ["utf-16", "UTF-16LE", "utf16", "US-ASCII", "unicode"] {
            assert_eq!(Named::of(name), Named::Nothing, "{name}");
        }
        assert_eq!(Named::of(" cp437 "), Named::Unknown("cp437".to_owned()));
        for name in ["utf-7", "UNICODE-1-1-UTF-7", "hz-gb-2312", "ISO-2022-KR"] {
            assert!(matches!(Named::of(name), Named::Refused(_)), "{name}");
        }
    }

    #[test]
    fn zeros_tell_what_has_no_mark() {
        assert_eq!(Start::of(b"<\0a\0"), Start::Like(UTF_16LE));
        assert_eq!(Start::of(b"\0{\0\""), Start::Like(UTF_16BE));
        assert_eq!(Start::of(b"1\0\x14\x20"), Start::Like(UTF_16LE));
        assert_eq!(Start::of(b"<\0\0\0"), Start::Refused("UTF-32"));
        assert_eq!(Start::of(b"\xff\xfe\0\0<\0\0\0"), Start::Refused("UTF-32"));
        assert_eq!(Start::of(b"\0\0\0\0"), Start::Plain);
        assert_eq!(Start::of(b"a\0"), Start::Plain);
    }
}
