//! A small shop in a real repository: sources, reports, a baseline, a quarantine and a gate on `main`, and a change on a branch.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::git::git;
use crate::support::{Finished, binary, report, run};

/// The policy of `main`.
const POLICY: &str = r#"[test-gate]
paths = ["reports"]
baseline = "tests.baseline.jsonl"
quarantine = "quarantine.toml"
min-tests = 19
min-coverage = 80
min-branch-coverage = 50
min-file-coverage = 50
min-patch-coverage = 80
max-coverage-drop = 0.5
max-slowdown = 3
benchmark-limit = ["parse <= 2000 ns"]
fail-on-flaky = true
"#;

/// One test that may fail for a while.
const QUARANTINE: &str = r#"[[quarantine]]
test = "shop.OrderTest*ships"
owner = "shop"
reason = "the carrier's sandbox is down at times"
expires = 2026-12-15
"#;

const UNIT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="unit" timestamp="2026-11-22T10:00:00" hostname="ci-1">
    <testcase classname="shop.CartTest" name="adds" time="0.010"></testcase>
    <testcase classname="shop.CartTest" name="removes" time="0.010"></testcase>
    <testcase classname="shop.CartTest" name="totals[eur]" time="0.010"></testcase>
    <testcase classname="shop.CartTest" name="totals[usd]" time="0.010"></testcase>
    <testcase classname="shop.CartTest" name="rounds" time="0.200"></testcase>
    <testcase classname="shop.CartTest" name="ages" time="0.000"><skipped message="no clock"/></testcase>
    <testcase classname="shop.LoginTest" name="accepts" time="0.010"></testcase>
    <testcase classname="shop.LoginTest" name="refuses" time="0.010"></testcase>
    <testcase classname="shop.LoginTest" name="locks_out" time="0.010"></testcase>
  </testsuite>
</testsuites>
"#;

const ORDERS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="orders" tests="3" failures="0" errors="0" skipped="0">
  <testcase classname="shop.OrderTest" name="places" time="0.010"></testcase>
  <testcase classname="shop.OrderTest" name="cancels" time="0.010"></testcase>
  <testcase classname="shop.OrderTest" name="ships" time="0.010"></testcase>
</testsuite>
"#;

/// A leg of the matrix.
const LEG: &str = r#"<testsuite name="paths">
  <testcase classname="shop.PathTest" name="joins" time="0.010"></testcase>
  <testcase classname="shop.PathTest" name="splits" time="0.010"></testcase>
</testsuite>
"#;

const API: &str = r#"{
  "reportFormat": "CTRF",
  "specVersion": "0.0.0",
  "results": {
    "tool": {"name": "jest"},
    "summary": {"tests": 3, "passed": 3, "failed": 0, "pending": 0, "skipped": 0, "other": 0, "start": 1, "stop": 2},
    "tests": [
      {"name": "lists goods", "suite": ["api"], "status": "passed", "duration": 10},
      {"name": "shows a good", "suite": ["api"], "status": "passed", "duration": 10},
      {"name": "knows no such good", "suite": ["api"], "status": "passed", "duration": 10}
    ]
  }
}
"#;

const LOAD: &str = r#"{
  "root_group": {"name": "", "path": "", "groups": [], "checks": []},
  "state": {"isStdOutTTY": false, "testRunDurationMs": 1000},
  "metrics": {
    "http_req_duration": {
      "type": "trend",
      "contains": "time",
      "values": {"avg": 100, "min": 50, "med": 90, "max": 400, "p(90)": 200, "p(95)": 250},
      "thresholds": {"p(95)<500": {"ok": true}}
    }
  }
}
"#;

/// Lines of the sources that were covered: `1` and `0`, and of a line with two branches `b` both, `h` one of them.
pub(super) const COVERED: [(&str, &str); 3] =
    [("src/cart.py", "11b1111110"), ("src/login.py", "1h11111100"), ("src/legacy.py", "1111")];

/// Measures: name, unit, better, value, samples.
pub(super) type Measure<'a> = (&'a str, &'a str, &'a str, f64, u32);
pub(super) const MEASURED: [Measure<'_>; 4] = [
    ("parse", "ns", "smaller", 1000.0, 20),
    ("serve", "requests/s", "bigger", 500.0, 20),
    ("render", "ms", "smaller", 30.0, 1),
    ("allocations", "allocations", "smaller", 48.0, 0),
];

/// Files of a folder with their content.
type Files = Vec<(PathBuf, Vec<u8>)>;

/// The repository with `change` checked out, which is what `main` is so far.
pub(super) struct Project {
    folder: tempfile::TempDir,
    arguments: RefCell<Vec<String>>,
}

/// What the gate said, by exit code, and its report where there is one.
pub(super) struct Said {
    pub(super) finished: Finished,
    pub(super) report: Value,
}

impl Said {
    pub(super) fn code(&self) -> i32 {
        self.finished.code.expect("it ended by itself")
    }

    /// Rules of what is open and fails the gate.
    pub(super) fn red(&self) -> Vec<&str> {
        let all = self.report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_red = |finding: &&Value| {
            finding["waived"].is_null() && matches!(finding["severity"].as_str(), Some("high" | "critical"))
        };
        let mut rules: Vec<&str> =
            all.iter().filter(is_red).filter_map(|finding| finding["rule"].as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    pub(super) fn verdict(&self) -> &str {
        self.report["verdict"].as_str().unwrap_or_default()
    }
}

impl Project {
    /// A copy of the shop, with nothing changed yet.
    pub(super) fn new() -> Self {
        static BASE: OnceLock<Files> = OnceLock::new();
        let base = BASE.get_or_init(|| Self::made().files());
        let project = Self::nowhere();
        for (path, content) in base {
            project.write(path, content);
        }
        project
    }

    fn nowhere() -> Self {
        let arguments = RefCell::new(["--base", "main"].map(str::to_owned).to_vec());
        Self { folder: tempfile::tempdir().unwrap(), arguments }
    }

    /// The shop, made from nothing.
    fn made() -> Self {
        let project = Self::nowhere();
        project.git(&["init", "--quiet", "--initial-branch=main", "--template="]);
        project.write(".gitignore", "reports/\nold-reports/\ndevops-report/\n");
        project.write("devops.toml", POLICY);
        project.write("quarantine.toml", QUARANTINE);
        project.write("README.md", "# Shop\n");
        for (path, hits) in COVERED {
            project.write(path, source(path, hits.len()));
        }
        for (path, text) in [
            ("reports/unit.xml", UNIT),
            ("reports/orders.xml", ORDERS),
            ("reports/linux.xml", LEG),
            ("reports/macos.xml", LEG),
            ("reports/api.json", API),
            ("reports/load.json", LOAD),
        ] {
            project.write(path, text);
        }
        project.cover(&COVERED);
        project.measure(&MEASURED);
        project.commit();
        project.renew();
        project.commit();
        project.git(&["switch", "--quiet", "-c", "change"]);
        project
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn files(&self) -> Files {
        let mut files = Vec::new();
        let mut folders = vec![self.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let content = std::fs::read(&path).unwrap();
                    files.push((path.strip_prefix(self.path()).unwrap().to_path_buf(), content));
                }
            }
        }
        files
    }

    pub(super) fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(super) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    pub(super) fn remove(&self, path: &str) {
        let path = self.path().join(path);
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        let target = self.path().join(to);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::rename(self.path().join(from), target).unwrap();
    }

    /// Replaces a text that must be there.
    pub(super) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from}");
        self.write(path, text.replace(from, to));
    }

    /// Leaves out all lines with this text, of which there must be one.
    pub(super) fn without(&self, path: &str, part: &str) {
        let text = self.read(path);
        assert!(text.contains(part), "{path} has no {part}");
        let kept = text.lines().filter(|line| !line.contains(part));
        self.write(path, kept.fold(String::new(), |all, line| all + line + "\n"));
    }

    pub(super) fn append(&self, path: &str, text: &str) {
        self.write(path, self.read(path) + text);
    }

    /// Keeps only the first bytes: this many of a hundred.
    pub(super) fn truncate(&self, path: &str, percent: usize) {
        let content = std::fs::read(self.path().join(path)).unwrap();
        self.write(path, &content[..content.len() * percent / 100]);
    }

    #[cfg(unix)]
    pub(super) fn link(&self, path: &str, target: &str) {
        let path = self.path().join(path);
        if path.exists() {
            std::fs::remove_file(&path).unwrap();
        }
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    /// Gives a setting of the gate in `devops.toml` this value, as `min-tests = 1`.
    pub(super) fn set(&self, line: &str) {
        let key = line.split_once('=').unwrap().0.trim();
        let text = self.read("devops.toml");
        let kept = text.lines().filter(|old| old.split_once('=').is_none_or(|(name, _)| name.trim() != key));
        let mut text = kept.fold(String::new(), |all, line| all + line + "\n");
        text = text.replacen("[test-gate]\n", &format!("[test-gate]\n{line}\n"), 1);
        self.write("devops.toml", text);
    }

    /// Puts something into a test case of a report of `JUnit`.
    pub(super) fn ends(&self, report: &str, name: &str, with: &str) {
        let text = self.read(report);
        let (before, rest) = text.split_once(&format!("name=\"{name}\"")).unwrap();
        let rest = rest.replacen("></testcase>", &format!(">{with}</testcase>"), 1);
        self.write(report, format!("{before}name=\"{name}\"{rest}"));
    }

    /// Lets a test fail that passes on `main`.
    pub(super) fn fail(&self) {
        self.ends("reports/unit.xml", "adds", "<failure message=\"3 is not 2\">cart.py:3</failure>");
    }

    /// Adds test cases to a report, before the end of its suite.
    pub(super) fn add(&self, report: &str, cases: &str) {
        self.edit(report, "</testsuite>", &format!("{cases}\n</testsuite>"));
    }

    /// Writes what was covered.
    pub(super) fn cover(&self, files: &[(&str, &str)]) {
        self.write("reports/coverage.xml", cobertura("/home/runner/work/shop/shop", files));
    }

    /// Writes what was measured.
    pub(super) fn measure(&self, measures: &[Measure<'_>]) {
        let rows: Vec<Value> = measures
            .iter()
            .map(|(name, unit, better, value, samples)| {
                let mut row = json!({ "name": name, "unit": unit, "direction": better });
                if *samples == 0 {
                    row["value"] = (*value).into();
                    row["exact"] = true.into();
                } else {
                    let noise = |index: u32| value * (0.99 + 0.001 * f64::from(index * 7 % 20));
                    row["samples"] = (0..*samples).map(noise).collect();
                }
                row
            })
            .collect();
        let all = json!({ "format": "devops-benchmarks", "version": 1, "benchmarks": rows });
        self.write("reports/bench.json", format!("{all:#}\n"));
    }

    /// Measures anew, with one measure otherwise.
    pub(super) fn remeasure(&self, measure: Measure<'_>) {
        let mut all = MEASURED;
        *all.iter_mut().find(|known| known.0 == measure.0).unwrap() = measure;
        self.measure(&all);
    }

    /// Makes lines of a source that are new, and covered so.
    pub(super) fn grow(&self, hits: &str) {
        let (path, before) = COVERED[0];
        let all = format!("{before}{hits}");
        self.write(path, source(path, all.len()));
        self.cover(&[(path, &all), COVERED[1], COVERED[2]]);
    }

    /// Renews the baseline from the reports as they are.
    pub(super) fn renew(&self) {
        let arguments = ["baseline", "--base=none", "--min-tests=1", "--baseline=tests.baseline.jsonl"];
        let finished = run(binary("test-gate", self.path()).args(arguments));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        self.remove("devops-report");
    }

    /// Changes `main` before the change begins.
    pub(super) fn on_main(&self, change: impl FnOnce()) {
        self.git(&["switch", "--quiet", "main"]);
        change();
        self.commit();
        self.git(&["switch", "--quiet", "-C", "change"]);
    }

    /// Hands these arguments over behind `--base main`.
    pub(super) fn flags(&self, flags: &[&str]) {
        self.arguments.borrow_mut().extend(flags.iter().map(|&flag| flag.to_owned()));
    }

    /// Runs the tests with this script, which is to write the reports.
    pub(super) fn runs(&self, script: &str) {
        self.arguments.borrow_mut().insert(0, "run".to_owned());
        self.flags(&["--", "sh", "-c", script]);
    }

    pub(super) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments)
    }

    /// Commits the change and judges it.
    pub(super) fn judge(&self) -> Said {
        self.commit();
        let arguments = self.arguments.borrow();
        self.said(binary("test-gate", self.path()).args(arguments.iter()))
    }

    /// Commits the change and judges it as the job of a pull request does, where it is merged already.
    pub(super) fn judge_on_github(&self) -> Said {
        self.commit();
        self.git(&["switch", "--quiet", "--detach", "main"]);
        self.git(&["merge", "--quiet", "--no-ff", "-m", "x", "change"]);
        let mut command = binary("test-gate", self.path());
        command.args(&self.arguments.borrow()[2..]).env("GITHUB_ACTIONS", "true");
        command.env("GITHUB_REF", "refs/pull/1/merge").env("GITHUB_BASE_REF", "main");
        self.said(command.env("GITHUB_SHA", self.git(&["rev-parse", "HEAD"]).trim()))
    }

    /// Commits the change and judges it as the job of a merge request does.
    pub(super) fn judge_on_gitlab(&self) -> Said {
        self.commit();
        let mut command = binary("test-gate", self.path());
        command.args(&self.arguments.borrow()[2..]).env("GITLAB_CI", "true");
        self.said(command.env("CI_MERGE_REQUEST_DIFF_BASE_SHA", self.git(&["rev-parse", "main"]).trim()))
    }

    fn said(&self, command: &mut Command) -> Said {
        let finished = run(command);
        let is_judged = finished.code.is_some_and(|code| code < 2);
        let report = if is_judged { report(self.path()) } else { Value::Null };
        Said { finished, report }
    }
}

/// A source with so many lines.
pub(super) fn source(path: &str, lines: usize) -> String {
    (1..=lines).fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "step_{line}_of('{path}')");
        text
    })
}

/// Coverage as coverage.py writes it, measured in this folder.
pub(super) fn cobertura(root: &str, files: &[(&str, &str)]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" ?>\n<coverage version=\"7.6\" timestamp=\"1\">\n<sources><source>{root}</source></sources>\n\
         <packages><package name=\"src\"><classes>\n"
    );
    for (path, hits) in files {
        let _ = writeln!(text, "<class name=\"{path}\" filename=\"{path}\"><methods/><lines>");
        for (number, hit) in (1..).zip(hits.chars()) {
            let branches = match hit {
                'b' => " branch=\"true\" condition-coverage=\"100% (2/2)\"",
                'h' => " branch=\"true\" condition-coverage=\"50% (1/2)\"",
                _ => "",
            };
            let hits = u8::from(hit != '0');
            let _ = writeln!(text, "<line number=\"{number}\" hits=\"{hits}\"{branches}/>");
        }
        text.push_str("</lines></class>\n");
    }
    text + "</classes></package></packages>\n</coverage>\n"
}
