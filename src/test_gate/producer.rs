//! Who wrote a report, where that can be told, and the command with which it runs one test again.

/// A runner whose reports can be told from others'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Producer {
    Cargo,
    Nextest,
    Pytest,
    Jest,
    Go,
    Surefire,
    Dart,
    Flutter,
    Node,
    Bats,
    Prove,
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
            ("testsuites", "name", "pytest tests") | ("testsuite", "name", "pytest") => Some(Self::Pytest),
            ("testsuite", "package", "test") => Some(Self::Cargo),
            (_, "noNamespaceSchemaLocation", value) if value.contains("surefire") => Some(Self::Surefire),
            _ => None,
        }
    }

    /// Tells a producer by a property's name.
    pub(crate) fn of_property(name: &str) -> Option<Self> {
        (name == "go.version").then_some(Self::Go)
    }

    /// Whether it writes reruns into the case, so that a second case of the same name is another execution.
    pub(crate) fn nests_reruns(self) -> bool {
        matches!(self, Self::Surefire | Self::Nextest)
    }

    /// How it separates a class from a test.
    pub(crate) fn separator(producer: Option<Self>, classname: &str) -> &'static str {
        match producer {
            Some(Self::Cargo | Self::Nextest) => "::",
            Some(Self::Jest) => " > ",
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
            Self::Pytest => format!("pytest {}", quote(&node(classname, name, file))),
            Self::Jest => {
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
            Self::Dart => format!("dart test {} --plain-name {}", quote(file), quote(name)),
            Self::Flutter => format!("flutter test {} --plain-name {}", quote(file), quote(name)),
            Self::Node => {
                let pattern = quote(&format!("^{}$", literal(name)));
                format!("node --test --test-name-pattern {pattern} {}", quote(file)).trim_end().to_owned()
            }
            Self::Bats => format!("bats --filter {} {}", quote(&format!("^{}$", literal(name))), quote(file)),
            Self::Prove => format!("prove -v {}", quote(file)),
        }
    }
}

/// What pytest calls a test: `tests/test_a.py::TestB::test_c`.
fn node(classname: &str, name: &str, file: &str) -> String {
    let is_class = |part: &&str| part.starts_with(|first: char| first.is_ascii_uppercase());
    let parts: Vec<&str> = classname.split('.').filter(|part| !part.is_empty()).collect();
    let modules = parts.iter().take_while(|part| !is_class(part)).count();
    let (modules, classes) = parts.split_at_checked(modules).unwrap_or_default();
    let file = if file.is_empty() { format!("{}.py", modules.join("/")) } else { file.to_owned() };
    [file.as_str()].into_iter().chain(classes.iter().copied()).chain([name]).collect::<Vec<_>>().join("::")
}

/// Text as a regular expression that matches just it.
fn literal(text: &str) -> String {
    text.chars().fold(String::new(), |mut pattern, character| {
        if !character.is_alphanumeric() && character != '_' && character != '-' && character != ' ' {
            pattern.push('\\');
        }
        pattern.push(character);
        pattern
    })
}

/// A word as a shell takes it.
fn quote(word: &str) -> String {
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

    #[test]
    fn a_command_runs_just_one_test() {
        let again =
            |producer: Producer, classname, name, file| producer.again(Named { classname, name, file });
        for (found, expected) in [
            (
                again(Producer::Pytest, "tests.test_a.TestB", "test_c[x y]", ""),
                "pytest 'tests/test_a.py::TestB::test_c[x y]'",
            ),
            (
                again(Producer::Pytest, "tests.test_a", "test_c", "tests/test_a.py"),
                "pytest tests/test_a.py::test_c",
            ),
            (again(Producer::Cargo, "cart", "adds", ""), "cargo test -- --exact cart::adds"),
            (
                again(Producer::Nextest, "shop::it", "cart::adds", ""),
                "cargo nextest run -E 'binary_id(=shop::it) and test(=cart::adds)'",
            ),
            (
                again(Producer::Jest, "cart adds it's", "cart adds it's", "src/a.js"),
                r"npx jest src/a.js -t 'cart adds it'\''s'",
            ),
            (again(Producer::Go, "x.org/shop", "TestA/b.c", ""), r"go test x.org/shop -run '^TestA$/^b\.c$'"),
            (
                again(Producer::Surefire, "a.CrudTest", "create(int)[1]", ""),
                "mvn test -Dtest=a.CrudTest#create",
            ),
            (
                again(Producer::Dart, "", "adds it", "test/a_test.dart"),
                "dart test test/a_test.dart --plain-name 'adds it'",
            ),
            (
                again(Producer::Flutter, "", "adds", "test/a_test.dart"),
                "flutter test test/a_test.dart --plain-name adds",
            ),
            (
                again(Producer::Node, "", "adds", "a.test.mjs"),
                "node --test --test-name-pattern '^adds$' a.test.mjs",
            ),
            (again(Producer::Bats, "", "adds", "a.bats"), "bats --filter '^adds$' a.bats"),
            (again(Producer::Prove, "", "adds", "t/a.t"), "prove -v t/a.t"),
        ] {
            assert_eq!(found, expected);
        }
    }
}
