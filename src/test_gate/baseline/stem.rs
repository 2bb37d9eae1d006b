//! The part of a test's name that stays when its parameters change.

/// A name without its parameters: what distinguishes the executions of one parametrised test is left out.
///
/// Parameters are `[..]`, `(..)`, `{..}` and `<..>` at the end, any number of them; a Go subtest behind `/`; `#2` at the end;
/// `PHPUnit`'s data sets; `JUnit` 5's `[1] ..` and `repetition 1 of 3`; a `case_1_..` as Rust's rstest has it.
pub(super) fn stem(name: &str) -> &str {
    let name = name.trim();
    if is_display(name) {
        return "[]";
    }
    if name.starts_with("repetition ") {
        return "repetition";
    }
    let name = name.split_once(" with data set ").map_or(name, |(stem, _)| stem);
    let name = go(name).or_else(|| rstest(name)).unwrap_or(name);
    let mut stem = name;
    while let Some(shorter) = without_group(stem).or_else(|| without_number(stem)) {
        stem = shorter;
    }
    if stem.is_empty() { name } else { stem }
}

/// `JUnit` 5's own names of parametrised tests: `[1] a, b`.
fn is_display(name: &str) -> bool {
    let inside = name.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    inside.is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The test of a Go subtest.
fn go(name: &str) -> Option<&str> {
    let (test, _) = name.split_once('/')?;
    let is_go = ["Test", "Benchmark", "Fuzz", "Example"].iter().any(|start| test.starts_with(start));
    (is_go && test.chars().all(|character| character.is_alphanumeric() || character == '_')).then_some(test)
}

/// The test of one of rstest's cases: `tests::adds::case_1_zero`.
fn rstest(name: &str) -> Option<&str> {
    let (test, case) = name.rsplit_once("::")?;
    case.strip_prefix("case_")?.starts_with(|first: char| first.is_ascii_digit()).then_some(test)
}

/// Without a group of brackets at the end.
fn without_group(name: &str) -> Option<&str> {
    let name = name.trim_end();
    let close = name.chars().next_back()?;
    let open = match close {
        ']' => '[',
        ')' => '(',
        '}' => '{',
        '>' => '<',
        _ => return None,
    };
    let mut depth = 0_usize;
    for (index, character) in name.char_indices().rev() {
        if character == close {
            depth += 1;
        } else if character == open {
            depth -= 1;
            if depth == 0 {
                return name.get(..index).map(str::trim_end);
            }
        }
    }
    // Brackets in a parameter need not be in pairs: then the first one opens it.
    name.find(open).and_then(|index| name.get(..index)).map(str::trim_end)
}

/// Without a number behind `#` at the end.
fn without_number(name: &str) -> Option<&str> {
    let (before, number) = name.rsplit_once('#')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| before.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::stem;

    #[test]
    fn parameters_are_left_out() {
        for (name, expected) in [
            ("test_a[1-x]", "test_a"),
            ("test_a[1][y]", "test_a"),
            ("test_a[a[0]]", "test_a"),
            ("test_a[a]]", "test_a"),
            ("Adds(1, f(2))", "Adds"),
            ("adds(int)[1]", "adds"),
            ("adds {a: 1}", "adds"),
            ("Adds<Int32>(x: 1)", "Adds"),
            ("adds #2", "adds"),
            ("TestA/b/c#01", "TestA"),
            ("TestA#01", "TestA"),
            ("GET /users/1", "GET /users/1"),
            ("testing/path", "testing/path"),
            ("testAdd with data set \"one (1)\" (1, 2)", "testAdd"),
            ("[1] a, b", "[]"),
            ("[12]", "[]"),
            ("repetition 1 of 3", "repetition"),
            ("tests::adds::case_1_zero", "tests::adds"),
            ("tests::case_study", "tests::case_study"),
            ("adds()", "adds"),
            ("(only)", "(only)"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_stem_is_never_empty_and_parameters_do_not_matter(name in "[a-z]{1,9}", one in "[a-z0-9 ,(]{0,9}") {
            let whole = format!("{name}[{one}]");
            prop_assert_eq!(stem(&whole), name.as_str());
            prop_assert!(!stem(&one).is_empty() || one.trim().is_empty());
        }

        #[test]
        fn no_name_makes_it_panic(name in ".{0,40}|[\\[\\](){}<>#/0-9 é]{0,40}") {
            stem(&name);
        }
    }
}
