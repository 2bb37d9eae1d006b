//! Secrets by the names and looks that they have in practice, through the binaries and all they leave.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::support::{Finished, binary, formats, report, run};

/// What a host sets that says which one it is.
const HOSTS: [&[(&str, &str)]; 3] = [
    &[],
    &[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "o/r"),
        ("GITHUB_SHA", "1111111111111111111111111111111111111111"),
    ],
    &[
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_PATH", "o/r"),
        ("CI_COMMIT_SHA", "1111111111111111111111111111111111111111"),
    ],
];

/// Variables with secrets.
const FORMS: [(&str, &str); 12] = [
    ("DATABASE_URL", "postgres://u:s3cr3tpass@db/x"),
    ("GPG_PASSPHRASE", "pp-abcdef123456"),
    ("SIGNING_KEY", "kk-abcdef123456"),
    ("SSH_KEY", "first-line-abcdef\nsecond-line-abcdef"),
    ("DEPLOY_PAT", "patpat-abcdef1234"),
    ("MY_PWD", "pwpw-abcdef1234"),
    ("SOME_PASS", "papa-abcdef1234"),
    ("SERVICE_AUTH", "aa-abcdef123456"),
    ("STORAGE_CONNECTION_STRING", "AccountKey=abc123abc123abc1=="),
    ("SENTRY_DSN", "https-of-sentry-123"),
    ("A_TOKEN", "tt-abcdef123456"),
    ("AN_URL", "https://someone:p%40ssw%2Frd1@h/"),
];

/// The words that must not be seen.
fn words() -> Vec<String> {
    let looks = [
        format!("npm_{}", "a1".repeat(18)),
        format!("xoxb-123456789012-{}", "a1".repeat(12)),
        format!("ghr_{}", "a1".repeat(18)),
        format!("ghu_{}", "a1".repeat(18)),
        format!("gldt-{}", "a1".repeat(10)),
        format!("glrt-{}", "a1".repeat(10)),
        format!("glptt-{}", "a1".repeat(20)),
        format!("glcbt-64_{}", "a1".repeat(10)),
        format!("glagent-{}", "a1".repeat(20)),
        format!("glsoat-{}", "a1".repeat(10)),
        format!("AKIA{}", "A1B2".repeat(4)),
        format!("pypi-{}", "a1".repeat(20)),
    ];
    let values = FORMS.iter().flat_map(|(_, value)| value.lines()).map(str::to_owned);
    let passwords = ["s3cr3tpass", "p@ssw/rd1", "p%40ssw%2Frd1"].map(str::to_owned);
    values.chain(passwords).chain(looks).collect()
}

/// A report of tests that failed with these words.
fn write_tests(folder: &Path, words: &[String]) {
    let cases = words.iter().enumerate().map(|(number, word)| {
        let word = word.replace('&', "&amp;");
        format!(
            "<testcase name=\"t{number}\" classname=\"c\"><failure>got {word}\n{word}.</failure></testcase>"
        )
    });
    std::fs::write(folder.join("r.xml"), format!("<testsuite>{}</testsuite>", cases.collect::<String>()))
        .unwrap();
}

/// All that a run printed and left in its report folder.
fn said(folder: &Path, finished: &Finished) -> String {
    let files = std::fs::read_dir(folder.join("devops-report")).unwrap().flatten();
    let files =
        files.map(|entry| String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned());
    format!("{}{}{}", finished.stdout, finished.stderr, files.collect::<String>())
}

fn gate(folder: &Path, host: &[(&str, &str)], variables: &[(&str, &str)]) -> Command {
    let mut command = binary("test-gate", folder);
    let formats = format!("{},github", formats("test-gate"));
    command.args(["r.xml", "--formats", &formats, "--exports", "junit"]);
    command.envs(host.iter().copied()).envs(variables.iter().copied());
    command
}

#[test]
fn nothing_that_a_run_leaves_shows_a_secret() {
    let words = words();
    for host in HOSTS {
        let folder = tempfile::tempdir().unwrap();
        write_tests(folder.path(), &words);
        let finished = run(&mut gate(folder.path(), host, &FORMS));
        assert_eq!(finished.code, Some(1), "{finished:?}");
        let said = said(folder.path(), &finished);
        let shown: Vec<&String> = words.iter().filter(|word| said.contains(word.as_str())).collect();
        assert!(shown.is_empty(), "{host:?}: {shown:?}");
        let report = report(folder.path());
        let note = report["notes"].as_array().unwrap().last().unwrap().as_str().unwrap();
        let mut names: Vec<&str> = FORMS.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert_eq!(note, format!("`***` stands for the value of {}", names.join(", ")), "{report}");
    }
}

#[test]
fn what_is_no_secret_stays_and_so_do_rules_fingerprints_and_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let path = at.join("r.xml").display().to_string();
    let plain: [(&str, &str); 10] = [
        ("PWD", "a-folder-of-mine"),
        ("OLDPWD", "another-folder-of-mine"),
        ("COMPASS", "north-by-north"),
        ("PRIMARY_KEY", "id"),
        ("CACHE_KEY", "linux-cargo-0123"),
        ("PUBLIC_KEY", "ssh-rsa-0123456"),
        ("CI_PROJECT_KEY", "project-0123456"),
        ("SSH_AUTH_SOCK", &path),
        ("GOOGLE_APPLICATION_CREDENTIALS", &path),
        ("DEVOPS_HAPROXY_KEY", "shop.example.com"),
    ];
    let words: Vec<String> = plain.iter().map(|(_, value)| (*value).to_owned()).collect();
    write_tests(at, &words);
    let variables: BTreeMap<&str, &str> = plain.into_iter().collect();
    for host in HOSTS {
        let finished = run(gate(at, host, &[]).envs(&variables));
        let said = said(at, &finished);
        assert!(!said.contains("***"), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
        let before = report(at);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let finding = &before["findings"][0];
        let (fingerprint, hash) =
            (text(&finding["fingerprint"]), text(&before["provenance"]["inputs"][0]["sha256"]));
        let secrets = [
            ("A_KEY", fingerprint.as_str()),
            ("B_KEY", fingerprint.get(3..14).unwrap()),
            ("C_KEY", hash.as_str()),
            ("D_KEY", hash.get(10..30).unwrap()),
            ("E_KEY", "test-failed"),
            ("F_KEY", "1111111111111111111111111111111111111111"),
        ];
        run(gate(at, host, &[]).envs(&variables).envs(secrets));
        let after = report(at);
        assert_eq!((&after["findings"], &after["notes"]), (&before["findings"], &before["notes"]));
        assert_eq!(after["provenance"]["inputs"], before["provenance"]["inputs"]);
    }
}

#[test]
fn the_other_jobs_mask_them_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let words: Vec<String> = words().into_iter().filter(|word| !word.contains('\n')).collect();
    let all = words.join(" ");
    for host in HOSTS {
        let mut command = binary("annotate", folder.path());
        command.args([
            "start",
            "--service",
            "x",
            "--id",
            "1",
            "--description",
            &all,
            "--destinations",
            "journal",
        ]);
        let finished = run(command.envs(host.iter().copied()).envs(FORMS));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let journal = std::fs::read_to_string(folder.path().join(".devops/deployments.jsonl")).unwrap();
        let said = said(folder.path(), &finished) + &journal;
        let shown: Vec<&String> = words.iter().filter(|word| said.contains(word.as_str())).collect();
        assert!(shown.is_empty(), "annotate {host:?}: {shown:?}");
        for line in ["plan --to green --verify-url", "run --to green --verify-url"] {
            let mut command = binary("promote", folder.path());
            command
                .args(line.split(' '))
                .arg("https://someone:p%40ssw%2Frd1@h.invalid/")
                .args(["--start-hook", &format!("echo '{all}'; false")]);
            std::fs::create_dir_all(folder.path().join("green")).unwrap();
            let finished = run(command.envs(host.iter().copied()));
            assert_ne!(finished.code, Some(2), "{finished:?}");
            let said = self::said(folder.path(), &finished);
            assert!(!said.contains("p%40ssw%2Frd1") && !said.contains("p@ssw/rd1"), "promote {line}: {said}");
        }
    }
}
