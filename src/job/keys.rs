//! What a change may do with each key of `devops.toml` before it is merged.
//!
//! A key that a job does not list decides: what it says waits for the merge. So a new key decides until somebody says otherwise.

use super::Job;
use devops_config::{Holds, Setting};

/// What a change may do with a key before it is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Decides what passes, or what is done, read, written or sent: the target branch's value holds.
    Decides,
    /// Decides nothing: the change's value holds.
    Harmless,
    /// A list of what is judged, or of checks that are independent of each other: the change adds to it.
    List,
    /// The same where the list stands for everything as long as nobody sets it: the change adds only to what the target branch sets.
    ListOrAll,
    /// The same, but not where this other key is on, with which the order of the list decides.
    ListUnless(&'static str),
    /// Something a check needs, and does nothing else: the change's value holds where the target branch gives none.
    Unset,
    /// A number of which a higher one is stricter; without one, nothing is demanded.
    Minimum,
    /// A number of which a lower one is stricter; without one, there is no limit.
    Maximum,
    /// Words, the strictest last.
    Words(&'static [&'static str]),
}

impl Key {
    /// A check that can be switched on.
    pub const ON: Self = Self::Words(&["false", "true"]);
    /// A leniency that can be switched off.
    pub const OFF: Self = Self::Words(&["true", "false"]);
    /// A threshold of which a less severe one is stricter.
    pub const LEAST_SEVERE: Self = Self::Words(&["critical", "high", "medium", "low", "info"]);
    /// What something counts as, of which a more severe one is stricter.
    pub const MOST_SEVERE: Self = Self::Words(&["info", "low", "medium", "high", "critical"]);

    /// Whether a change adds to the values of the target branch.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::List | Self::ListOrAll | Self::ListUnless(_))
    }

    /// Whose value holds in a change, where `is_on` says which other keys the target branch switches on.
    pub(crate) fn holds(self, target: &Setting, change: &Setting, is_on: impl Fn(&str) -> bool) -> Holds {
        let is_stricter = match self {
            Self::Decides => false,
            Self::Harmless => true,
            Self::ListOrAll if target.values.is_empty() => false,
            Self::ListUnless(other) if is_on(other) => false,
            Self::List | Self::ListOrAll | Self::ListUnless(_) => return Holds::Both,
            Self::Unset => target.values.is_empty(),
            Self::Minimum => is_beyond(change, target, |change, target| change > target),
            Self::Maximum => is_beyond(change, target, |change, target| change < target),
            Self::Words(words) => {
                let place = |setting: &Setting| {
                    let word = setting.values.first()?;
                    words.iter().position(|known| *known == word.as_str())
                };
                matches!((place(target), place(change)), (Some(target), Some(change)) if change > target)
            }
        };
        if is_stricter { Holds::Second } else { Holds::First }
    }

    /// What a change may do with it, as a cell of a table.
    pub fn describe(self) -> String {
        match self {
            Self::Decides | Self::Words([]) => "waits".to_owned(),
            Self::Harmless => "holds".to_owned(),
            Self::List => "adds".to_owned(),
            Self::ListOrAll => "adds where set".to_owned(),
            Self::ListUnless(other) => format!("adds, unless `{other}` is on"),
            Self::Unset => "holds where unset".to_owned(),
            Self::Minimum => "may raise".to_owned(),
            Self::Maximum => "may lower".to_owned(),
            Self::Words([.., strictest]) => format!("may set towards `{strictest}`"),
        }
    }
}

/// Whether the number of a change is beyond that of the target branch; where there is none, each is. Numbers of different units aren't.
fn is_beyond(change: &Setting, target: &Setting, is_beyond: fn(f64, f64) -> bool) -> bool {
    let number = |setting: &Setting| {
        let text = setting.values.first()?.trim();
        let (digits, unit) = text.strip_suffix('%').map_or((text, ""), |digits| (digits, "%"));
        Some((digits.trim().parse::<f64>().ok().filter(|number| number.is_finite())?, unit))
    };
    match (number(change), number(target)) {
        (Some(_), None) => target.values.is_empty(),
        (Some((change, unit)), Some((target, other))) => unit == other && is_beyond(change, target),
        (None, _) => false,
    }
}

/// What a change may do with the keys that every job has.
pub const COMMON: &[(&str, Key)] = &[
    // Ignored where the host names the base; elsewhere it is what says that there is a change.
    ("base", Key::Harmless),
    ("color", Key::Harmless),
    ("fail-on", Key::LEAST_SEVERE),
    ("formats", Key::Harmless),
    ("max-waiver-days", Key::Maximum),
    ("mode", Key::Words(&["report", "enforce"])),
    ("quiet", Key::Harmless),
    ("verbose", Key::Harmless),
];

/// What a change may do with a key of a job.
pub fn of<J: Job>(key: &str) -> Key {
    of_lists(&[J::KEYS, COMMON], key)
}

/// What a change may do with a key, by the first of these lists that has it.
pub fn of_lists(lists: &[&[(&str, Key)]], key: &str) -> Key {
    let mut all = lists.iter().flat_map(|list| list.iter());
    all.find(|(name, _)| *name == key).map_or(Key::Decides, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::{COMMON, Key, of_lists};
    use devops_config::{Holds, Origin, Setting};

    fn holds(key: Key, target: &[&str], change: &[&str]) -> Holds {
        let setting = |values: &[&str]| Setting {
            key: "x".to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            origin: Origin::Default,
        };
        key.holds(&setting(target), &setting(change), |key| key == "on")
    }

    #[test]
    fn only_a_stricter_value_holds_at_once() {
        for (key, target, change, expected) in [
            (Key::Decides, &[][..], &["1"][..], Holds::First),
            (Key::Harmless, &["1"], &[], Holds::Second),
            (Key::List, &["1"], &["2"], Holds::Both),
            (Key::List, &[], &["2"], Holds::Both),
            (Key::ListOrAll, &["1"], &["2"], Holds::Both),
            (Key::ListOrAll, &[], &["2"], Holds::First),
            (Key::ListUnless("on"), &["1"], &["2"], Holds::First),
            (Key::ListUnless("off"), &["1"], &["2"], Holds::Both),
            (Key::Unset, &[], &["1"], Holds::Second),
            (Key::Unset, &["1"], &["2"], Holds::First),
            (Key::Minimum, &["10"], &["9"], Holds::First),
            (Key::Minimum, &["10"], &["100"], Holds::Second),
            (Key::Minimum, &["10"], &[], Holds::First),
            (Key::Minimum, &[], &["1"], Holds::Second),
            (Key::Minimum, &["10"], &["NaN"], Holds::First),
            (Key::Maximum, &["2%"], &["3"], Holds::First),
            (Key::Maximum, &["2%"], &["1"], Holds::First),
            (Key::Maximum, &["2%"], &["1%"], Holds::Second),
            (Key::Maximum, &["2%"], &[], Holds::First),
            (Key::Maximum, &[], &["2"], Holds::Second),
            (Key::ON, &["false"], &["true"], Holds::Second),
            (Key::ON, &["true"], &["false"], Holds::First),
            (Key::OFF, &["true"], &["false"], Holds::Second),
            (Key::LEAST_SEVERE, &["high"], &["critical"], Holds::First),
            (Key::LEAST_SEVERE, &["high"], &["low"], Holds::Second),
            (Key::MOST_SEVERE, &["medium"], &["low"], Holds::First),
        ] {
            assert_eq!(holds(key, target, change), expected, "{key:?} {target:?} {change:?}");
        }
    }

    #[test]
    fn a_key_that_nobody_lists_decides() {
        assert_eq!(of_lists(&[COMMON], "quiet"), Key::Harmless);
        assert_eq!(of_lists(&[COMMON], "report-dir"), Key::Decides);
        assert_eq!(of_lists(&[COMMON], "invented-today"), Key::Decides);
    }
}
