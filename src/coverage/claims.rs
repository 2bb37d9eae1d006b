//! What a report claims of itself, compared with what it lists: a difference is noted, and what is listed counts.

use std::collections::BTreeMap;

use devops_core::words::{counted, number};
use devops_reading::excerpt::shorten;

/// Longest name that a note quotes.
const LONGEST: usize = 200;

/// Claims that differ, by what is claimed.
#[derive(Debug, Default)]
pub(super) struct Claims {
    different: BTreeMap<&'static str, Different>,
}

/// The first claim that differs, and how many do.
#[derive(Debug)]
struct Different {
    amount: u64,
    first: String,
}

impl Claims {
    /// Compares a claim, where there is one, with what is listed of it.
    pub(super) fn check(&mut self, what: &'static str, claimed: Option<u64>, listed: u64, of: &str) {
        let Some(claimed) = claimed.filter(|claimed| *claimed != listed) else { return };
        let first = || {
            let of = if of.is_empty() { String::new() } else { format!("{}: ", shorten(of, LONGEST)) };
            format!("{of}{} claimed, {} listed", number(claimed), number(listed))
        };
        self.different.entry(what).or_insert_with(|| Different { amount: 0, first: first() }).amount += 1;
    }

    /// A note for everything that is claimed in another number than it is listed in.
    pub(super) fn notes(self) -> impl Iterator<Item = String> {
        self.different.into_iter().map(|(what, Different { amount, first })| {
            let more = match amount - 1 {
                0 => String::new(),
                more => format!(", and {}", counted(more, "more place", "more places")),
            };
            format!("claims another number of {what} than it lists ({first}{more}); the list counts")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Claims;

    #[test]
    fn differences_are_counted_and_the_first_is_named() {
        let mut claims = Claims::default();
        claims.check("lines (`LF`)", Some(2), 2, "a.c");
        claims.check("lines (`LF`)", None, 2, "b.c");
        for (claimed, file) in [(1000, "c.c"), (1, "d.c")] {
            claims.check("lines (`LF`)", Some(claimed), 2, file);
        }
        claims.check("branches", Some(0), 1, "");
        let notes: Vec<String> = claims.notes().collect();
        assert_eq!(
            notes,
            [
                "claims another number of branches than it lists (0 claimed, 1 listed); the list counts",
                "claims another number of lines (`LF`) than it lists (c.c: 1,000 claimed, 2 listed, and 1 more place); the list counts"
            ]
        );
    }
}
