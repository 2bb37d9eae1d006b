//! Behaviour of test-gate.

mod base;
mod beginnings;
mod cheating;
mod commands;
mod corpus;
mod coverage;
mod dialects;
mod encodings;
mod hostile;
mod injection;
mod outputs;
mod paths;
mod producers;
mod regressions;
mod repeated;
mod shown;
mod two_formats;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Finished, binary, corpus, report, run};

/// Every file of the cases, and of the corpus's reports of tests where it is there, in the order of their names.
fn report_files() -> Vec<PathBuf> {
    let cases = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/cases/test-gate"));
    let corpus = corpus();
    let of_corpus = corpus.iter().flat_map(|root| ["junit", "test-reports"].map(|name| root.join(name)));
    let mut folders = vec![cases.to_path_buf()];
    folders.extend(of_corpus.filter(|folder| folder.is_dir()));
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let is_ours = |path: &PathBuf| {
        ["expected.json", "corpus.json", "README.md"].iter().any(|name| path.ends_with(name))
    };
    files.retain(|path| !is_ours(path));
    files.sort_by_key(|path| (!path.starts_with(cases), path.clone()));
    files
}

/// What a run said: its exit code, its report, what it printed.
struct Said {
    finished: Finished,
    report: Value,
}

impl Said {
    /// Tests, passed, flaky, failed, errored, skipped, not run.
    fn counts(&self) -> [u64; 7] {
        let totals = &self.report["totals"];
        let names = ["tests", "passed", "flaky", "failed", "errored", "skipped", "not_run"];
        let counts = names.map(|name| totals[name].as_u64().expect(name));
        assert_eq!(counts[0], counts[1..].iter().sum::<u64>(), "the totals add up");
        counts
    }

    /// The rules that found something, each once, in their order.
    fn rules(&self) -> Vec<&str> {
        let mut rules: Vec<&str> =
            self.findings().iter().filter_map(|finding| finding["rule"].as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    fn findings(&self) -> &[Value] {
        self.report["findings"].as_array().expect("findings")
    }

    fn notes(&self) -> String {
        self.report["notes"].to_string()
    }

    fn code(&self) -> i32 {
        self.finished.code.expect("it ended by itself")
    }
}

/// Judges these paths in this folder.
fn judge(folder: &Path, arguments: &[&str]) -> Said {
    let finished = run(binary("test-gate", folder).args(arguments));
    assert!(finished.code.is_some_and(|code| code < 2), "{finished:?}");
    let said = Said { report: report(folder), finished };
    // A baseline judges no tests.
    if !arguments.contains(&"baseline")
        && let Ok(page) = std::fs::read_to_string(folder.join("devops-report/report.html"))
        && said.report["totals"]["tests"].is_u64()
    {
        lists_all_tests(&page, said.counts());
    }
    said
}

/// The page lists each test that counts, once, with the state in which it counts.
fn lists_all_tests(page: &str, counts: [u64; 7]) {
    let [tests, of_states @ ..] = counts;
    if tests > 20_000 {
        return;
    }
    let states = ["passed", "flaky", "failed", "errored", "skipped", "not run"];
    let listed = states.map(|state| page.matches(&format!("<td class=\"{state}\">")).count() as u64);
    assert_eq!(listed, of_states, "{page}");
}

/// Judges one report with this content.
fn judge_text(content: impl AsRef<[u8]>) -> Said {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("junit.xml"), content).expect("a report");
    judge(folder.path(), &["junit.xml"])
}
