//! One command a runner that runs all failed tests again, so that nobody has to gather them one by one.

use std::collections::BTreeMap;

use super::producer::{Producer, filter, full, literal, method, node, quote};
use crate::core::Table;
use crate::core::words::number;

/// Most characters of a command; what does not fit is counted.
const LONGEST: usize = 800;

/// A test that failed, as its report names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Failed {
    pub(super) producer: Producer,
    pub(super) classname: String,
    pub(super) name: String,
    pub(super) file: String,
}

/// What a runner is told of one test.
struct Piece {
    /// What tells the command apart from others of the runner, as a package of Go; may be empty.
    group: String,
    /// The file to run, where the runner takes files; may be empty.
    file: String,
    /// What selects the test; may be empty, where the file is all there is to say.
    select: String,
}

/// Commands that run the failed tests again; one failed test is told how by its finding.
pub(super) fn table(failed: &[Failed]) -> Table {
    let mut table = Table::new("Run the failed tests again", &["Tests", Table::COMMAND]);
    if failed.len() < 2 {
        return table;
    }
    let mut groups: BTreeMap<(Producer, String), Vec<(String, String)>> = BTreeMap::new();
    for test in failed {
        let Piece { group, file, select } = piece(test);
        let pieces = groups.entry((test.producer, group)).or_default();
        if !pieces.contains(&(file.clone(), select.clone())) {
            pieces.push((file, select));
        }
    }
    let mut left_out = 0;
    for ((producer, group), pieces) in groups {
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
fn fitting(producer: Producer, group: &str, pieces: &[(String, String)]) -> (String, usize) {
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

/// What a runner is told of a test.
fn piece(test: &Failed) -> Piece {
    let Failed { producer, classname, name, file } = test;
    let blocks = classname.replace(" > ", " ");
    let mut piece = Piece { group: String::new(), file: file.clone(), select: name.clone() };
    match producer {
        Producer::Cargo if !classname.is_empty() => piece.select = format!("{classname}::{name}"),
        Producer::Nextest => piece.select = format!("(binary_id(={classname}) & test(={name}))"),
        Producer::Pytest if !classname.is_empty() || !name.contains("::") => {
            piece.select = node(classname, name, file);
        }
        // Jest's reporter may put a block's name before the test's, or the whole name twice.
        Producer::Jest if name.starts_with(&blocks) => name.trim().clone_into(&mut piece.select),
        Producer::Jest if blocks.ends_with(name.as_str()) => piece.select = blocks,
        Producer::Jest | Producer::Mocha | Producer::Vitest | Producer::Rspec => {
            piece.select = full(&blocks, name);
        }
        Producer::Go => {
            // Subtests of several tests can't be named in one pattern, so their tests are.
            piece.group.clone_from(classname);
            name.split('/').next().unwrap_or(name).clone_into(&mut piece.select);
        }
        Producer::Surefire => {
            piece.group = String::new();
            let method = name.split(['(', '[', '{', ' ']).next().unwrap_or(name);
            piece.select = format!("{classname}#{method}");
        }
        Producer::Dotnet => piece.select = filter(classname, name),
        Producer::Playwright => {
            let (project, blocks) = match classname.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                Some((project, blocks)) => (project, blocks.trim_start_matches(" > ")),
                None => ("", classname.as_str()),
            };
            project.clone_into(&mut piece.group);
            let blocks: Vec<&str> = blocks.split(" > ").skip(1).collect();
            piece.select = full(&blocks.join(" "), name);
        }
        Producer::Phpunit => piece.select = method(classname, name),
        Producer::Prove => piece.select = String::new(),
        _ => {}
    }
    piece
}

/// The command that runs these tests.
fn command(producer: Producer, group: &str, pieces: &[(String, String)]) -> String {
    let selects: Vec<&str> = pieces.iter().map(|(_, select)| select.as_str()).collect();
    let files = files(pieces);
    let names = |separator: &str| selects.join(separator);
    let each = |option: &str| {
        let options = selects.iter().map(|select| format!("{option} {}", quote(select)));
        options.collect::<Vec<_>>().join(" ")
    };
    let whole = |option: &str| {
        let options =
            selects.iter().map(|select| format!("{option} {}", quote(&format!("^{}$", literal(select)))));
        options.collect::<Vec<_>>().join(" ")
    };
    let words =
        |words: [&str; 4]| words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let plain = selects.iter().map(|select| quote(select)).collect::<Vec<_>>().join(" ");
    let any = quote(&selects.iter().map(|select| literal(select)).collect::<Vec<_>>().join("|"));
    let one_of = quote(&exactly(&selects));
    match producer {
        Producer::Cargo => format!("cargo test -- --exact {plain}"),
        Producer::Nextest => format!("cargo nextest run -E {}", quote(&names(" | "))),
        Producer::Pytest => format!("pytest {plain}"),
        Producer::Jest => words(["npx jest", &files, "-t", &any]),
        Producer::Go => format!("go test {} -run {one_of}", quote(group)),
        Producer::Surefire => format!("mvn test -Dtest={}", quote(&methods(&selects))),
        Producer::Dotnet => format!("dotnet test --filter {}", quote(&names("|"))),
        Producer::Mocha => words(["npx mocha", &files, "-g", &any]),
        Producer::Vitest => words(["npx vitest run", &files, "-t", &any]),
        Producer::Playwright => {
            let project = if group.is_empty() { String::new() } else { quote(&format!("--project={group}")) };
            words(["npx playwright test", &files, &project, &format!("-g {any}")])
        }
        Producer::Rspec => words(["bundle exec rspec", &files, &each("-e"), ""]),
        Producer::CucumberJs => words(["npx cucumber-js", &files, &whole("--name"), ""]),
        Producer::CucumberRuby => words(["bundle exec cucumber", &files, &whole("--name"), ""]),
        Producer::CucumberJvm => format!("mvn test -Dcucumber.filter.name={one_of}"),
        Producer::Behave => words(["behave", &files, &whole("--name"), ""]),
        Producer::Dart => words(["dart test", &files, "--name", &any]),
        Producer::Flutter => words(["flutter test", &files, "--name", &any]),
        Producer::Node => words(["node --test", &whole("--test-name-pattern"), &files, ""]),
        Producer::Bats => words(["bats --filter", &one_of, &files, ""]),
        Producer::Phpunit => format!("vendor/bin/phpunit --filter {any}"),
        Producer::Prove => words(["prove -v", &files, "", ""]),
    }
}

/// The files, each once, as a shell takes them.
fn files(pieces: &[(String, String)]) -> String {
    let mut files: Vec<&str> =
        pieces.iter().map(|(file, _)| file.as_str()).filter(|file| !file.is_empty()).collect();
    files.sort_unstable();
    files.dedup();
    files.iter().map(|file| quote(file)).collect::<Vec<_>>().join(" ")
}

/// A pattern that is just these names.
fn exactly(names: &[&str]) -> String {
    match names {
        [only] => format!("^{}$", literal(only)),
        names => {
            let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
            format!("^({})$", names.join("|"))
        }
    }
}

/// Methods as Surefire takes them: `a.B#x+y,a.C#z`.
fn methods(selects: &[&str]) -> String {
    let mut classes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (class, method) in selects.iter().filter_map(|select| select.split_once('#')) {
        classes.entry(class).or_default().push(method);
    }
    let classes: Vec<String> =
        classes.into_iter().map(|(class, methods)| format!("{class}#{}", methods.join("+"))).collect();
    classes.join(",")
}

#[cfg(test)]
mod tests {
    use super::{Failed, table};
    use crate::core::Table;
    use crate::test_gate::producer::Producer;

    fn of(producer: Producer, tests: &[(&str, &str, &str)]) -> Table {
        let failed = tests.iter().map(|(classname, name, file)| Failed {
            producer,
            classname: (*classname).to_owned(),
            name: (*name).to_owned(),
            file: (*file).to_owned(),
        });
        table(&failed.collect::<Vec<_>>())
    }

    #[test]
    fn one_command_runs_all_failed_tests_of_a_runner() {
        for (producer, tests, expected) in [
            (
                Producer::Pytest,
                [("tests.test_a.TestB", "test_c[x y]", ""), ("", "tests/test_a.py::test_d", "")],
                "pytest 'tests/test_a.py::TestB::test_c[x y]' tests/test_a.py::test_d",
            ),
            (Producer::Cargo, [("cart", "adds", ""), ("", "b", "")], "cargo test -- --exact cart::adds b"),
            (
                Producer::Nextest,
                [("shop", "adds", ""), ("shop::it", "b", "")],
                "cargo nextest run -E '(binary_id(=shop) & test(=adds)) | (binary_id(=shop::it) & test(=b))'",
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
            (
                Producer::Mocha,
                [("cart", "adds", "a.js"), ("", "b", "a.js")],
                "npx mocha a.js -g 'cart adds|b'",
            ),
            (
                Producer::Vitest,
                [("cart > deep", "adds", "a.ts"), ("", "b", "b.ts")],
                "npx vitest run a.ts b.ts -t 'cart deep adds|b'",
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
            (
                Producer::Bats,
                [("", "adds", "a.bats"), ("", "b", "a.bats")],
                "bats --filter '^(adds|b)$' a.bats",
            ),
            (Producer::Prove, [("", "adds", "t/a.t"), ("", "b", "t/b.t")], "prove -v t/a.t t/b.t"),
        ] {
            let table = of(producer, &tests);
            assert_eq!(table.rows.len(), 1, "{table:?}");
            assert_eq!(table.rows[0][1], expected);
        }
    }

    #[test]
    fn packages_and_projects_have_commands_of_their_own() {
        let table = of(Producer::Go, &[("a", "TestA", ""), ("b", "TestB", ""), ("b", "TestB/c", "")]);
        let commands: Vec<&str> = table.rows.iter().map(|row| row[1].as_str()).collect();
        assert_eq!(commands, ["go test a -run '^TestA$'", "go test b -run '^TestB$'"]);
    }

    #[test]
    fn a_command_has_a_limit_and_says_what_is_left_out() {
        let names: Vec<String> = (0..500).map(|index| format!("test_{index:04}")).collect();
        let tests: Vec<(&str, &str, &str)> =
            names.iter().map(|name| ("tests.test_a", name.as_str(), "")).collect();
        let table = of(Producer::Pytest, &tests);
        let [row] = table.rows.as_slice() else { panic!("{table:?}") };
        assert!(row[1].chars().count() <= super::LONGEST);
        let named: usize = row[0].parse().unwrap();
        assert_eq!(row[1].split_whitespace().count(), named + 1);
        assert_eq!(table.note, format!("{} more did not fit into a command.", 500 - named));
    }

    #[test]
    fn one_failed_test_needs_no_table() {
        assert!(of(Producer::Cargo, &[("", "a", "")]).rows.is_empty());
    }
}
