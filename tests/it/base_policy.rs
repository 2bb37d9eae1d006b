//! A change can't lower its own bar, in any gate: what decides is taken from where it began.

use std::path::Path;

use devops::JOBS;
use devops_job::Kind;

use crate::support::{binary, git, report, run};

/// How a gate is set up so that it is red for its sample, and how a change would make it green.
pub(crate) struct Gate {
    pub(crate) job: &'static str,
    rule: &'static str,
    /// The base's table.
    pub(crate) table: &'static str,
    /// Each a table that would turn the gate green, or hide what is wrong.
    cheats: &'static [&'static str],
}

pub(crate) const GATES: [Gate; 3] = [
    Gate {
        job: "test-gate",
        rule: "test-failed",
        table: "paths = ['*.xml']\n",
        cheats: &[
            "paths = ['*.xml']\nexclude = ['junit.xml']\n",
            "paths = ['*.xml']\naction = 'baseline'\nbaseline = 'b.jsonl'\n",
        ],
    },
    Gate {
        job: "dep-scan",
        rule: "advisory",
        table: "paths = ['.']\ndb = ['advisory-db']\nfrozen-db = true\n",
        cheats: &[
            "paths = ['other']\ndb = ['advisory-db']\nfrozen-db = true\n",
            "paths = ['.']\ndb = ['other-db']\nfrozen-db = true\n",
        ],
    },
    Gate {
        job: "image-scan",
        rule: "image-vulnerability",
        table: "report = ['trivy.json']\n",
        cheats: &[
            "report = ['clean.json']\n",
            "report = ['trivy.json']\nfixed-only = true\n",
            "report = ['trivy.json']\nignore-status = ['affected']\n",
            "report = ['trivy.json']\ntargets = ['app']\n",
            "report = ['trivy.json']\nclasses = ['lang-pkgs']\n",
        ],
    },
];

/// A repository with the inputs of all gates, as each is red for, and what the cheats would have them read instead.
pub(crate) fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join("examples/webshop");
    let write = |path: &str, bytes: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("Cargo.lock", &std::fs::read(sample.join("Cargo.lock")).unwrap());
    write("other/Cargo.lock", b"version = 4\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n");
    for (folder, package) in [("advisory-db", "smallvec"), ("other-db", "other")] {
        let text = format!(
            "```toml\n[advisory]\nid = \"RUSTSEC-2021-0003\"\npackage = \"{package}\"\ndate = \"2021-01-08\"\n\
             cvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H\"\n[versions]\npatched = [\">= 99\"]\n```\n\n# Overflow\n\nBad.\n"
        );
        write(&format!("{folder}/crates/{package}/RUSTSEC-2021-0003.md"), text.as_bytes());
    }
    let vulnerability = |id: &str, severity: &str, status: &str, fixed: &str| {
        serde_json::json!({"VulnerabilityID": id, "PkgName": "p", "InstalledVersion": "1", "FixedVersion": fixed,
            "Status": status, "Severity": severity})
    };
    let scanned = |severity: &str| {
        serde_json::json!({"SchemaVersion": 2, "ArtifactName": "shop", "ArtifactType": "container_image", "Results": [
            {"Target": "shop", "Class": "os-pkgs", "Type": "debian",
                "Vulnerabilities": [vulnerability("CVE-1", severity, "affected", "")]},
            {"Target": "app", "Class": "lang-pkgs", "Type": "npm",
                "Vulnerabilities": [vulnerability("CVE-2", "LOW", "fixed", "2")]},
        ]})
        .to_string()
    };
    write("trivy.json", scanned("HIGH").as_bytes());
    write("clean.json", scanned("LOW").as_bytes());
    write(
        "junit.xml",
        b"<testsuite><testcase name='a'/><testcase name='b'><failure/></testcase></testsuite>",
    );
    write("green.xml", b"<testsuite><testcase name='c'/></testsuite>");
    write(".gitignore", b"out/\ndevops-report/\n");
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    folder
}

fn commit(folder: &Path, configuration: &str) {
    std::fs::write(folder.join("devops.toml"), configuration).unwrap();
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--allow-empty", "-m", "x"]);
}

#[test]
fn no_gate_lets_a_change_lower_its_own_bar() {
    let gates = JOBS.iter().filter(|entry| entry.kind == Kind::Gate).map(|entry| entry.name);
    assert!(gates.eq(GATES.iter().map(|gate| gate.job)), "each gate is tried");
    for Gate { job, rule, table, cheats } in GATES {
        let base = format!("fail-on = 'high'\n[{job}]\n{table}");
        let waiver = "reason = 'x'\nowner = 'me'\nexpires = 2027-01-01\n";
        let shared = [
            format!("fail-on = 'critical'\n[{job}]\n{table}"),
            format!("mode = 'report'\n[{job}]\n{table}"),
            format!("[{job}]\nmode = 'report'\n{table}"),
            format!("{base}[[waiver]]\nrule = '{rule}'\n{waiver}"),
        ];
        let own = cheats.iter().map(|cheat| format!("fail-on = 'high'\n[{job}]\n{cheat}"));
        for cheat in shared.into_iter().chain(own) {
            let folder = repository();
            commit(folder.path(), &base);
            let judge = |environment: &[(&str, String)]| {
                let mut command = binary(job, folder.path());
                run(command.envs(environment.iter().map(|(name, value)| (name, value)))).code
            };
            assert_eq!(judge(&[]), Some(1), "{job} is red by the policy of the base");
            git(folder.path(), &["switch", "--quiet", "-c", "topic"]);
            commit(folder.path(), &cheat);
            assert_ne!(judge(&[]), Some(1), "the cheat works where nothing decides but the file:\n{cheat}");
            let sha = git(folder.path(), &["rev-parse", "HEAD"]).trim().to_owned();
            git(folder.path(), &["update-ref", "refs/remotes/origin/main", "main"]);
            let pull_request = [
                ("GITHUB_ACTIONS", "true".to_owned()),
                ("GITHUB_REF", "refs/heads/topic".to_owned()),
                ("GITHUB_BASE_REF", "main".to_owned()),
                ("GITHUB_SHA", sha),
            ];
            let main = git(folder.path(), &["rev-parse", "main"]).trim().to_owned();
            let merge_request = [("GITLAB_CI", "true".to_owned()), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", main)];
            for environment in [&pull_request[..], &merge_request] {
                assert_eq!(judge(environment), Some(1), "{job} on {}:\n{cheat}", environment[0].0);
                let notes = report(folder.path())["notes"].to_string();
                assert!(notes.contains("applies until the change is merged"), "{job}: {notes}");
            }
        }
    }
}

#[test]
fn every_gate_warns_where_the_base_is_out_of_reach() {
    for Gate { job, table, .. } in GATES {
        let folder = repository();
        commit(folder.path(), &format!("mode = 'report'\n[{job}]\n{table}"));
        let mut command = binary(job, folder.path());
        run(command.env("GITHUB_ACTIONS", "true").env("GITHUB_BASE_REF", "gone"));
        assert!(report(folder.path()).to_string().contains("the base of the change is unknown"), "{job}");
    }
}
