//! Merged coverage as Cobertura XML, for hosts that show it beside a change.

use std::collections::BTreeMap;

use super::model::{Branches, Coverage, FileCoverage};
use super::totals::{FileTotals, Ratio};

/// Coverage by paths of the repository as a Cobertura document.
pub fn cobertura(coverage: &Coverage) -> Vec<u8> {
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

#[cfg(test)]
mod tests {
    use super::super::Ratio;
    use super::super::tests::coverage_of;
    use super::{cobertura, rate};

    #[test]
    fn every_attribute_the_document_type_requires_is_there() {
        let coverage = coverage_of(&[("src/a \"&\".rs", &[(1, 3), (2, 0)]), ("b.rs", &[(7, 1)])]);
        let xml = String::from_utf8(cobertura(&coverage)).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage line-rate="0.6666" branch-rate="1.0000" lines-covered="2" lines-valid="3" branches-covered="0" branches-valid="0" complexity="0" version="{version}" timestamp="0">
  <sources>
    <source>.</source>
  </sources>
  <packages>
    <package name="" line-rate="1.0000" branch-rate="1.0000" complexity="0">
      <classes>
        <class name="b.rs" filename="b.rs" line-rate="1.0000" branch-rate="1.0000" complexity="0">
          <methods/>
          <lines>
            <line number="7" hits="1"/>
          </lines>
        </class>
      </classes>
    </package>
    <package name="src" line-rate="0.5000" branch-rate="1.0000" complexity="0">
      <classes>
        <class name="a &quot;&amp;&quot;.rs" filename="src/a &quot;&amp;&quot;.rs" line-rate="0.5000" branch-rate="1.0000" complexity="0">
          <methods/>
          <lines>
            <line number="1" hits="3"/>
            <line number="2" hits="0"/>
          </lines>
        </class>
      </classes>
    </package>
  </packages>
</coverage>
"#
        );
        assert_eq!(xml, expected);
    }

    #[test]
    fn rates_are_cut() {
        assert_eq!(rate(Ratio::new(99_999, 100_000)), "0.9999");
    }
}
