//! Files that are no files, have no end or are said to have a length they don't: as each input, each job comes to an end within
//! bounded memory, says what was not read, and never passes because of it.

use std::fs::File;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use crate::git::git;
use crate::support::{Finished, binary, report, run};

const GREEN: &str = "<testsuite><testcase name='a'/></testsuite>";
const LOCKFILE: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
const ADVISORY: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"a\"\ndate = \"2026-11-01\"\n\n[versions]\npatched = [\">= 9.0.0\"]\n```\n\n# Title\n\nText.\n";

/// Most kilobytes of addresses a job may have: an upper bound of its memory.
const MEMORY: &str = "200000";

/// What stands in the place of a file.
const KINDS: [&str; 7] = ["pipe", "endless", "socket", "sparse", "loop", "folder", "to-pipe"];

/// A folder where each job passes.
fn sample() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("green.xml"), GREEN).unwrap();
    std::fs::create_dir_all(at.join("db/crates/a")).unwrap();
    std::fs::write(at.join("db/crates/a/RUSTSEC-2026-0001.md"), ADVISORY).unwrap();
    std::fs::create_dir(at.join("db/crates/b")).unwrap();
    let other = ADVISORY.replace("0001", "0002").replace("\"a\"", "\"b\"");
    std::fs::write(at.join("db/crates/b/RUSTSEC-2026-0002.md"), other).unwrap();
    std::fs::write(at.join("Cargo.lock"), LOCKFILE).unwrap();
    for colour in ["blue", "green"] {
        std::fs::create_dir(at.join(colour)).unwrap();
    }
    symlink("blue", at.join("current")).unwrap();
    folder
}

/// Puts something special at a path; what has to live as long as it does is returned.
pub(crate) fn put(kind: &str, path: &Path) -> Option<UnixListener> {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = std::fs::remove_file(path);
    let pipe = |path: &Path| mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    match kind {
        "pipe" => pipe(path),
        "endless" => symlink("/dev/zero", path).unwrap(),
        "sparse" => File::create(path).unwrap().set_len(1 << 40).unwrap(),
        "loop" => symlink(path.file_name().unwrap(), path).unwrap(),
        "folder" => std::fs::create_dir(path).unwrap(),
        "to-pipe" => {
            let target = path.with_file_name("the-pipe");
            if !target.exists() {
                pipe(&target);
            }
            symlink("the-pipe", path).unwrap();
        }
        "socket" => return Some(UnixListener::bind(path).unwrap()),
        other => panic!("{other}"),
    }
    None
}

/// The same command within the bounds: half a minute, and so much memory.
fn bounded(name: &str, folder: &Path) -> Command {
    let program = binary(name, folder);
    let mut command = Command::new("timeout");
    command
        .args(["--signal=KILL", "30", "sh", "-c", "ulimit -v $0 && exec \"$@\"", MEMORY])
        .arg(program.get_program());
    for (variable, value) in program.get_envs() {
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
    }
    // Each thread would reserve addresses that it never uses.
    command.current_dir(folder).env("MALLOC_ARENA_MAX", "1");
    command
}

/// A line of arguments, split at spaces.
fn line<'a>(command: &'a mut Command, line: &str) -> &'a mut Command {
    command.args(line.split(' ').filter(|word| !word.is_empty()))
}

/// The codes of findings and errors: not a pass, not killed, not a bug.
fn is_refusal(finished: &Finished) -> bool {
    matches!(finished.code, Some(1..=4))
}

/// Everything a run said, in its report and on both streams.
fn said(folder: &Path, finished: &Finished) -> String {
    let report = std::fs::read_to_string(folder.join("devops-report/report.json")).unwrap_or_default();
    format!("{report}{}{}", finished.stdout, finished.stderr)
}

#[test]
fn the_sample_passes_within_the_bounds() {
    for (job, arguments) in [
        ("test-gate", "green.xml"),
        ("dep-scan", "Cargo.lock --db db --frozen-db"),
        ("promote", "run --symlink-path current --symlink-blue blue --symlink-green green"),
        ("annotate", "start --service x --id 1"),
    ] {
        let folder = sample();
        let finished = run(line(&mut bounded(job, folder.path()), arguments));
        let is_found = job == "dep-scan" && finished.code == Some(1);
        assert!(finished.code == Some(0) || is_found, "{job}: {finished:?}");
    }
}

#[test]
fn no_input_of_a_gate_is_waited_for_or_passed() {
    for (job, path, arguments) in [
        ("test-gate", "r.xml", "green.xml r.xml"),
        ("test-gate", "lcov.info", "green.xml lcov.info"),
        ("test-gate", "bench.json", "green.xml bench.json"),
        ("test-gate", "r.xml", "green.xml *.xml"),
        ("test-gate", "in/r.xml", "green.xml in"),
        ("test-gate", "b.jsonl", "green.xml --baseline b.jsonl"),
        ("test-gate", "b.jsonl", "baseline merge b.jsonl --baseline new.jsonl"),
        ("test-gate", "q.toml", "green.xml --quarantine q.toml"),
        ("test-gate", "c.diff", "green.xml --diff c.diff"),
        ("test-gate", "devops.toml", "green.xml"),
        ("test-gate", "named.toml", "green.xml --config named.toml"),
        ("dep-scan", "Cargo.lock", "Cargo.lock --db db --frozen-db"),
        ("dep-scan", "Cargo.lock", ". --db db --frozen-db"),
        ("dep-scan", "in/Cargo.lock", "--db db --frozen-db"),
        ("dep-scan", "db.tar.gz", "Cargo.lock --db db.tar.gz --frozen-db"),
        ("dep-scan", "db/crates/a/RUSTSEC-2026-0001.md", "Cargo.lock --db db --frozen-db"),
        ("dep-scan", "package-lock.json", "package-lock.json --db db --frozen-db"),
        ("dep-scan", "in/requirements.txt", "in --db db --frozen-db"),
        ("dep-scan", "osv.zip", "Cargo.lock --db osv.zip --frozen-db"),
        ("dep-scan", "osv.json", "Cargo.lock --db osv.json --frozen-db"),
        ("dep-scan", "advisories.index", "Cargo.lock --db advisories.index --frozen-db"),
        ("dep-scan", "epss.csv.gz", "Cargo.lock --db db --db epss.csv.gz --frozen-db"),
        ("image-scan", "trivy.json", "--report trivy.json"),
        ("dep-scan", "devops.toml", "Cargo.lock --db db --frozen-db"),
        ("image-scan", "devops.toml", "--report trivy.json"),
        ("promote", "devops.toml", "run"),
        ("annotate", "devops.toml", "start --service x --id 1"),
        ("devops", "devops.toml", "run"),
    ] {
        for kind in KINDS {
            let folder = sample();
            let at = folder.path();
            // A folder in the place of a report may be one of reports, and one in a walk is walked.
            if kind == "folder"
                && !["b.jsonl", "q.toml", "c.diff", "devops.toml", "named.toml"].contains(&path)
            {
                continue;
            }
            if kind == "folder" && arguments.contains("merge") {
                continue;
            }
            let _alive = put(kind, &at.join(path));
            let finished = run(line(&mut bounded(job, at), arguments));
            assert!(is_refusal(&finished), "{job} {arguments}, {kind}: {finished:?}");
            let name = path.rsplit('/').next().unwrap().trim_end_matches(".md");
            assert!(said(at, &finished).contains(name), "{job} {arguments}, {kind}: {finished:?}");
        }
    }
}

#[test]
fn no_file_that_a_job_writes_is_waited_for_or_written_through() {
    for kind in ["pipe", "endless", "socket", "loop", "folder", "to-pipe"] {
        // The outputs count; the summary is told and decides nothing.
        for (variable, code) in [("GITHUB_OUTPUT", 4), ("GITHUB_STEP_SUMMARY", 0)] {
            let folder = sample();
            let at = folder.path();
            let _alive = put(kind, &at.join("special"));
            let mut command = bounded("test-gate", at);
            command.env("GITHUB_ACTIONS", "true").env(variable, at.join("special"));
            let finished = run(command.arg("green.xml"));
            assert_eq!(finished.code, Some(code), "{variable}, {kind}: {finished:?}");
            assert!(finished.stderr.contains("special"), "{variable}, {kind}: {finished:?}");
        }
        for name in ["report.json", "outputs.env", "report.html"] {
            let folder = sample();
            let at = folder.path();
            let _alive = put(kind, &at.join("devops-report").join(name));
            let mut command = bounded("test-gate", at);
            let finished =
                run(command.env("GITLAB_CI", "true").args(["green.xml", "--formats", "json,html"]));
            let is_folder = kind == "folder";
            assert_eq!(finished.code, Some(if is_folder { 4 } else { 0 }), "{name}, {kind}: {finished:?}");
            let known = at.join("devops-report").join(name).symlink_metadata().unwrap();
            assert!(is_folder || known.is_file(), "{name}, {kind}: replaced by a file");
        }
        for (job, path, arguments) in [
            (
                "promote",
                ".devops/promote-current.lock",
                "run --symlink-path current --symlink-blue blue --symlink-green green",
            ),
            (
                "promote",
                ".devops/promote-current.json",
                "run --symlink-path current --symlink-blue blue --symlink-green green",
            ),
            ("annotate", "journal.jsonl", "start --service x --id 1 --journal journal.jsonl --strict"),
        ] {
            let folder = sample();
            let at = folder.path();
            std::fs::create_dir(at.join(".devops")).unwrap();
            let _alive = put(kind, &at.join(path));
            let finished = run(line(&mut bounded(job, at), arguments));
            assert!(is_refusal(&finished), "{job} {path}, {kind}: {finished:?}");
            assert!(said(at, &finished).contains(path), "{job} {path}, {kind}: {finished:?}");
        }
    }
}

#[test]
fn a_journal_of_any_length_is_bounded() {
    for (job, path, arguments) in [
        (
            "promote",
            ".devops/promote-current.json",
            "run --symlink-path current --symlink-blue blue --symlink-green green",
        ),
        ("annotate", "journal.jsonl", "start --service x --id 1 --journal journal.jsonl --strict"),
    ] {
        let folder = sample();
        let _alive = put("sparse", &folder.path().join(path));
        let finished = run(line(&mut bounded(job, folder.path()), arguments));
        assert!(is_refusal(&finished), "{job}: {finished:?}");
    }
}

#[test]
fn a_diff_of_zeros_is_refused_at_its_first_bytes() {
    let folder = sample();
    let at = folder.path();
    // As long as a diff may be; a hole takes no room on the disk.
    File::create(at.join("c.diff")).unwrap().set_len(900 << 20).unwrap();
    let finished = run(line(&mut bounded("test-gate", at), "green.xml --diff c.diff"));
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert!(finished.stderr.contains("begins with zero bytes"), "{finished:?}");
}

#[test]
fn an_event_log_is_not_written_through_a_link() {
    let folder = sample();
    let at = folder.path();
    let judge = || run(bounded("test-gate", at).args(["green.xml", "--events", "log"]));
    assert_eq!(judge().code, Some(0));
    let file = std::fs::read_dir(at.join("log")).unwrap().next().unwrap().unwrap().path();
    for kind in ["pipe", "endless", "socket", "loop", "to-pipe"] {
        let _alive = put(kind, &file);
        let finished = judge();
        assert_eq!(finished.code, Some(4), "{kind}: {finished:?}");
        assert!(finished.stderr.contains("log/"), "{kind}: {finished:?}");
    }
}

#[test]
fn a_stream_without_end_is_bounded_where_a_file_is_not_understood() {
    // What is no report is read to its end for its digest; what is too long is refused by its length first.
    let folder = sample();
    let mut command = bounded("image-scan", folder.path());
    let finished = run(command.args(["--report", "-"]).stdin(File::open("/dev/zero").unwrap()));
    assert!(is_refusal(&finished), "{finished:?}");
}

#[test]
fn walks_stay_in_the_workspace_and_name_what_leads_out() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("other.xml"), GREEN).unwrap();
    std::fs::create_dir(outside.path().join("reports")).unwrap();
    std::fs::write(
        outside.path().join("reports/red.xml"),
        "<testsuite><testcase name='x'><failure/></testcase></testsuite>",
    )
    .unwrap();
    let targets: [(&str, PathBuf); 4] = [
        ("all", PathBuf::from("/")),
        ("proc", PathBuf::from("/proc")),
        ("module", outside.path().join("reports")),
        ("z.xml", outside.path().join("other.xml")),
    ];
    for (name, target) in targets {
        for arguments in ["in", "in/**/*.xml"] {
            let folder = sample();
            let at = folder.path();
            std::fs::create_dir(at.join("in")).unwrap();
            std::fs::write(at.join("in/a.xml"), GREEN).unwrap();
            symlink(&target, at.join("in").join(name)).unwrap();
            let finished = run(bounded("test-gate", at).arg(arguments));
            assert_eq!(finished.code, Some(1), "{name} by {arguments}: {finished:?}");
            let finding = &report(at)["findings"][0];
            assert_eq!(finding["rule"], "report-missing", "{name} by {arguments}: {finding}");
            assert_eq!(finding["subject"]["path"], format!("in/{name}"));
            // Left out on purpose, it is no finding.
            let finished =
                run(bounded("test-gate", at).args([arguments, "--exclude", &format!("in/{name}")]));
            assert_eq!(finished.code, Some(0), "{name} by {arguments}: {finished:?}");
        }
    }
}

#[test]
fn links_that_are_named_or_stay_inside_are_followed() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(outside.path().join("testlogs/a")).unwrap();
    std::fs::write(outside.path().join("testlogs/a/test.xml"), GREEN).unwrap();
    std::fs::write(outside.path().join("notes.md"), "nothing").unwrap();
    let folder = sample();
    let at = folder.path();
    git(at, &["init", "--quiet"]);
    std::fs::create_dir_all(at.join("service/out")).unwrap();
    std::fs::write(at.join("service/b.xml"), GREEN).unwrap();
    symlink(outside.path().join("testlogs"), at.join("bazel-testlogs")).unwrap();
    symlink("../b.xml", at.join("service/out/b.xml")).unwrap();
    for arguments in ["bazel-testlogs", "bazel-testlogs/**/test.xml", "service/out", "service/out/*.xml"] {
        let finished = run(bounded("test-gate", at).arg(arguments));
        assert_eq!(
            (finished.code, &report(at)["totals"]["files"]),
            (Some(0), &1.into()),
            "{arguments}: {finished:?}"
        );
    }
    // A link out of the workspace that leads to no report is named in a note, and is nothing to fail for.
    symlink(outside.path().join("notes.md"), at.join("service/out/notes.md")).unwrap();
    std::fs::create_dir(outside.path().join("empty")).unwrap();
    symlink(outside.path().join("empty"), at.join("service/out/result")).unwrap();
    let finished = run(bounded("test-gate", at).arg("service/out"));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(
        report(at)["notes"]
            .to_string()
            .contains("not followed: 1 link out of the workspace: service/out/result")
    );
}

#[test]
fn a_lockfile_or_an_advisory_that_leads_out_is_named() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("Cargo.lock"), LOCKFILE).unwrap();
    std::fs::write(outside.path().join("advisory.md"), ADVISORY).unwrap();
    std::fs::create_dir_all(outside.path().join("crate")).unwrap();
    let folder = sample();
    let at = folder.path();
    std::fs::create_dir(at.join("in")).unwrap();
    symlink(outside.path().join("Cargo.lock"), at.join("in/Cargo.lock")).unwrap();
    let finished = run(line(&mut bounded("dep-scan", at), ". --db db --frozen-db"));
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert!(finished.stderr.contains("in/Cargo.lock: is a link out of the workspace"), "{finished:?}");
    // By its name it is meant.
    let finished = run(line(&mut bounded("dep-scan", at), "in/Cargo.lock --db db --frozen-db"));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let advisory = at.join("db/crates/a/RUSTSEC-2026-0001.md");
    std::fs::remove_file(&advisory).unwrap();
    symlink(outside.path().join("advisory.md"), &advisory).unwrap();
    let finished = run(line(&mut bounded("dep-scan", at), "Cargo.lock --db db --frozen-db"));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(said(at, &finished).contains("is a link out of the database"), "{finished:?}");
    symlink(outside.path().join("crate"), at.join("db/crates/c")).unwrap();
    let finished = run(line(&mut bounded("dep-scan", at), "Cargo.lock --db db --frozen-db"));
    assert_eq!(finished.code, Some(3), "{finished:?}");
}
