//! How each runner selects one test, as far as its report names it.

use super::failed::{Failed, Piece};
use super::pattern::{is_sayable, literal, quote, whole};

/// A sign that stands between blocks in a report, or in the name of one.
const DOUBT: &str = "(> )?";

/// The names around a test and its own.
pub(super) fn full(classname: &str, name: &str) -> String {
    format!("{classname} {name}").trim().to_owned()
}

/// A pattern of blocks that a report joins by ` > `, and the runner by blanks; a block's own name can have that sign as well.
fn blocks(names: &str) -> String {
    literal(names).replace(" > ", &format!(" {DOUBT}"))
}

/// Leaves out the doubt where several tests share a block: then it is one.
pub(super) fn settle(pieces: &mut [Piece]) {
    let doubts = pieces.iter().filter_map(|piece| piece.select.split_once(DOUBT));
    let mut around: Vec<String> = doubts.map(|(around, _)| around.to_owned()).collect();
    around.sort_unstable();
    let is_shared = |name: &str| around.iter().filter(|other| *other == name).count() > 1;
    for piece in pieces {
        if let Some((around, rest)) = piece.select.split_once(DOUBT).filter(|(around, _)| is_shared(around)) {
            piece.select = format!("{around}{rest}");
        }
    }
}

/// Jest matches the names of the blocks around a test and its own, joined by blanks.
pub(super) fn jest(classname: &str, name: &str) -> String {
    if classname == "Test suite failed to run" {
        return String::new();
    }
    // Its reporter may put a block's name before the test's, or the whole name twice.
    let full = match () {
        () if name.starts_with(classname) => name.trim().to_owned(),
        () if classname.ends_with(name) => classname.trim().to_owned(),
        () => full(classname, name),
    };
    blocks(&full)
}

/// Vitest matches as jest does; in its `JUnit` XML the class is the file, and the name has the blocks around the test.
pub(super) fn vitest(classname: &str, name: &str, file: &str) -> Piece {
    let is_of_junit = classname == file || (file.is_empty() && classname.contains('.'));
    if !is_of_junit || classname.is_empty() {
        let around = if classname.is_empty() { String::new() } else { blocks(classname) };
        let select = format!("{around} {}", literal(name)).trim_start().to_owned();
        return Piece { file: file.to_owned(), select, ..Piece::default() };
    }
    // A file that could not be loaded stands for itself.
    let select = if name == classname { String::new() } else { blocks(name) };
    Piece { file: classname.to_owned(), select, ..Piece::default() }
}

/// Playwright matches the names of the project, the file, the blocks around a test and its own; project and file are named apart.
pub(super) fn playwright(classname: &str, name: &str, file: &str) -> Piece {
    let (project, around) = match classname.strip_prefix('[').and_then(|rest| rest.split_once("] > ")) {
        Some((project, around)) => (project, around),
        None => ("", classname),
    };
    let around = around.split_once(" > ").map_or("", |(_, around)| around);
    let select = format!("{} {}", blocks(around), literal(name)).trim_start().to_owned();
    Piece { group: project.to_owned(), file: file.to_owned(), select }
}

/// A test function, or a test in a doc comment, as `src/lib.rs - cart::adds (line 3)`.
///
/// Those are run apart, and can't be named as they are, because their runner parts words at blanks: the item or the file is named.
pub(super) fn cargo(classname: &str, name: &str) -> Piece {
    let doc = name.rsplit_once(" (line ").map_or(name, |(doc, _)| doc).split_once(" - ");
    let (group, select) = match doc.filter(|_| name.contains("(line ")) {
        Some((file, "")) => ("--doc", file.to_owned()),
        Some((_, item)) => ("--doc", item.split(' ').next().unwrap_or(item).to_owned()),
        None if classname.is_empty() => ("", name.to_owned()),
        None => ("", format!("{classname}::{name}")),
    };
    let select = if is_sayable(&select) { select } else { String::new() };
    Piece { group: group.to_owned(), select, ..Piece::default() }
}

/// A filter of nextest. Only its `JUnit` XML names binaries as filters do, and those of a suite; elsewhere whether a binary is a
/// program, an example or a file of tests may not be known, and it is named as cargo names it.
pub(super) fn nextest(suite: &str, binary: &str, name: &str) -> String {
    let escape = |text: &str| {
        text.chars().fold(String::new(), |mut escaped, character| {
            match character {
                '\\' | ')' | ',' => escaped.extend(['\\', character]),
                character if character.is_control() => {
                    escaped.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
                }
                character => escaped.push(character),
            }
            escaped
        })
    };
    let (package, target) = match binary.split_once("::") {
        Some((package, target)) => (package, target.to_owned()),
        None => (binary, binary.replace('-', "_")),
    };
    if suite.is_empty() && !target.contains('/') {
        let [package, target, name] = [package, &target, name].map(escape);
        return format!("(package(={package}) & binary(={target}) & test(={name}))");
    }
    format!("(binary_id(={}) & test(={}))", escape(binary), escape(name))
}

/// The option without which nextest does not build what one of these filters names.
pub(super) fn targets(filters: &[&str]) -> &'static str {
    let is_extra = |filter: &&str| ["::bench/", "::example/"].iter().any(|kind| filter.contains(kind));
    if filters.iter().any(is_extra) { "--all-targets" } else { "" }
}

/// What pytest calls a test: `tests/test_a.py::TestB::test_c`. Where a module could not be collected, the report names only it.
pub(super) fn node(classname: &str, name: &str, file: &str) -> Piece {
    let test = |select: String| Piece { select, ..Piece::default() };
    if classname.is_empty() && name.contains("::") {
        return test(name.to_owned());
    }
    if classname.is_empty() {
        let module = || format!("{}.py", name.replace('.', "/"));
        let file = if file.is_empty() { module() } else { file.to_owned() };
        return Piece { file, ..Piece::default() };
    }
    let parts: Vec<&str> = classname.split('.').filter(|part| !part.is_empty()).collect();
    let is_class = |part: &&str| part.starts_with(|first: char| first.is_ascii_uppercase());
    let is_test_module = |part: &&str| part.starts_with("test_") || part.ends_with("_test");
    let modules = match (parts.iter().position(is_class), parts.iter().rposition(is_test_module)) {
        (Some(class), _) => class,
        (None, Some(module)) => module + 1,
        (None, None) => parts.len(),
    };
    let (modules, classes) = parts.split_at_checked(modules).unwrap_or_default();
    let file = if file.is_empty() { format!("{}.py", modules.join("/")) } else { file.to_owned() };
    // What can't be said is in the values of a parameter.
    let name = if is_sayable(name) { name } else { name.split('[').next().unwrap_or_default() };
    let names = [file.as_str()].into_iter().chain(classes.iter().copied()).chain([name]);
    test(names.collect::<Vec<_>>().join("::"))
}

/// A package of Go, and a test of it; where the report names no test, the package did not build or broke off.
pub(super) fn go(test: &Failed) -> Option<Piece> {
    let Failed { classname, name, suite, .. } = test;
    let suite = suite.rsplit(" > ").next().unwrap_or_default();
    // Reports may name only the end of a package's path.
    let is_end = classname.is_empty() || suite.ends_with(&format!("/{classname}"));
    let package = if is_end { suite } else { classname };
    // One word is the end of a path, which Go can't find again.
    if !package.contains(['/', '.']) || package == "." || package.contains(' ') || !is_sayable(package) {
        return None;
    }
    let kinds = ["Test", "Example", "Fuzz", "Benchmark"];
    let is_test = kinds.iter().any(|kind| name.starts_with(kind)) && name != "TestMain";
    let select = if is_test { name.clone() } else { String::new() };
    Some(Piece { group: package.to_owned(), select, ..Piece::default() })
}

/// The option that selects tests of Go. Subtests of several tests can't be named in one pattern, so their tests are.
pub(super) fn subtests(names: &[&str]) -> String {
    let mut tests: Vec<&str> = names.iter().map(|name| name.split('/').next().unwrap_or(name)).collect();
    tests.sort_unstable();
    tests.dedup();
    let pattern = match names {
        [] => return String::new(),
        [only] => only.split('/').map(whole).collect::<Vec<_>>().join("/"),
        _ => super::pattern::exactly(&tests),
    };
    format!("-run {}", quote(&pattern))
}

/// A method of a class as Surefire takes it, `a.CrudTest#create`; the class where the report names no method.
///
/// Other engines than `JUnit`'s may report a title of theirs as the class, such as a feature of Cucumber: then the suite names it.
pub(super) fn java(suite: &str, classname: &str, name: &str) -> String {
    if !is_class_of(suite, classname) {
        return suite.to_owned();
    }
    let method = name.split(['(', '[', '{']).next().unwrap_or_default();
    let is_identifier = |character: char| character.is_alphanumeric() || matches!(character, '_' | '$');
    let is_method = !method.is_empty()
        && method.chars().all(is_identifier)
        && method != "initializationError"
        && !classname.is_empty()
        && !classname.ends_with(method);
    match is_method {
        _ if !is_sayable(classname) || classname.contains(' ') => String::new(),
        true => format!("{classname}#{method}"),
        false => classname.to_owned(),
    }
}

/// Whether a class of Java may be the class of a test in this suite; any may be where the suite is not named after a class.
fn is_class_of(suite: &str, classname: &str) -> bool {
    let is_identifier = |part: &str| {
        part.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && part.chars().all(|character| character.is_alphanumeric() || matches!(character, '_' | '$'))
    };
    let is_class = |name: &str| name.contains('.') && name.split('.').all(is_identifier);
    let root = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    // A class that gathers others reports theirs, which stand below the same name of a domain.
    !is_class(suite) || (is_class(classname) && root(classname) == root(suite))
}

/// Methods as Surefire takes them: `a.B#x+y,a.C#z`.
pub(super) fn methods(selects: &[&str]) -> String {
    let mut classes = std::collections::BTreeMap::<&str, Vec<&str>>::new();
    for select in selects {
        let (class, method) = select.split_once('#').unwrap_or((select, ""));
        classes.entry(class).or_default().push(method);
    }
    let class = |(class, mut methods): (&str, Vec<&str>)| {
        methods.sort_unstable();
        methods.dedup();
        // One without a method stands for the whole class.
        if methods.contains(&"") { class.to_owned() } else { format!("{class}#{}", methods.join("+")) }
    };
    classes.into_iter().map(class).collect::<Vec<_>>().join(",")
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

/// A pattern of what `PHPUnit` calls a test: the class, the method and what it calls the row of data.
pub(super) fn method(classname: &str, name: &str) -> String {
    let class = classname.rsplit(['\\', '.']).next().unwrap_or(classname);
    format!("\\b{}::{}$", literal(class), literal(name)).replace('/', "\\/")
}

/// The option that selects tests of Dart.
pub(super) fn dart(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => format!("--plain-name {}", quote(only)),
        names => {
            let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
            format!("--name {}", quote(&names.join("|")))
        }
    }
}
