//! `dep-scan compare` through the binary.

use std::fs::File;

use crate::support::{binary, corpus, run};

/// What it prints for these arguments, and for these lines.
fn compare(arguments: &[&str], lines: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs");
    std::fs::write(&path, lines).unwrap();
    let mut command = binary("dep-scan", folder.path());
    let finished = run(command.arg("compare").args(arguments).stdin(File::open(path).unwrap()));
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    assert!(!folder.path().join("devops-report").exists(), "a query leaves no report");
    finished.stdout
}

#[test]
fn two_versions_are_compared() {
    for (arguments, answer) in [
        (["Maven", "1.0-alpha-1", "1.0"], "<\n"),
        (["NuGet", "1.0", "1.0.0.0"], "=\n"),
        (["Ubuntu:22.04:LTS", "1:1.0", "2.0"], ">\n"),
        (["PyPI", "-class", "1.0"], "<\n"),
        (["npm", "latest", "1.0.0"], "?\n"),
        (["nothing", "1.0.0", "1.0.0"], "?\n"),
    ] {
        assert_eq!(compare(&arguments, ""), answer, "{arguments:?}");
    }
}

#[test]
fn pairs_of_standard_input_have_an_answer_each() {
    let lines = "npm\t1.0.0-rc.1\t1.0.0\nRubyGems\t1.0\t1\n\nRed Hat\t1.0^a\t1.0\nGo\tno tab";
    assert_eq!(compare(&[], lines), "<\n=\n?\n>\n?\n");
    assert_eq!(compare(&[], ""), "");
}

#[test]
fn one_version_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["PyPI"][..], &["PyPI", "1.0"], &["PyPI", "1", "2", "3"]] {
        let finished = run(binary("dep-scan", folder.path()).arg("compare").args(arguments));
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(finished.stderr.contains("Usage: dep-scan compare"), "{}", finished.stderr);
    }
}

#[test]
fn the_corpus_agrees() {
    let Some(corpus) = corpus() else { return };
    let (mut lines, mut wanted) = (String::new(), String::new());
    for (file, ecosystem) in [
        ("alpine", "Alpine"),
        ("cran", "CRAN"),
        ("debian", "Debian"),
        ("hackage", "Hackage"),
        ("maven", "Maven"),
        ("nuget", "NuGet"),
        ("packagist", "Packagist"),
        ("pub", "Pub"),
        ("pypi", "PyPI"),
        ("redhat", "Red Hat"),
        ("rubygems", "RubyGems"),
        ("semver", "npm"),
    ] {
        let text = std::fs::read_to_string(corpus.join(format!("versions/{file}-versions.txt"))).unwrap();
        for line in text.lines().filter(|line| !line.starts_with(['#', '/'])) {
            if let [first, sign, second] = line.split(' ').collect::<Vec<_>>()[..] {
                lines.push_str(&format!("{ecosystem}\t{first}\t{second}\n"));
                wanted.push_str(&format!("{sign}\n"));
            }
        }
    }
    assert!(wanted.lines().count() > 1_300);
    assert_eq!(compare(&[], &lines), wanted);
}
