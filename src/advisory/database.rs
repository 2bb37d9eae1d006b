//! An advisory database: an index, or a source of advisories in one of their forms; its facts, and what it has about wanted packages.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::collector::{Collected, Collector, LARGEST_RECORD, Parsed, Wanted, parse_record};
use super::index::Index;
use super::record::split_ecosystem;
use super::releases::is_same_release;
use super::tarball::Form;
use super::tree::Node;
use super::zip::Zip;
use super::{folder, tarball};
use crate::enrichment::Enrichment;
use devops_core::{Error, Input, Location};
use devops_files::{HashingReader, open_within};

/// Longest list of exploited vulnerabilities that is read; the real one has 1.3 MB.
const LARGEST_LIST: u64 = 64 << 20;
/// Longest file of a database that is read.
const LARGEST_FILE: u64 = 16 << 30;

/// A database that was read.
#[derive(Debug)]
pub struct Database {
    /// Its path, as given, with `/`.
    pub path: String,
    /// The file, where it is one.
    pub input: Option<Input>,
    /// What was taken from it.
    pub collected: Collected,
    /// How old it is, by each source that it was made of.
    pub ages: Vec<Age>,
    /// What pins its contents, where it is an index.
    pub digest: Option<String>,
}

/// What shows how old a source is.
#[derive(Debug, Clone)]
pub struct Age {
    /// What the source is called; empty where it is the database itself.
    pub source: String,
    /// When it was fetched.
    pub fetched: Option<Timestamp>,
    /// The day of its newest advisory.
    pub newest: Option<Date>,
    /// The ecosystems that it is about.
    pub ecosystems: Vec<String>,
}

impl Age {
    /// The day that its age counts from.
    pub fn since(&self) -> Option<Date> {
        self.fetched.map(day).or(self.newest)
    }
}

/// The day of a time.
pub fn day(time: Timestamp) -> Date {
    jiff::tz::Offset::UTC.to_datetime(time).date()
}

impl Database {
    /// Whether it has advisories about an ecosystem, which may have a suffix.
    pub fn covers(&self, ecosystem: &str) -> bool {
        let (base, asked) = split_ecosystem(ecosystem);
        let is_release = |full: &String| {
            let (other, own) = split_ecosystem(full);
            other == base && is_same_release(base, own, asked)
        };
        // Records may be about a distribution whatever its release.
        let mut releases =
            self.collected.releases.iter().filter(|full| split_ecosystem(full).0 == base).peekable();
        if base != "Maven" && !asked.is_empty() && releases.peek().is_some() && !releases.any(is_release) {
            return false;
        }
        self.collected.ecosystems.get(base).is_some_and(|count| *count > 0)
    }

    /// The day of its newest advisory.
    pub fn newest(&self) -> Option<Date> {
        self.ages.iter().filter_map(|age| age.newest).max()
    }
}

/// A database as a repository has it at a commit.
pub enum Committed {
    /// A file, whole.
    File(Vec<u8>),
    /// A folder: the paths of its files below it.
    Folder(Vec<String>),
}

const HELP: &str = "fetch the database again; it is an index, a zip, file or folder of OSV records, or the folder or tarball of RustSec";

/// Takes from a database that a repository has at a commit what there is about `wanted` packages.
///
/// # Errors
/// Where it can't be read.
pub fn collect_committed(
    label: &str,
    database: &Committed,
    read: &mut dyn FnMut(&str) -> Result<Vec<u8>, Error>,
    wanted: &Wanted<'_>,
    today: Date,
) -> Result<Collected, Error> {
    let mut collector = Collector::new(wanted, today);
    match database {
        Committed::File(bytes) if Index::is_one(bytes) => {
            return Index::of_bytes(bytes.clone(), label, None)?.collect(wanted, today);
        }
        Committed::File(bytes) => match form(bytes.get(..HEAD).unwrap_or(bytes)) {
            Form::Zip => zip(Cursor::new(bytes.as_slice()), label, &mut collector)?,
            Form::Gzip | Form::Tar => tarball::walk_bytes(bytes, Path::new(label), &mut collector)?,
            Form::Epss => epss(bytes.as_slice(), label, &mut collector)?,
            Form::Other => text(bytes, label, &mut collector)?,
        },
        Committed::Folder(files) if folder::is_of_rustsec(files) => {
            folder::walk_files(files, read, &mut collector)?;
        }
        Committed::Folder(files) => {
            for path in files {
                if folder::is_record(path) {
                    collector.take_record(path, &read(path)?);
                } else if folder::is_zip(path) {
                    // One that nothing can be made of must not keep the change that mends it from passing.
                    let _ = zip(Cursor::new(read(path)?), label, &mut collector);
                }
            }
        }
    }
    Ok(collector.finish())
}

/// Takes from the database at `path` what there is about `wanted` packages; an index must have the digest, where one is given.
///
/// # Errors
/// If it is missing, unreadable, empty, or nothing in it shows its age.
pub fn collect(
    path: &Path,
    digest: Option<&str>,
    wanted: &Wanted<'_>,
    today: Date,
) -> Result<Database, Error> {
    let shown = shown(path);
    if is_index(path)? {
        let index = Index::open(path, digest)?;
        return index.database(wanted, today);
    }
    if digest.is_some() {
        return Err(Error::input("is no index, so that no digest can pin it")
            .at(Location::file(shown))
            .help("build an index with `dep-scan db build`, or give no `--db-digest`"));
    }
    let mut collector = Collector::new(wanted, today);
    let input = walk(path, &mut collector)?;
    let collected = collector.finish();
    let nothing = |message: &str| Error::input(message).at(Location::file(shown.clone())).help(HELP);
    if collected.total == 0 && collected.enriching == 0 {
        return Err(nothing("advisory database is empty"));
    }
    if collected.newest.is_none() && collected.total > 0 {
        return Err(nothing(
            "advisory database has no advisory dated today or earlier, so its age is unknown",
        ));
    }
    let ages = collected.newest.map(|newest| Age {
        source: String::new(),
        fetched: None,
        newest: Some(newest),
        ecosystems: collected.ecosystems.keys().cloned().collect(),
    });
    Ok(Database { path: shown, input, ages: ages.into_iter().collect(), collected, digest: None })
}

/// A path, as reports write it.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}

/// Whether there is an index at a path.
fn is_index(path: &Path) -> Result<bool, Error> {
    let metadata = std::fs::metadata(path).map_err(|error| Error::unreadable(path, error).help(HELP))?;
    Ok(metadata.is_file() && Index::is_one(&head(path)?))
}

/// How many bytes of a file are looked at to tell what it is.
const HEAD: usize = 512;

/// The first bytes of a file.
fn head(path: &Path) -> Result<Vec<u8>, Error> {
    let mut head = Vec::new();
    let unreadable = |error| Error::unreadable(path, error);
    devops_files::open(path)
        .map_err(unreadable)?
        .take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
    Ok(head)
}

/// What the first bytes of a file say it is.
fn form(head: &[u8]) -> Form {
    match tarball::form(head) {
        Form::Other if Enrichment::is_epss(head) => Form::Epss,
        form => form,
    }
}

/// Whether a file is a list that says more about vulnerabilities, and has no advisories itself.
pub(super) fn enriches(path: &Path) -> Result<bool, Error> {
    let metadata = std::fs::metadata(path).map_err(|error| Error::unreadable(path, error).help(HELP))?;
    if !metadata.is_file() {
        return Ok(false);
    }
    let unreadable = |error| Error::unreadable(path, error);
    let head = head(path)?;
    Ok(match form(&head) {
        Form::Epss => true,
        Form::Gzip => {
            let mut start = Vec::new();
            let inside = flate2::read::MultiGzDecoder::new(devops_files::open(path).map_err(unreadable)?);
            // One that can't be unpacked is refused when it is read.
            inside.take(64).read_to_end(&mut start).is_ok() && Enrichment::is_epss(&start)
        }
        Form::Other if head.trim_ascii_start().starts_with(b"{") => {
            let bytes = devops_files::read(path, LARGEST_LIST).map_err(unreadable)?;
            Node::of_json(&bytes).is_ok_and(|tree| Enrichment::is_known_exploited(&tree))
        }
        _ => false,
    })
}

/// Goes through a source that is no index: everything in it goes to the collector. Gives the file, where it is one.
///
/// # Errors
/// Where it is missing, is not a source of advisories, or is damaged as a whole.
pub(super) fn walk(path: &Path, collector: &mut Collector<'_>) -> Result<Option<Input>, Error> {
    let metadata = std::fs::metadata(path).map_err(|error| Error::unreadable(path, error).help(HELP))?;
    if metadata.is_dir() {
        folder::walk(path, collector)?;
        return Ok(None);
    }
    let label = shown(path);
    if !metadata.is_file() {
        return Err(Error::input("is neither a file nor a folder").at(Location::file(label)));
    }
    let unreadable = |error| Error::unreadable(path, error);
    match form(&head(path)?) {
        Form::Zip => {
            // The file that is hashed is the one that is read, whatever the path leads to later.
            let mut file = devops_files::open(path).map_err(unreadable)?;
            let state = |file: &File| {
                file.metadata().map(|metadata| (metadata.len(), metadata.modified().ok())).map_err(unreadable)
            };
            let before = state(&file)?;
            if before.0 > LARGEST_FILE {
                let message = format!("is larger than {LARGEST_FILE} bytes");
                return Err(Error::input(message).at(Location::file(label)).help(HELP));
            }
            let mut reader = HashingReader::new(&file);
            io::copy(&mut reader, &mut io::sink()).map_err(unreadable)?;
            let input = reader.finish(label.clone());
            file.rewind().map_err(unreadable)?;
            zip(&file, &label, collector)?;
            if state(&file)? != before {
                return Err(Error::input("changed while it was read").at(Location::file(label)).help(HELP));
            }
            Ok(Some(input))
        }
        Form::Gzip | Form::Tar => tarball::walk(path, collector).map(Some),
        Form::Epss => {
            let file = open_within(path, LARGEST_LIST).map_err(unreadable)?;
            let mut reader = HashingReader::new(file);
            epss(BufReader::new(&mut reader), &label, collector)?;
            Ok(Some(reader.finish(label)))
        }
        Form::Other => {
            let bytes = devops_files::read(path, LARGEST_LIST).map_err(unreadable)?;
            text(&bytes, &label, collector)?;
            Ok(Some(Input::of_bytes(label, &bytes)))
        }
    }
}

/// Goes through a zip of records.
pub(super) fn zip(source: impl Read + Seek, label: &str, collector: &mut Collector<'_>) -> Result<(), Error> {
    let broken = |error: io::Error| {
        Error::input("advisory database is cut off or damaged")
            .at(Location::file(label))
            .because(error)
            .help(HELP)
    };
    let mut zip = Zip::open(source).map_err(broken)?;
    let prepare = |entry: &super::zip::Entry<'_>, bytes: Option<&[u8]>| {
        let is_record = folder::is_record(entry.name);
        let name = is_record.then(|| entry.name.to_owned())?;
        let parsed = bytes.map(|bytes| parse_record(&name, bytes));
        Some((name, parsed))
    };
    let mut take = |record: Option<(String, Option<Parsed>)>| match record {
        Some((name, Some(parsed))) => collector.take_parsed(&name, parsed),
        Some((name, None)) => collector.refuse_long(&name),
        None => {}
    };
    zip.each(LARGEST_RECORD, &prepare, &mut take).map_err(broken)
}

/// Takes a list of EPSS.
pub(super) fn epss(source: impl Read, label: &str, collector: &mut Collector<'_>) -> Result<(), Error> {
    collector.enrich(|lists| lists.add_epss(source)).map_err(|reason| {
        Error::input(format!("list of EPSS is cut off or damaged: {reason}"))
            .at(Location::file(label))
            .help("fetch the list again")
    })
}

/// Takes a text: CISA's list, or a record.
fn text(bytes: &[u8], label: &str, collector: &mut Collector<'_>) -> Result<(), Error> {
    let is_object = bytes.trim_ascii_start().starts_with(b"{") || bytes.starts_with(b"\xef\xbb\xbf{");
    let is_yaml = [".yaml", ".yml"].iter().any(|ending| label.ends_with(ending));
    if is_object
        && let Ok(tree) = Node::of_json(bytes)
        && Enrichment::is_known_exploited(&tree)
    {
        return collector.enrich(|lists| lists.add_known_exploited(&tree)).map_err(|reason| {
            Error::input(format!("list of exploited vulnerabilities is damaged: {reason}"))
                .at(Location::file(label))
                .help("fetch the list again")
        });
    }
    if !is_yaml && label.rsplit('.').next() != Some("json") && !is_object {
        return Err(Error::input("is not an advisory database").at(Location::file(label)).help(HELP));
    }
    let name = if is_object && !is_yaml { format!("{label}.json") } else { label.to_owned() };
    collector.take_record(name.strip_suffix(".json.json").map_or(name.as_str(), |_| label), bytes);
    Ok(())
}

/// The newest day that is not in the future.
pub(super) fn newest<'a>(days: impl IntoIterator<Item = &'a Date>, today: Date) -> Option<Date> {
    let tomorrow = today.saturating_add(1.day());
    days.into_iter().copied().filter(|day| *day <= tomorrow).max()
}
