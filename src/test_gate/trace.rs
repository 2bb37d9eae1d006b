//! Places in the source: from attributes, or found in a trace as `file:line`.

use devops_core::{Location, frames};

/// Endings of source files.
const ENDINGS: [&str; 46] = [
    "rs", "py", "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "vue", "svelte", "java", "kt", "kts",
    "groovy", "scala", "clj", "go", "c", "cc", "cpp", "cxx", "h", "hh", "hpp", "m", "mm", "swift", "rb",
    "php", "phpt", "cs", "fs", "dart", "ex", "exs", "lua", "t", "pl", "pm", "bats", "sh", "robot", "feature",
    "jl", "R",
];

/// Folders that hosts check a project out to; what follows is relative to it.
const CHECKOUTS: [(&str, usize); 3] = [("/home/runner/work/", 2), ("/__w/", 2), ("/builds/", 2)];

/// A path from a report as the repository knows it, as far as that is known.
pub(crate) fn tidy(path: &str) -> String {
    let path = path.trim().replace('\\', "/");
    let path = path.strip_prefix("file://").unwrap_or(&path);
    for (checkout, folders) in CHECKOUTS {
        if let Some(inside) = path.strip_prefix(checkout)
            && let Some(relative) = inside.splitn(folders + 1, '/').nth(folders)
        {
            return relative.to_owned();
        }
    }
    path.trim_start_matches("./").to_owned()
}

/// The place in the project's own source that a trace names first; for a trace of a JVM, the frame of the test's class, or else
/// the first one of its package.
pub(crate) fn find(trace: &str, classname: &str) -> Option<Location> {
    let class = classname.rsplit('.').next().and_then(|name| name.split('$').next()).unwrap_or_default();
    let package = classname.rsplit_once('.').map_or("", |(package, _)| package);
    let (mut bare, mut near) = (None, None);
    for text in trace.lines().filter(|line| !frames::is_foreign(line)) {
        for (path, line) in places(text) {
            if frames::is_foreign_path(path) {
                continue;
            }
            if path.ends_with(".feature") {
                // What a step does stands in its code, where the trace names that, too.
                near = near.or_else(|| Some(Location::line(tidy(path), line)));
            } else if path.contains(['/', '\\']) {
                return Some(Location::line(tidy(path), line));
            } else if bare.is_none() && (path.split('.').next() == Some(class) || !is_jvm(path)) {
                bare = Some(Location::line(path, line));
            } else if near.is_none() && is_jvm(path) && is_within(text, package) {
                near = Some(Location::line(path, line));
            }
        }
    }
    bare.or(near)
}

/// Whether a frame of a JVM is of this package, as `at shop.Base.check(Base.java:9)`.
fn is_within(frame: &str, package: &str) -> bool {
    let call = frame.trim_start().strip_prefix("at ").unwrap_or_default();
    !package.is_empty() && call.strip_prefix(package).is_some_and(|rest| rest.starts_with('.'))
}

fn is_jvm(path: &str) -> bool {
    [".java", ".kt", ".scala", ".groovy"].iter().any(|ending| path.ends_with(ending))
}

/// Every `path:line` and `File "path", line n` in a text.
fn places(text: &str) -> impl Iterator<Item = (&str, u64)> {
    text.lines().flat_map(|line| {
        let spelled = python(line).or_else(|| spelled(line));
        let plain = line.match_indices(':').filter_map(move |(index, _)| {
            let (before, after) = line.split_at_checked(index)?;
            let number = number(after.get(1..)?)?;
            let start = before.rfind(|character: char| !is_path(character)).map_or(0, |index| {
                index + before.get(index..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
            });
            // A drive's letter stands before a colon, too, and so does the scheme of `file:///`.
            let path = match before.get(..start).unwrap_or_default().as_bytes() {
                [.., b'f', b'i', b'l', b'e', b':'] => before.get(start..)?.strip_prefix("//")?,
                [.., other, drive, b':'] if drive.is_ascii_alphabetic() && other.is_ascii_alphanumeric() => {
                    before.get(start..)?
                }
                [.., drive, b':'] if drive.is_ascii_alphabetic() => before.get(start - 2..)?,
                _ => before.get(start..)?,
            };
            // Some put the place in brackets, which are no part of it.
            let path = if path.contains(']') { path } else { path.trim_start_matches('[') };
            is_source(path).then_some((path, number))
        });
        spelled.into_iter().chain(plain)
    })
}

/// `PATH, line n` and `PATH line n`, as bats and Perl have it.
fn spelled(line: &str) -> Option<(&str, u64)> {
    let (before, after) = line.split_once(" line ")?;
    let before = before.strip_suffix(',').unwrap_or(before);
    let path = before.rsplit(|character: char| !is_path(character)).next()?;
    is_source(path).then_some((path, number(after)?))
}

/// `File "path", line n`, as Python's tracebacks have it.
fn python(line: &str) -> Option<(&str, u64)> {
    let (path, after) = line.split_once("File \"")?.1.split_once("\", line ")?;
    Some((path, number(after)?))
}

fn is_path(character: char) -> bool {
    character.is_alphanumeric()
        || matches!(character, '/' | '\\' | '.' | '_' | '-' | '@' | '+' | '~' | '$' | '[' | ']')
}

/// Whether a text is the path of a source file.
pub(crate) fn is_source(path: &str) -> bool {
    !path.contains(' ')
        && path.rsplit_once('.').is_some_and(|(stem, ending)| !stem.is_empty() && ENDINGS.contains(&ending))
}

/// The line number a text starts with.
fn number(text: &str) -> Option<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    text.get(..digits)?.parse().ok().filter(|line| *line > 0)
}

#[cfg(test)]
mod tests {
    use super::{find, tidy};

    #[test]
    fn a_trace_names_a_place() {
        for (trace, class, expected) in [
            ("python/test_sample.py:10: AssertionError", "", "python/test_sample.py:10"),
            ("thread 'a' panicked at tests/parry3d.rs:154:5:\nboom", "", "tests/parry3d.rs:154"),
            ("  at Object.<anonymous> (/__w/shop/shop/src/cart.test.ts:7:3)", "", "src/cart.test.ts:7"),
            ("  at x (/a/node_modules/jest/a.js:1:1)\n  at y (src/b.js:2:2)", "", "src/b.js:2"),
            (
                "\tat org.hamcrest.MatcherAssert.assertThat(MatcherAssert.java:20)\n\tat a.CrudTest.create(CrudTest.java:58)",
                "a.CrudTest",
                "CrudTest.java:58",
            ),
            ("  File \"/builds/g/p/tests/test_a.py\", line 12, in test", "", "tests/test_a.py:12"),
            ("C:\\work\\shop\\a.cs:9", "", "C:/work/shop/a.cs:9"),
            ("at f (file:///srv/a.mjs:7:3)", "", "/srv/a.mjs:7"),
            ("test_fails(Cart) [test/cart_test.rb:6]:", "", "test/cart_test.rb:6"),
            ("at f (app/[id]/page.test.tsx:6:1)", "", "app/[id]/page.test.tsx:6"),
            ("(in test file test/cart.bats, line 7)", "", "test/cart.bats:7"),
            ("#   at t/cart.t line 12.", "", "t/cart.t:12"),
            (
                "\tat org.junit.Assert.fail(Assert.java:89)\n\tat shop.Checks.total(Checks.java:9)\n\tat java.base/java.lang.Thread.run(Thread.java:840)",
                "shop.CartTest",
                "Checks.java:9",
            ),
            (
                "/opt/hostedtoolcache/Python/3.11.7/x64/lib/python3.11/importlib/__init__.py:126: in import_module\ntests/test_imp.py:1: in <module>",
                "",
                "tests/test_imp.py:1",
            ),
            (
                "testing.tRunner.func1()\n\t/opt/go/src/testing/testing.go:1974 +0x232\nshop.TestA(0x1)\n\t/srv/shop/a_test.go:9 +0x9",
                "",
                "/srv/shop/a_test.go:9",
            ),
        ] {
            assert_eq!(find(trace, class).expect(trace).to_string(), expected);
        }
        for trace in
            ["expected 1:2 to be 3", "http://localhost:80/", "a.txt:3", "at Assert.java:20", ".rs:1", "é:1"]
        {
            assert_eq!(find(trace, "x.Other"), None, "{trace}");
        }
    }

    #[test]
    fn paths_are_relative_to_the_checkout() {
        assert_eq!(tidy("/home/runner/work/shop/shop/a/b.py"), "a/b.py");
        assert_eq!(tidy("./a\\b.py"), "a/b.py");
        assert_eq!(tidy("/opt/a.py"), "/opt/a.py");
    }
}
