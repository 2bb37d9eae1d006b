//! Which of the files that are gone came back under another name.
//!
//! The same content first, then the same name with three quarters of the content, then half of the content.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher as _;

use foldhash::quality::FixedState;

use super::change::{Side, is_binary};
use super::failure::Failure;
use crate::objects::Repository;

/// Most files on a side for which every pair is compared.
const MOST: usize = 1000;

/// A whole file, in the unit in which likeness is measured.
const WHOLE: u64 = 60_000;

/// Least likeness of a rename.
const HALF: u64 = WHOLE / 2;

/// Least likeness of a rename that keeps the last part of the path, where nothing else has it.
const MOSTLY: u64 = WHOLE / 4 * 3;

/// How many old files are weighed for each new one.
const CANDIDATES: usize = 4;

/// A file that is gone.
#[derive(Debug, Clone)]
pub(super) struct Gone {
    pub(super) path: String,
    pub(super) side: Side,
}

/// A file that is new.
#[derive(Debug, Clone)]
pub(super) struct New {
    pub(super) path: String,
    pub(super) side: Side,
}

/// Takes the pairs that are renames out of both lists, which are sorted by path and stay so.
pub(super) fn find(
    repository: &Repository,
    gone: &mut Vec<Gone>,
    new: &mut Vec<New>,
) -> Result<Vec<(Gone, New)>, Failure> {
    let mut pairs = Pairs { source_of: vec![None; new.len()], is_used: vec![false; gone.len()] };
    exact(&mut pairs, gone, new);
    let (open_gone, open_new) = pairs.open(gone, new);
    if open_gone.len().saturating_mul(open_new.len()) <= MOST * MOST {
        let sketch = |side: Side| Ok(Sketch::of(&side.content(repository)?));
        let old: HashMap<usize, Sketch> = open_gone
            .iter()
            .filter_map(|index| Some((*index, sketch(gone.get(*index)?.side))))
            .map(join)
            .collect::<Result<_, _>>()?;
        let fresh: HashMap<usize, Sketch> = open_new
            .iter()
            .filter_map(|index| Some((*index, sketch(new.get(*index)?.side))))
            .map(join)
            .collect::<Result<_, _>>()?;
        let likeness = |from: usize, to: usize, least: u64| match (old.get(&from), fresh.get(&to)) {
            (Some(from), Some(to)) => from.likeness(to, least),
            _ => 0,
        };
        by_name(&mut pairs, gone, new, &likeness);
        by_content(&mut pairs, gone, new, &likeness);
    }
    Ok(pairs.take(gone, new))
}

fn join(pair: (usize, Result<Sketch, Failure>)) -> Result<(usize, Sketch), Failure> {
    Ok((pair.0, pair.1?))
}

/// Which new file came from which that is gone.
struct Pairs {
    source_of: Vec<Option<usize>>,
    is_used: Vec<bool>,
}

impl Pairs {
    fn set(&mut self, from: usize, to: usize) {
        if let (Some(source), Some(is_used)) = (self.source_of.get_mut(to), self.is_used.get_mut(from)) {
            *source = Some(from);
            *is_used = true;
        }
    }

    fn is_open(&self, from: usize, to: usize) -> bool {
        self.is_used.get(from) == Some(&false) && self.source_of.get(to) == Some(&None)
    }

    /// Plain files that are still without a partner.
    fn open(&self, gone: &[Gone], new: &[New]) -> (Vec<usize>, Vec<usize>) {
        let old = self.is_used.iter().zip(gone).enumerate();
        let fresh = self.source_of.iter().zip(new).enumerate();
        (
            old.filter(|(_, (used, gone))| !**used && gone.side.is_file()).map(|(index, _)| index).collect(),
            fresh
                .filter(|(_, (source, new))| source.is_none() && new.side.is_file())
                .map(|(index, _)| index)
                .collect(),
        )
    }

    /// The pairs, taken out of the lists.
    fn take(self, gone: &mut Vec<Gone>, new: &mut Vec<New>) -> Vec<(Gone, New)> {
        let mut old: Vec<Option<Gone>> = std::mem::take(gone).into_iter().map(Some).collect();
        let mut pairs = Vec::new();
        for (file, source) in std::mem::take(new).into_iter().zip(self.source_of) {
            match source.and_then(|source| old.get_mut(source)?.take()) {
                Some(gone) => pairs.push((gone, file)),
                None => new.push(file),
            }
        }
        *gone = old.into_iter().flatten().collect();
        pairs
    }
}

/// Pairs files of the same content, those of the same name before others.
fn exact(pairs: &mut Pairs, gone: &[Gone], new: &[New]) {
    let mut by_id: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, gone) in gone.iter().enumerate() {
        by_id.entry(gone.side.id).or_default().push(index);
    }
    for (to, file) in new.iter().enumerate() {
        let same = by_id.get(&file.side.id).into_iter().flatten().copied();
        let same = same.filter(|from| {
            let kind = gone.get(*from).map(|gone| (gone.side.is_file(), gone.side.mode.is_link()));
            pairs.is_open(*from, to) && kind == Some((file.side.is_file(), file.side.mode.is_link()))
        });
        let candidates: Vec<usize> = same.collect();
        let named = |from: &&usize| gone.get(**from).is_some_and(|gone| name(&gone.path) == name(&file.path));
        if let Some(from) = candidates.iter().find(named).or_else(|| candidates.first()) {
            pairs.set(*from, to);
        }
    }
}

/// Pairs files whose name is the only one of its kind on both sides.
fn by_name(pairs: &mut Pairs, gone: &[Gone], new: &[New], likeness: &impl Fn(usize, usize, u64) -> u64) {
    let (open_gone, open_new) = pairs.open(gone, new);
    let old = only(open_gone.into_iter().filter_map(|index| Some((name(&gone.get(index)?.path), index))));
    let fresh = only(open_new.into_iter().filter_map(|index| Some((name(&new.get(index)?.path), index))));
    for (name, to) in fresh {
        if let (Some(to), Some(Some(from))) = (to, old.get(name))
            && likeness(*from, to, MOSTLY) >= MOSTLY
        {
            pairs.set(*from, to);
        }
    }
}

/// Names with their index, or with nothing where several have it.
fn only<'a>(names: impl Iterator<Item = (&'a str, usize)>) -> BTreeMap<&'a str, Option<usize>> {
    let mut only = BTreeMap::new();
    for (name, index) in names {
        only.entry(name).and_modify(|index| *index = None).or_insert(Some(index));
    }
    only
}

/// Pairs files by how much of their content they share, the likest first.
fn by_content(pairs: &mut Pairs, gone: &[Gone], new: &[New], likeness: &impl Fn(usize, usize, u64) -> u64) {
    let (open_gone, open_new) = pairs.open(gone, new);
    let mut all = Vec::new();
    for to in open_new {
        let of = |index: usize| {
            let (from, to) = (gone.get(index)?, new.get(to)?);
            Some(u64::from(name(&from.path) == name(&to.path)))
        };
        let mut best: Vec<(u64, u64, usize, usize)> = open_gone
            .iter()
            .map(|from| (likeness(*from, to, HALF), of(*from).unwrap_or(0), *from, to))
            .filter(|(score, ..)| *score >= HALF)
            .collect();
        best.sort_by_key(|(score, named, ..)| Reverse((*score, *named)));
        best.truncate(CANDIDATES);
        all.extend(best);
    }
    all.sort_by_key(|(score, named, ..)| Reverse((*score, *named)));
    for (_, _, from, to) in all {
        if pairs.is_open(from, to) {
            pairs.set(from, to);
        }
    }
}

/// The last part of a path.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A file as the bytes of each of its pieces: lines, in parts of 64 bytes where they are longer.
struct Sketch {
    size: u64,
    pieces: HashMap<u64, u64>,
}

impl Sketch {
    fn of(content: &[u8]) -> Self {
        let is_text = !is_binary(content);
        let hasher = FixedState::default();
        let mut pieces = HashMap::new();
        let mut piece = Vec::with_capacity(64);
        let mut flush = |piece: &mut Vec<u8>| {
            *pieces.entry(hasher.hash_one(&*piece)).or_insert(0) += piece.len() as u64;
            piece.clear();
        };
        for (index, byte) in content.iter().enumerate() {
            if is_text && *byte == b'\r' && content.get(index + 1) == Some(&b'\n') {
                continue;
            }
            piece.push(*byte);
            if piece.len() == 64 || *byte == b'\n' {
                flush(&mut piece);
            }
        }
        if !piece.is_empty() {
            flush(&mut piece);
        }
        Self { size: content.len() as u64, pieces }
    }

    /// How much of the larger one is in both, or 0 where it can't be `least`.
    fn likeness(&self, other: &Self, least: u64) -> u64 {
        let (small, large) = (self.size.min(other.size), self.size.max(other.size));
        if small == 0 || large * (WHOLE - least) < (large - small) * WHOLE {
            return 0;
        }
        let shared: u64 = self
            .pieces
            .iter()
            .filter_map(|(piece, bytes)| Some((*bytes).min(*other.pieces.get(piece)?)))
            .sum();
        shared * WHOLE / large
    }
}
