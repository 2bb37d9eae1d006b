//! Payloads in every input of every binary.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use super::payloads::{payloads, some_payloads, tried};
use super::trial::{Trial, figures};
use crate::support::{binaries, git};

/// Payloads of a run that takes many.
const MANY: usize = 60;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A text in XML 1.0, without the characters that it can't hold.
fn xml(text: &str) -> String {
    let allowed = |one: char| {
        matches!(one, '\t' | '\n' | '\r') || !(one < ' ' || matches!(one, '\u{fffe}' | '\u{ffff}'))
    };
    text.chars()
        .filter(|one| allowed(*one))
        .map(|one| match one {
            '<' | '>' | '&' | '"' | '\'' | '\r' | '\n' | '\t' => format!("&#{};", u32::from(one)),
            _ => one.to_string(),
        })
        .collect()
}

/// A text as a basic string of TOML.
fn toml(text: &str) -> String {
    let mut quoted = String::from("\"");
    for one in text.chars() {
        match one {
            '"' | '\\' => quoted.extend(['\\', one]),
            _ if one.is_control() => write!(quoted, "\\U{:08X}", u32::from(one)).unwrap(),
            _ => quoted.push(one),
        }
    }
    quoted + "\""
}

/// A text as the name of a file.
fn file_name(text: &str) -> String {
    let mut name: String = text.chars().filter(|one| !matches!(one, '/' | '\0')).collect();
    while name.len() > 180 {
        name.pop();
    }
    if name.trim_matches('.').is_empty() { "x".to_owned() } else { name }
}

/// Has a test judge all payloads, many in each run.
fn in_groups(input: &str, each: impl Fn(&Path, &[String]) -> usize) {
    let payloads = payloads();
    let runs: usize = payloads
        .chunks(MANY)
        .map(|group| {
            let folder = folder();
            each(folder.path(), group)
        })
        .sum();
    figures(input, payloads.len(), 2 * runs);
}

/// Has a test judge each payload in runs of its own.
fn one_by_one(input: &str, each: impl Fn(&Path, &str, usize) -> usize) {
    let payloads = some_payloads();
    let folder = folder();
    let runs: usize =
        payloads.iter().enumerate().map(|(index, payload)| each(folder.path(), payload, index)).sum();
    figures(input, payloads.len(), 2 * runs);
}

/// A report whose every text is a payload.
fn junit(group: &[String]) -> String {
    let mut text = String::from("<testsuites>");
    for payload in group {
        let foreign = xml(payload);
        write!(
            text,
            "<testsuite name=\"{foreign}\" package=\"{foreign}\" hostname=\"{foreign}\"><properties>\
             <property name=\"{foreign}\" value=\"{foreign}\"/></properties>\
             <testcase classname=\"{foreign}\" name=\"{foreign}\" file=\"{foreign}\" line=\"1\">\
             <failure type=\"{foreign}\" message=\"{foreign}\">{foreign}</failure><system-out>{foreign}</system-out></testcase>\
             <testcase classname=\"b\" name=\"{foreign}\"><error message=\"{foreign}\"/></testcase>\
             <testcase classname=\"c\" name=\"{foreign}\"><skipped message=\"{foreign}\"/></testcase>\
             <system-err>{foreign}</system-err></testsuite>"
        )
        .unwrap();
    }
    text + "</testsuites>"
}

#[test]
fn names_and_messages_of_tests() {
    in_groups("names and messages of tests", |folder, group| {
        write(folder, "r.xml", junit(group));
        for ended in Trial::new(folder, "test-gate", ["r.xml", "--events", "events"]).judge_verdict() {
            assert_eq!(
                (ended.code, ended.report["totals"]["tests"].as_u64()),
                (1, Some(3 * group.len() as u64))
            );
        }
        1
    });
}

#[test]
fn other_formats_of_tests() {
    in_groups("other formats of tests", |folder, group| {
        let line = |text: &String| text.replace(['\n', '\r'], " ");
        let tests: Vec<Value> = group
            .iter()
            .map(|text| {
                json!({"name": text, "status": "failed", "duration": 1, "message": text, "trace": text,
                    "suite": [text], "filePath": text, "rawStatus": text, "tags": [text]})
            })
            .collect();
        let amount = tests.len();
        let summary = json!({"tests": amount, "passed": 0, "failed": amount, "pending": 0, "skipped": 0, "other": 0,
            "start": 1, "stop": 2});
        let tool = json!({"name": group[0]});
        let environment = json!({"appName": group[0], "branchName": group[0], "buildName": group[0]});
        let ctrf = json!({"reportFormat": "CTRF", "specVersion": "0.0.0",
            "results": {"tool": tool, "summary": summary, "tests": tests, "environment": environment}});
        write(folder, "ctrf.json", ctrf.to_string());
        let mut tap = format!("TAP version 13\n1..{amount}\n");
        let mut go = String::new();
        for (index, text) in group.iter().enumerate() {
            let yaml = line(text).replace('\'', "''");
            writeln!(
                tap,
                "not ok {} - {}\n  ---\n  message: '{yaml}'\n  ...\n# {}",
                index + 1,
                line(text),
                line(text)
            )
            .unwrap();
            for (action, output) in [("run", ""), ("output", text.as_str()), ("fail", "")] {
                let event = json!({"Action": action, "Package": text, "Test": text, "Output": output});
                writeln!(go, "{event}").unwrap();
            }
        }
        write(folder, "r.tap", tap);
        write(folder, "go.json", go);
        for report in ["ctrf.json", "r.tap", "go.json"] {
            for ended in Trial::new(folder, "test-gate", [report]).judge_verdict() {
                assert_ne!(ended.code, 0, "{report}");
            }
        }
        3
    });
}

#[test]
fn coverage_benchmarks_owners_and_quarantine() {
    in_groups("coverage, benchmarks, owners, quarantine", |folder, group| {
        write(folder, "r.xml", junit(&group[..1]));
        let line = |text: &String| text.replace(['\n', '\r'], " ");
        let (mut lcov, mut owners, mut quarantine) = (String::new(), String::new(), String::new());
        for text in group {
            writeln!(lcov, "TN:{0}\nSF:{0}\nFN:1,{0}\nDA:1,0\nDA:2,1\nLF:2\nLH:1\nend_of_record", line(text))
                .unwrap();
            writeln!(owners, "{} @{}", line(text), line(text)).unwrap();
            let text = toml(text);
            writeln!(
                quarantine,
                "[[quarantine]]\ntest = {text}\nowner = {text}\nreason = {text}\nexpires = 2026-12-01"
            )
            .unwrap();
        }
        write(folder, "lcov.info", lcov);
        write(folder, "CODEOWNERS", owners);
        write(folder, "q.toml", quarantine);
        let benchmarks: Vec<Value> =
            group.iter().map(|text| json!({"name": text, "unit": text, "value": 1.5})).collect();
        write(folder, "b.json", json!(benchmarks).to_string());
        let exports = "--exports=junit,ctrf,cobertura";
        let coverage = ["r.xml", "lcov.info", "--min-coverage=90", "--min-file-coverage=90", exports];
        Trial::new(folder, "test-gate", coverage).judge_verdict();
        Trial::new(folder, "test-gate", ["r.xml", "--quarantine=q.toml"]).judge();
        Trial::new(folder, "test-gate", ["r.xml", "b.json"]).judge_verdict();
        3
    });
}

#[test]
fn names_of_files() {
    in_groups("names of files", |folder, group| {
        for (index, text) in group.iter().enumerate() {
            let report = match index % 3 {
                0 => junit(&group[..1]),
                1 => "<testsuite><testcase".to_owned(),
                _ => "no report".to_owned(),
            };
            write(folder, &format!("in/{}.xml", file_name(text)), report);
            write(
                folder,
                &format!("locks/{}/Cargo.lock", file_name(text)),
                if index % 2 == 0 {
                    "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n"
                } else {
                    "[["
                },
            );
        }
        for ended in Trial::new(folder, "test-gate", ["in"]).judge_verdict() {
            assert_ne!(ended.code, 0);
        }
        std::fs::create_dir(folder.join("db")).unwrap();
        Trial::new(folder, "dep-scan", ["locks", "--db", "db"]).judge();
        let files = std::fs::read_dir(folder.join("in")).unwrap().map(|file| file.unwrap().path());
        let reports = files
            .flat_map(|file| ["--report".into(), file.strip_prefix(folder).unwrap().as_os_str().to_owned()]);
        Trial::new(folder, "image-scan", reports).judge();
        3
    });
}

#[test]
fn flags_and_arguments() {
    let all: Vec<&str> = binaries().collect();
    one_by_one("flags and arguments", |folder, payload, index| {
        let payload = payload.replace('\0', "");
        // Nothing but dashes asks for a list of rules.
        let is_nothing = payload.trim_matches(['-', ' ']).is_empty();
        let payload = if is_nothing { format!("x{payload}") } else { payload };
        let program = all[index % all.len()];
        let lines = [
            vec!["serve".to_owned(), format!("x{payload}")],
            // Alone, it could be the root of the file system.
            vec![format!("x{payload}")],
            vec![format!("--{payload}")],
            vec![format!("--fail-on={payload}")],
            vec![format!("--config=x{payload}")],
            vec![format!("--host={payload}")],
            vec!["explain".to_owned(), payload.clone()],
            vec![format!("--working-directory=x{payload}")],
        ];
        let lines = tried(lines, index / all.len());
        for line in &lines {
            let ended = Trial::new(folder, program, line).judge();
            assert!(ended.iter().all(|ended| ended.code != 0), "{program} {line:?}");
        }
        lines.len()
    });
}

#[test]
fn commands_of_the_old_form_are_shielded_and_broken_in_every_job() {
    let folder = folder();
    for program in binaries() {
        let ended = Trial::new(folder.path(), program, ["x##[stop-commands]0123456789abcdef"]).judge();
        for (host, ended) in ["GitHub", "GitLab"].into_iter().zip(ended) {
            assert_ne!(ended.code, 0, "{program}");
            let printed = format!("{}{}", ended.stdout, ended.stderr);
            assert!(printed.contains("x##\\[stop-commands]"), "{program} on {host}: {printed}");
            assert!(!printed.contains("##["), "{program} on {host}: {printed}");
        }
    }
}

#[test]
fn the_environment() {
    let jobs: Vec<&str> = crate::support::jobs().collect();
    let of_hosts = [
        "GITHUB_REF",
        "GITHUB_REF_NAME",
        "GITHUB_HEAD_REF",
        "GITHUB_BASE_REF",
        "GITHUB_SHA",
        "GITHUB_REPOSITORY",
        "GITHUB_SERVER_URL",
        "GITHUB_ACTOR",
        "GITHUB_WORKFLOW",
        "GITHUB_JOB",
        "GITHUB_RUN_ID",
        "GITHUB_RUN_ATTEMPT",
        "GITHUB_EVENT_NAME",
        "CI_COMMIT_SHA",
        "CI_COMMIT_REF_NAME",
        "CI_COMMIT_TITLE",
        "CI_COMMIT_MESSAGE",
        "CI_COMMIT_AUTHOR",
        "CI_MERGE_REQUEST_TITLE",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        "CI_PROJECT_PATH",
        "CI_PROJECT_URL",
        "CI_JOB_NAME",
        "CI_PIPELINE_ID",
        "CI_JOB_ID",
        "GITLAB_USER_NAME",
        "DEVOPS_SERVICE",
    ];
    one_by_one("the environment", |folder, payload, index| {
        write(folder, "r.xml", junit(&[payload.to_owned()]));
        let job = jobs[index % jobs.len()];
        let gate = ["r.xml", "--events", "events"].map(str::to_owned).to_vec();
        let record = ["start", "--service", "x", "--id", "1", "--dry-run"].map(str::to_owned).to_vec();
        let line = if job == "annotate" { record } else { Vec::new() };
        let all = |mut trial: Trial<'_>, is_whole: bool| {
            for name in of_hosts.into_iter().filter(|name| is_whole || !name.ends_with("_URL")) {
                trial = trial.with(name, payload);
            }
            trial.judge();
        };
        let ways = tried(0..6, index / jobs.len());
        for way in &ways {
            match way {
                0 => all(Trial::new(folder, "test-gate", gate.clone()), false),
                1 => all(
                    Trial::new(folder, job, line.clone()).with(&format!("DEVOPS_IN_{payload}"), payload),
                    true,
                ),
                way => {
                    let names = ["DEVOPS_MIN_TESTS", "DEVOPS_IN_FAIL_ON", "DEVOPS_MODE", "DEVOPS_NOW"];
                    Trial::new(folder, "test-gate", ["r.xml"]).with(names[way - 2], payload).judge();
                }
            }
        }
        ways.len()
    });
}

#[test]
fn values_of_the_configuration() {
    one_by_one("values of devops.toml", |folder, payload, index| {
        let value = toml(payload);
        write(folder, "r.xml", junit(&["a".to_owned()]));
        let waiver = format!(
            "[[waiver]]\nrule = \"test-failed\"\nmatches = {value}\nreason = {value}\nowner = {value}\nexpires = 2026-12-30\n"
        );
        let files = [
            format!("[test-gate]\npaths = [\"r.xml\"]\n{waiver}"),
            format!("[test-gate]\npaths = [\"r.xml\", {}]\n", toml(&format!("x{payload}"))),
            format!(
                "[test-gate]\npaths = [\"r.xml\"]\n[[waiver]]\nrule = {value}\nreason = \"r\"\nowner = \"o\"\nexpires = 2026-12-30\n"
            ),
            format!("{value} = {value}\n"),
            format!("fail-on = {value}\n[test-gate]\npaths = [\"r.xml\"]\n"),
            format!("[{value}]\nx = 1\n"),
            // What is no TOML is quoted in the error.
            format!("[test-gate]\n{payload}\n"),
        ];
        let commands: [&[&str]; 4] = [&["test-gate"], &["config", "check"], &["config", "show"], &["run"]];
        let commands = tried(commands, index / files.len());
        let files = tried(files, index);
        for file in &files {
            write(folder, "devops.toml", file);
            for command in &commands {
                Trial::new(folder, "devops", *command).judge();
            }
        }
        files.len() * commands.len()
    });
}

#[test]
fn advisories_and_packages() {
    in_groups("advisories and packages", |folder, group| {
        let mut lock = String::from("version = 4\n");
        for (index, text) in group.iter().enumerate() {
            let name = format!("p{index}");
            let quoted = toml(text);
            writeln!(lock, "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"").unwrap();
            writeln!(lock, "\n[[package]]\nname = {quoted}\nversion = \"1.0.{index}\"\nsource = {quoted}")
                .unwrap();
            let advisory = format!(
                "```toml\n[advisory]\nid = \"RUSTSEC-2026-{index:04}\"\npackage = \"{name}\"\ndate = \"2026-10-01\"\n\
                 keywords = [{quoted}]\n\n[versions]\npatched = []\n```\n\n# {text}\n\n{text}\n"
            );
            write(folder, &format!("db/crates/{name}/RUSTSEC-2026-{index:04}.md"), advisory);
        }
        write(folder, "Cargo.lock", lock);
        for ended in Trial::new(folder, "dep-scan", ["Cargo.lock", "--db", "db"]).judge_verdict() {
            assert_ne!(ended.code, 0);
        }
        for (index, text) in group.iter().enumerate() {
            write(folder, &format!("broken/crates/p{index}/RUSTSEC-2026-{index:04}.md"), text);
        }
        Trial::new(folder, "dep-scan", ["Cargo.lock", "--db", "broken"]).judge();
        2
    });
}

#[test]
fn images() {
    in_groups("images: names, labels, packages, advisories", |folder, group| {
        let vulnerabilities: Vec<Value> = group
            .iter()
            .map(|text| {
                json!({"VulnerabilityID": text, "PkgName": text, "PkgPath": text, "InstalledVersion": text,
                    "FixedVersion": text, "Severity": "HIGH", "Status": "affected", "Title": text, "Description": text,
                    "PrimaryURL": text, "SeveritySource": text, "Layer": {"Digest": text, "DiffID": text},
                    "References": [text], "VendorIDs": [text]})
            })
            .collect();
        let (mut labels, first) = (serde_json::Map::new(), &group[0]);
        labels.extend(group.iter().map(|text| (text.clone(), json!(text))));
        let results: Vec<Value> = group
            .iter()
            .map(|text| {
                json!({"Target": text, "Class": text, "Type": text, "Vulnerabilities": vulnerabilities[..1],
                    "Misconfigurations": [{"ID": text, "Title": text, "Message": text, "Severity": "HIGH", "Status": "FAIL",
                        "CauseMetadata": {"Resource": text, "StartLine": 1}}],
                    "Secrets": [{"RuleID": text, "Category": text, "Severity": "CRITICAL", "Title": text, "StartLine": 1,
                        "Match": text}]})
            })
            .chain([json!({"Target": "a (debian 12)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": vulnerabilities})])
            .collect();
        let trivy = json!({"SchemaVersion": 2, "ArtifactName": first, "ArtifactType": "container_image",
            "Metadata": {"OS": {"Family": first, "Name": first}, "ImageID": first, "RepoTags": group, "RepoDigests": group,
                "ImageConfig": {"architecture": first, "os": first, "config": {"Labels": labels, "Env": group}}},
            "Results": results});
        write(folder, "trivy.json", trivy.to_string());
        let matches: Vec<Value> = group
            .iter()
            .map(|text| {
                json!({"vulnerability": {"id": text, "severity": "High", "description": text, "dataSource": text,
                        "urls": [text], "fix": {"versions": [text], "state": "fixed"}},
                    "relatedVulnerabilities": [{"id": text, "description": text}],
                    "artifact": {"name": text, "version": text, "type": text, "purl": text, "locations": [{"path": text}]}})
            })
            .collect();
        let grype = json!({"matches": matches, "source": {"type": "image", "target": {"userInput": first, "imageID": first,
                "manifestDigest": first, "tags": group, "labels": labels}},
            "distro": {"name": first, "version": first}, "descriptor": {"name": "grype", "version": first}});
        write(folder, "grype.json", grype.to_string());
        for report in ["trivy.json", "grype.json"] {
            for ended in Trial::new(folder, "image-scan", ["--report", report]).judge_verdict() {
                assert_ne!(ended.code, 0, "{report}");
            }
        }
        let digest = first.replace('\0', "");
        Trial::new(
            folder,
            "image-scan",
            ["--report".to_owned(), "trivy.json".to_owned(), format!("--expect-digest={digest}")],
        )
        .judge();
        3
    });
}

#[test]
fn promotions_and_what_their_hooks_print() {
    one_by_one("promotions and what their hooks print", |folder, payload, index| {
        let line = |action: &'static str| {
            [action, "--target=symlink", "--symlink-path=current", "--state-dir=.devops"]
        };
        if index == 0 {
            for name in ["blue", "green", ".devops"] {
                std::fs::create_dir(folder.join(name)).unwrap();
            }
            symlink("blue", folder.join("current")).unwrap();
        }
        write(folder, "printed", payload);
        let hooks = ["--before-hook=cat printed; false", "--start-hook=cat printed >&2; false"];
        for hook in tried(hooks, index) {
            for ended in Trial::new(folder, "promote", line("run").into_iter().chain([hook])).judge_verdict()
            {
                assert_ne!(ended.code, 0);
            }
        }
        // Each flag that quotes what it is given, in a plan that starts nothing.
        let text = payload.replace('\0', "");
        let flags = tried(["before-hook", "verify-url", "green-url"], index);
        for flag in &flags {
            let flag = format!("--{flag}={text}");
            let line = line("plan").map(str::to_owned).into_iter().chain([flag]);
            Trial::new(folder, "promote", line).judge();
        }
        std::fs::remove_file(folder.join("current")).unwrap();
        symlink(file_name(payload), folder.join("current")).unwrap();
        Trial::new(folder, "promote", line("status")).judge();
        std::fs::remove_file(folder.join("current")).unwrap();
        symlink("blue", folder.join("current")).unwrap();
        flags.len() * 2
    });
}

#[test]
fn records_of_deployments() {
    one_by_one("records of deployments", |folder, payload, index| {
        let text = payload.replace('\0', "");
        let with = |flag: &str| {
            let line = ["start", "--service=x", "--id=1", "--dry-run"].map(str::to_owned);
            line.into_iter().chain([format!("--{flag}={text}")]).collect::<Vec<_>>()
        };
        let flags = ["service", "id", "environment", "release", "ref", "url", "description", "sha"];
        let flags = tried(flags, index);
        for flag in &flags {
            Trial::new(folder, "annotate", with(flag)).judge();
        }
        write(folder, ".devops/deployments.jsonl", &text);
        Trial::new(folder, "annotate", with("description")).judge();
        std::fs::remove_dir_all(folder.join(".devops")).unwrap();
        flags.len() + 1
    });
}

#[test]
fn branches_and_commits() {
    one_by_one("branches and commits", |folder, payload, index| {
        let author = payload.replace(['\0', '<', '>', '\n'], "");
        let author = format!("--author=a{author} <a@example.com>");
        let message = format!("--message={} x", payload.replace('\0', ""));
        if index == 0 {
            git(folder, &["init", "--quiet", "--initial-branch=main"]);
        }
        if index % 20 == 0 {
            let commit = ["commit", "--quiet", "--allow-empty", "--cleanup=verbatim"];
            git(folder, &[&commit[..], &[&author, &message]].concat());
        }
        write(folder, "r.xml", junit(&[payload.to_owned()]));
        let is_of_branches = |one: &char| !one.is_control() && !" ~^:?*[\\".contains(*one);
        let branch: String = payload.chars().filter(is_of_branches).collect();
        let branch = file_name(&branch.replace("..", "").replace("@{", "").replace(".lock", ""));
        // Written as it is: git's own command would refuse some of them.
        let head = std::fs::read(folder.join(".git/refs/heads/main")).unwrap();
        let written = format!(".git/refs/heads/{branch}");
        write(folder, &written, head);
        write(folder, ".git/HEAD", format!("ref: refs/heads/{branch}\n"));
        Trial::new(folder, "test-gate", ["r.xml", "--events", "events"]).judge();
        let local = ["r.xml", "--host=local", "--base=main"];
        Trial::new(folder, "test-gate", local).judge();
        write(folder, ".git/HEAD", "ref: refs/heads/main\n");
        // Thousands of branches, and the events of thousands of runs, would only make each run slower.
        if branch != "main" {
            std::fs::remove_file(folder.join(written)).unwrap();
        }
        std::fs::remove_dir_all(folder.join("events")).unwrap();
        2
    });
}

#[test]
fn the_event_of_a_host() {
    one_by_one("the event of a host", |folder, payload, index| {
        write(folder, "r.xml", junit(&["a".to_owned()]));
        let event = json!({"action": payload, "number": payload, "ref": payload, "before": payload,
            "merge_group": {"base_sha": payload, "head_ref": payload, "base_ref": payload},
            "pull_request": {"title": payload, "body": payload, "head": {"ref": payload, "sha": payload},
                "base": {"ref": payload, "sha": payload}, "user": {"login": payload}},
            "repository": {"full_name": payload, "default_branch": payload},
            "head_commit": {"id": payload, "message": payload, "timestamp": payload, "author": {"name": payload}}});
        write(folder, "event.json", event.to_string());
        let path = folder.join("event.json").display().to_string();
        let names = tried(["pull_request", "push", "merge_group"], index);
        for name in &names {
            Trial::new(folder, "test-gate", ["r.xml"])
                .with("GITHUB_EVENT_PATH", &path)
                .with("GITHUB_EVENT_NAME", name)
                .judge();
        }
        names.len()
    });
}
