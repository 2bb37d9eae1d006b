//! Who wrote a report, where that can be told, and the command with which it runs one test again.

use std::path::Path;

/// A runner whose reports can be told from others'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Producer {
    Cargo,
    Nextest,
    Pytest,
    Jest,
    Go,
    Surefire,
    Dotnet,
    Mocha,
    Vitest,
    Playwright,
    Rspec,
    CucumberJs,
    CucumberRuby,
    CucumberJvm,
    Behave,
    Dart,
    Flutter,
    Node,
    Bats,
    Prove,
    Phpunit,
}

/// How a runner writes another attempt at a test as a case of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// It does not: another case is another test.
    Never,
    /// Attempts before the last one look like passes.
    LikePasses,
    /// That is not known.
    Unknown,
}

/// What names a test to its runner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) classname: &'a str,
    pub(crate) name: &'a str,
    pub(crate) file: &'a str,
}

impl Producer {
    /// Tells a producer by an attribute of a suite: `element` is its name, as `testsuites`.
    pub(crate) fn of_suite(element: &str, key: &str, value: &str) -> Option<Self> {
        match (element, key, value) {
            ("testsuites", "name", "nextest-run") => Some(Self::Nextest),
            ("testsuites", "name", "jest tests") => Some(Self::Jest),
            ("testsuites", "name", "vitest tests") => Some(Self::Vitest),
            ("testsuites", "name", "pytest tests") | ("testsuite", "name", "pytest") => Some(Self::Pytest),
            ("testsuite", "file", value) if Path::new(value).extension() == Some("php".as_ref()) => {
                Some(Self::Phpunit)
            }
            ("testsuite", "package", "test") => Some(Self::Cargo),
            (_, "noNamespaceSchemaLocation", value) if value.contains("surefire") => Some(Self::Surefire),
            _ => None,
        }
    }

    /// Tells a producer by a property's name.
    pub(crate) fn of_property(name: &str) -> Option<Self> {
        (name == "go.version").then_some(Self::Go)
    }

    /// Whether it writes another attempt at a test as another case of its name in `JUnit` XML.
    ///
    /// Surefire and nextest write elements into the case; jest, vitest, node and `PHPUnit` write the last attempt alone, so a second
    /// case is a row of data, or another test of the same title. Pytest gives no two tests one name, and its plugin for reruns
    /// writes a case without a failure for each attempt before the last one.
    pub(crate) fn repeats_cases(self) -> Repeats {
        match self {
            Self::Surefire | Self::Nextest | Self::Jest | Self::Vitest | Self::Node | Self::Phpunit => {
                Repeats::Never
            }
            Self::Pytest => Repeats::LikePasses,
            _ => Repeats::Unknown,
        }
    }

    /// How it separates a class from a test.
    pub(crate) fn separator(producer: Option<Self>, classname: &str) -> &'static str {
        match producer {
            Some(Self::Cargo | Self::Nextest) => "::",
            Some(
                Self::Vitest
                | Self::Playwright
                | Self::CucumberJs
                | Self::CucumberRuby
                | Self::CucumberJvm
                | Self::Behave,
            ) => " > ",
            Some(Self::Jest | Self::Mocha | Self::Rspec) => " ",
            _ if classname.contains("::") => "::",
            _ if classname.contains([' ', '/']) => " > ",
            _ => ".",
        }
    }

    /// The command that runs just this test again.
    pub(crate) fn again(self, test: Named<'_>) -> String {
        let Named { classname, name, file } = test;
        match self {
            Self::Cargo if classname.is_empty() => format!("cargo test -- --exact {}", quote(name)),
            Self::Cargo => format!("cargo test -- --exact {}", quote(&format!("{classname}::{name}"))),
            Self::Nextest => {
                let filter = format!("binary_id(={classname}) and test(={name})");
                format!("cargo nextest run -E {}", quote(&filter))
            }
            // Some reports have pytest's own name of the test.
            Self::Pytest if classname.is_empty() && name.contains("::") => format!("pytest {}", quote(name)),
            Self::Pytest => format!("pytest {}", quote(&node(classname, name, file))),
            Self::Jest => {
                let classname = classname.replace(" > ", " ");
                let classname = classname.as_str();
                // Jest matches the names of the blocks around a test and its own, joined by spaces.
                let full = if classname == name || name.starts_with(classname) {
                    name.to_owned()
                } else if classname.ends_with(name) {
                    classname.to_owned()
                } else {
                    format!("{classname} {name}")
                };
                let file = if file.is_empty() { String::new() } else { format!("{} ", quote(file)) };
                format!("npx jest {file}-t {}", quote(full.trim()))
            }
            Self::Go => {
                let pattern: Vec<String> =
                    name.split('/').map(|part| format!("^{}$", literal(part))).collect();
                format!("go test {} -run {}", quote(classname), quote(&pattern.join("/")))
            }
            Self::Surefire => {
                let method = name.split(['(', '[', '{', ' ']).next().unwrap_or(name);
                format!("mvn test -Dtest={}", quote(&format!("{classname}#{method}")))
            }
            Self::Dotnet => format!("dotnet test --filter {}", quote(&filter(classname, name))),
            Self::Mocha => words(["npx mocha", &quoted(file), "-f", &quote(&full(classname, name))]),
            // In JUnit XML the class is the file, and the name has the blocks around the test.
            Self::Vitest => vitest(test),
            Self::Playwright => playwright(test),
            Self::Rspec => words(["bundle exec rspec", &quoted(file), "-e", &quote(&full(classname, name))]),
            Self::CucumberJs => words(["npx cucumber-js", &quoted(file), "--name", &whole(name)]),
            Self::CucumberRuby => words(["bundle exec cucumber", &quoted(file), "--name", &whole(name)]),
            Self::CucumberJvm => format!("mvn test -Dcucumber.filter.name={}", whole(name)),
            Self::Behave => words(["behave", &quoted(file), "--name", &whole(name)]),
            Self::Dart => format!("dart test {} --plain-name {}", quote(file), quote(name)),
            Self::Flutter => format!("flutter test {} --plain-name {}", quote(file), quote(name)),
            Self::Node => {
                let pattern = quote(&format!("^{}$", literal(name)));
                format!("node --test --test-name-pattern {pattern} {}", quote(file)).trim_end().to_owned()
            }
            Self::Bats => format!("bats --filter {} {}", quote(&format!("^{}$", literal(name))), quote(file)),
            Self::Prove => format!("prove -v {}", quote(file)),
            Self::Phpunit => {
                format!("vendor/bin/phpunit --filter {}", quote(&literal(&method(classname, name))))
            }
        }
    }
}

/// What `dotnet test` calls a test; rows of one test share its name, and a test may be shown under another.
pub(super) fn filter(classname: &str, name: &str) -> String {
    let method = name.split(['(', '<']).next().unwrap_or(name).trim_end();
    let is_method = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.' | '+');
    if !method.is_empty() && method.chars().all(is_method) {
        let separator = if classname.is_empty() { "" } else { "." };
        let relation = if method == name && !classname.is_empty() { "=" } else { "~" };
        return format!("FullyQualifiedName{relation}{classname}{separator}{method}");
    }
    let mut escaped = String::new();
    for character in name.chars() {
        if "\\()&|=!~".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    format!("DisplayName={escaped}")
}

/// Playwright matches the names of the project, the file, the blocks around a test and its own; the project and the file are
/// named apart.
fn playwright(test: Named<'_>) -> String {
    let Named { classname, name, file } = test;
    let (project, blocks) = match classname.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((project, blocks)) => (project, blocks.trim_start_matches(" > ")),
        None => ("", classname),
    };
    let blocks: Vec<&str> = blocks.split(" > ").skip(1).collect();
    let pattern = literal(&full(&blocks.join(" "), name));
    let project = if project.is_empty() { String::new() } else { quote(&format!("--project={project}")) };
    words(["npx playwright test", &quoted(file), &project, "-g", &quote(&pattern)])
}

/// The words of a command that are there.
fn words<const N: usize>(words: [&str; N]) -> String {
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A file as a shell takes it, where there is one.
fn quoted(file: &str) -> String {
    if file.is_empty() { String::new() } else { quote(file) }
}

/// In `JUnit` XML of vitest the class is the file, and the name has the blocks around the test.
fn vitest(Named { classname, name, file }: Named<'_>) -> String {
    if file.is_empty() && classname.contains('.') {
        let pattern = quote(&literal(&name.replace(" > ", " ")));
        return words(["npx vitest run", &quote(classname), "-t", &pattern]);
    }
    let pattern = literal(&full(&classname.replace(" > ", " "), name));
    words(["npx vitest run", &quoted(file), "-t", &quote(&pattern)])
}

/// What `PHPUnit` matches a pattern with: the class, the method and what it calls the row of data.
pub(super) fn method(classname: &str, name: &str) -> String {
    let class = classname.rsplit(['\\', '.']).next().unwrap_or(classname);
    format!("{class}::{name}")
}

/// The names around a test and its own.
pub(super) fn full(classname: &str, name: &str) -> String {
    format!("{classname} {name}").trim().to_owned()
}

/// A pattern that is just this name.
fn whole(name: &str) -> String {
    quote(&format!("^{}$", literal(name)))
}

/// What pytest calls a test: `tests/test_a.py::TestB::test_c`.
pub(super) fn node(classname: &str, name: &str, file: &str) -> String {
    let is_class = |part: &&str| part.starts_with(|first: char| first.is_ascii_uppercase());
    let parts: Vec<&str> = classname.split('.').filter(|part| !part.is_empty()).collect();
    let modules = parts.iter().take_while(|part| !is_class(part)).count();
    let (modules, classes) = parts.split_at_checked(modules).unwrap_or_default();
    let file = if file.is_empty() { format!("{}.py", modules.join("/")) } else { file.to_owned() };
    [file.as_str()].into_iter().chain(classes.iter().copied()).chain([name]).collect::<Vec<_>>().join("::")
}

/// Text as a regular expression that matches just it. Only what has a meaning is escaped: Go takes no other escape, and some
/// patterns read `\<` as the start of a word.
pub(super) fn literal(text: &str) -> String {
    text.chars().fold(String::new(), |mut pattern, character| {
        if r"\.+*?()|[]{}^$".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
        pattern
    })
}

/// A word as a shell takes it.
pub(super) fn quote(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-./:=@%+,#".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Named, Producer};

    /// A runner, a class, a name and a file.
    type Test = (Producer, &'static str, &'static str, &'static str);

    /// Tests, and the command that runs just one.
    const COMMANDS: &[(Test, &str)] = &[
        (
            (Producer::Pytest, "tests.test_a.TestB", "test_c[x y]", ""),
            "pytest 'tests/test_a.py::TestB::test_c[x y]'",
        ),
        ((Producer::Pytest, "tests.test_a", "test_c", "tests/test_a.py"), "pytest tests/test_a.py::test_c"),
        ((Producer::Cargo, "cart", "adds", ""), "cargo test -- --exact cart::adds"),
        (
            (Producer::Nextest, "shop::it", "cart::adds", ""),
            "cargo nextest run -E 'binary_id(=shop::it) and test(=cart::adds)'",
        ),
        (
            (Producer::Jest, "cart adds it's", "cart adds it's", "src/a.js"),
            r"npx jest src/a.js -t 'cart adds it'\''s'",
        ),
        ((Producer::Go, "x.org/shop", "TestA/b.c", ""), r"go test x.org/shop -run '^TestA$/^b\.c$'"),
        ((Producer::Surefire, "a.CrudTest", "create(int)[1]", ""), "mvn test -Dtest=a.CrudTest#create"),
        (
            (Producer::Dotnet, "Shop.Tests", "Adds", ""),
            "dotnet test --filter FullyQualifiedName=Shop.Tests.Adds",
        ),
        (
            (Producer::Dotnet, "Shop.Tests", "Adds(a: 1)", ""),
            "dotnet test --filter 'FullyQualifiedName~Shop.Tests.Adds'",
        ),
        (
            (Producer::Dotnet, "", "Should be even (i: 3)", ""),
            r"dotnet test --filter 'DisplayName=Should be even \(i: 3\)'",
        ),
        (
            (Producer::Pytest, "", "tests/test_a.py::test_c", "tests/test_a.py"),
            "pytest tests/test_a.py::test_c",
        ),
        ((Producer::Mocha, "cart", "adds", "a.js"), "npx mocha a.js -f 'cart adds'"),
        (
            (Producer::Vitest, "test/a.test.ts", "cart > nested > adds", ""),
            "npx vitest run test/a.test.ts -t 'cart nested adds'",
        ),
        (
            (Producer::Phpunit, r"Shop\CartTest", "testAdds with data set #1", ""),
            r"vendor/bin/phpunit --filter 'CartTest::testAdds with data set #1'",
        ),
        (
            (Producer::Vitest, "cart > nested", "adds (1)", "a.ts"),
            r"npx vitest run a.ts -t 'cart nested adds \(1\)'",
        ),
        (
            (Producer::Playwright, "[web kit] > a.spec.ts > cart", "adds", "tests/a.spec.ts"),
            "npx playwright test tests/a.spec.ts '--project=web kit' -g 'cart adds'",
        ),
        ((Producer::Playwright, "a.spec.ts", "adds", "a.spec.ts"), "npx playwright test a.spec.ts -g adds"),
        (
            (Producer::Rspec, "Cart", "adds", "spec/a_spec.rb"),
            "bundle exec rspec spec/a_spec.rb -e 'Cart adds'",
        ),
        (
            (Producer::CucumberJs, "Cart", "Adding", "features/a.feature"),
            "npx cucumber-js features/a.feature --name '^Adding$'",
        ),
        (
            (Producer::CucumberJvm, "Cart", "Adding", "classpath:a.feature"),
            "mvn test -Dcucumber.filter.name='^Adding$'",
        ),
        ((Producer::Behave, "Cart", "Adding", ""), "behave --name '^Adding$'"),
        (
            (Producer::Dart, "", "adds it", "test/a_test.dart"),
            "dart test test/a_test.dart --plain-name 'adds it'",
        ),
        (
            (Producer::Flutter, "", "adds", "test/a_test.dart"),
            "flutter test test/a_test.dart --plain-name adds",
        ),
        ((Producer::Node, "", "adds", "a.test.mjs"), "node --test --test-name-pattern '^adds$' a.test.mjs"),
        ((Producer::Go, "x.org/shop", "TestA/☃_<a>", ""), "go test x.org/shop -run '^TestA$/^☃_<a>$'"),
        ((Producer::Bats, "", "adds", "a.bats"), "bats --filter '^adds$' a.bats"),
        ((Producer::Prove, "", "adds", "t/a.t"), "prove -v t/a.t"),
    ];

    #[test]
    fn a_command_runs_just_one_test() {
        for ((producer, classname, name, file), expected) in COMMANDS {
            assert_eq!(producer.again(Named { classname, name, file }), *expected);
        }
    }
}
