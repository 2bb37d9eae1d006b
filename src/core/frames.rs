//! Frames of stack traces: whether a line of a trace is the project's own or stands in a library, a runtime or a tool cache.

/// Parts of paths that are not the project's own.
const FOREIGN: &[&str] = &[
    // Libraries beside the project.
    "node_modules/",
    "site-packages/",
    "dist-packages/",
    "vendor/",
    "/ruby/gems/",
    "/bundle/gems/",
    "rubygems-integration/",
    "/.bundle/",
    // Caches of package managers.
    ".cargo/registry/",
    ".cargo/git/",
    "/pkg/mod/",
    "/.m2/",
    "/.gradle/",
    "/.nuget/",
    ".pub-cache/",
    // Runtimes and standard libraries.
    "/rustc/",
    "rustlib/",
    "node:",
    "(internal/modules/",
    "(internal/process/",
    "(internal/timers",
    "<internal:",
    "<frozen ",
    "(<anonymous>)",
    "/lib/python2",
    "/lib/python3",
    "/src/testing/testing.go",
    "/src/runtime/panic.go",
    "/src/runtime/proc.go",
    "/src/runtime/signal_unix.go",
    "/sdk/go1.",
    "/usr/lib",
    "/usr/local/lib/",
    "/usr/local/go/",
    "/usr/share/",
    "/dotnet/shared/",
    "/dotnet/sdk/",
    "java.base/",
    "jdk.internal",
    "(dart:",
    "org-dartlang-",
    // Where tools and runtimes are installed.
    "/hostedtoolcache/",
    "/_work/_tool/",
    "/.pyenv/",
    "/.rbenv/",
    "/.rvm/",
    "/.nvm/",
    "/.asdf/",
    "/.rustup/",
    "/.sdkman/",
    "/.local/share/",
    "/miniconda",
    "/Cellar/",
    "/linuxbrew/",
    "/nix/store/",
];

/// Packages of the JVM and namespaces of .NET that are not the project's own.
const PACKAGES: &[&str] = &[
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "com.sun.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "groovy.",
    "org.codehaus.groovy.",
    "org.apache.groovy.",
    "org.apache.maven.",
    "org.gradle.",
    "org.junit.",
    "junit.",
    "org.opentest4j.",
    "org.testng.",
    "org.hamcrest.",
    "org.assertj.",
    "org.mockito.",
    "org.spockframework.",
    "org.scalatest.",
    "org.springframework.",
    "io.kotest.",
    "io.cucumber.",
    "reactor.",
    "System.",
    "Microsoft.",
    "NUnit.",
    "Xunit.",
    "(wrapper ",
];

/// Whether a path is not the project's own.
pub fn is_foreign_path(path: &str) -> bool {
    let path = path.replace('\\', "/");
    FOREIGN.iter().any(|foreign| path.contains(foreign))
}

/// Whether a line is a frame of a trace that does not stand in the project.
pub fn is_foreign(line: &str) -> bool {
    let text = line.trim_start();
    if let Some(call) = text.strip_prefix("at ") {
        // A frame of the JVM or of .NET names its package first; those of JavaScript have a path in parentheses.
        let is_bare = !call.contains('/') || call.contains(") in ");
        return is_foreign_path(call)
            || is_bare && PACKAGES.iter().any(|package| call.starts_with(package))
            || is_bare && call.starts_with("async ") && call.ends_with("(index 0)");
    }
    if text.starts_with("... ") && (text.ends_with(" more") || text.ends_with(" common frames omitted")) {
        return true;
    }
    is_frame(text) && is_foreign_path(text)
}

/// Whether a line is a frame of the project.
pub fn is_own(line: &str) -> bool {
    let text = line.trim_start();
    !is_foreign(line) && (text.starts_with("at ") && text.contains(':') || is_frame(text))
}

/// Whether a line begins with a place, as frames of Python, Ruby, Go, PHP and vitest do.
fn is_frame(text: &str) -> bool {
    if ["File \"", "from ", "❯ ", "<frozen "].iter().any(|start| text.starts_with(start)) {
        return true;
    }
    let text = text.strip_prefix("# ").unwrap_or(text);
    let place = text.split_once(char::is_whitespace).map_or(text, |(place, _)| place);
    let mut parts = place.split(':');
    let path = parts.next().unwrap_or_default();
    let is_line = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    path.contains('/') && parts.next().is_some_and(is_line)
}

/// Of each line, whether it belongs to a frame outside of the project.
pub fn foreign(lines: &[&str]) -> Vec<bool> {
    let mut marks: Vec<bool> = lines.iter().map(|line| is_foreign(line)).collect();
    let depth = |line: &str| line.len() - line.trim_start().len();
    for index in 0..lines.len() {
        let Some(line) = lines.get(index).filter(|_| marks.get(index) == Some(&true)) else { continue };
        let is_python = ["File \"", "<frozen "].iter().any(|start| line.trim_start().starts_with(start))
            || line.contains(".py:");
        if is_python {
            // Python shows the source below a frame, further to the right.
            let below = lines.iter().enumerate().skip(index + 1);
            let source = below.take_while(|(_, next)| !next.trim().is_empty() && depth(next) > depth(line));
            for (at, _) in source {
                set(&mut marks, at);
            }
        } else if index > 0
            && (line.starts_with('\t') && line.contains(".go:") || is_numbered(lines.get(index - 1)))
        {
            // Go and Rust name the function above its place.
            set(&mut marks, index - 1);
        }
    }
    sections(lines, &mut marks);
    marks
}

/// Whether a line is `4: shop::tests::equal`, as Rust numbers the functions of a trace.
fn is_numbered(line: Option<&&str>) -> bool {
    let number = line.and_then(|line| line.trim_start().split_once(": ")).map_or("", |(number, _)| number);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Pytest shows the source of each function between two dashed lines, and below it where that stands.
fn sections(lines: &[&str], marks: &mut [bool]) {
    let mut start = 0;
    let ends = (0..lines.len()).filter(|at| lines.get(*at).is_some_and(|line| line.starts_with("_ _ _ ")));
    let ends: Vec<usize> = ends.collect();
    if ends.is_empty() {
        return;
    }
    for end in ends.into_iter().chain([lines.len()]) {
        let place = (start..end).rfind(|at| lines.get(*at).is_some_and(|line| is_frame(line)));
        let is_foreign = place.is_some_and(|at| marks.get(at) == Some(&true));
        let own = (start..end).rfind(|at| lines.get(*at).is_some_and(|line| is_own(line)));
        for at in own.map_or(start, |own| own + 1)..end {
            if is_foreign && lines.get(at).is_some_and(|line| !line.starts_with('E')) {
                set(marks, at);
            }
        }
        start = end;
    }
}

fn set(marks: &mut [bool], at: usize) {
    if let Some(mark) = marks.get_mut(at) {
        *mark = true;
    }
}

#[cfg(test)]
mod tests {
    use super::{foreign, is_foreign};

    #[test]
    fn frames_of_libraries_are_not_the_projects_own() {
        for line in [
            "    at callAsyncCircusFn (/srv/shop/node_modules/jest-circus/build/utils.js:231:10)",
            "    at new Promise (<anonymous>)",
            "    at process.processImmediate (node:internal/timers:483:21)",
            "/opt/hostedtoolcache/Python/3.11.7/x64/lib/python3.11/importlib/__init__.py:126: in import_module",
            "  File \"/home/ann/.pyenv/versions/3.12.1/lib/python3.12/json/decoder.py\", line 355, in raw_decode",
            "\t/usr/local/go/src/testing/testing.go:1974 +0x232",
            "\t/opt/hostedtoolcache/go/1.22.1/x64/src/testing/testing.go:1689 +0xfb",
            "\tat org.junit.jupiter.api.AssertionUtils.fail(AssertionUtils.java:55)",
            "\tat java.base/java.util.ArrayList.forEach(ArrayList.java:1511)",
            "\t... 42 more",
            "   at System.RuntimeMethodHandle.InvokeMethod(Object target, Void** arguments)",
            "   at Xunit.Assert.Equal[T](T expected, T actual) in /_/src/xunit.assert/Asserts/EqualityAsserts.cs:line 96",
            "/usr/share/rubygems-integration/all/gems/rspec-core-3.12.0/lib/rspec/core/example.rb:263:in `run'",
            "/srv/shop/vendor/phpunit/phpunit/src/Framework/TestCase.php:1188",
            "             at /rustc/90b35a62/library/std/src/panicking.rs:698:5",
        ] {
            assert!(is_foreign(line), "{line}");
        }
        for line in [
            "    at Object.toEqual (/srv/shop/js/cart.test.js:4:27)",
            "    at Object.<anonymous> (/srv/shop/js/cart.test.js:6:41)",
            "test/cart_test.dart:9",
            "   at Shop.Tests.Adds() in /_/src/Shop/Tests.cs:line 7",
            "\tat shop.CartTest.fails(CartTest.java:15)",
            "tests/test_imp.py:1: in <module>",
            "  File \"/srv/shop/tests/test_a.py\", line 12, in test",
            "Cannot find module './x' from '/srv/shop/node_modules/y'",
            "E   ModuleNotFoundError: No module named 'nope'",
            "   at Shop.Tests.Adds() in C:\\shop\\dotnet\\Tests.cs:line 7",
            "gems/prices/lib/prices.rb:7:in `total'",
            "\t/srv/shop/src/testing/prices.go:9 +0x9",
            "    at total (internal/prices.js:3:1)",
            "    at System.load (src/system.js:3:1)",
            "expected: 12",
        ] {
            assert!(!is_foreign(line), "{line}");
        }
    }

    #[test]
    fn what_belongs_to_a_frame_goes_with_it() {
        let trace = [
            "/usr/lib/python3.11/importlib/__init__.py:126: in import_module",
            "    return _bootstrap._gcd_import(name[level:], package, level)",
            "           ^^^^^^^^",
            "tests/test_imp.py:1: in <module>",
            "    import nope",
            "testing.tRunner(0x1, 0x2)",
            "\t/usr/local/go/src/testing/testing.go:1977 +0x349",
            "shop.TestA(0x1)",
            "\t/srv/shop/a_test.go:9 +0x9",
            "   1: core::panicking::panic_fmt",
            "             at /rustc/90b35a62/library/core/src/panicking.rs:80:14",
            "   2: shop::tests::equal",
            "             at ./src/lib.rs:5:26",
        ];
        let marks: String = foreign(&trace).into_iter().map(|mark| if mark { '-' } else { '+' }).collect();
        assert_eq!(marks, "---++--++--++");
        let pytest = [
            "    def test_a():",
            ">       run(1)",
            "",
            "tests/test_a.py:9: ",
            "_ _ _ _ _ _ _ _ ",
            "    def run(x):",
            ">       raise OSError",
            "E       OSError",
            "",
            "/usr/lib/python3.11/subprocess.py:571: OSError",
        ];
        let marks: String = foreign(&pytest).into_iter().map(|mark| if mark { '-' } else { '+' }).collect();
        assert_eq!(marks, "++++---+--");
    }
}
