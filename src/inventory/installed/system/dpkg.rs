//! dpkg's database: `var/lib/dpkg/status`, and `status.d` of images without dpkg; opkg's has the same form.

use std::collections::BTreeMap;

use super::super::SourcePackage;
use super::records::{Damage, Listing, Paragraph, Record, check_text, paragraphs, text};

/// The states of a package, the third word of `Status`.
const STATES: [&str; 8] = [
    "not-installed",
    "config-files",
    "half-installed",
    "unpacked",
    "half-configured",
    "triggers-awaited",
    "triggers-pending",
    "installed",
];

/// The fields that matter.
#[derive(Default)]
struct Fields<'a> {
    package: Option<(u64, &'a [u8])>,
    version: Option<(u64, &'a [u8])>,
    architecture: Option<(u64, &'a [u8])>,
    source: Option<(u64, &'a [u8])>,
    status: Option<(u64, &'a [u8])>,
}

/// Reads the paragraphs of a database, each about a package.
pub(super) fn read(database: &[u8]) -> Result<Listing<'_>, Damage> {
    let database = database.strip_prefix(b"\xef\xbb\xbf").unwrap_or(database);
    check_text(database)?;
    let mut listing = Listing::default();
    let mut half: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for paragraph in paragraphs(database) {
        let fields = fields(paragraph)?;
        let name = required(fields.package, "Package", paragraph)?;
        let state = match fields.status {
            Some((line, status)) => state(line, status)?,
            // Images without dpkg list only what is installed.
            None => "installed",
        };
        if matches!(state, "not-installed" | "config-files") {
            listing.absent.push(name);
            continue;
        }
        let version = required(fields.version, "Version", paragraph)?;
        if version.contains(char::is_whitespace) {
            return Err(Damage::at(fields.version.map_or(0, |(line, _)| line), "a version contains a space"));
        }
        if state != "installed" {
            half.entry(state.to_owned()).or_default().push(name.clone());
        }
        let source = match fields.source {
            Some((line, value)) => source(line, value, &version)?,
            None => SourcePackage { name: name.clone(), version: version.clone() },
        };
        listing.records.push(Record {
            name,
            version,
            source: Some(source),
            architecture: fields.architecture.map(|(_, value)| text(value)).unwrap_or_default(),
            line: paragraph.line,
            piece: paragraph.text,
            ..Record::default()
        });
    }
    for (state, names) in half {
        // Unpacked files are there, whatever else was not done.
        if !state.starts_with("triggers") {
            listing.notes.push(format!("packages that are {state}: {}", names.join(", ")));
        }
    }
    Ok(listing)
}

/// The fields of a paragraph that matter; their names are the same in any case.
fn fields(paragraph: Paragraph<'_>) -> Result<Fields<'_>, Damage> {
    let mut fields = Fields::default();
    let mut is_one_line = false;
    for (number, line) in paragraph.lines() {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            if line.trim_ascii().is_empty() {
                return Err(Damage::at(
                    number,
                    "a line of spaces stands where one package may end and the next begin",
                ));
            }
            if number == paragraph.line || is_one_line {
                return Err(Damage::at(number, "a line continues a field that has one line"));
            }
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = colon
            .and_then(|at| line.split_at_checked(at))
            .ok_or_else(|| Damage::at(number, "expected a field with a colon behind its name"))?;
        let name = name.trim_ascii_end();
        let is_name = |byte: &u8| byte.is_ascii_graphic();
        if name.is_empty() || !name.iter().all(is_name) || matches!(name.first(), Some(b'#' | b'-')) {
            return Err(Damage::at(number, "the name of a field is damaged"));
        }
        let slot = match name.to_ascii_lowercase().as_slice() {
            b"package" => &mut fields.package,
            b"version" => &mut fields.version,
            b"architecture" => &mut fields.architecture,
            b"source" => &mut fields.source,
            b"status" => &mut fields.status,
            _ => {
                is_one_line = false;
                continue;
            }
        };
        is_one_line = true;
        if slot.is_some() {
            let name = String::from_utf8_lossy(name);
            return Err(Damage::at(number, format!("the field {name} stands twice for one package")));
        }
        *slot = Some((number, value.strip_prefix(b":").unwrap_or(value).trim_ascii()));
    }
    Ok(fields)
}

/// The value of a field that every package has.
fn required(field: Option<(u64, &[u8])>, name: &str, paragraph: Paragraph<'_>) -> Result<String, Damage> {
    match field {
        Some((_, value)) if !value.is_empty() => Ok(text(value)),
        Some((line, _)) => Err(Damage::at(line, format!("the field {name} is empty"))),
        None => Err(Damage::at(paragraph.line, format!("a package has no field {name}"))),
    }
}

/// The state of a package: `install ok installed` is `installed`.
fn state(line: u64, status: &[u8]) -> Result<&'static str, Damage> {
    let status = text(status);
    let words: Vec<&str> = status.split_whitespace().collect();
    // opkg has more words in the middle.
    let last = if let [_, _, last] = words.as_slice() { *last } else { "" };
    STATES
        .into_iter()
        .find(|state| state.eq_ignore_ascii_case(last))
        .ok_or_else(|| Damage::at(line, format!("unknown status `{status}`")))
}

/// `name` or `name (version)`.
fn source(line: u64, value: &[u8], version: &str) -> Result<SourcePackage, Damage> {
    let value = text(value);
    let (name, own) = match value.split_once('(') {
        Some((name, rest)) => {
            let own = rest.strip_suffix(')').map(str::trim).filter(|own| !own.is_empty());
            (name.trim(), own.ok_or_else(|| Damage::at(line, format!("the source `{value}` is cut off")))?)
        }
        None => (value.as_str(), version),
    };
    if name.is_empty() || name.contains(char::is_whitespace) || own.contains(char::is_whitespace) {
        return Err(Damage::at(line, format!("`{value}` is no source package")));
    }
    Ok(SourcePackage { name: name.to_owned(), version: own.to_owned() })
}

/// The paths in the list of files of a package: one a line, from the root.
pub(super) fn list(bytes: &[u8]) -> Vec<String> {
    let lines = bytes.split(|byte| *byte == b'\n');
    let paths = lines
        .map(|line| String::from_utf8_lossy(line).trim_end_matches('\r').trim_start_matches('/').to_owned());
    paths.filter(|path| !path.is_empty() && path != ".").collect()
}

/// The paths in a file of sums: `HASH  PATH` a line; none where it is no such file.
pub(super) fn sums(bytes: &[u8]) -> Option<Vec<String>> {
    let text = String::from_utf8_lossy(bytes);
    let path = |line: &str| {
        let (sum, path) = line.split_once("  ")?;
        let is_sum = sum.len() == 32 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_sum.then(|| path.trim_start_matches("./").trim_start_matches('/').to_owned())
    };
    text.lines().filter(|line| !line.is_empty()).map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::{list, read, sums};

    const A: &str = "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.2\n";

    /// Name, version, source and its version of each package.
    fn packages(database: &str) -> Vec<String> {
        let listing = read(database.as_bytes()).unwrap();
        let line = |record: &super::Record<'_>| {
            let source = record.source.as_ref().unwrap();
            format!("{} {} {} {}", record.name, record.version, source.name, source.version)
        };
        listing.records.iter().map(line).collect()
    }

    #[test]
    fn packages_are_read_as_dpkg_reads_them() {
        for (database, expected) in [
            (String::new(), vec![]),
            (A.to_owned(), vec!["a 1.2 a 1.2"]),
            (A.replace('\n', "\r\n"), vec!["a 1.2 a 1.2"]),
            (format!("\u{feff}{A}"), vec!["a 1.2 a 1.2"]),
            (format!("{A}\n\n\n{}", A.replace("e: a", "e: b")), vec!["a 1.2 a 1.2", "b 1.2 b 1.2"]),
            (format!("{A}Source: z (9)\nDescription: d\n more\n .\n Package: x\n\n"), vec!["a 1.2 z 9"]),
            (format!("{A}Source: z\n"), vec!["a 1.2 z 1.2"]),
            (format!("{A}Source:z(9)\n"), vec!["a 1.2 z 9"]),
            ("package: a\nSTATUS: Install OK Installed\nversion: 1\n".to_owned(), vec!["a 1 a 1"]),
            ("Package: a\nVersion: 1\n".to_owned(), vec!["a 1 a 1"]),
            (A.replace("install ok installed", "deinstall ok config-files"), vec![]),
            (A.replace("install ok installed", "purge ok not-installed"), vec![]),
            (A.replace("install ok installed", "deinstall ok installed"), vec!["a 1.2 a 1.2"]),
            (A.replace("install ok installed", "hold ok installed"), vec!["a 1.2 a 1.2"]),
            (A.replace("install ok installed", "install ok unpacked"), vec!["a 1.2 a 1.2"]),
            (A.replace("install ok installed", "install reinstreq half-installed"), vec!["a 1.2 a 1.2"]),
            (A.replace("install ok installed", "install user installed"), vec!["a 1.2 a 1.2"]),
            (format!("{A}\n{}", A.replace("1.2", "1.3")), vec!["a 1.2 a 1.2", "a 1.3 a 1.3"]),
            ("Package: a\nStatus: deinstall ok config-files\n".to_owned(), vec![]),
        ] {
            assert_eq!(packages(&database), expected, "{database}");
        }
    }

    #[test]
    fn half_installed_packages_are_noted() {
        let listing = read(b"Package: a\nVersion: 1\nStatus: install ok unpacked\n\nPackage: b\nVersion: 1\nStatus: install ok triggers-pending\n").unwrap();
        assert_eq!(listing.notes, ["packages that are unpacked: a"]);
        assert_eq!(listing.records.len(), 2);
    }

    #[test]
    fn damage_is_an_error_with_its_line() {
        for (database, line, message) in [
            (A.trim_end().to_owned(), 4, "does not end with a line end"),
            (format!("{A}Version: 1.3\n"), 5, "the field Version stands twice"),
            (format!("{A}version: 1.3\n"), 5, "the field version stands twice"),
            (format!("{A} \nPackage: b\nVersion: 2\n"), 5, "a line of spaces"),
            (A.replace("Version: 1.2\n", ""), 1, "no field Version"),
            (A.replace("Package: a\n", ""), 1, "no field Package"),
            (A.replace("e: a", "e:"), 1, "the field Package is empty"),
            (A.replace("1.2", "1 2"), 4, "contains a space"),
            (A.replace("1.2", "\n 1.2"), 5, "continues a field"),
            (A.replace("install ok installed", "install ok"), 2, "unknown status"),
            (A.replace("install ok installed", "install ok instaled"), 2, "unknown status"),
            (A.replace("install ok installed", "installed"), 2, "unknown status"),
            (format!("<<<<<<< HEAD\n{A}"), 1, "expected a field"),
            (format!("{A}=======\n"), 5, "expected a field"),
            (format!("# generated\n{A}"), 1, "expected a field"),
            (format!("{A}Source: z (9\n"), 5, "is cut off"),
            (format!("{A}Source: z y\n"), 5, "no source package"),
            (format!("{A}\0\0\0\n"), 5, "no text"),
            (format!("{A}\u{1a}Package: b\n"), 5, "no text"),
            (format!(" {A}"), 1, "continues a field"),
        ] {
            let damage = read(database.as_bytes()).unwrap_err();
            assert_eq!(damage.line, line, "{database}");
            assert!(damage.message.contains(message), "{database}: {}", damage.message);
        }
    }

    #[test]
    fn lists_of_files_are_read() {
        assert_eq!(list(b"/.\n/usr\n/usr/bin/a\n"), ["usr", "usr/bin/a"]);
        let line = b"0123456789abcdef0123456789abcdef  ./usr/bin/a\n";
        assert_eq!(sums(line).unwrap(), ["usr/bin/a"]);
        assert_eq!(sums(b"Package: a\n"), None);
    }
}
