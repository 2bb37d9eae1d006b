//! Tests that are gone and tests that are new, paired where one is the other: other parameters, another place, another name.
//!
//! Nothing is quadratic except within small groups; where a group is too large, its tests stay unexplained and are counted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::model::Test;
use super::stem::stem;
use crate::ledger::{Executions, Scope};

/// Minimum similarity of two names without parameters for one to be the other renamed: 1 − edit distance ÷ longer length.
pub(super) const SIMILAR: f64 = 0.7;

/// Maximum number of pairs of a gone and a new test in one scope that are looked at for renames.
const RENAMES: usize = 2_500;

/// Maximum work on renames in all, in cells of edit-distance tables.
const CELLS: usize = 40_000_000;

/// Maximum number of new tests of one name that are looked at for moves.
const NAMESAKES: usize = 100;

/// Maximum number of pairs of a gone and a new test of one name that are looked at for moves, in all.
const MOVES: usize = 1_000_000;

/// A test by where it is and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) name: &'a str,
}

/// A test that is no longer there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone<'a> {
    pub(super) test: Subject<'a>,
    pub(super) before: &'a Test,
}

/// A test that was not there.
#[derive(Debug, Clone, Copy)]
pub(super) struct New<'a> {
    pub(super) test: Subject<'a>,
    pub(super) now: Executions<'a>,
}

/// What became of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    /// The same test with other parameters.
    Parameters,
    /// The same name elsewhere.
    Moved,
    /// A similar name at the same place.
    Renamed,
}

/// Pairs of indexes of gone and new tests.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub(super) pairs: Vec<(usize, usize, How)>,
    /// How many gone tests were not compared with all new ones, because there are too many.
    pub(super) not_tried: u64,
}

/// Pairs gone tests with new ones, each with at most one.
pub(super) fn pair(gone: &[Gone<'_>], new: &[New<'_>]) -> Pairs {
    let mut pairing = Pairing {
        gone,
        new,
        gone_free: vec![true; gone.len()],
        new_free: vec![true; new.len()],
        homes: BTreeMap::new(),
        pairs: Pairs::default(),
    };
    if !gone.is_empty() && !new.is_empty() {
        pairing.parameters();
        pairing.moves();
        pairing.settle();
        pairing.parameters();
        pairing.renames();
    }
    pairing.pairs.pairs.sort_unstable();
    pairing.pairs
}

struct Pairing<'a> {
    gone: &'a [Gone<'a>],
    new: &'a [New<'a>],
    gone_free: Vec<bool>,
    new_free: Vec<bool>,
    /// Where what was in a place went, once that is known.
    homes: BTreeMap<&'a Scope, &'a Scope>,
    pairs: Pairs,
}

/// Places that others have left, and new ones, of one last name.
type Places<'a> = (BTreeSet<&'a Scope>, BTreeSet<&'a Scope>);

/// Indexes of gone and of new tests that belong together.
type Group = (Vec<usize>, Vec<usize>);

impl<'a> Pairing<'a> {
    fn gone_left(&self) -> impl Iterator<Item = (usize, &'a Gone<'a>)> {
        let is_free = |(index, _): &(usize, &Gone<'_>)| self.gone_free.get(*index) == Some(&true);
        self.gone.iter().enumerate().filter(is_free)
    }

    fn new_left(&self) -> impl Iterator<Item = (usize, &'a New<'a>)> {
        let is_free = |(index, _): &(usize, &New<'_>)| self.new_free.get(*index) == Some(&true);
        self.new.iter().enumerate().filter(is_free)
    }

    /// Pairs two tests where both are free.
    fn take(&mut self, gone: usize, new: usize, how: How) {
        if let (Some(gone_free @ true), Some(new_free @ true)) =
            (self.gone_free.get_mut(gone), self.new_free.get_mut(new))
        {
            (*gone_free, *new_free) = (false, false);
            self.pairs.pairs.push((gone, new, how));
        }
    }

    /// Free tests in groups.
    fn groups<K: Ord>(&self, key: impl Fn(Subject<'a>) -> K) -> BTreeMap<K, Group> {
        let mut groups: BTreeMap<K, Group> = BTreeMap::new();
        for (index, gone) in self.gone_left() {
            let scope = self.homes.get(gone.test.scope).copied().unwrap_or(gone.test.scope);
            groups.entry(key(Subject { scope, ..gone.test })).or_default().0.push(index);
        }
        for (index, new) in self.new_left() {
            if let Some(group) = groups.get_mut(&key(new.test)) {
                group.1.push(index);
            }
        }
        groups.retain(|_, (_, new)| !new.is_empty());
        groups
    }

    /// The same place and name, other parameters: as many as there are of both, failed ones and skipped ones first.
    fn parameters(&mut self) {
        for (mut gone, mut new) in self.groups(|test| (test.scope, stem(test.name))).into_values() {
            let (gone_tests, new_tests) = (self.gone, self.new);
            gone.sort_by_key(|index| gone_tests.get(*index).map(|gone| (gone.before.red() == 0, gone.test)));
            new.sort_by_key(|index| {
                new_tests.get(*index).map(|new| (new.now.red() == 0, new.now.ran() == 0, new.test))
            });
            for (gone, new) in gone.into_iter().zip(new) {
                self.take(gone, new, How::Parameters);
            }
        }
    }

    /// The same name elsewhere. Two places that share several names belong together; what is left is paired where there are
    /// as many of a name here as there.
    fn moves(&mut self) {
        let mut namesakes: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
        for (index, new) in self.new_left() {
            namesakes.entry(elsewhere(new.test)).or_default().push(index);
        }
        let mut votes: HashMap<(&Scope, &Scope), u64> = HashMap::new();
        let (mut candidates, mut too_many) = (Vec::new(), 0);
        for (index, gone) in self.gone_left() {
            let Some(same) = namesakes.get(&elsewhere(gone.test)) else { continue };
            if same.len() > NAMESAKES || candidates.len() + same.len() > MOVES {
                too_many += 1;
                continue;
            }
            for (other, new) in same.iter().filter_map(|other| Some((*other, self.new.get(*other)?))) {
                *votes.entry((gone.test.scope, new.test.scope)).or_default() += 1;
                candidates.push((index, other, (gone.test.scope, new.test.scope)));
            }
        }
        self.pairs.not_tried += too_many;
        let mut strong: Vec<_> = candidates
            .into_iter()
            .filter_map(|(gone, new, scopes)| {
                let votes = votes.get(&scopes).copied().filter(|votes| *votes > 1)?;
                Some((Reverse(votes), last(scopes.0) != last(scopes.1), gone, new))
            })
            .collect();
        strong.sort_unstable();
        for (_, _, gone, new) in strong {
            self.take(gone, new, How::Moved);
        }
        for (gone, new) in self.groups(elsewhere).into_values() {
            if gone.len() == new.len() {
                for (gone, new) in gone.into_iter().zip(new) {
                    self.take(gone, new, How::Moved);
                }
            }
        }
    }

    /// Finds out where the rest of each place went that others have left: where most did, or, where none did, to the only
    /// place of the same last name.
    fn settle(&mut self) {
        let mut went: BTreeMap<(&Scope, &Scope), u64> = BTreeMap::new();
        for (gone, new, how) in &self.pairs.pairs {
            if let (How::Moved, Some(gone), Some(new)) = (how, self.gone.get(*gone), self.new.get(*new)) {
                *went.entry((gone.test.scope, new.test.scope)).or_default() += 1;
            }
        }
        let mut most: BTreeMap<&'a Scope, (u64, &'a Scope)> = BTreeMap::new();
        for ((from, to), amount) in went {
            let known = most.entry(from).or_insert((amount, to));
            if amount > known.0 {
                *known = (amount, to);
            }
        }
        let mut homes: BTreeMap<&Scope, &Scope> =
            most.into_iter().map(|(from, (_, to))| (from, to)).collect();
        let mut last_names: BTreeMap<(&str, &str), Places<'a>> = BTreeMap::new();
        for (_, gone) in self.gone_left() {
            last_names.entry(last(gone.test.scope)).or_default().0.insert(gone.test.scope);
        }
        for (_, new) in self.new_left() {
            last_names.entry(last(new.test.scope)).or_default().1.insert(new.test.scope);
        }
        for (from, to) in last_names.into_values().filter(|(from, to)| from.len() == 1 && to.len() == 1) {
            if let (Some(from), Some(to)) = (from.first(), to.first()) {
                homes.entry(from).or_insert(to);
            }
        }
        self.homes = homes;
    }

    /// A similar name at the same place: the most similar ones first.
    fn renames(&mut self) {
        let mut cells = CELLS;
        for (gone, new) in self.groups(|test| test.scope).into_values() {
            let names =
                |indexes: &[usize], name: &dyn Fn(usize) -> Option<&'a str>| -> Vec<(usize, Bare<'a>)> {
                    indexes.iter().filter_map(|index| Some((*index, Bare::of(name(*index)?)))).collect()
                };
            let gone = names(&gone, &|index| self.gone.get(index).map(|gone| gone.test.name));
            let new = names(&new, &|index| self.new.get(index).map(|new| new.test.name));
            let length = |names: &[(usize, Bare<'_>)]| -> usize {
                names.iter().map(|(_, bare)| bare.stem.len()).sum()
            };
            let work = length(&gone).saturating_mul(length(&new));
            if gone.len() * new.len() > RENAMES || work > cells {
                self.pairs.not_tried += gone.len() as u64;
                continue;
            }
            cells -= work;
            let mut similar = Vec::new();
            for (index, one) in &gone {
                for (other_index, other) in &new {
                    if let Some(similarity) = one.similarity(other) {
                        similar.push((similarity, one.parameters == other.parameters, *index, *other_index));
                    }
                }
            }
            similar.sort_by(|one, other| {
                let order = other.0.total_cmp(&one.0).then(other.1.cmp(&one.1));
                order.then((one.2, one.3).cmp(&(other.2, other.3)))
            });
            for (_, _, gone, new) in similar {
                self.take(gone, new, How::Renamed);
            }
        }
    }
}

/// A name in two: without what many names begin with and without parameters, and the parameters.
struct Bare<'a> {
    stem: &'a str,
    parameters: &'a str,
}

impl<'a> Bare<'a> {
    fn of(name: &'a str) -> Self {
        let stem = stem(name);
        let parameters = name.strip_prefix(stem).unwrap_or_default();
        let bare = ["test_", "Test", "test", "should "].iter().find_map(|start| stem.strip_prefix(start));
        Self { stem: bare.filter(|bare| !bare.is_empty()).unwrap_or(stem), parameters }
    }

    /// How similar two names are, where they are similar enough.
    fn similarity(&self, other: &Self) -> Option<f64> {
        let (one, two) = (self.stem.chars().count(), other.stem.chars().count());
        #[expect(clippy::cast_precision_loss, reason = "lengths of names")]
        let possible = one.min(two) as f64 / one.max(two).max(1) as f64;
        if possible < SIMILAR {
            return None;
        }
        Some(strsim::normalized_levenshtein(self.stem, other.stem))
            .filter(|similarity| *similarity >= SIMILAR)
    }
}

/// The last part of a scope's name, and its environment: nothing moves to another one.
fn last(scope: &Scope) -> (&str, &str) {
    (scope.text.rsplit(['.', '/', ':', '\\', '>']).next().unwrap_or_default(), &scope.environment)
}

/// What a test has in common with itself in another place.
fn elsewhere(test: Subject<'_>) -> (&str, &str) {
    (test.name, &test.scope.environment)
}
