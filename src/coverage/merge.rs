//! Coverage of several runs as one: a line is covered if any run covered it, hits add up, the order never matters.

use super::model::{Coverage, FileCoverage};

impl FileCoverage {
    /// Takes in what another run says of the same file.
    pub fn merge(&mut self, other: &Self) {
        for line in &other.lines {
            self.line(line.number, line.hits);
        }
        for arm in &other.arms {
            self.arm(arm.line, arm.key, arm.hits);
        }
        for count in &other.counts {
            self.count(count.line, count.covered, count.total);
        }
        self.finish();
    }
}

impl Coverage {
    /// Takes in another run.
    pub fn merge(&mut self, other: Self) {
        for (path, file) in other.files {
            self.take(path, file);
        }
    }

    /// Takes in one file of another run.
    pub fn take(&mut self, path: String, file: FileCoverage) {
        match self.files.get_mut(&path) {
            Some(known) => known.merge(&file),
            None => {
                self.files.insert(path, file);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::super::model::Coverage;
    use super::super::properties_tests::runs;

    fn merged<'a>(runs: impl Iterator<Item = &'a Coverage>) -> Coverage {
        runs.fold(Coverage::default(), |mut all, run| {
            all.merge(run.clone());
            all
        })
    }

    proptest! {
        #[test]
        fn the_order_of_runs_never_matters(runs in proptest::collection::vec(runs(), 0..5), turn in 0_usize..5) {
            let forwards = merged(runs.iter());
            prop_assert_eq!(&merged(runs.iter().rev()), &forwards);
            let mut turned = runs.clone();
            turned.rotate_left(turn % runs.len().max(1));
            prop_assert_eq!(&merged(turned.iter()), &forwards);
            // In pairs first, then together.
            let pairs: Vec<Coverage> = runs.chunks(2).map(|pair| merged(pair.iter())).collect();
            prop_assert_eq!(&merged(pairs.iter()), &forwards);
        }

        #[test]
        fn a_line_is_covered_if_any_run_covered_it(one in runs(), other in runs()) {
            let both = merged([&one, &other].into_iter());
            for (path, file) in &both.files {
                for line in file.lines() {
                    let hits = |run: &Coverage| {
                        let file = run.files.get(path)?;
                        file.lines().iter().find(|known| known.number == line.number).map(|known| known.hits)
                    };
                    let sum = hits(&one).unwrap_or(0).saturating_add(hits(&other).unwrap_or(0));
                    prop_assert_eq!(line.hits, sum);
                }
            }
        }
    }
}
