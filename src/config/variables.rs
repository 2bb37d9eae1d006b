//! Which environment variables are ours, so that one with a typing mistake is named instead of ignored.

use std::collections::BTreeMap;

use devops_core::suggest::suggestion;

/// Every key of every job, one per line, made from their flags: a binary must not take the variable of another job for a mistake.
const KEYS: &str = include_str!("keys.txt");

/// What all our variables begin with.
const PREFIX: &str = "DEVOPS_";

/// What follows it in the variables that actions and templates set.
const INPUT: &str = "IN_";

/// Variables that are no settings: the clock, the token, what the action's steps and hooks are given, and those of our own tests.
const OTHERS: [&str; 20] = [
    "ACTION_BIN",
    "ACTION_COMMAND",
    "BENCH_LONG",
    "BINARIES",
    "BLESS",
    "CHECK_RELEASE",
    "COLOUR",
    "CORPUS",
    "CORPUS_REQUIRED",
    "EVERY_CASE",
    "FROM",
    "FUZZ_BUILT",
    "FUZZ_HEAP",
    "FUZZ_TARGET",
    "NOW",
    "SIMULATE",
    "SKIPPED",
    "TEST_PAUSE_AFTER",
    "TOKEN",
    "TOOLS_REQUIRED",
];

/// A note about each `DEVOPS_…` variable that is set and was meant to be another one.
///
/// People have variables of their own with this prefix, so that only what is near one of ours is named. `DEVOPS_IN_…` is ours alone.
pub fn misspelt(environment: &BTreeMap<String, String>) -> Vec<String> {
    let keys: Vec<String> = KEYS.lines().map(|key| key.replace('-', "_").to_uppercase()).collect();
    let known = || keys.iter().map(String::as_str).chain(OTHERS);
    let set = environment.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.as_str());
    let ours = set.filter_map(|name| name.strip_prefix(PREFIX));
    ours.filter_map(|name| {
        let (prefix, key) = name.strip_prefix(INPUT).map_or(("", name), |key| (INPUT, key));
        if known().any(|known| known == key) {
            return None;
        }
        let start = format!("{PREFIX}{name} is set, but is not a setting, so it has no effect");
        match suggestion(key, known()) {
            Some(near) => Some(format!("{start}; did you mean {PREFIX}{prefix}{near}?")),
            None => (prefix == INPUT).then_some(start),
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::misspelt;

    #[test]
    fn only_what_is_near_one_of_ours_is_named() {
        let notes = |name: &str, value: &str| {
            misspelt(&BTreeMap::from([(name.to_owned(), value.to_owned())])).join("\n")
        };
        for (name, suggestion) in [
            ("DEVOPS_FAIL_NO", "; did you mean DEVOPS_FAIL_ON?"),
            ("DEVOPS_IN_MIN_TEST", "; did you mean DEVOPS_IN_MIN_TESTS?"),
            ("DEVOPS_TOKNE", "; did you mean DEVOPS_TOKEN?"),
            ("DEVOPS_IN_WEATHER", ", so it has no effect"),
        ] {
            let note = notes(name, "x");
            assert!(note.starts_with(name) && note.ends_with(suggestion), "{note}");
        }
        for (name, value) in [
            ("DEVOPS_FAIL_ON", "x"),
            ("DEVOPS_NOW", "x"),
            ("DEVOPS_TEAM_MAIL", "x"),
            ("DEVOPS_FAIL_NO", ""),
            ("PATH", "x"),
        ] {
            assert_eq!(notes(name, value), "", "{name}");
        }
    }
}
