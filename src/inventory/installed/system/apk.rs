//! apk's database: `lib/apk/db/installed`.

use super::super::SourcePackage;
use super::records::{Damage, Listing, Paragraph, Record, check_text, paragraphs, text};

/// Reads the paragraphs of a database, each about a package: lines of a letter, whose case matters, a colon and a value.
pub(super) fn read(database: &[u8]) -> Result<Listing<'_>, Damage> {
    check_text(database)?;
    let records = paragraphs(database).map(record).collect::<Result<_, _>>()?;
    Ok(Listing { records, ..Listing::default() })
}

/// The fields that matter.
#[derive(Default)]
struct Fields {
    name: Option<String>,
    version: Option<String>,
    architecture: Option<String>,
    origin: Option<String>,
    license: Option<String>,
}

/// Reads a paragraph.
fn record(paragraph: Paragraph<'_>) -> Result<Record<'_>, Damage> {
    let mut fields = Fields::default();
    let mut folder = String::new();
    let mut files = Vec::new();
    for (number, line) in paragraph.lines() {
        let [letter, b':', value @ ..] = line else {
            return Err(Damage::at(number, "expected a letter with a colon behind it"));
        };
        let slot = match letter {
            b'P' => &mut fields.name,
            b'V' => &mut fields.version,
            b'A' => &mut fields.architecture,
            b'o' => &mut fields.origin,
            b'L' => &mut fields.license,
            b'F' => {
                folder = text(value);
                continue;
            }
            b'R' => {
                let name = String::from_utf8_lossy(value);
                files.push(if folder.is_empty() { name.into_owned() } else { format!("{folder}/{name}") });
                continue;
            }
            // apk refuses what only a later version knows, unless it is in lower case.
            b'C' | b'S' | b'I' | b'T' | b'U' | b'D' | b'M' | b'Z' => continue,
            letter if letter.is_ascii_lowercase() => continue,
            _ => {
                let letter = char::from(*letter);
                return Err(Damage::at(number, format!("unknown field `{letter}:` in the package database")));
            }
        };
        let value = text(value);
        if slot.as_ref().is_some_and(|earlier| *earlier != value) {
            let letter = char::from(*letter);
            return Err(Damage::at(number, format!("the field `{letter}:` stands twice for one package")));
        }
        *slot = Some(value);
    }
    let required = |field: Option<String>, letter: char| {
        field.filter(|value| !value.is_empty() && !value.contains(char::is_whitespace)).ok_or_else(|| {
            Damage::at(paragraph.line, format!("a package has no field `{letter}:`, or a damaged one"))
        })
    };
    let name = required(fields.name, 'P')?;
    let version = required(fields.version, 'V')?;
    let origin = fields.origin.filter(|origin| !origin.is_empty()).unwrap_or_else(|| name.clone());
    Ok(Record {
        source: Some(SourcePackage { name: origin, version: version.clone() }),
        name,
        version,
        architecture: fields.architecture.unwrap_or_default(),
        license: fields.license.filter(|license| !license.is_empty()),
        line: paragraph.line,
        piece: paragraph.text,
        files,
        ..Record::default()
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    const MUSL: &str = "C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=\nP:musl\nV:1.2.5-r0\nA:x86_64\nS:1\nI:2\nT:the musl c library\nU:x\nL:MIT\no:musl-src\nm:x\nt:1\nc:1\np:so:libc.musl-x86_64.so.1=1\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1x\nF:\nR:top\nr:libc\n\n";

    #[test]
    fn a_package_has_its_origin_and_its_files() {
        let listing = read(MUSL.as_bytes()).unwrap();
        let [record] = listing.records.as_slice() else { unreachable!("one package") };
        assert_eq!((record.name.as_str(), record.version.as_str()), ("musl", "1.2.5-r0"));
        assert_eq!((record.architecture.as_str(), record.license.as_deref()), ("x86_64", Some("MIT")));
        let source = record.source.as_ref().unwrap();
        assert_eq!((source.name.as_str(), source.version.as_str()), ("musl-src", "1.2.5-r0"));
        assert_eq!(record.files, ["lib/ld-musl-x86_64.so.1", "top"]);
        assert_eq!(record.line, 1);
        let two = format!("{MUSL}{}", MUSL.replace("P:musl", "P:b"));
        let names: Vec<String> =
            read(two.as_bytes()).unwrap().records.into_iter().map(|record| record.name).collect();
        assert_eq!(names, ["musl", "b"]);
    }

    #[test]
    fn damage_is_an_error_with_its_line() {
        for (database, line, message) in [
            (MUSL.trim_end().to_owned(), 21, "does not end with a line end"),
            (MUSL.replace("V:1.2.5-r0\n", ""), 1, "no field `V:`"),
            (MUSL.replace("V:1.2.5-r0\n", "v:1.2.5-r0\n"), 1, "no field `V:`"),
            (MUSL.replace("P:musl\n", ""), 1, "no field `P:`"),
            (MUSL.replace("A:x86_64\n", "A:x86_64\nV:1.2.6-r0\n"), 5, "`V:` stands twice"),
            (MUSL.replace("V:1.2.5-r0\n", "V:1.2 5\n"), 1, "a damaged one"),
            (MUSL.replace("S:1\n", "X:1\n"), 5, "unknown field `X:`"),
            (MUSL.replace("S:1\n", "S=1\n"), 5, "expected a letter"),
            (MUSL.replace("S:1\n", "<<<<<<< HEAD\n"), 5, "expected a letter"),
            ("ADB.\n".to_owned(), 1, "expected a letter"),
        ] {
            let damage = read(database.as_bytes()).unwrap_err();
            assert_eq!(damage.line, line, "{database}");
            assert!(damage.message.contains(message), "{database}: {}", damage.message);
        }
    }
}
