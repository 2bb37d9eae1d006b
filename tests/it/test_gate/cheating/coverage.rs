//! Changes whose coverage reports don't show what they seem to, and such that only look odd.
//!
//! The shop gets two packages, each with a source file of one name, and no baseline: nothing else may catch what coverage misses.

use super::Case;
use super::Expected::{Pass, Red, Warn};
use super::project::{COVERED, Project, cobertura, source};

const FOO: &str = "packages/foo/src/index.py";
const BAR: &str = "packages/bar/src/index.py";

/// Adds the packages, and these settings, to `main`.
fn shop(shop: &Project, settings: &[&str]) {
    shop.on_main(|| {
        for setting in ["baseline =", "max-slowdown =", "max-coverage-drop ="] {
            shop.without("devops.toml", setting);
        }
        for path in [FOO, BAR, "packages/bar/src/other.py"] {
            shop.write(path, source(path, 4));
        }
        shop.set("paths = [\"reports\", \"packages/foo/reports\", \"packages/bar/reports\"]");
        for setting in settings {
            shop.set(setting);
        }
    });
    shop.write("packages/foo/reports/lcov.info", lcov("src/index.py", "1111"));
    shop.write("packages/bar/reports/lcov.info", lcov("src/index.py", "1111"));
}

/// Adds two lines to the source of a package.
fn grow(shop: &Project) {
    shop.write(FOO, source(FOO, 6));
}

fn lcov(path: &str, hits: &str) -> String {
    let lines: String =
        (1..).zip(hits.chars()).map(|(line, hit): (u32, char)| format!("DA:{line},{hit}\n")).collect();
    format!("TN:\nSF:{path}\n{lines}end_of_record\n")
}

/// Lets the package's own report name the file so, with new lines that nothing covers.
fn names(project: &Project, path: &str) {
    shop(project, &[]);
    grow(project);
    project.write("packages/foo/reports/lcov.info", lcov(path, "111100"));
}

/// A report of two modules that have a file of one package and name.
fn jacoco(core: u32) -> String {
    let group = |name: &str, hits: u32| {
        let lines: String =
            (1..=4).map(|line| format!("<line nr='{line}' mi='1' ci='{hits}' mb='0' cb='0'/>")).collect();
        format!(
            "<group name='{name}'><package name='com/x'><sourcefile name='Util.java'>{lines}</sourcefile></package></group>"
        )
    };
    format!("<report name='all'>{}{}</report>", group("core", core), group("web", 1))
}

fn modules(project: &Project, core: u32) {
    shop(project, &[]);
    project.on_main(|| {
        for module in ["core", "web"] {
            project.write(format!("{module}/src/main/java/com/x/Util.java"), source(module, 2));
        }
    });
    project.write("core/src/main/java/com/x/Util.java", source("core", 4));
    project.write("reports/jacoco.xml", jacoco(core));
}

/// What must be red, or at least not silent.
pub(super) const CHEATS: &[Case] = &[
    (
        "leaves untested lines to the namesake in another package",
        |shop| names(shop, "src/index.py"),
        Red("patch-coverage-too-low"),
    ),
    (
        "tests a package in a container",
        |shop| names(shop, "/app/src/index.py"),
        Red("patch-coverage-too-low"),
    ),
    ("tests a package on Windows", |shop| names(shop, "D:\\a\\src\\index.py"), Red("patch-coverage-too-low")),
    (
        "tests a package on Windows, which spells it in lower case",
        |shop| names(shop, "d:\\a\\SRC\\Index.py"),
        Red("patch-coverage-too-low"),
    ),
    ("spells a source in another case", |shop| names(shop, "src/Index.py"), Red("patch-coverage-unknown")),
    (
        "moves the report to where nobody knows which package it is of",
        |project| {
            names(project, "src/index.py");
            project.rename("packages/foo/reports/lcov.info", "reports/foo.info");
            project.rename("packages/bar/reports/lcov.info", "reports/bar.info");
            project.set("paths = [\"reports\"]");
        },
        Red("patch-coverage-unknown"),
    ),
    (
        "hides the untested package behind a module of another name",
        |shop| modules(shop, 0),
        Red("patch-coverage-too-low"),
    ),
    #[cfg(unix)]
    (
        "links the report of one package into another",
        |project| {
            shop(project, &[]);
            grow(project);
            project.remove("packages/foo/reports");
            project.link("packages/foo/reports", "../bar/reports");
        },
        Warn,
    ),
    #[cfg(unix)]
    (
        "reports a source by the name that a link gives it",
        |project| {
            names(project, "linked/index.py");
            project.link("packages/foo/linked", "src");
        },
        Warn,
    ),
    (
        "adds untested lines and excludes them",
        |project| {
            names(project, "src/index.py");
            project.set("coverage-exclude = [\"packages/foo/** : slow\"]");
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "adds untested lines and includes only others",
        |project| {
            names(project, "src/index.py");
            project.set("coverage-include = [\"src/** : ours\"]");
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "widens a pattern that excludes",
        |project| {
            shop(project, &["coverage-exclude = [\"generated/** : by protoc\"]"]);
            grow(project);
            project.write("packages/foo/reports/lcov.info", lcov("src/index.py", "111100"));
            project.set("coverage-exclude = [\"** : by protoc\"]");
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "moves an untested source to where everything is excluded",
        |project| {
            shop(project, &["coverage-exclude = [\"generated/** : by protoc\"]"]);
            project.remove(FOO);
            project.write("generated/index.py", source(FOO, 6));
            project.write("reports/generated.info", lcov("generated/index.py", "111100"));
            project.write("packages/foo/reports/lcov.info", lcov("generated/index.py", "1111"));
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "says that the report of its package is that of another",
        |project| {
            names(project, "src/index.py");
            project.set("coverage-prefix = [\"packages/foo/** = packages/bar\"]");
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "tests a folder less and lowers its floor",
        |project| {
            shop(project, &["folder-coverage = [\"packages/foo >= 75\"]"]);
            project.write("packages/foo/reports/lcov.info", lcov("src/index.py", "1100"));
            project.set("folder-coverage = [\"packages/foo >= 10\"]");
        },
        Red("folder-coverage-too-low"),
    ),
    (
        "tests a folder less and drops its floor",
        |project| {
            shop(project, &["folder-coverage = [\"packages/foo >= 75\"]"]);
            project.write("packages/foo/reports/lcov.info", lcov("src/index.py", "1100"));
            project.without("devops.toml", "folder-coverage");
        },
        Red("folder-coverage-too-low"),
    ),
    (
        "drops the report of a folder that has a floor",
        |project| {
            shop(project, &["folder-coverage = [\"packages/foo >= 0\"]"]);
            project.write("packages/foo/reports/lcov.info", lcov("/opt/lib/x.py", "1"));
        },
        Red("folder-coverage-too-low"),
    ),
    (
        "adds a package without any report to folders that have a floor",
        |project| {
            shop(project, &["folder-coverage = [\"packages/* >= 50\"]"]);
            project.write("packages/new/src/index.kt", source("new", 3));
        },
        Red("folder-coverage-too-low"),
    ),
    (
        "renames a folder that has a floor",
        |project| {
            shop(project, &["folder-coverage = [\"src >= 50\"]"]);
            for (path, _) in COVERED {
                project.rename(path, &path.replace("src/", "shop/"));
            }
            let moved = COVERED.map(|(path, hits)| (path.replace("src/", "shop/"), hits));
            project.cover(&moved.each_ref().map(|(path, hits)| (path.as_str(), *hits)));
        },
        Red("folder-coverage-too-low"),
    ),
    (
        "lets counters overflow where nothing ran",
        |project| {
            names(project, "src/index.py");
            let report = lcov("src/index.py", "1111")
                + "SF:src/index.py\nDA:5,18446744073709551151\nDA:6,-465\nend_of_record\n";
            project.write("packages/foo/reports/lcov.info", report);
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "hands in an empty diff in which no line is new",
        |project| {
            names(project, "src/index.py");
            project.write("reports/empty.diff", "");
            project.flags(&["--diff", "reports/empty.diff"]);
        },
        Red("patch-coverage-too-low"),
    ),
    (
        "reports a summary alone",
        |project| {
            names(project, "src/index.py");
            project.remove("packages/foo/reports/lcov.info");
            let summary =
                "{\"total\": {\"lines\": {\"total\": 1, \"covered\": 1, \"skipped\": 0, \"pct\": 100}}}";
            project.write("packages/foo/reports/coverage-summary.json", summary);
        },
        Red("report-unreadable"),
    ),
    (
        "reports a summary beside a full report that is cut off",
        |project| {
            names(project, "src/index.py");
            project.write(
                "packages/foo/reports/coverage-final.json",
                "{\"/w/src/index.py\": {\"statementMap\": {",
            );
            project.remove("packages/foo/reports/lcov.info");
            let summary = "{\"root\": \".\", \"gcovr/summary_format_version\": \"0.6\", \"files\": []}";
            project.write("packages/foo/reports/summary.json", summary);
        },
        Red("report-unreadable"),
    ),
    (
        "writes the new code in a language that nothing measures",
        |project| {
            shop(project, &[]);
            project.write("packages/foo/src/pay.kt", source("pay", 9));
        },
        Warn,
    ),
    (
        "renames a source and reports it by its old name",
        |project| {
            shop(project, &[]);
            project.remove(FOO);
            project.write("packages/foo/src/basket.py", source(FOO, 6));
        },
        Warn,
    ),
    (
        "reports untested lines a second time as an empty report",
        |project| {
            names(project, "src/index.py");
            project.write("packages/foo/reports/a.info", "TN:\nSF:src/index.py\nend_of_record\n");
        },
        Red("patch-coverage-too-low"),
    ),
];

/// What only looks odd.
pub(super) const HARMLESS: &[Case] = &[
    (
        "tests each package where it lies",
        |project| {
            names(project, "src/index.py");
            project.write("packages/foo/reports/lcov.info", lcov("src/index.py", "111111"));
        },
        Pass,
    ),
    (
        "tests each package in a container",
        |project| {
            names(project, "src/index.py");
            project.write("packages/foo/reports/lcov.info", lcov("/app/src/index.py", "111111"));
            project.write(
                "packages/bar/reports/coverage.xml",
                cobertura("/app", &[("src/index.py", "1111"), ("src/other.py", "1111")]),
            );
        },
        Pass,
    ),
    ("tests the modules of one report", |shop| modules(shop, 1), Pass),
    (
        "reports packages elsewhere, as a setting says",
        |project| {
            shop(project, &["coverage-prefix = [\"reports/foo.info = packages/foo\"]"]);
            grow(project);
            project.write("reports/foo.info", lcov("src/index.py", "111111"));
        },
        Pass,
    ),
    (
        "leaves generated code untested, which the policy excludes",
        |project| {
            shop(
                project,
                &[
                    "coverage-exclude = [\"generated/** : by protoc\", \"tools/*.sh : no tool measures them\"]",
                ],
            );
            project.write("generated/api.py", source("api", 6));
            project.write("reports/generated.info", lcov("generated/api.py", "000000"));
            project.write("tools/release.sh", "echo released\n");
        },
        Pass,
    ),
    (
        "keeps the floors of folders",
        |project| {
            shop(project, &["folder-coverage = [\"src >= 80\", \"packages/* >= 100\"]"]);
            project.write("packages/docs/readme.md", "# Docs\n");
        },
        Pass,
    ),
    (
        "is empty, and so is its diff",
        |project| {
            shop(project, &[]);
            project.write("reports/empty.diff", "");
            project.flags(&["--diff", "reports/empty.diff"]);
        },
        Pass,
    ),
    (
        "only deletes lines, as its diff says",
        |project| {
            shop(project, &[]);
            project.write(FOO, source(FOO, 2));
            project.write("packages/foo/reports/lcov.info", lcov("src/index.py", "11"));
            project.commit();
            project.write("reports/change.diff", project.git(&["diff", "main", "change"]));
            project.flags(&["--diff", "reports/change.diff"]);
        },
        Pass,
    ),
    (
        "reports a summary beside the full report",
        |project| {
            shop(project, &[]);
            let summary =
                "{\"total\": {\"lines\": {\"total\": 1, \"covered\": 1, \"skipped\": 0, \"pct\": 100}}}";
            project.write("packages/foo/reports/coverage-summary.json", summary);
        },
        Pass,
    ),
    (
        "changes documents, settings and data",
        |project| {
            shop(project, &[]);
            for path in [
                "docs/a.md",
                "settings.yaml",
                "data/goods.csv",
                "page.html",
                "jest.config.js",
                "types.d.ts",
                "x.proto",
            ] {
                project.write(path, "one\ntwo\n");
            }
        },
        Pass,
    ),
];
