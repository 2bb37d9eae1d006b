//! Coverage: cut reports are noticed, an export is read with equal numbers, the order of reports never matters.

use super::{Pieces, cuts};
use crate::detect::{Kind, detect};
use devops_coverage::{COBERTURA, Coverage, Format, Reading, export_cobertura, read};
use devops_reading::shape::shape;

/// Bytes as a format.
pub(super) fn format(format: Format, bytes: &[u8]) {
    let whole = read(format, bytes);
    let again = read(format, Pieces::of(bytes));
    assert_eq!(whole.coverage, again.coverage);
    assert_eq!(whole.troubles, again.troubles);
    assert_eq!((&whole.notes, &whole.roots), (&again.notes, &again.roots));
    read_back(&whole.coverage);
    if !whole.troubles.is_empty() {
        return;
    }
    for cut in cuts(bytes) {
        let (part, rest) = bytes.split_at(cut);
        let found = read(format, part);
        let is_told = !found.troubles.is_empty() || says_as_much(&found, &whole);
        // These two have no end: between two records nothing shows that there were more.
        let is_seam = match format.name() {
            "LCOV" | "Go cover profile" => part.ends_with(b"\n") || rest.starts_with(b"\n"),
            _ => false,
        };
        assert!(is_told || is_seam, "cut to {cut} of {} bytes nothing tells", bytes.len());
    }
}

fn says_as_much(part: &Reading, whole: &Reading) -> bool {
    part.coverage == whole.coverage
}

/// What is exported is read with equal numbers.
fn read_back(coverage: &Coverage) {
    let xml = export_cobertura(coverage);
    let back = read(COBERTURA, xml.as_slice());
    assert!(back.troubles.is_empty(), "{:?}", back.troubles);
    assert_eq!(back.coverage.by_file(), coverage.by_file());
}

/// Reports one after the other, with a null byte between them, in any order.
pub(super) fn merged(bytes: &[u8]) {
    let parts: Vec<Coverage> = bytes
        .split(|byte| *byte == 0)
        .filter_map(|part| match detect(&shape(part)) {
            Kind::Coverage(format) => Some(read(format, part).coverage),
            _ => None,
        })
        .collect();
    let all = |parts: &mut dyn Iterator<Item = &Coverage>| {
        parts.fold(Coverage::default(), |mut all, part| {
            all.merge(part.clone());
            all
        })
    };
    let forwards = all(&mut parts.iter());
    assert_eq!(forwards, all(&mut parts.iter().rev()));
    let (even, odd) = parts.split_at(parts.len() / 2);
    let mut halves = all(&mut odd.iter());
    halves.merge(all(&mut even.iter()));
    assert_eq!(forwards, halves);
    read_back(&forwards);
}
