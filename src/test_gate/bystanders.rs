//! Files beside reports: what lies in a folder of reports and is none of them.

use std::collections::BTreeMap;

use super::files::File;
use super::read::Content;

/// What a file is that lies beside reports in a folder; none where it is a report, or should be one.
pub(super) fn bystander(file: &File, content: &Content, bytes: u64) -> Option<String> {
    file.found_in.as_ref()?;
    match content {
        Content::Coverage(_) | Content::Benchmarks(..) => None,
        Content::Unknown(unrecognised) => {
            let is_broken = unrecognised.is_text && file.is_never_text();
            (unrecognised.may_stand_by && !is_broken).then(|| unrecognised.what.clone())
        }
        Content::Tests(reading) => {
            let is_empty = bytes == 0 && reading.troubles.is_empty() && !file.is_surely_report();
            is_empty.then(|| "empty".to_owned())
        }
    }
}

/// The first full coverage report of each folder: whole, and with lines.
pub(super) fn full_coverage<'a>(
    files: impl Iterator<Item = (&'a File, &'a Content)>,
) -> BTreeMap<String, String> {
    let mut full = BTreeMap::new();
    for (file, content) in files {
        if let Content::Coverage(reading) = content
            && reading.troubles.is_empty()
            && !reading.coverage.is_empty()
        {
            let (folder, name) = split(&file.label);
            full.entry(folder.to_owned()).or_insert_with(|| name.to_owned());
        }
    }
    full
}

/// What a summary of coverage is that lies in a folder right beside a full report, as reporters write both in one run.
pub(super) fn summary_beside(
    file: &File,
    content: &Content,
    full: &BTreeMap<String, String>,
) -> Option<String> {
    file.found_in.as_ref()?;
    let Content::Coverage(reading) = content else { return None };
    let beside = full.get(split(&file.label).0).filter(|_| reading.format.is_summary())?;
    Some(format!("{} of the run with the full report {beside}", reading.format.name()))
}

/// The folder and the name of a file.
fn split(label: &str) -> (&str, &str) {
    label.rsplit_once('/').unwrap_or(("", label))
}
