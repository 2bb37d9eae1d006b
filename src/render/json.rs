//! `report.json`: the report itself, two spaces a level, hidden characters as `\u` escapes, with a final newline.

use devops_core::escape;
use devops_core::{Error, Report};

/// The report as JSON; [`Report::from_json`] reads it back.
///
/// # Errors
/// Never in practice: every part of a report has a JSON form.
pub fn json(report: &Report) -> Result<Vec<u8>, Error> {
    let text = serde_json::to_string_pretty(report)
        .map_err(|error| Error::bug("report has no JSON form").because(error))?;
    Ok(format!("{}\n", escape::json(&text)).into_bytes())
}
