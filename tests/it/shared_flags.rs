//! Behaviour of the ground floor, through the binaries: settings, errors, policy, hosts, delivery.

use std::path::Path;
use std::process::{Command, Stdio};

use devops_core::Report;
use tempfile::TempDir;

use crate::support::{Finished, binaries, binary, formats, report, run};

/// A scanner report with one vulnerability of this severity, whose title is foreign text.
fn scanned(severity: &str, title: &str) -> String {
    serde_json::json!({
        "SchemaVersion": 2, "ArtifactName": "shop:1", "ArtifactType": "container_image",
        "Results": [{"Target": "shop:1", "Class": "os-pkgs", "Type": "alpine", "Vulnerabilities": [
            {"VulnerabilityID": "CVE-1", "PkgName": title, "InstalledVersion": "1", "Severity": severity, "Title": title}
        ]}]
    })
    .to_string()
}

/// A folder with a scanner report of this severity, and this `devops.toml`.
fn folder(severity: &str, configuration: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.json"), scanned(severity, "openssl")).unwrap();
    if !configuration.is_empty() {
        std::fs::write(folder.path().join("devops.toml"), configuration).unwrap();
    }
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = binary("image-scan", folder);
    command.args(["--report", "t.json"]).args(arguments);
    command
}

fn scan(folder: &Path, arguments: &[&str]) -> Finished {
    run(&mut command(folder, arguments))
}

#[test]
fn every_binary_has_help_and_a_version() {
    let folder = tempfile::tempdir().unwrap();
    for name in binaries() {
        for (flag, expected) in [("--help", "Usage:"), ("--version", env!("CARGO_PKG_VERSION"))] {
            let finished = run(binary(name, folder.path()).arg(flag));
            assert_eq!(finished.code, Some(0), "{name} {flag}: {}", finished.stderr);
            assert!(finished.stdout.contains(expected), "{name} {flag}: {}", finished.stdout);
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "asking leaves nothing behind");
}

#[test]
fn every_binary_refuses_a_flag_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    for name in binaries() {
        let finished = run(binary(name, folder.path()).arg("--no-such-flag"));
        assert_eq!(finished.code, Some(2), "{name}: {}", finished.stderr);
        assert!(finished.stderr.contains("--no-such-flag"), "{name}: {}", finished.stderr);
        assert_eq!(finished.stdout, "", "{name}");
    }
}

#[test]
fn a_key_that_is_not_known_is_shown_with_its_line_and_the_nearest_key() {
    let folder = folder("LOW", "mode = \"report\"\n[image-scan]\nfixed-olny = true\n");
    let finished = scan(folder.path(), &[]);
    assert_eq!(finished.code, Some(2));
    for part in [
        "unknown key of `[image-scan]`: `fixed-olny`",
        "devops.toml:3:1",
        "did you mean `fixed-only`?",
        "^^^^^^^^^^",
    ] {
        assert!(finished.stderr.contains(part), "{part}: {}", finished.stderr);
    }
}

#[test]
fn a_bad_value_names_where_it_stands() {
    let cases = [
        ("[image-scan]\nfail-on = \"hgih\"\n", "devops.toml:2:11"),
        ("mode = 7\n", "devops.toml:1:8"),
        ("fail-on = [\"low\", \"high\"]\n", "`fail-on` accepts only one value"),
        ("fail-on = \"high\n", "devops.toml:1"),
        ("[[waiver]]\nrule = \"no-such-rule\"\n", "waiver without `reason`"),
    ];
    for (text, expected) in cases {
        let folder = folder("LOW", text);
        let finished = scan(folder.path(), &[]);
        assert_eq!(finished.code, Some(2), "{text}: {}", finished.stderr);
        assert!(finished.stderr.contains(expected), "{text}: {}", finished.stderr);
    }
    let folder = folder("LOW", "");
    let finished = run(command(folder.path(), &[]).env("DEVOPS_FAIL_ON", "hgih"));
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("environment DEVOPS_FAIL_ON"), "{}", finished.stderr);
    let finished = run(command(folder.path(), &[]).env("DEVOPS_NOW", "today"));
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("DEVOPS_NOW"), "{}", finished.stderr);
    let finished = scan(folder.path(), &["--config", "absent.toml"]);
    assert_eq!(finished.code, Some(2));
}

#[test]
fn report_mode_turns_a_failed_gate_into_success_and_nothing_else() {
    let high = folder("HIGH", "");
    assert_eq!(scan(high.path(), &[]).code, Some(1));
    assert_eq!(scan(high.path(), &["--mode", "report"]).code, Some(0));
    let written = report(high.path());
    assert_eq!((&written["verdict"], &written["exit_code"]), (&"fail".into(), &0.into()));
    assert_eq!(scan(high.path(), &["--mode", "report", "--report", "absent.json"]).code, Some(3));
    assert_eq!(scan(high.path(), &["--mode", "report", "--classes", "x"]).code, Some(2));
}

#[test]
fn the_threshold_moves_the_verdict() {
    let medium = folder("MEDIUM", "");
    for (threshold, code, verdict) in
        [("critical", 0, "warn"), ("high", 0, "warn"), ("medium", 1, "fail"), ("info", 1, "fail")]
    {
        assert_eq!(scan(medium.path(), &["--fail-on", threshold]).code, Some(code), "{threshold}");
        assert_eq!(report(medium.path())["verdict"], verdict, "{threshold}");
    }
}

#[test]
fn every_job_refuses_a_waiver_of_a_rule_that_nobody_has() {
    let waiver = |rule: &str| {
        format!(
            "fail-on = \"high\"\n\n[[waiver]]\nrule = \"{rule}\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2020-01-31\n"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("devops.toml"), waiver("test-faild")).unwrap();
    for name in binaries() {
        let arguments = if name == "devops" { &["config", "check"][..] } else { &[] };
        let finished = run(binary(name, folder.path()).args(arguments));
        assert_eq!(finished.code, Some(2), "{name}: {}", finished.stderr);
        for words in ["unknown rule `test-faild`", "devops.toml:4:8", "did you mean `test-failed`?"] {
            assert!(finished.stderr.contains(words), "{name}: {}", finished.stderr);
        }
    }
    // One of another job is right, and none of this job's business.
    let folder = self::folder("LOW", &waiver("test-failed"));
    let finished = scan(folder.path(), &[]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(report(folder.path())["findings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_waiver_that_covers_nothing_says_what_may_have_been_meant() {
    for (rule, matches, help) in [
        ("image-vulnerability", "openssl l in openssl", "remove it"),
        ("image-vulnerability", "opensssl", "did you mean `openssl`?"),
        (
            "image-vulnerability",
            "alpine",
            "`ecosystem` does not identify a finding, because many can share it",
        ),
        ("image-unrated", "CVE-1", "did you mean the rule `image-vulnerability`?"),
        ("image-vulnerability", "CVE-2", "remove it"),
    ] {
        let folder = folder(
            "HIGH",
            &format!(
                "[[waiver]]\nrule = \"{rule}\"\nmatches = \"{matches}\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2026-12-31\n"
            ),
        );
        assert_eq!(scan(folder.path(), &[]).code, Some(1));
        let report = report(folder.path());
        let unused =
            report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "waiver-unused");
        let said = unused.unwrap()["help"].as_str().unwrap();
        assert!(said.starts_with(help), "{rule} {matches}: {said}");
    }
}

#[test]
fn runs_of_one_job_have_categories_of_their_own() {
    let id = |folder: &Path| {
        let text = std::fs::read(folder.join("devops-report/report.sarif")).unwrap();
        let sarif: serde_json::Value = serde_json::from_slice(&text).unwrap();
        sarif["runs"][0]["automationDetails"]["id"].as_str().unwrap().to_owned()
    };
    let folder = folder("HIGH", "");
    std::fs::create_dir_all(folder.path().join("apps/web")).unwrap();
    std::fs::copy(folder.path().join("t.json"), folder.path().join("apps/web/t.json")).unwrap();
    for (arguments, place, expected) in [
        (&[][..], "", "image-scan/"),
        (&["--working-directory", "./apps/web/"], "apps/web", "image-scan/apps/web/"),
        (&["--working-directory", "apps/../apps/web"], "apps/web", "image-scan/apps/web/"),
        (&["--sarif-category", "shop"], "", "shop/"),
        (&["--sarif-category", "/shop/linux/"], "", "shop/linux/"),
        (&["--sarif-category", " "], "", "image-scan/"),
    ] {
        scan(folder.path(), arguments);
        assert_eq!(id(&folder.path().join(place)), expected, "{arguments:?}");
    }
    std::fs::write(folder.path().join("devops.toml"), "[image-scan]\nsarif-category = \"nightly\"\n")
        .unwrap();
    scan(folder.path(), &[]);
    assert_eq!(id(folder.path()), "nightly/");
}

#[test]
fn waivers_accept_until_their_last_day() {
    let waiver = |matches: &str, expires: &str| {
        format!(
            "[[waiver]]\nrule = \"image-vulnerability\"\nmatches = \"{matches}\"\nreason = \"not reachable\"\n\
             owner = \"web team\"\nexpires = {expires}\n"
        )
    };
    for (matches, expires, code, verdict, rule) in [
        ("CVE-1", "2026-11-23", 0, "pass", None),
        ("CVE-*", "2026-12-31", 0, "pass", None),
        ("CVE-1", "2026-11-22", 1, "fail", Some("waiver-expired")),
        ("CVE-2", "2026-12-31", 1, "fail", Some("waiver-unused")),
    ] {
        let folder = folder("HIGH", &waiver(matches, expires));
        let finished = scan(folder.path(), &[]);
        assert_eq!(finished.code, Some(code), "{matches} {expires}: {}", finished.stderr);
        let report = report(folder.path());
        assert_eq!(report["verdict"], verdict, "{matches} {expires}");
        let findings = report["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["rule"].as_str().unwrap().starts_with("waiver-"));
        assert_eq!(found.map(|finding| finding["rule"].as_str().unwrap()), rule, "{matches} {expires}");
        let accepted = findings.iter().find(|finding| finding["rule"] == "image-vulnerability").unwrap();
        assert_eq!(accepted.get("waived").is_some(), code == 0, "{matches} {expires}");
        if code == 0 {
            assert_eq!(accepted["waived"]["owner"], "web team");
        }
    }
}

#[test]
fn flags_beat_inputs_beat_environment_beat_the_file() {
    let folder = folder("MEDIUM", "fail-on = \"critical\"\n[image-scan]\nfail-on = \"medium\"\n");
    let code = |flags: &[&str], environment: &[(&str, &str)]| {
        run(command(folder.path(), flags).envs(environment.iter().copied())).code
    };
    assert_eq!(code(&[], &[]), Some(1), "the job's table beats the top of the file");
    assert_eq!(code(&[], &[("DEVOPS_FAIL_ON", "high")]), Some(0));
    assert_eq!(code(&[], &[("DEVOPS_FAIL_ON", "high"), ("DEVOPS_IN_FAIL_ON", "low")]), Some(1));
    assert_eq!(code(&[], &[("DEVOPS_FAIL_ON", "high"), ("DEVOPS_IN_FAIL_ON", "")]), Some(0));
    assert_eq!(code(&["--fail-on", "critical"], &[("DEVOPS_IN_FAIL_ON", "low")]), Some(0));
    let finished = run(command(folder.path(), &["-v"]).env("DEVOPS_IN_MODE", "report"));
    for line in [
        "mode = report   (environment DEVOPS_IN_MODE)",
        "fail-on = medium   (devops.toml:3:1)",
        "report = t.json   (flag)",
    ] {
        assert!(finished.stdout.contains(line), "{line}: {}", finished.stdout);
    }
}

/// The value of a key in `$GITHUB_OUTPUT`.
fn output(text: &str, key: &str) -> String {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&format!("{key}<<")));
    let delimiter = lines.next().unwrap_or_default().split_once("<<").map(|(_, end)| end.to_owned());
    lines.take_while(|line| Some(*line) != delimiter.as_deref()).collect::<Vec<_>>().join("\n")
}

/// The same run as GitHub would start it.
fn on_github(folder: &Path, arguments: &[&str]) -> (Finished, String) {
    let finished = run(command(folder, arguments)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", folder.join("output"))
        .env("GITHUB_STEP_SUMMARY", folder.join("summary")));
    (finished, std::fs::read_to_string(folder.join("output")).unwrap_or_default())
}

#[test]
fn github_learns_the_outputs_also_when_the_usage_is_wrong() {
    let good = folder("HIGH", "");
    let (finished, outputs) = on_github(good.path(), &[]);
    assert_eq!(finished.code, Some(1));
    let expected = [
        ("verdict", "fail"),
        ("exit-code", "1"),
        ("findings", "1"),
        ("report", "devops-report/report.json"),
        ("sarif", "devops-report/report.sarif"),
        ("summary", "devops-report/summary.md"),
    ];
    for (key, value) in expected {
        assert_eq!(output(&outputs, key), value, "{key}");
    }
    assert!(good.path().join("summary").exists(), "the job summary is written");

    for (arguments, code) in [(&["--no-such-flag"][..], "2"), (&["--report", "absent.json"][..], "3")] {
        let wrong = folder("HIGH", "");
        let (_, outputs) = on_github(wrong.path(), arguments);
        assert_eq!(output(&outputs, "verdict"), "error", "{arguments:?}");
        assert_eq!(output(&outputs, "exit-code"), code, "{arguments:?}");
    }
}

#[test]
fn gitlab_learns_the_outputs_also_when_the_usage_is_wrong() {
    for (arguments, verdict, code) in [(&[][..], "fail", 1), (&["--no-such-flag"][..], "error", 2)] {
        let folder = folder("HIGH", "");
        let finished = run(command(folder.path(), arguments).env("GITLAB_CI", "true"));
        assert_eq!(finished.code, Some(code), "{arguments:?}");
        let text = std::fs::read_to_string(folder.path().join("devops-report/outputs.env")).unwrap();
        assert!(text.contains(&format!("IMAGE_SCAN_VERDICT={verdict}\n")), "{text}");
        assert!(text.contains(&format!("IMAGE_SCAN_EXIT_CODE={code}\n")), "{text}");
        assert!(text.lines().all(|line| line.starts_with("IMAGE_SCAN_")), "{text}");
    }
}

#[test]
fn foreign_text_gives_github_no_commands() {
    let folder = tempfile::tempdir().unwrap();
    let text = scanned("HIGH", "x\n::set-output name=verdict::pass\n::add-mask::a\u{1b}[2J");
    std::fs::write(folder.path().join("t.json"), text.replace("shop:1", "\\n::error::forged")).unwrap();
    let (finished, outputs) = on_github(folder.path(), &[]);
    let mut token: Option<String> = None;
    for line in finished.stdout.lines().chain(finished.stderr.lines()) {
        match &token {
            Some(end) if line == format!("::{end}::") => token = None,
            Some(_) => {}
            None => {
                token = line.strip_prefix("::stop-commands::").map(str::to_owned);
                let is_forged = ["::set-output", "::add-mask", "::error::forged"]
                    .iter()
                    .any(|command| line.trim_start().starts_with(command));
                assert!(!is_forged, "{line}");
            }
        }
    }
    assert!(!finished.stdout.contains('\u{1b}'), "no control character of a report reaches the terminal");
    assert_eq!(output(&outputs, "verdict"), "fail");
}

#[test]
fn a_secret_of_the_environment_is_never_written() {
    let secret = "ghs_\"not<a>real/token+42";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.json"), scanned("HIGH", secret)).unwrap();
    let formats = format!("{},github", formats("image-scan"));
    let finished = run(command(folder.path(), &["--formats", &formats, "-v"])
        .env("GITHUB_TOKEN", secret)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", folder.path().join("devops-output"))
        .env("GITHUB_STEP_SUMMARY", folder.path().join("devops-summary")));
    assert_eq!(finished.code, Some(1));
    std::fs::remove_file(folder.path().join("t.json")).unwrap();
    let mut texts = vec![finished.stdout, finished.stderr];
    for folder in [folder.path(), &folder.path().join("devops-report")] {
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        texts.extend(files.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap()));
    }
    assert!(texts.len() > 8, "all forms were looked at");
    for text in texts {
        assert!(!text.contains("real/token+42"), "{text}");
        assert!(!text.contains("token%2B42"), "{text}");
    }
    let json =
        Report::from_json(&std::fs::read(folder.path().join("devops-report/report.json")).unwrap()).unwrap();
    assert!(json.findings[0].title.contains("***"), "{}", json.findings[0].title);
}

#[test]
fn a_report_is_read_back_as_it_was_written() {
    let folder = folder("HIGH", "");
    for arguments in [&[][..], &["--report", "absent.json"][..]] {
        scan(folder.path(), arguments);
        let bytes = std::fs::read(folder.path().join("devops-report/report.json")).unwrap();
        let report = Report::from_json(&bytes).unwrap();
        assert_eq!(devops_render::json(&report).unwrap(), bytes);
    }
}

#[test]
fn all_hosts_get_the_same_report_byte_for_byte() {
    let hosts = [
        &[][..],
        &[("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "abc"), ("GITHUB_REPOSITORY", "a/b")][..],
        &[("GITLAB_CI", "true"), ("CI_PROJECT_URL", "https://example.org/a/b"), ("CI_COMMIT_SHA", "abc")][..],
    ];
    let reports: Vec<Vec<u8>> = hosts
        .into_iter()
        .map(|environment| {
            let folder = folder("HIGH", "[image-scan]\nmax-report-age = 3\n");
            run(command(folder.path(), &[]).envs(environment.iter().copied()));
            std::fs::read(folder.path().join("devops-report/report.json")).unwrap()
        })
        .collect();
    assert!(!reports[0].is_empty());
    assert!(reports.iter().all(|report| *report == reports[0]));
}

#[test]
fn someone_who_stops_reading_is_no_reason_to_fail() {
    let folder = folder("LOW", "");
    for arguments in [&["--report", "t.json", "-v"][..], &["--help"], &["explain"]] {
        let mut child = binary("image-scan", folder.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn a_report_folder_that_can_not_be_written_is_said() {
    let folder = folder("LOW", "");
    std::fs::write(folder.path().join("file"), "").unwrap();
    let finished = scan(folder.path(), &["--report-dir", "file/below"]);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("file/below") && finished.stderr.contains("can't be written"),
        "{}",
        finished.stderr
    );
}

#[test]
fn quiet_is_one_line_and_no_file_is_left_half() {
    let folder = folder("HIGH", "");
    let finished = scan(folder.path(), &["-q"]);
    assert_eq!(finished.stdout.trim_end().lines().count(), 1, "{}", finished.stdout);
    let names: Vec<String> = std::fs::read_dir(folder.path().join("devops-report"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(!names.iter().any(|name| name.contains("part")), "{names:?}");
}

#[test]
fn relative_paths_start_from_where_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    std::fs::write(below.join("t.json"), scanned("LOW", "x")).unwrap();
    std::fs::write(folder.path().join("a/devops.toml"), "[image-scan]\nreport = [\"b/t.json\"]\n").unwrap();
    let finished = run(binary("image-scan", folder.path()).args(["--config", "a/devops.toml"]));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let finished =
        run(binary("image-scan", folder.path()).args(["--working-directory", "a/b", "--report", "t.json"]));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(below.join("devops-report/report.json").exists());
}
