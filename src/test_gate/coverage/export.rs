//! Merged coverage as Cobertura XML, for hosts that show it beside a change.

use std::collections::BTreeMap;

use super::model::{Branches, Coverage, FileCoverage};
use super::totals::{FileTotals, Ratio};

/// Coverage by paths of the repository as a Cobertura document.
pub(crate) fn cobertura(coverage: &Coverage) -> Vec<u8> {
    let mut packages: BTreeMap<&str, Vec<(&str, &FileCoverage)>> = BTreeMap::new();
    for (path, file) in &coverage.files {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        packages.entry(folder).or_default().push((path, file));
    }
    let totals = coverage.totals();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.push_str("<!DOCTYPE coverage SYSTEM \"http://cobertura.sourceforge.net/xml/coverage-04.dtd\">\n");
    xml.push_str(&format!(
        "<coverage {} lines-covered=\"{}\" lines-valid=\"{}\" branches-covered=\"{}\" branches-valid=\"{}\" complexity=\"0\" version=\"{}\" timestamp=\"0\">\n",
        rates(totals),
        totals.lines.covered,
        totals.lines.coverable,
        totals.branches.covered,
        totals.branches.coverable,
        env!("CARGO_PKG_VERSION"),
    ));
    xml.push_str("  <sources>\n    <source>.</source>\n  </sources>\n  <packages>\n");
    for (folder, files) in packages {
        let totals = files.iter().fold(FileTotals::default(), |all, (_, file)| all + file.totals());
        let name = escaped(&folder.replace('/', "."));
        xml.push_str(&format!(
            "    <package name=\"{name}\" {} complexity=\"0\">\n      <classes>\n",
            rates(totals)
        ));
        for (path, file) in files {
            class(path, file, &mut xml);
        }
        xml.push_str("      </classes>\n    </package>\n");
    }
    xml.push_str("  </packages>\n</coverage>\n");
    xml.into_bytes()
}

fn class(path: &str, file: &FileCoverage, xml: &mut String) {
    let name = path.rsplit('/').next().unwrap_or(path);
    xml.push_str(&format!(
        "        <class name=\"{}\" filename=\"{}\" {} complexity=\"0\">\n          <methods/>\n          <lines>\n",
        escaped(name),
        escaped(path),
        rates(file.totals())
    ));
    let mut branches = branches_on_lines(file).into_iter().peekable();
    for line in file.lines() {
        xml.push_str(&format!("            <line number=\"{}\" hits=\"{}\"", line.number, line.hits));
        if let Some(found) = branches.next_if(|found| found.line == line.number) {
            let percent = u64::from(found.covered) * 100 / u64::from(found.total.max(1));
            xml.push_str(&format!(
                " branch=\"true\" condition-coverage=\"{percent}% ({}/{})\"",
                found.covered, found.total
            ));
        }
        xml.push_str("/>\n");
    }
    xml.push_str("          </lines>\n        </class>\n");
}

/// Branches that stand on a line that can't be covered go to the one before it, for Cobertura has no other place for them.
fn branches_on_lines(file: &FileCoverage) -> Vec<Branches> {
    let lines = file.lines();
    let mut placed: Vec<Branches> = Vec::new();
    for mut found in file.branches() {
        let index = lines.partition_point(|line| line.number <= found.line).saturating_sub(1);
        found.line = lines.get(index).map_or(found.line, |line| line.number);
        match placed.last_mut().filter(|last| last.line == found.line) {
            Some(last) => {
                last.covered = last.covered.saturating_add(found.covered);
                last.total = last.total.saturating_add(found.total);
            }
            None => placed.push(found),
        }
    }
    placed
}

fn rates(totals: FileTotals) -> String {
    format!("line-rate=\"{}\" branch-rate=\"{}\"", rate(totals.lines), rate(totals.branches))
}

/// A rate with four digits, cut; 1 where nothing can be covered, as the format's own producers have it.
fn rate(ratio: Ratio) -> String {
    let value =
        (u128::from(ratio.covered) * 10_000).checked_div(u128::from(ratio.coverable)).unwrap_or(10_000);
    format!("{}.{:04}", value / 10_000, value % 10_000)
}

/// Text inside of an attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' | '\r' => safe.push_str(&format!("&#{};", u32::from(character))),
            character if character < ' ' || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                safe.push('\u{fffd}');
            }
            character => safe.push(character),
        }
    }
    safe
}
