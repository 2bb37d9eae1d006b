//! A file on its way: written beside its place, continued after an interruption, and put in place only when it is whole.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::progress::Progress;
use devops_files::{WRITTEN_BY_HAND, open_to_append, read_itself, replace};
use devops_net::{Cause, Opened, Trouble, Wire};

/// Headers of a request.
pub(super) type Headers = Vec<(&'static str, String)>;

/// What is downloaded.
pub(super) struct Wanted<'a> {
    /// What people call it.
    pub(super) label: &'a str,
    /// Where it is from; what was begun from elsewhere is not continued.
    pub(super) address: &'a str,
    /// Where it goes.
    pub(super) path: &'a Path,
    /// Most bytes that it may have.
    pub(super) limit: u64,
    /// Whether the address names the content, so that it can't change.
    pub(super) is_fixed: bool,
}

/// What tells one version of a file from the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Validators {
    /// The entity tag, as the server writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    /// When it changed last, as the server writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_modified: Option<String>,
}

/// What came of it.
pub(super) enum Arrived {
    /// The server still has what is known.
    Unchanged,
    /// All of it is in this file, which is not in its place yet.
    Whole(PathBuf, Validators),
}

/// What is written beside a part, so that it can be continued.
#[derive(Serialize, Deserialize)]
struct Note {
    address: String,
    #[serde(flatten)]
    validators: Validators,
}

/// Downloads a file to a part beside its place, again and again while that brings more of it. `open` sends a request for it with these
/// headers; `known` is what there is already.
///
/// # Errors
/// Where it does not arrive whole; what did arrive is kept for the next time.
pub(super) async fn download<'a>(
    wire: &'a Wire,
    wanted: &Wanted<'_>,
    known: Option<&Validators>,
    open: &impl AsyncFn(Headers) -> Result<Opened<'a>, Trouble>,
) -> Result<Arrived, Trouble> {
    let part = Part::beside(wanted.path);
    let mut number = 1;
    loop {
        let before = part.length();
        let trouble = match once(&part, wanted, known, open).await {
            Ok(arrived) => return Ok(arrived),
            Err(trouble) => trouble,
        };
        if part.length() > before {
            number = 1;
        }
        wire.pause(&trouble, number).await.ok_or(trouble)?;
        number += 1;
    }
}

/// Asks once, and writes down what arrives.
async fn once<'a>(
    part: &Part,
    wanted: &Wanted<'_>,
    known: Option<&Validators>,
    open: &impl AsyncFn(Headers) -> Result<Opened<'a>, Trouble>,
) -> Result<Arrived, Trouble> {
    let begun = part.note(wanted.address).filter(|note| wanted.is_fixed || note.version().is_some());
    let begun = begun.map(|note| (part.length(), note)).filter(|(length, _)| *length > 0);
    let mut headers = Headers::new();
    if let Some((length, note)) = &begun {
        headers.push(("range", format!("bytes={length}-")));
        headers.extend(note.version().map(|version| ("if-range", version.to_owned())));
    } else if let Some(known) = known {
        headers.extend(known.etag.clone().map(|etag| ("if-none-match", etag)));
        headers.extend(known.last_modified.clone().map(|time| ("if-modified-since", time)));
    }
    let mut opened = open(headers).await?;
    let validators = Validators {
        etag: opened.header("etag").map(str::to_owned),
        last_modified: opened.header("last-modified").map(str::to_owned),
    };
    let mut have = match (opened.status(), &begun) {
        (304, None) if known.is_some() => return Ok(Arrived::Unchanged),
        (200, _) => {
            part.begin(&Note { address: wanted.address.to_owned(), validators: validators.clone() })?;
            0
        }
        (206, Some((length, note))) if goes_on(&opened, *length) && note.is_of(&validators) => *length,
        // What was begun is not what the server has now.
        (206 | 416, Some(_)) => {
            part.remove();
            return Err(Trouble::new(Cause::Lost, "the file changed while it was downloaded"));
        }
        _ => return Err(opened.trouble().await),
    };
    let total = opened.length().map(|length| length + have);
    if total.is_some_and(|total| total > wanted.limit) {
        return Err(too_large(wanted));
    }
    let mut file = open_to_append(&part.path).map_err(|error| unwritable(&part.path, &error))?;
    let progress = Progress::new(wanted.label, total, true);
    while let Some(chunk) = opened.chunk().await? {
        have += chunk.len() as u64;
        if have > wanted.limit {
            part.remove();
            return Err(too_large(wanted));
        }
        file.write_all(&chunk).map_err(|error| unwritable(&part.path, &error))?;
        progress.at(have);
    }
    if total.is_some_and(|total| total != have) {
        return Err(Trouble::new(Cause::Lost, "the connection ended early"));
    }
    file.sync_all().map_err(|error| unwritable(&part.path, &error))?;
    Ok(Arrived::Whole(part.path.clone(), validators))
}

/// Whether an answer is the rest of a file from this byte on.
fn goes_on(opened: &Opened<'_>, from: u64) -> bool {
    let range = opened.header("content-range").and_then(|range| range.strip_prefix("bytes "));
    range.and_then(|range| range.split('-').next()).and_then(|start| start.trim().parse().ok()) == Some(from)
}

/// Puts a whole file in its place.
///
/// # Errors
/// Where it can't be moved there.
pub(super) fn put_in_place(path: &Path) -> std::io::Result<()> {
    let part = Part::beside(path);
    std::fs::rename(&part.path, path)?;
    let _ = std::fs::remove_file(&part.note);
    Ok(())
}

/// Removes what was downloaded and can't be used.
pub(super) fn discard(path: &Path) {
    Part::beside(path).remove();
}

fn too_large(wanted: &Wanted<'_>) -> Trouble {
    Trouble::unable(format!("larger than {} bytes", wanted.limit))
        .help("check the address, or raise `--max-size`")
}

fn unwritable(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::unable(format!("{}: can't be written: {error}", path.display()))
}

/// A file that is not whole yet, and the note beside it.
struct Part {
    path: PathBuf,
    note: PathBuf,
}

impl Part {
    fn beside(path: &Path) -> Self {
        Self { path: with_ending(path, ".part"), note: with_ending(path, ".part.json") }
    }

    /// Bytes that are there.
    fn length(&self) -> u64 {
        std::fs::symlink_metadata(&self.path).map_or(0, |known| if known.is_file() { known.len() } else { 0 })
    }

    /// The note, if it is about this address.
    fn note(&self, address: &str) -> Option<Note> {
        let note: Note = serde_json::from_slice(&read_itself(&self.note, WRITTEN_BY_HAND).ok()?).ok()?;
        (note.address == address).then_some(note)
    }

    /// Starts with nothing.
    fn begin(&self, note: &Note) -> Result<(), Trouble> {
        let note = serde_json::to_vec(note).unwrap_or_default();
        let written = replace(&self.path, b"").and_then(|()| replace(&self.note, &note));
        written.map_err(|error| Trouble::unable(error.to_string()))
    }

    fn remove(&self) {
        // Where they can't be removed, writing them again says why.
        let _ = std::fs::remove_file(&self.note);
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Note {
    /// What names this version exactly: a strong entity tag, or else the time of its last change.
    fn version(&self) -> Option<&str> {
        let etag = self.validators.etag.as_deref().filter(|etag| !etag.starts_with("W/"));
        etag.or(self.validators.last_modified.as_deref())
    }

    /// Whether an answer is about the version that was begun; servers exist that ignore the condition.
    fn is_of(&self, validators: &Validators) -> bool {
        let same = |old: &Option<String>, new: &Option<String>| match (old, new) {
            (Some(old), Some(new)) => old == new,
            _ => true,
        };
        same(&self.validators.etag, &validators.etag)
            && same(&self.validators.last_modified, &validators.last_modified)
    }
}

/// A path with something behind its name.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}
