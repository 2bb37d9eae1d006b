//! The change that is judged.

use super::Section;
use crate::change_under_test::ChangeUnderTest;

/// Where the change began, and how much it changes.
pub(crate) fn section(change: &ChangeUnderTest) -> Section {
    Section {
        notes: change.note().into_iter().collect(),
        details: change.facts().map(|facts| ("change", facts)).into_iter().collect(),
        ..Section::default()
    }
}
