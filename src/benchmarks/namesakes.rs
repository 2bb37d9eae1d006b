//! Several benchmarks of one name in one report: each is a measure of its own, so that a fast one can't hide a slow one.

use std::collections::BTreeMap;

/// Maximum benchmarks that are distinguished in a file; more measures than that are not kept either.
const MOST: usize = 50_000;

/// Longest name of a program that distinguishes it from others.
const LONGEST: usize = 1_000;

/// The benchmarks that have a name, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Namesakes {
    known: BTreeMap<String, BTreeMap<String, usize>>,
    amount: usize,
}

impl Namesakes {
    /// The name of the benchmark that `who` distinguishes from others of its name: the name for the first of them, then `name #2`.
    pub(super) fn name(&mut self, name: &str, who: &str) -> String {
        let same = self.known.entry(name.to_owned()).or_default();
        let next = same.len() + 1;
        let number = match same.get(who) {
            Some(number) => *number,
            None if self.amount >= MOST => 1,
            None => {
                self.amount += 1;
                same.insert(who.to_owned(), next);
                next
            }
        };
        if number == 1 {
            return name.to_owned();
        }
        // Another benchmark may really have that name.
        self.name(&format!("{name} #{number}"), &format!("{number} {name} {who}"))
    }
}

/// Runs of programs that measure each of their benchmarks once: a name that comes again in a run is another benchmark, and another
/// run of the same program measures the same benchmarks again.
#[derive(Debug, Default)]
pub(super) struct Runs {
    names: Namesakes,
    program: String,
    /// How often this run measured a benchmark of a name.
    seen: BTreeMap<String, usize>,
}

impl Runs {
    /// A run begins.
    pub(super) fn begin(&mut self, program: &str) {
        program.chars().take(LONGEST).collect::<String>().clone_into(&mut self.program);
        self.seen.clear();
    }

    /// The name of the benchmark that is measured next.
    pub(super) fn name(&mut self, name: &str) -> String {
        if self.seen.len() >= MOST && !self.seen.contains_key(name) {
            return name.to_owned();
        }
        let seen = self.seen.entry(name.to_owned()).or_default();
        *seen += 1;
        let who = format!("{seen} {}", self.program);
        self.names.name(name, &who)
    }
}

#[cfg(test)]
mod tests {
    use super::{Namesakes, Runs};

    #[test]
    fn another_run_measures_the_same_again() {
        let mut runs = Runs::default();
        let told = ["p", "q", "p"].map(|program| {
            runs.begin(program);
            ["a", "a", "b"].map(|name| runs.name(name)).join(" ")
        });
        assert_eq!(told, ["a a #2 b", "a #3 a #4 b #2", "a a #2 b"]);
    }

    #[test]
    fn each_has_a_name_of_its_own() {
        let mut names = Namesakes::default();
        let told = [("a", "1"), ("a", "2"), ("a #2", "1"), ("a", "1"), ("a", "2"), ("b", "2"), ("a #2", "1")]
            .map(|(name, who)| names.name(name, who));
        assert_eq!(told, ["a", "a #2", "a #2 #2", "a", "a #2", "b", "a #2 #2"]);
    }
}
