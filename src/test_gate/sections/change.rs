//! The change that is judged.

use super::Section;
use crate::repository::Base;
use crate::repository::policy::unknown;
use crate::test_gate::change_under_test::ChangeUnderTest;

/// Where the change began, and how much it changes.
pub(in crate::test_gate) fn section(change: &ChangeUnderTest) -> Section {
    let finding = match &change.base {
        Base::Unknown(failure) => Some(unknown(failure)),
        Base::None | Base::Known(_) => None,
    };
    Section {
        findings: finding.into_iter().collect(),
        details: change.facts().map(|facts| ("change", facts)).into_iter().collect(),
        ..Section::default()
    }
}
