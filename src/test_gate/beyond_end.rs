//! Lines of coverage that a file does not have: the report is of another commit, or of another file.

use std::path::Path;

use devops_core::words::{counted, number};
use devops_coverage::Coverage;

/// Maximum number of bytes of a file that is looked at, and of all together: what is longer is hardly source code.
const LARGEST: u64 = 4 << 20;
const ALL: u64 = 256 << 20;

/// Maximum number of files that the note names.
const NAMED: usize = 10;

/// A note about files with lines beyond their end, as far as the files lie below this folder.
///
/// One line more is no sign: some tools count the empty one behind the last line end.
pub(super) fn note(coverage: &Coverage, root: &Path) -> Option<String> {
    let mut left = ALL;
    let mut beyond = Vec::new();
    for (path, file) in &coverage.files {
        let Some(last) = file.lines().last().map(|line| u64::from(line.number)) else { continue };
        let is_inside = !Path::new(path).is_absolute() && !path.split('/').any(|part| part == "..");
        let Some(lines) =
            Some(path).filter(|_| is_inside).and_then(|path| lines(&root.join(path), &mut left))
        else {
            continue;
        };
        if last > lines + 1 {
            beyond.push(format!("{path} (line {} of {})", number(last), number(lines)));
        }
    }
    if beyond.is_empty() {
        return None;
    }
    let files = counted(beyond.len() as u64, "file has", "files have");
    let named = beyond.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = beyond.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {} more", number(more as u64)) } else { String::new() };
    Some(format!(
        "{files} coverage beyond the end, so the report may belong to another commit or file: {named}{more}"
    ))
}

/// How many lines a file has; none where it is not at hand or too large.
fn lines(path: &Path, left: &mut u64) -> Option<u64> {
    let bytes = devops_files::read(path, LARGEST.min(*left)).ok()?;
    *left -= bytes.len() as u64;
    let pieces = bytes.split(|byte| *byte == b'\n').count() as u64;
    // Behind the last line end there is no line.
    Some(pieces - u64::from(bytes.last().is_none_or(|last| *last == b'\n')))
}
