//! rpm's databases, in all forms that it had: Berkeley DB, its own one, and SQLite.
//!
//! They are made for random access and ten times larger than what matters of them, so that a layer gives a form of its own: a line of
//! JSON for each package.

mod bdb;
mod bytes;
mod header;
mod ndb;
#[cfg(test)]
mod real;
mod sqlite;

use serde::{Deserialize, Serialize};

use super::super::SourcePackage;
use super::records::{Damage, Listing, Record, check_text, text};

pub(super) use bdb::is_bdb;
pub(super) use ndb::is_ndb;
pub(super) use sqlite::has_changes;

/// A form of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Form {
    /// Berkeley DB, until RHEL 8.
    Bdb,
    /// rpm's own, of SUSE.
    Ndb,
    /// SQLite, from RHEL 9 on.
    Sqlite,
}

/// What a header says of its package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    name: String,
    epoch: Option<u32>,
    version: String,
    release: String,
    architecture: String,
    source_rpm: String,
    vendor: String,
    license: String,
    module: String,
    /// When it was installed, so that a record that was written again is another one.
    installed: u32,
    files: Vec<String>,
}

/// The packages of a database, a line each.
pub(super) fn extract(form: Form, file: &[u8]) -> Result<Vec<u8>, String> {
    let mut lines = Vec::new();
    let mut add = |header: &[u8]| {
        serde_json::to_writer(&mut lines, &header::read(header)?).map_err(|error| error.to_string())?;
        lines.push(b'\n');
        Ok::<_, String>(())
    };
    match form {
        Form::Ndb => ndb::headers(file)?.into_iter().try_for_each(&mut add)?,
        Form::Bdb => bdb::headers(file)?.iter().try_for_each(|header| add(header))?,
        Form::Sqlite => sqlite::headers(file)?.iter().try_for_each(|header| add(header))?,
    }
    Ok(lines)
}

/// The records of a database as [`extract`] gives them.
pub(super) fn pieces(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// Reads the lines of [`extract`].
pub(super) fn read(lines: &[u8]) -> Result<Listing<'_>, Damage> {
    let mut listing = Listing::default();
    for piece in pieces(lines) {
        let entry: Entry = serde_json::from_slice(piece).map_err(|error| Damage::new(error.to_string()))?;
        // Keys for signatures are listed like packages.
        if entry.name == "gpg-pubkey" && entry.files.is_empty() {
            continue;
        }
        let with_epoch = |version: String| match entry.epoch {
            Some(epoch) if epoch > 0 => format!("{epoch}:{version}"),
            _ => version,
        };
        listing.records.push(Record {
            version: with_epoch(format!("{}-{}", entry.version, entry.release)),
            source: source(&entry.source_rpm)
                .map(|source| SourcePackage { version: with_epoch(source.version), ..source }),
            name: entry.name,
            architecture: entry.architecture,
            license: Some(entry.license).filter(|license| !license.is_empty()),
            module: entry.module,
            line: 0,
            piece,
            files: entry.files,
        });
    }
    Ok(listing)
}

/// The source package by the name of its file: `bash-5.1.8-6.el9.src.rpm`.
fn source(file: &str) -> Option<SourcePackage> {
    let name = file.strip_suffix(".rpm")?.strip_suffix(".src").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = name.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(SourcePackage { name: name.to_owned(), version: format!("{version}-{release}") })
}

/// The fields of a line of a manifest, in the order of their tabs.
const FIELDS: usize = 10;

/// Reads the list of packages that distroless images of Azure Linux have instead of a database, `container-manifest-2`: name, version and
/// release, two times, vendor, epoch, size, architecture, epoch as a number, and source package.
pub(super) fn manifest(file: &[u8]) -> Result<Listing<'_>, Damage> {
    check_text(file)?;
    let mut listing = Listing::default();
    for (number, line) in (1..).zip(file.split(|byte| *byte == b'\n')).filter(|(_, line)| !line.is_empty()) {
        let fields: Vec<String> = line.split(|byte| *byte == b'\t').map(text).collect();
        let [name, version, _, _, _, _, _, architecture, epoch, source_rpm] = fields.as_slice() else {
            let found = fields.len();
            return Err(Damage::at(
                number,
                format!("expected {FIELDS} fields with tabs between them, found {found}"),
            ));
        };
        let epoch: u32 = match epoch.as_str() {
            "(none)" => 0,
            epoch => epoch.parse().map_err(|_| Damage::at(number, format!("`{epoch}` is no epoch")))?,
        };
        if name.is_empty() || !version.contains('-') {
            return Err(Damage::at(number, "a package has no name or no version"));
        }
        let with_epoch =
            |version: &str| if epoch > 0 { format!("{epoch}:{version}") } else { version.to_owned() };
        if name == "gpg-pubkey" {
            continue;
        }
        listing.records.push(Record {
            name: name.clone(),
            version: with_epoch(version),
            source: source(source_rpm)
                .map(|source| SourcePackage { version: with_epoch(&source.version), ..source }),
            architecture: architecture.clone(),
            line: number,
            piece: line,
            ..Record::default()
        });
    }
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::{manifest, source};

    #[test]
    fn source_packages_have_a_version() {
        for (file, expected) in [
            ("bash-5.1.8-6.el9.src.rpm", Some(("bash", "5.1.8-6.el9"))),
            ("a-b-c-1-2.nosrc.rpm", Some(("a-b-c", "1-2"))),
            ("bash-5.1.8-6.el9.x86_64.rpm", None),
            ("bash.src.rpm", None),
            ("", None),
        ] {
            let found = source(file);
            let found = found.as_ref().map(|source| (source.name.as_str(), source.version.as_str()));
            assert_eq!(found, expected, "{file}");
        }
    }

    #[test]
    fn a_manifest_lists_packages() {
        let text = "filesystem\t1.1-10.cm2\t1652252929\t1646347098\tMicrosoft Corporation\t(none)\t7596\tx86_64\t0\tfilesystem-1.1-10.cm2.src.rpm\nopenssl-libs\t1.1.1k-17.cm2\t1\t1\tMicrosoft Corporation\t1\t1\tx86_64\t1\topenssl-1.1.1k-17.cm2.src.rpm\n";
        let listing = manifest(text.as_bytes()).unwrap();
        let found: Vec<String> = listing
            .records
            .iter()
            .map(|record| {
                let source = record.source.as_ref().unwrap();
                format!(
                    "{} {} {} {} {}",
                    record.name, record.version, record.architecture, source.name, source.version
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                "filesystem 1.1-10.cm2 x86_64 filesystem 1.1-10.cm2",
                "openssl-libs 1:1.1.1k-17.cm2 x86_64 openssl 1:1.1.1k-17.cm2"
            ]
        );
        for damaged in [
            &text[..text.len() - 1],
            "a\t1-1\n",
            &text.replace("\t0\t", "\tx\t"),
            &text.replace("1.1-10.cm2\t1", "\t1"),
        ] {
            assert!(manifest(damaged.as_bytes()).is_err(), "{damaged}");
        }
    }
}
