//! When to try again: a pure table of class, cause and attempt.

use std::time::Duration;

use super::answer::Cause;

/// What protects a write from happening twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The destination: the same key replaces what was there.
    Keyed,
    /// We: what is there is searched for before anything is made.
    Searched,
    /// Nobody: each request adds something.
    Appended,
}

/// What to do after trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after this long.
    Again(Duration),
    /// Leave it to a later run.
    Later,
    /// Trying again would change nothing.
    Never,
}

/// Tries in one run.
const ATTEMPTS: u32 = 5;

/// The first wait; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// What to do after trouble in the `attempt`th try, counted from 1, with `left` of the budget.
///
/// `seed` spreads the waits of several runs that met the same trouble.
pub fn next(class: Class, cause: &Cause, attempt: u32, left: Duration, seed: u64) -> Next {
    let again = match cause {
        // An answer nobody can read may stand for a write that happened; searching for it settles the matter.
        Cause::Unreadable if class == Class::Searched && attempt < 2 => true,
        Cause::Refused(_) | Cause::Unable | Cause::Unreadable => return Next::Never,
        Cause::NotSent | Cause::Busy(_) => true,
        Cause::Lost | Cause::Broken => class != Class::Appended,
    };
    let wait = match cause {
        Cause::Busy(Some(asked)) => *asked,
        _ => backoff(attempt, seed),
    };
    if again && attempt < ATTEMPTS && wait < left { Next::Again(wait) } else { Next::Later }
}

/// Twice as long each time, spread by up to a quarter.
fn backoff(attempt: u32, seed: u64) -> Duration {
    let base = FIRST_WAIT * 2_u32.saturating_pow(attempt.saturating_sub(1).min(6));
    let spread = u32::try_from(seed.wrapping_mul(u64::from(attempt)) % 250).unwrap_or_default();
    base + base * spread / 1000
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Class, Next, next};
    use crate::answer::Cause;

    const BUDGET: Duration = Duration::from_secs(10);

    #[test]
    fn what_may_have_happened_is_only_repeated_where_that_is_harmless() {
        for cause in [Cause::Lost, Cause::Broken] {
            assert!(matches!(next(Class::Keyed, &cause, 1, BUDGET, 0), Next::Again(_)));
            assert!(matches!(next(Class::Searched, &cause, 1, BUDGET, 0), Next::Again(_)));
            assert_eq!(next(Class::Appended, &cause, 1, BUDGET, 0), Next::Later);
        }
        assert!(matches!(next(Class::Appended, &Cause::NotSent, 1, BUDGET, 0), Next::Again(_)));
    }

    #[test]
    fn the_server_is_given_the_time_it_asks_for_or_left_alone() {
        let busy = |seconds| Cause::Busy(Some(Duration::from_secs(seconds)));
        assert_eq!(next(Class::Keyed, &busy(3), 1, BUDGET, 9), Next::Again(Duration::from_secs(3)));
        assert_eq!(next(Class::Keyed, &busy(3_600), 1, BUDGET, 9), Next::Later);
    }

    #[test]
    fn a_refusal_is_final() {
        assert_eq!(next(Class::Keyed, &Cause::Refused(422), 1, BUDGET, 0), Next::Never);
        assert_eq!(next(Class::Searched, &Cause::Unreadable, 2, BUDGET, 0), Next::Never);
    }

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<Next> =
            (1..=5).map(|attempt| next(Class::Keyed, &Cause::Broken, attempt, BUDGET, 0)).collect();
        let expected = [200, 400, 800, 1_600].map(|wait| Next::Again(Duration::from_millis(wait)));
        assert_eq!(waits.get(..4), Some(&expected[..]));
        assert_eq!(waits.last(), Some(&Next::Later));
    }
}
