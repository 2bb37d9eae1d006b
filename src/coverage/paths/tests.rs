//! What paths of reports become.

use std::collections::BTreeMap;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::super::{Module, Reading, lcov};
use super::{Mapper, Origin, Why};

/// A report of these paths, a line of each.
fn reading(paths: &[&str], roots: &[&str]) -> Reading {
    let mut reading = super::super::read(lcov::FORMAT, &b""[..]);
    for (number, path) in (1..).zip(paths) {
        reading.coverage.file(path).line(number, 1_u32);
    }
    reading.coverage.finish();
    reading.roots = roots.iter().map(|root| (*root).to_owned()).collect();
    reading
}

/// What the paths of a report at the root become.
fn mapped(mapper: &Mapper<'_>, roots: &[&str], paths: &[&str]) -> Vec<String> {
    shown(mapper, reading(paths, roots), &Origin::default())
}

/// What the paths of a report in a folder become.
fn mapped_in(mapper: &Mapper<'_>, folder: &str, roots: &[&str], paths: &[&str]) -> Vec<String> {
    shown(mapper, reading(paths, roots), &Origin::new(Some(folder), None))
}

fn shown(mapper: &Mapper<'_>, reading: Reading, origin: &Origin) -> Vec<String> {
    let found = mapper.map(reading, origin);
    let left_out = found.unmapped.iter().map(|left| match &left.why {
        Why::Ambiguous(files) => format!("{}? {}", left.path, files.join(" ")),
        Why::Untracked => format!("{}!", left.path),
    });
    found.coverage.files.keys().cloned().chain(left_out).collect()
}

fn files(paths: &[&str]) -> Vec<String> {
    let mut files: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    files.sort();
    files
}

#[test]
fn checkouts_of_other_machines_are_taken_off() {
    let tracked = files(&["src/a.rs", "src/b/a.rs", "setup.py"]);
    let mapper = Mapper::new(Some(&tracked));
    let paths = [
        "/home/x/repo/src/a.rs",
        "/home/x/repo/src/b/a.rs",
        "/usr/lib/setup.py",
        "/home/x/repo/target/gen.rs",
    ];
    assert_eq!(
        mapped(&mapper, &[], &paths),
        ["src/a.rs", "src/b/a.rs", "/home/x/repo/target/gen.rs!", "/usr/lib/setup.py!"]
    );
    assert_eq!(mapped(&mapper, &[], &["D:\\a\\repo\\src\\a.rs", "src\\b\\a.rs"]), ["src/a.rs", "src/b/a.rs"]);
    assert_eq!(mapped(&mapper, &[], &["./src/a.rs", "src/../setup.py"]), ["setup.py", "src/a.rs"]);
    assert_eq!(mapped(&mapper, &[], &["/w/setup.py"]), ["setup.py"], "the only file of a report");
    let known = Mapper::new(Some(&tracked)).checkout("/w");
    assert_eq!(mapped(&known, &[], &["/w/setup.py", "/lib/x.py"]), ["setup.py", "/lib/x.py!"]);
}

#[test]
fn a_repeated_folder_is_decided_by_the_other_files_or_named() {
    let tracked = files(&["src/a.rs", "src/src/a.rs", "src/c.rs"]);
    let mapper = Mapper::new(Some(&tracked));
    assert_eq!(mapped(&mapper, &[], &["/w/src/src/a.rs", "/w/src/c.rs"]), ["src/c.rs", "src/src/a.rs"]);
    assert_eq!(mapped(&mapper, &[], &["/w/src/src/a.rs"]), ["/w/src/src/a.rs? src/a.rs src/src/a.rs"]);
}

#[test]
fn source_roots_are_tried_one_by_one() {
    let tracked = files(&["app/__init__.py", "app/main.py", "tests/__init__.py", "tests/test_main.py"]);
    let mapper = Mapper::new(Some(&tracked));
    let roots = ["/ci/repo/app", "/ci/repo/tests"];
    assert_eq!(
        mapped(&mapper, &roots, &["__init__.py", "main.py", "test_main.py"]),
        ["app/main.py", "tests/test_main.py", "__init__.py? app/__init__.py tests/__init__.py"]
    );
    assert_eq!(mapped(&mapper, &["."], &["app/main.py"]), ["app/main.py"]);
    assert_eq!(mapped(&mapper, &["app"], &["main.py"]), ["app/main.py"]);
    assert_eq!(mapped(&mapper, &["/elsewhere"], &["app/main.py"]), ["app/main.py"]);
    assert_eq!(mapped(&mapper, &["C:\\repo\\"], &["app\\main.py"]), ["app/main.py"]);
}

#[test]
fn packages_are_found_by_their_end_alone() {
    let tracked = files(&[
        "a/src/main/java/com/x/A.java",
        "a/src/main/java/com/x/B.java",
        "b/src/main/java/com/x/B.java",
    ]);
    let mapper = Mapper::new(Some(&tracked));
    assert_eq!(
        mapped(&mapper, &[], &["com/x/A.java", "com/x/B.java"]),
        ["a/src/main/java/com/x/A.java", "a/src/main/java/com/x/B.java"],
        "one module explains all files"
    );
    assert_eq!(
        mapped(&mapper, &[], &["com/x/B.java", "com/x/C.java"]),
        ["com/x/B.java? a/src/main/java/com/x/B.java b/src/main/java/com/x/B.java", "com/x/C.java!"]
    );
}

#[test]
fn a_path_that_stands_there_is_that_file_unless_a_folder_explains_more() {
    let tracked = files(&["src/index.ts", "packages/a/src/index.ts", "packages/a/src/only.ts"]);
    let mapper = Mapper::new(Some(&tracked));
    assert_eq!(mapped(&mapper, &[], &["src/index.ts"]), ["src/index.ts"]);
    assert_eq!(
        mapped(&mapper, &[], &["src/index.ts", "src/only.ts"]),
        ["packages/a/src/index.ts", "packages/a/src/only.ts"]
    );
    assert_eq!(
        mapped(&mapper, &[], &["/app/src/only.ts", "/usr/x.ts"]),
        ["packages/a/src/only.ts", "/usr/x.ts!"],
        "a package mounted elsewhere"
    );
}

#[test]
fn go_modules_have_folders() {
    let tracked = files(&["dict/dict.go", "tools/x/x.go"]);
    let mapper = Mapper::new(Some(&tracked))
        .go_mod("go.mod", "// about\nmodule github.com/k/tbls // x\n\ngo 1.22\n")
        .go_mod("tools/go.mod", "module \"github.com/k/tbls/tools\"\n");
    let paths =
        ["github.com/k/tbls/dict/dict.go", "github.com/k/tbls/tools/x/x.go", "github.com/k/tbls/gone.go"];
    assert_eq!(mapped(&mapper, &[], &paths), ["dict/dict.go", "tools/x/x.go", "github.com/k/tbls/gone.go!"]);
    let without = Mapper::new(Some(&tracked));
    assert_eq!(mapped(&without, &[], &["github.com/k/tbls/dict/dict.go"]), ["dict/dict.go"]);
}

#[test]
fn without_a_list_paths_are_only_shortened() {
    let mapper = Mapper::new(None).checkout("/w/repo/").go_mod("sub/go.mod", "module x.y/z");
    assert_eq!(
        mapped(&mapper, &[], &["/w/repo/a.rs", "./b.rs", "/w/repository/c.rs", "x.y/z/d.go"]),
        ["/w/repository/c.rs", "a.rs", "b.rs", "sub/d.go"]
    );
    assert_eq!(mapped(&mapper, &["/w/repo/app"], &["m.py"]), ["app/m.py"]);
    assert_eq!(mapped(&mapper, &["/w/repo"], &["m.py"]), ["m.py"]);
    assert_eq!(mapped(&mapper, &["src"], &["m.py"]), ["src/m.py"]);
    assert_eq!(mapped(&mapper, &["/x", "/y"], &["m.py"]), ["m.py"]);
}

#[test]
fn the_nearest_folder_around_the_report_decides() {
    let tracked = files(&[
        "src/index.ts",
        "packages/foo/src/index.ts",
        "packages/bar/src/index.ts",
        "packages/bar/src/only-bar.ts",
        "lib/a.py",
    ]);
    let mapper = Mapper::new(Some(&tracked));
    let foo = "packages/foo/coverage";
    for path in
        ["src/index.ts", "./src/index.ts", "src\\index.ts", "/app/src/index.ts", "C:\\ci\\src\\index.ts"]
    {
        assert_eq!(mapped_in(&mapper, foo, &[], &[path]), ["packages/foo/src/index.ts"], "{path}");
        assert_eq!(mapped_in(&mapper, "coverage", &[], &[path]), ["src/index.ts"], "{path} at the root");
    }
    for roots in [&["/app"][..], &["."], &["/app/src", "."]] {
        assert_eq!(
            mapped_in(&mapper, foo, roots, &["src/index.ts"]),
            ["packages/foo/src/index.ts"],
            "{roots:?}"
        );
    }
    assert_eq!(mapped_in(&mapper, foo, &["src"], &["index.ts"]), ["packages/foo/src/index.ts"]);
    assert_eq!(
        mapped_in(&mapper, foo, &[], &["/home/x/shop/packages/bar/src/index.ts"]),
        ["packages/bar/src/index.ts"],
        "a path that names another package"
    );
    assert_eq!(
        mapped_in(&mapper, foo, &[], &["src/index.ts", "lib/a.py"]),
        ["lib/a.py", "src/index.ts"],
        "the root explains both files"
    );
    assert_eq!(
        mapped_in(&mapper, foo, &["."], &["src/index.ts", "lib/a.py"]),
        ["lib/a.py", "src/index.ts"],
        "the root explains both files below a source root as well"
    );
    assert_eq!(
        mapped_in(&mapper, "artifacts/1", &[], &["src/index.ts", "src/only-bar.ts"]),
        ["packages/bar/src/index.ts", "packages/bar/src/only-bar.ts"]
    );
}

#[test]
fn the_working_directory_decides_where_the_report_lies_elsewhere() {
    let tracked = files(&["packages/foo/src/index.ts", "packages/bar/src/index.ts"]);
    let mapper = Mapper::new(Some(&tracked));
    let of = |report, working_directory| {
        shown(&mapper, reading(&["src/index.ts"], &[]), &Origin::new(report, working_directory))
    };
    assert_eq!(of(None, Some("packages/foo")), ["packages/foo/src/index.ts"]);
    assert_eq!(of(Some("reports"), Some("packages/bar/src")), ["packages/bar/src/index.ts"]);
    assert_eq!(of(Some("packages/foo/coverage"), Some("packages/bar")), ["packages/foo/src/index.ts"]);
    let unclear = ["src/index.ts? packages/bar/src/index.ts packages/foo/src/index.ts"];
    assert_eq!(of(Some("reports"), None), unclear);
    assert_eq!(of(Some("packages"), Some("")), unclear);
}

#[test]
fn modules_of_one_report_keep_files_of_one_path_apart() {
    let tracked = files(&[
        "core/src/main/java/com/x/Util.java",
        "web/src/main/java/com/x/Util.java",
        "web/src/main/java/com/x/Page.java",
    ]);
    let mapper = Mapper::new(Some(&tracked));
    let mut report = reading(&["core: com/x/Util.java", "web: com/x/Util.java", "web: com/x/Page.java"], &[]);
    for (key, module, path) in [
        ("core: com/x/Util.java", "core", "com/x/Util.java"),
        ("web: com/x/Util.java", "web", "com/x/Util.java"),
        ("web: com/x/Page.java", "web", "com/x/Page.java"),
    ] {
        report
            .modules
            .insert(key.to_owned(), Module { names: vec![module.to_owned()], path: path.to_owned() });
    }
    assert_eq!(
        shown(&Mapper::new(None), reading_again(&report), &Origin::default()),
        ["com/x/Page.java", "core/com/x/Util.java", "web/com/x/Util.java"],
        "outside of a repository"
    );
    assert_eq!(
        shown(&mapper, report, &Origin::default()),
        files(&tracked.iter().map(String::as_str).collect::<Vec<_>>())
    );
    let mut named = reading(&["com/x/Util.java"], &[]);
    named.name = "core".to_owned();
    assert_eq!(
        shown(&mapper, named, &Origin::default()),
        ["core/src/main/java/com/x/Util.java"],
        "by its own name"
    );
    let at = Origin::new(Some("web/target/site/jacoco"), None);
    assert_eq!(
        shown(&mapper, reading(&["com/x/Util.java"], &[]), &at),
        ["web/src/main/java/com/x/Util.java"],
        "by where it lies"
    );
}

fn reading_again(report: &Reading) -> Reading {
    let mut copy = reading(&[], &[]);
    copy.coverage = report.coverage.clone();
    copy.modules = report.modules.clone();
    copy
}

#[test]
fn a_prefix_says_where_all_files_lie() {
    let tracked = files(&[
        "src/index.ts",
        "packages/foo/src/index.ts",
        "packages/bar/src/index.ts",
        "packages/bar/x.ts",
    ]);
    let mapper = Mapper::new(Some(&tracked)).checkout("/w/shop");
    let origin = Origin { prefix: Some("packages/foo".to_owned()), ..Origin::default() };
    for path in ["src/index.ts", "/app/src/index.ts", "C:\\ci\\src\\index.ts", "index.ts"] {
        assert_eq!(shown(&mapper, reading(&[path], &[]), &origin), ["packages/foo/src/index.ts"], "{path}");
    }
    assert_eq!(shown(&mapper, reading(&["x.ts"], &[]), &origin), ["x.ts!"]);
    assert_eq!(
        shown(&mapper, reading(&["/w/shop/packages/bar/src/index.ts"], &[]), &origin),
        ["packages/bar/src/index.ts"],
        "a path of this checkout needs no prefix"
    );
    assert_eq!(
        shown(&Mapper::new(None), reading(&["src/index.ts"], &[]), &origin),
        ["packages/foo/src/index.ts"],
        "outside of a repository"
    );
}

#[test]
fn another_case_is_another_file_but_where_paths_have_drives() {
    let tracked = files(&["src/Cart.cs", "lib/a.cs", "lib/A.cs"]);
    let mapper = Mapper::new(Some(&tracked));
    assert_eq!(mapped(&mapper, &[], &["/w/src/cart.cs"]), ["/w/src/cart.cs? src/Cart.cs"]);
    assert_eq!(mapped(&mapper, &[], &["SRC/Cart.cs"]), ["SRC/Cart.cs? src/Cart.cs"]);
    assert_eq!(mapped(&mapper, &[], &["c:\\w\\SRC\\cart.cs"]), ["src/Cart.cs"]);
    assert_eq!(mapped(&mapper, &[], &["c:\\w\\LIB\\a.cs"]), ["c:\\w\\LIB\\a.cs? lib/A.cs lib/a.cs"]);
    assert_eq!(
        mapped(&mapper, &[], &["two/src/Cart.cs", "src/Cart.cs"]),
        ["src/Cart.cs", "two/src/Cart.cs!"],
        "another folder is no other case"
    );
    assert_eq!(mapped(&mapper, &[], &["/usr/cart.cs"]), ["/usr/cart.cs!"], "a name alone is no sign");
}

proptest! {
    #[test]
    fn no_file_is_ever_taken_for_another(
        tracked in proptest::collection::btree_set("([ab]/){0,3}[xy]\\.rs", 1..8),
        front in "(/[abw]){1,3}",
        picks in proptest::collection::vec(any::<proptest::sample::Index>(), 1..5),
        is_windows in proptest::bool::ANY,
    ) {
        let tracked: Vec<String> = tracked.into_iter().collect();
        let mapper = Mapper::new(Some(&tracked));
        for front in ["", front.as_str()] {
            let path = |file: &String| if front.is_empty() { file.clone() } else { format!("{front}/{file}") };
            let truth: BTreeMap<String, String> = picks
                .iter()
                .map(|pick| {
                    let file = pick.get(&tracked);
                    let path = if is_windows { path(file).replace('/', "\\") } else { path(file) };
                    (path, file.clone())
                })
                .collect();
            let paths: Vec<&str> = truth.keys().map(String::as_str).collect();
            let numbers: BTreeMap<u32, &String> = (1..).zip(truth.values()).collect();
            let mapped = mapper.map(reading(&paths, &[]), &Origin::default());
            for (path, file) in &mapped.coverage.files {
                for line in file.lines() {
                    prop_assert_eq!(path, numbers[&line.number]);
                }
            }
            for left in &mapped.unmapped {
                let Why::Ambiguous(files) = &left.why else { panic!("{left:?}") };
                prop_assert!(!front.is_empty() && files.contains(&truth[&left.path]), "{:?}", left);
            }
        }
    }

    #[test]
    fn what_lies_below_the_folder_of_the_report_is_found(
        tracked in proptest::collection::btree_set("([ab]/){0,3}[xy]\\.rs", 1..8),
        folder in "[ab](/[ab]){0,1}",
        below in proptest::collection::btree_set("([ab]/){0,2}[xy]\\.rs", 1..4),
    ) {
        let mut all: std::collections::BTreeSet<String> = tracked;
        let truth: BTreeMap<String, String> = below.iter().map(|path| (path.clone(), format!("{folder}/{path}"))).collect();
        all.extend(truth.values().cloned());
        let tracked: Vec<String> = all.into_iter().collect();
        let mapper = Mapper::new(Some(&tracked));
        let paths: Vec<&str> = truth.keys().map(String::as_str).collect();
        let mapped = mapper.map(reading(&paths, &[]), &Origin::new(Some(&folder), None));
        prop_assert!(mapped.unmapped.is_empty(), "{:?}", mapped.unmapped);
        prop_assert_eq!(mapped.coverage.files.keys().collect::<Vec<_>>(), truth.values().collect::<Vec<_>>());
    }
}
