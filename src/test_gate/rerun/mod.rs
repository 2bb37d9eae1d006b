//! The commands that run failed tests again: one for each test, and one a runner for all of them.
//!
//! A command that runs nothing is worse than none, because many runners then end with 0. Where a test can't be named to its runner
//! the command runs more than it, and where that can't be done either there is none. What is said here of runners was found by
//! running them, see docs/rerun.md.

mod failed;
mod pattern;
mod selection;

use std::collections::BTreeMap;

pub(crate) use self::failed::Failed;
use self::failed::Piece;
use self::pattern::{exactly, is_sayable, literal, path, quote, quoted, whole};
use self::selection::{
    cargo, dart, filter, full, go, java, jest, method, methods, nextest, node, playwright, settle, subtests,
    targets, vitest,
};
use super::producer::Producer;
use devops_core::Table;
use devops_core::words::number;

/// Maximum number of characters of a command; what does not fit is counted.
const LONGEST: usize = 800;

/// The command that runs a test again; none if its runner can't select it.
pub(super) fn one(test: &Failed) -> Option<String> {
    let piece = piece(test)?;
    let command = command(test.producer, &piece.group, std::slice::from_ref(&piece));
    (command.chars().count() <= LONGEST).then_some(command)
}

/// The command that runs all tests of a file again.
pub(super) fn file(producer: Producer, file: &str) -> Option<String> {
    one(&Failed {
        producer,
        suite: String::new(),
        classname: String::new(),
        name: String::new(),
        file: file.to_owned(),
    })
}

/// The command that runs a package of Go again.
pub(super) fn package(package: &str) -> Option<String> {
    one(&Failed {
        producer: Producer::Go,
        suite: package.to_owned(),
        classname: String::new(),
        name: String::new(),
        file: String::new(),
    })
}

/// The command that runs the tests again around which a hook of mocha failed, as `cart "before each" hook for "adds"`.
pub(super) fn around_hook(hook: &str, file: &str) -> Option<String> {
    let marks =
        ["before all", "before each", "after all", "after each"].map(|mark| format!("\"{mark}\" hook"));
    let block = marks.iter().filter_map(|mark| hook.split_once(mark.as_str())).map(|(block, _)| block.trim());
    one(&Failed {
        producer: Producer::Mocha,
        suite: String::new(),
        classname: String::new(),
        name: block.min_by_key(|block| block.len())?.to_owned(),
        file: file.to_owned(),
    })
}

/// Commands that run the failed tests again; for a single failed test, its finding has the command.
pub(super) fn table(failed: &[&Failed]) -> Table {
    let mut table = Table::new("Run the failed tests again", &["Tests", Table::COMMAND]);
    if failed.len() < 2 {
        return table;
    }
    let mut groups: BTreeMap<(Producer, String, bool), Vec<Piece>> = BTreeMap::new();
    let mut left_out = 0;
    for test in failed {
        let Some(piece) = piece(test) else {
            left_out += 1;
            continue;
        };
        // A pattern for one test would leave out the others of a file that is to run as a whole.
        let key = (test.producer, piece.group.clone(), piece.select.is_empty());
        let pieces = groups.entry(key).or_default();
        if !pieces.contains(&piece) {
            pieces.push(piece);
        }
    }
    for ((producer, group, _), mut pieces) in groups {
        if producer == Producer::Vitest {
            settle(&mut pieces);
        }
        let (command, named) = fitting(producer, &group, &pieces);
        left_out += pieces.len() - named;
        if named > 0 {
            table.rows.push(vec![number(named as u64), command]);
        }
    }
    if left_out > 0 {
        table.note = format!("{} more did not fit into a command.", number(left_out as u64));
    }
    table
}

/// The command for as many tests as fit, and how many those are.
fn fitting(producer: Producer, group: &str, pieces: &[Piece]) -> (String, usize) {
    let mut best = (String::new(), 0);
    for named in 1..=pieces.len() {
        let command = command(producer, group, pieces.get(..named).unwrap_or_default());
        if command.chars().count() > LONGEST {
            break;
        }
        best = (command, named);
    }
    best
}

/// What a runner needs to select a test; none if it can't.
fn piece(test: &Failed) -> Option<Piece> {
    let Failed { producer, suite, classname, name, file } = test;
    let file = if is_sayable(file) { file.as_str() } else { "" };
    let of_file = |select: String| Piece { file: file.to_owned(), select, ..Piece::default() };
    let said = |select: String| if is_sayable(&select) { of_file(select) } else { of_file(String::new()) };
    let piece = match producer {
        Producer::Cargo => cargo(classname, name),
        Producer::Nextest => of_file(nextest(suite, classname, name)),
        Producer::Pytest => node(classname, name, file),
        Producer::Jest => of_file(jest(classname, name)),
        // Without a file mocha looks in a folder that need not be there.
        Producer::Mocha if file.is_empty() => return None,
        Producer::Mocha => of_file(literal(&full(classname, name))),
        Producer::Vitest => vitest(classname, name, file),
        Producer::Playwright => playwright(classname, name, file),
        Producer::Go => return go(test),
        Producer::Surefire => of_file(java(suite, classname, name)),
        Producer::Dotnet => said(filter(classname, name)),
        Producer::Rspec => said(full(classname, name)),
        Producer::CucumberJs | Producer::CucumberRuby | Producer::Behave => of_file(whole(name)),
        Producer::Node => of_file(whole(name).replace(r"\\n", r"(\\n|\s)").replace(r"\\t", r"(\\t|\s)")),
        Producer::CucumberJvm => of_file(name.clone()),
        Producer::Dart | Producer::Flutter => said(name.clone()),
        Producer::Phpunit => of_file(method(classname, name)),
        // Bats evaluates what stands in a title and reports what came of it, so that a name need not be one it knows.
        Producer::Prove | Producer::Bats => of_file(String::new()),
    };
    let piece = if name.trim().is_empty() && *producer != Producer::Surefire {
        Piece { select: String::new(), ..piece }
    } else {
        piece
    };
    let says_something = !piece.select.is_empty() || (takes_files(*producer) && !piece.file.is_empty());
    // A terminal would act on what is in the command, or it contains an unknown name.
    let is_clean = |piece: &Piece| is_sayable(&command(*producer, &piece.group, std::slice::from_ref(piece)));
    (says_something && is_clean(&piece)).then_some(piece)
}

/// Whether a runner can run all of a file.
fn takes_files(producer: Producer) -> bool {
    !matches!(
        producer,
        Producer::Cargo
            | Producer::Nextest
            | Producer::Go
            | Producer::Surefire
            | Producer::Dotnet
            | Producer::CucumberJvm
            | Producer::Phpunit
    )
}

/// The command that runs these tests.
fn command(producer: Producer, group: &str, pieces: &[Piece]) -> String {
    let mut selects: Vec<&str> = Vec::new();
    for piece in pieces {
        // Tests of one name in two files are one pattern.
        if !piece.select.is_empty() && !selects.contains(&piece.select.as_str()) {
            selects.push(&piece.select);
        }
    }
    let files = files(pieces);
    let files = quoted(files.iter().map(String::as_str));
    let patterns = || quoted(files_of(pieces).iter().map(String::as_str));
    let each = |option: &str| {
        let options = selects.iter().map(|select| format!("{option} {}", quote(select)));
        options.collect::<Vec<_>>().join(" ")
    };
    let any = |option: &str| match selects.as_slice() {
        [] => String::new(),
        selects => format!("{option} {}", quote(&selects.join("|"))),
    };
    match producer {
        // Without --workspace only the package at the root is tested, and the first binary with a failed test is the last.
        Producer::Cargo => {
            let exact = if group.is_empty() { "-- --exact" } else { "--" };
            words(["cargo test --workspace --no-fail-fast", group, exact, &quoted(selects)])
        }
        Producer::Nextest => {
            let filter = quote(&selects.join(" | "));
            words(["cargo nextest run --workspace --no-fail-fast", targets(&selects), "-E", &filter])
        }
        Producer::Pytest if selects.is_empty() => format!("pytest {files}"),
        Producer::Pytest => format!("pytest {}", quoted(selects)),
        Producer::Jest => words(["npx jest", &patterns(), &any("-t"), ""]),
        Producer::Go => words(["go test", &quote(group), &subtests(&selects), ""]),
        Producer::Surefire => format!("mvn test -Dtest={}", quote(&methods(&selects))),
        Producer::Dotnet => format!("dotnet test --filter {}", quote(&selects.join("|"))),
        Producer::Mocha => words(["npx mocha", &files, &any("-g"), ""]),
        Producer::Vitest => words(["npx vitest run", &files, &any("-t"), ""]),
        Producer::Playwright => {
            let project = if group.is_empty() { String::new() } else { quote(&format!("--project={group}")) };
            words(["npx playwright test", &patterns(), &project, &any("-g")])
        }
        Producer::Rspec => words(["bundle exec rspec", &files, &each("-e"), ""]),
        Producer::CucumberJs => words(["npx cucumber-js", &files, &each("--name"), ""]),
        Producer::CucumberRuby => words(["bundle exec cucumber", &files, &each("--name"), ""]),
        Producer::CucumberJvm => format!("mvn test -Dcucumber.filter.name={}", quote(&exactly(&selects))),
        Producer::Behave => words(["behave", &files, &each("--name"), ""]),
        Producer::Dart => words(["dart test", &files, &dart(&selects), ""]),
        Producer::Flutter => words(["flutter test", &files, &dart(&selects), ""]),
        Producer::Node => words(["node --test", &each("--test-name-pattern"), &files, ""]),
        Producer::Bats => words(["bats", &files, "", ""]),
        Producer::Phpunit => {
            format!("vendor/bin/phpunit --filter {}", quote(&format!("/{}/", selects.join("|"))))
        }
        Producer::Prove => words(["prove -v", &files, "", ""]),
    }
}

/// The words of a command that are there.
fn words<const N: usize>(words: [&str; N]) -> String {
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The files, each once.
fn files(pieces: &[Piece]) -> Vec<String> {
    let mut files: Vec<&str> =
        pieces.iter().map(|piece| piece.file.as_str()).filter(|file| !file.is_empty()).collect();
    files.sort_unstable();
    files.dedup();
    // A path that starts with a hyphen would be read as an option.
    let is_option = |file: &str| file.starts_with('-');
    files
        .into_iter()
        .map(|file| if is_option(file) { format!("./{file}") } else { file.to_owned() })
        .collect()
}

/// The files, each once, for runners that take patterns.
fn files_of(pieces: &[Piece]) -> Vec<String> {
    files(pieces).iter().map(|file| path(file)).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::{
        Just, ProptestConfig, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest,
    };

    use super::{Failed, around_hook, file, one, package, table};
    use crate::producer::Producer;
    use devops_core::Table;

    fn failed(producer: Producer, (classname, name, file): (&str, &str, &str)) -> Failed {
        let (classname, name, file) = (classname.to_owned(), name.to_owned(), file.to_owned());
        Failed { producer, suite: String::new(), classname, name, file }
    }

    fn of(producer: Producer, tests: &[(&str, &str, &str)]) -> Table {
        let failed: Vec<Failed> = tests.iter().map(|test| failed(producer, *test)).collect();
        table(&failed.iter().collect::<Vec<_>>())
    }

    /// A class, a name and a file.
    type Test = (&'static str, &'static str, &'static str);

    /// A runner, two of its tests, and the command that runs them.
    const COMMANDS: &[(Producer, [Test; 2], &str)] = &[
        (
            Producer::Pytest,
            [("tests.test_a.TestB", "test_c[x y]", ""), ("", "tests/test_a.py::test_d", "")],
            "pytest 'tests/test_a.py::TestB::test_c[x y]' tests/test_a.py::test_d",
        ),
        (
            Producer::Cargo,
            [("cart", "adds", ""), ("", "b", "")],
            "cargo test --workspace --no-fail-fast -- --exact cart::adds b",
        ),
        (
            Producer::Nextest,
            [("shop", "adds", ""), ("shop::it", "b", "")],
            "cargo nextest run --workspace --no-fail-fast -E '(package(=shop) & binary(=shop) & test(=adds)) | (package(=shop) & binary(=it) & test(=b))'",
        ),
        (
            Producer::Jest,
            [("cart", "adds (1)", "a.js"), ("cart adds it's", "cart adds it's", "b.js")],
            r"npx jest a.js b.js -t 'cart adds \(1\)|cart adds it'\''s'",
        ),
        (
            Producer::Go,
            [("x.org/shop", "TestA/b.c", ""), ("x.org/shop", "TestB", "")],
            "go test x.org/shop -run '^(TestA|TestB)$'",
        ),
        (
            Producer::Surefire,
            [("a.CrudTest", "create(int)[1]", ""), ("a.CrudTest", "drop", "")],
            "mvn test -Dtest=a.CrudTest#create+drop",
        ),
        (
            Producer::Dotnet,
            [("Shop.Tests", "Adds", ""), ("Shop.Tests", "Drops(a: 1)", "")],
            "dotnet test --filter 'FullyQualifiedName=Shop.Tests.Adds|FullyQualifiedName~Shop.Tests.Drops'",
        ),
        (Producer::Mocha, [("cart", "adds", "a.js"), ("", "b", "a.js")], "npx mocha a.js -g 'cart adds|b'"),
        (
            Producer::Vitest,
            [("cart > deep", "adds", "a.ts"), ("", "b", "b.ts")],
            "npx vitest run a.ts b.ts -t 'cart (> )?deep adds|b'",
        ),
        (
            Producer::Playwright,
            [
                ("[web kit] > a.spec.ts > cart", "adds", "a.spec.ts"),
                ("[web kit] > b.spec.ts", "b", "b.spec.ts"),
            ],
            "npx playwright test a.spec.ts b.spec.ts '--project=web kit' -g 'cart adds|b'",
        ),
        (
            Producer::Rspec,
            [("Cart", "adds", "spec/a_spec.rb"), ("", "b", "spec/a_spec.rb")],
            "bundle exec rspec spec/a_spec.rb -e 'Cart adds' -e b",
        ),
        (
            Producer::Behave,
            [("Cart", "Adding", ""), ("Cart", "Taking", "")],
            "behave --name '^Adding$' --name '^Taking$'",
        ),
        (
            Producer::CucumberJvm,
            [("Cart", "Adding", ""), ("Cart", "Taking", "")],
            "mvn test -Dcucumber.filter.name='^(Adding|Taking)$'",
        ),
        (
            Producer::Dart,
            [("", "adds it", "test/a_test.dart"), ("", "b", "test/a_test.dart")],
            "dart test test/a_test.dart --name 'adds it|b'",
        ),
        (
            Producer::Node,
            [("", "adds", "a.mjs"), ("", "b", "b.mjs")],
            "node --test --test-name-pattern '^adds$' --test-name-pattern '^b$' a.mjs b.mjs",
        ),
        (Producer::Bats, [("", "adds", "a.bats"), ("", "b", "b.bats")], "bats a.bats b.bats"),
        (Producer::Prove, [("", "adds", "t/a.t"), ("", "b", "t/b.t")], "prove -v t/a.t t/b.t"),
    ];

    #[test]
    fn one_command_runs_all_failed_tests_of_a_runner() {
        for (producer, tests, expected) in COMMANDS {
            let table = of(*producer, tests);
            assert_eq!(table.rows.len(), 1, "{table:?}");
            assert_eq!(table.rows[0][1], *expected);
        }
    }

    #[test]
    fn packages_and_projects_have_commands_of_their_own() {
        let table = of(
            Producer::Go,
            &[("x.org/a", "TestA", ""), ("x.org/b", "TestB", ""), ("x.org/b", "TestB/c", "")],
        );
        let commands: Vec<&str> = table.rows.iter().map(|row| row[1].as_str()).collect();
        assert_eq!(commands, ["go test x.org/a -run '^TestA$'", "go test x.org/b -run '^TestB$'"]);
    }

    #[test]
    fn a_command_has_a_limit_and_says_what_is_left_out() {
        let names: Vec<String> = (0..500).map(|index| format!("test_{index:04}")).collect();
        let tests: Vec<(&str, &str, &str)> =
            names.iter().map(|name| ("tests.test_a", name.as_str(), "")).collect();
        let table = of(Producer::Pytest, &tests);
        let [row] = table.rows.as_slice() else { panic!("{table:?}") };
        assert!(row[1].chars().count() <= super::LONGEST);
        let amount: usize = row[0].parse().unwrap();
        assert_eq!(row[1].split_whitespace().count(), amount + 1);
        assert_eq!(table.note, format!("{} more did not fit into a command.", 500 - amount));
    }

    #[test]
    fn one_failed_test_needs_no_table() {
        assert!(of(Producer::Cargo, &[("", "a", "")]).rows.is_empty());
    }

    /// A runner, one of its tests, and the command that runs it.
    const SINGLE: &[(Producer, Test, &str)] = &[
        (
            Producer::Pytest,
            ("tests.test_a.TestB", "test_c[x y]", ""),
            "pytest 'tests/test_a.py::TestB::test_c[x y]'",
        ),
        (
            Producer::Pytest,
            ("tests.test_a.lower_case", "test_c", ""),
            "pytest tests/test_a.py::lower_case::test_c",
        ),
        (Producer::Pytest, ("tests.test_a", "test_c", "tests/test_a.py"), "pytest tests/test_a.py::test_c"),
        (
            Producer::Pytest,
            ("", "tests/test_a.py::test_c", "tests/test_a.py"),
            "pytest tests/test_a.py::test_c",
        ),
        (Producer::Pytest, ("", "tests.test_imp", ""), "pytest tests/test_imp.py"),
        (
            Producer::Cargo,
            ("cart", "adds", ""),
            "cargo test --workspace --no-fail-fast -- --exact cart::adds",
        ),
        (
            Producer::Cargo,
            ("", "src/lib.rs - cart::adds (line 3)", ""),
            "cargo test --workspace --no-fail-fast --doc -- cart::adds",
        ),
        (
            Producer::Nextest,
            ("shop::it", "cart::adds, (1)", ""),
            r"cargo nextest run --workspace --no-fail-fast -E '(package(=shop) & binary(=it) & test(=cart::adds\, (1\)))'",
        ),
        (
            Producer::Jest,
            ("cart adds it's", "cart adds it's", "src/a.js"),
            r"npx jest src/a.js -t 'cart adds it'\''s'",
        ),
        (
            Producer::Jest,
            ("Cart (new) adds $5 [x]", "Cart (new) adds $5 [x]", ""),
            r"npx jest -t 'Cart \(new\) adds \$5 \[x\]'",
        ),
        (
            Producer::Jest,
            ("Cart (new) what? + why", "Cart (new) what? + why", ""),
            r"npx jest -t 'Cart \(new\) what\? \+ why'",
        ),
        (
            Producer::Jest,
            ("cart > deep", "a > b\nc", "app/[id]/a.js"),
            r"npx jest 'app/\[id\]/a.js' -t 'cart (> )?deep a (> )?b\sc'",
        ),
        (Producer::Jest, ("Test suite failed to run", "src/a.js", "src/a.js"), "npx jest src/a.js"),
        (
            Producer::Go,
            ("x.org/shop", "TestA/b.c/☃_<a>|", ""),
            r"go test x.org/shop -run '^TestA$/^b\.c$/^☃_<a>\|$'",
        ),
        (Producer::Go, ("x.org/shop", "[build failed]", ""), "go test x.org/shop"),
        (Producer::Surefire, ("a.CrudTest", "create(int)[1]", ""), "mvn test -Dtest=a.CrudTest#create"),
        (Producer::Surefire, ("a.CrudTest$In", "b", ""), "mvn test -Dtest='a.CrudTest$In#b'"),
        (Producer::Surefire, ("a.CrudTest", "", ""), "mvn test -Dtest=a.CrudTest"),
        (Producer::Surefire, ("a.CrudTest", "a.CrudTest", ""), "mvn test -Dtest=a.CrudTest"),
        (Producer::Surefire, ("a.CrudTest", "adds two (2)", ""), "mvn test -Dtest=a.CrudTest"),
        (
            Producer::Dotnet,
            ("Shop.Tests", "Adds", ""),
            "dotnet test --filter FullyQualifiedName=Shop.Tests.Adds",
        ),
        (
            Producer::Dotnet,
            ("", "Should be even (i: 3)", ""),
            r"dotnet test --filter 'DisplayName=Should be even \(i: 3\)'",
        ),
        (Producer::Mocha, ("", "-dash $", "a.js"), r"npx mocha a.js -g '[-]dash \$'"),
        (
            Producer::Vitest,
            ("test/a.test.ts", "cart > nested > adds", ""),
            "npx vitest run test/a.test.ts -t 'cart (> )?nested (> )?adds'",
        ),
        (Producer::Vitest, ("test/a.test.ts", "test/a.test.ts", ""), "npx vitest run test/a.test.ts"),
        (
            Producer::Playwright,
            ("[web kit] > a.spec.ts > cart", "adds", "tests/a.spec.ts"),
            "npx playwright test tests/a.spec.ts '--project=web kit' -g 'cart adds'",
        ),
        (
            Producer::Playwright,
            ("[id].spec.ts", "adds", "[id].spec.ts"),
            r"npx playwright test '\[id\].spec.ts' -g adds",
        ),
        (
            Producer::Rspec,
            ("Cart", "adds", "spec/a_spec.rb"),
            "bundle exec rspec spec/a_spec.rb -e 'Cart adds'",
        ),
        (Producer::Rspec, ("Cart", "two\nlines", "spec/a_spec.rb"), "bundle exec rspec spec/a_spec.rb"),
        (
            Producer::CucumberJs,
            ("Cart", "Adding", "features/a.feature"),
            "npx cucumber-js features/a.feature --name '^Adding$'",
        ),
        (Producer::Dart, ("", "adds it", "a_test.dart"), "dart test a_test.dart --plain-name 'adds it'"),
        (Producer::Flutter, ("", "adds", "a_test.dart"), "flutter test a_test.dart --plain-name adds"),
        (
            Producer::Node,
            ("", r"two\nlines", "a.mjs"),
            r"node --test --test-name-pattern '^two(\\n|\s)lines$' a.mjs",
        ),
        (Producer::Bats, ("", "adds", "a.bats"), "bats a.bats"),
        (
            Producer::Phpunit,
            (r"Shop\CartTest", "testAdds with data set \"a/b\"", ""),
            r#"vendor/bin/phpunit --filter '/\bCartTest::testAdds with data set "a\/b"$/'"#,
        ),
        (Producer::Prove, ("", "adds", "t/a.t"), "prove -v t/a.t"),
        (Producer::Prove, ("", "adds", "-t/a.t"), "prove -v ./-t/a.t"),
    ];

    #[test]
    fn a_command_runs_one_test() {
        for (producer, test, expected) in SINGLE {
            assert_eq!(one(&failed(*producer, *test)).as_deref(), Some(*expected), "{test:?}");
        }
    }

    #[test]
    fn what_a_runner_can_not_be_told_has_no_command() {
        for (producer, test) in [
            (Producer::Go, ("", "TestA", "")),
            (Producer::Go, ("pay", "TestA", "")),
            (Producer::Go, ("command-line-arguments", "TestA", "")),
            (Producer::Surefire, ("", "adds", "")),
            (Producer::Cargo, ("", "", "")),
            (Producer::Cargo, ("", "a\u{1b}b", "")),
            (Producer::Jest, ("", " ", "")),
            (Producer::Prove, ("", "adds", "")),
            (Producer::Rspec, ("", "two\nlines", "")),
            (Producer::Pytest, ("test_a", "x".repeat(super::LONGEST).as_str(), "")),
        ] {
            assert_eq!(one(&failed(producer, test)), None, "{producer:?} {test:?}");
        }
    }

    #[test]
    fn the_suite_says_what_the_class_does_not() {
        let nextest = "cargo nextest run --workspace --no-fail-fast";
        for (producer, suite, classname, expected) in [
            (Producer::Nextest, "a-b::it", "a-b::it", "-E '(binary_id(=a-b::it) & test(=adds))'"),
            (Producer::Nextest, "", "a-b", "-E '(package(=a-b) & binary(=a_b) & test(=adds))'"),
            (Producer::Nextest, "", "a-b::a-b", "-E '(package(=a-b) & binary(=a-b) & test(=adds))'"),
            (Producer::Nextest, "", "a::bin/b", "-E '(binary_id(=a::bin/b) & test(=adds))'"),
            (
                Producer::Nextest,
                "a::bench/b",
                "a::bench/b",
                "--all-targets -E '(binary_id(=a::bench/b) & test(=adds))'",
            ),
            (Producer::Surefire, "shop.RunCucumberTest", "Cart", "shop.RunCucumberTest"),
            (Producer::Surefire, "shop.RunCucumberTest", "A cart", "shop.RunCucumberTest"),
            (Producer::Surefire, "shop.RunCucumberTest", "Version 1.2", "shop.RunCucumberTest"),
            (Producer::Surefire, "shop.RunCucumberTest", "", "shop.RunCucumberTest"),
            (Producer::Surefire, "shop.AllTests", "shop.CartTest", "shop.CartTest#adds"),
            (Producer::Surefire, "shop.CartTest", "shop.CartTest$Deep", "'shop.CartTest$Deep#adds'"),
            (Producer::Surefire, "TestSuite", "CartTest", "CartTest#adds"),
        ] {
            let test = Failed { suite: suite.to_owned(), ..failed(producer, (classname, "adds", "")) };
            let start = if producer == Producer::Nextest { nextest } else { "mvn test" };
            let expected = match producer {
                Producer::Nextest => format!("{start} {expected}"),
                _ => format!("{start} -Dtest={expected}"),
            };
            assert_eq!(one(&test).as_deref(), Some(expected.as_str()), "{suite} {classname}");
        }
    }

    #[test]
    fn a_package_of_go_that_did_not_build_is_named_by_its_suite() {
        for (suite, classname) in [("x.org/shop/pay", ""), ("x.org/shop/pay", "pay"), ("", "x.org/shop/pay")]
        {
            let test = failed(Producer::Go, (classname, "TestMain", ""));
            let command = one(&Failed { suite: suite.to_owned(), ..test });
            assert_eq!(command.as_deref(), Some("go test x.org/shop/pay"), "{suite}");
        }
        assert_eq!(package("x.org/shop/pay").as_deref(), Some("go test x.org/shop/pay"));
    }

    #[test]
    fn what_broke_outside_of_tests_is_run_by_file_or_block() {
        assert_eq!(file(Producer::Jest, "src/a.js").as_deref(), Some("npx jest src/a.js"));
        assert_eq!(file(Producer::Playwright, ""), None);
        for (hook, expected) in [
            ("\"before all\" hook in \"{root}\"", "npx mocha a.js"),
            ("cart \"before each\" hook for \"adds\"", "npx mocha a.js -g cart"),
            ("cart \"after all\" hook: close in \"cart\"", "npx mocha a.js -g cart"),
        ] {
            assert_eq!(around_hook(hook, "a.js").as_deref(), Some(expected), "{hook}");
        }
        assert_eq!(around_hook("\"before all\" hook", ""), None);
    }

    #[test]
    fn blocks_of_vitest_are_told_by_what_they_share() {
        let all = [("a.ts", "Cart > adds", ""), ("a.ts", "Cart > removes", ""), ("a.ts", "x > y", "")];
        let table = of(Producer::Vitest, &all);
        assert_eq!(table.rows[0][1], "npx vitest run a.ts -t 'Cart adds|Cart removes|x (> )?y'");
    }

    #[test]
    fn a_file_that_could_not_be_loaded_does_not_hide_the_others() {
        let table = of(Producer::Pytest, &[("", "tests.test_imp", ""), ("tests.test_a", "test_b", "")]);
        let commands: Vec<&str> = table.rows.iter().map(|row| row[1].as_str()).collect();
        assert_eq!(commands, ["pytest tests/test_a.py::test_b", "pytest tests/test_imp.py"]);
    }

    const PRODUCERS: [Producer; 21] = [
        Producer::Cargo,
        Producer::Nextest,
        Producer::Pytest,
        Producer::Jest,
        Producer::Go,
        Producer::Surefire,
        Producer::Dotnet,
        Producer::Mocha,
        Producer::Vitest,
        Producer::Playwright,
        Producer::Rspec,
        Producer::CucumberJs,
        Producer::CucumberRuby,
        Producer::CucumberJvm,
        Producer::Behave,
        Producer::Dart,
        Producer::Flutter,
        Producer::Node,
        Producer::Bats,
        Producer::Prove,
        Producer::Phpunit,
    ];

    /// The words that a shell makes of a command, by running it with programs that do nothing.
    fn words(commands: &[String]) -> Vec<Vec<String>> {
        let programs = ["cargo", "pytest", "npx", "go", "mvn", "dotnet", "bundle", "behave", "dart"];
        let programs = [&programs[..], &["flutter", "node", "bats", "prove", "vendor/bin/phpunit"]].concat();
        let mut script = String::new();
        for program in programs {
            script.push_str(&format!("alias {program}='printf %s\\\\0'\n"));
        }
        for command in commands {
            script.push_str(&format!("{command}\nprintf '\\1\\0'\n"));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script");
        std::fs::write(&path, script).unwrap();
        let done = Command::new("sh").arg(&path).current_dir(folder.path()).output().unwrap();
        assert!(done.status.success() && done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
        let text = String::from_utf8(done.stdout).unwrap();
        text.split("\u{1}\0").map(|words| words.split_terminator('\0').map(str::to_owned).collect()).collect()
    }

    /// Names made of what shells, patterns and terminals act on.
    fn names() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("'"),
            Just("\""),
            Just("`touch x`"),
            Just("$(touch x)"),
            Just("${HOME}"),
            Just("; touch x;"),
            Just("&& touch x"),
            Just("| touch x"),
            Just("> x"),
            Just("< x"),
            Just("\n"),
            Just("\\"),
            Just("\0"),
            Just("\u{3}"),
            Just("\u{1b}"),
            Just("#"),
            Just("~"),
            Just("*"),
            Just("!"),
            Just("-"),
            Just("="),
            Just("["),
            Just("("),
            Just(" "),
            Just("\t"),
            Just("é☃"),
            Just("a"),
            Just("TestA"),
            Just("/"),
            Just("."),
        ];
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn a_shell_makes_the_words_that_are_meant(all in proptest::collection::vec((names(), names(), names()), 1..8)) {
            let mut commands = Vec::new();
            for producer in PRODUCERS {
                let all: Vec<Failed> = all
                    .iter()
                    .map(|(classname, name, file)| failed(producer, (classname, name, file)))
                    .collect();
                commands.extend(all.iter().filter_map(one));
                let all: Vec<&Failed> = all.iter().collect();
                commands.extend(table(&all).rows.into_iter().map(|mut row| row.remove(1)));
            }
            for command in &commands {
                prop_assert!(!command.chars().any(char::is_control), "{command:?}");
            }
            let parsed = words(&commands);
            for (command, words) in commands.iter().zip(&parsed) {
                let again = command.split_once(' ').map_or("", |(_, words)| words);
                prop_assert_eq!(quoted_as_given(again), words.clone(), "{:?}", command);
            }
        }
    }

    /// The words of a command by the one rule of our own quotes.
    fn quoted_as_given(command: &str) -> Vec<String> {
        let (mut words, mut word, mut is_quoted, mut is_escaped) = (Vec::new(), String::new(), false, false);
        for character in command.chars() {
            match character {
                _ if std::mem::take(&mut is_escaped) => word.push(character),
                '\'' => is_quoted = !is_quoted,
                '\\' if !is_quoted => is_escaped = true,
                ' ' if !is_quoted => words.push(std::mem::take(&mut word)),
                _ => word.push(character),
            }
        }
        words.push(word);
        words
    }
}
