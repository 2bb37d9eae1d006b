//! Two sets of samples compared without a guess at their distribution, and many comparisons at one rate of false alarms.
//!
//! Mann and Whitney's rank test says whether the sides differ; Hodges and Lehmann's estimate, the median of all ratios between a
//! sample now and one before, says by how much, with the interval that belongs to the same test.

use std::f64::consts::{PI, SQRT_2};

/// Maximum number of samples on a side for which the exact distribution of the test is counted out.
const EXACT: usize = 50;

/// How a comparison was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Mann-Whitney, with its exact distribution.
    RankExact,
    /// Mann-Whitney, with the normal distribution, corrected for ties and continuity.
    RankNormal,
    /// By the size of the change, because there are too few samples.
    SizeAlone,
    /// Number against number.
    Count,
    /// Nothing to compare with.
    None,
}

impl Method {
    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RankExact => "mann-whitney-exact",
            Self::RankNormal => "mann-whitney-normal",
            Self::SizeAlone => "size-alone",
            Self::Count => "exact-count",
            Self::None => "none",
        }
    }
}

/// What two sets of samples say about each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Contrast {
    /// Now over before: 1.05 is five percent more.
    pub ratio: f64,
    /// Where the ratio lies, at the confidence that belongs to the rate; `None` where so few samples can't say.
    pub interval: Option<(f64, f64)>,
    /// How likely a difference like this is without any reason, on either side.
    pub p: f64,
    pub method: Method,
}

/// Compares two sets, neither of them empty, all values finite and none negative.
pub(crate) fn contrast(before: &[f64], now: &[f64], rate: f64) -> Contrast {
    let (n, m) = (now.len(), before.len());
    let ranks = Ranks::of(before, now);
    let is_exact = !ranks.has_ties && n <= EXACT && m <= EXACT;
    let (p, cut) = if is_exact { exact(ranks.least, n, m, rate) } else { ranks.normal(rate) };
    let mut ratios = logs(before, now);
    let pairs = ratios.len();
    let interval = cut.filter(|cut| 2 * cut < pairs).map(|cut| {
        let low = nth(&mut ratios, cut);
        let high = nth(&mut ratios, pairs - 1 - cut);
        (low.exp(), high.exp())
    });
    let lower = nth(&mut ratios, (pairs - 1) / 2);
    let upper = nth(&mut ratios, pairs / 2);
    let method = if is_exact { Method::RankExact } else { Method::RankNormal };
    Contrast { ratio: between(lower, upper).exp(), interval, p, method }
}

/// The least p that two sets of these sizes can reach.
pub(crate) fn least_p(n: usize, m: usize) -> f64 {
    (2.0 / combinations(n + m, n)).min(1.0)
}

/// Adjusts the p of several comparisons, so that each can be held against the rate of false alarms of all together (Holm).
pub(crate) fn holm(ps: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = ps.iter().copied().enumerate().collect();
    order.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let mut worst: f64 = 0.0;
    let mut adjusted = vec![(0, 1.0); 0];
    for (rank, (index, p)) in order.into_iter().enumerate() {
        worst = worst.max(p * size(ps.len() - rank)).min(1.0);
        adjusted.push((index, worst));
    }
    adjusted.sort_by_key(|(index, _)| *index);
    adjusted.into_iter().map(|(_, p)| p).collect()
}

/// The median of sorted values; zero where there are none.
pub(crate) fn middle(sorted: &[f64]) -> f64 {
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    between(at(sorted.len().saturating_sub(1) / 2), at(sorted.len() / 2))
}

/// Half way between two values that may be infinite.
fn between(low: f64, high: f64) -> f64 {
    if low.total_cmp(&high).is_eq() {
        return low;
    }
    let half = f64::midpoint(low, high);
    if half.is_nan() { 0.0 } else { half }
}

/// The value that would stand at an index if the list were sorted.
fn nth(values: &mut [f64], index: usize) -> f64 {
    if index >= values.len() {
        return f64::NAN;
    }
    *values.select_nth_unstable_by(index, f64::total_cmp).1
}

/// The logarithms of all ratios of a value now to one before.
fn logs(before: &[f64], now: &[f64]) -> Vec<f64> {
    let ratio = |now: f64, before: f64| match (now > 0.0, before > 0.0) {
        (true, true) => now.ln() - before.ln(),
        (true, false) => f64::INFINITY,
        (false, true) => f64::NEG_INFINITY,
        (false, false) => 0.0,
    };
    now.iter().flat_map(|now| before.iter().map(move |before| ratio(*now, *before))).collect()
}

/// What the ranks of two sets say.
struct Ranks {
    /// The lesser of the two sides' U.
    least: f64,
    /// How many pairs there are.
    pairs: f64,
    /// Standard deviation of U where there is no difference.
    deviation: f64,
    has_ties: bool,
}

impl Ranks {
    fn of(before: &[f64], now: &[f64]) -> Self {
        let mut all: Vec<(f64, bool)> = before.iter().map(|value| (*value, false)).collect();
        all.extend(now.iter().map(|value| (*value, true)));
        all.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let (n, m) = (size(now.len()), size(before.len()));
        let total = n + m;
        let (mut sum, mut ties, mut seen) = (0.0, 0.0, 0.0);
        for group in all.chunk_by(|(one, _), (other, _)| one.total_cmp(other).is_eq()) {
            let length = size(group.len());
            let rank = seen + f64::midpoint(length, 1.0);
            sum += rank * size(group.iter().filter(|(_, is_now)| *is_now).count());
            ties += length * length * length - length;
            seen += length;
        }
        let u = sum - n * (n + 1.0) / 2.0;
        let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)).max(1.0));
        Self {
            least: u.min(n * m - u),
            pairs: n * m,
            deviation: variance.max(0.0).sqrt(),
            has_ties: ties > 0.0,
        }
    }

    /// p, and how many ratios lie outside of the interval on each side.
    fn normal(&self, rate: f64) -> (f64, Option<usize>) {
        if self.deviation <= 0.0 {
            // All values are the same; the interval is that one ratio.
            return (1.0, Some(0));
        }
        let distance = (self.pairs / 2.0 - self.least - 0.5).max(0.0);
        let p = two_sided(distance / self.deviation);
        let last = self.pairs / 2.0 - 0.5 - quantile(rate) * self.deviation;
        (p, whole(last))
    }
}

/// p, and how many ratios lie outside of the interval on each side, by counting all orders of the samples.
fn exact(least: f64, n: usize, m: usize, rate: f64) -> (f64, Option<usize>) {
    let counts = orders(n, m);
    let all = combinations(n + m, n);
    let (mut sum, mut p, mut cut) = (0.0, 1.0_f64, None);
    for (u, count) in counts.iter().enumerate() {
        sum += count;
        let both = (2.0 * sum / all).min(1.0);
        if size(u) <= least + 0.25 {
            p = both;
        }
        if both <= rate {
            cut = Some(u);
        }
    }
    (p, cut)
}

/// In how many orders of the samples U is 0, 1, 2 …, up to its middle: coefficients of Gauss's binomial.
fn orders(n: usize, m: usize) -> Vec<f64> {
    let mut counts = vec![0.0; n * m / 2 + 1];
    if let Some(first) = counts.first_mut() {
        *first = 1.0;
    }
    for step in 1..=n {
        for index in (m + step..counts.len()).rev() {
            let before = counts.get(index - m - step).copied().unwrap_or_default();
            if let Some(count) = counts.get_mut(index) {
                *count -= before;
            }
        }
        for index in step..counts.len() {
            let before = counts.get(index - step).copied().unwrap_or_default();
            if let Some(count) = counts.get_mut(index) {
                *count += before;
            }
        }
    }
    counts
}

/// How many ways there are to take `k` of `n`.
fn combinations(n: usize, k: usize) -> f64 {
    (1..=k.min(n)).fold(1.0, |product, index| product * size(n - k + index) / size(index))
}

/// How likely a normal value is at least this far from the middle, on either side.
fn two_sided(distance: f64) -> f64 {
    let x = distance / SQRT_2;
    if x < 2.0 {
        // The series of the error function, whose terms are all positive.
        let (mut term, mut sum) = (x, x);
        for index in 1..80 {
            term *= 2.0 * x * x / (2.0 * f64::from(index) + 1.0);
            sum += term;
        }
        return (1.0 - 2.0 / PI.sqrt() * (-x * x).exp() * sum).clamp(0.0, 1.0);
    }
    let fraction = (1..100).rev().fold(x, |below, index| x + f64::from(index) / 2.0 / below);
    (-x * x).exp() / PI.sqrt() / fraction
}

/// The distance that a normal value exceeds, on either side, at this rate.
fn quantile(rate: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..80 {
        let half = f64::midpoint(low, high);
        if two_sided(half) > rate { low = half } else { high = half }
    }
    high
}

#[expect(clippy::cast_precision_loss, reason = "counts of samples are small")]
fn size(count: usize) -> f64 {
    count as f64
}

/// The whole part of a number that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and far below the limit"
)]
fn whole(value: f64) -> Option<usize> {
    (value >= 0.0).then(|| value.floor() as usize)
}

#[cfg(test)]
mod tests {
    use super::{Method, contrast, holm, least_p, orders, quantile, two_sided};

    #[test]
    fn the_normal_distribution_is_the_one_of_the_tables() {
        for (distance, wanted) in [
            (0.0, 1.0),
            (1.0, 0.317_310_507_9),
            (1.96, 0.049_995_790_3),
            (3.0, 0.002_699_796_1),
            (5.0, 5.733_031e-7),
        ] {
            assert!((two_sided(distance) / wanted - 1.0).abs() < 1e-6, "{distance}");
        }
        assert!((quantile(0.001) - 3.290_526_73).abs() < 1e-6);
    }

    #[test]
    fn orders_are_counted_as_by_hand() {
        // Of 3 and 2 samples there are 10 orders: 1, 1, 2, 2, 2, 1, 1.
        assert_eq!(orders(3, 2), [1.0, 1.0, 2.0, 2.0]);
        assert_eq!(orders(2, 2), [1.0, 1.0, 2.0]);
        assert!((least_p(7, 7) - 2.0 / 3432.0).abs() < 1e-12);
    }

    #[test]
    fn a_known_example_comes_out() {
        // 4 of 25 pairs are the other way round; 12 of 252 orders have at most as many.
        let before = [1.0, 2.0, 3.0, 5.0, 8.0];
        let now = [4.0, 6.0, 7.0, 9.0, 10.0];
        let found = contrast(&before, &now, 0.05);
        assert_eq!(found.method, Method::RankExact);
        assert!((found.p - 24.0 / 252.0).abs() < 1e-12, "{found:?}");
        // On both sides 8 orders have a U of at most 2, which is 0.032, and 14 of at most 3: two ratios go on each side.
        // The least ratios are 4/8, 6/8, 4/5 and the greatest 10/1, 9/1, 7/1, so that 7/8 is the fourth least.
        let (low, high) = found.interval.unwrap();
        assert!((low - 0.8).abs() < 1e-9 && (high - 7.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn ties_and_zeros_do_no_harm() {
        let same = contrast(&[2.0; 10], &[2.0; 10], 0.001);
        assert!((same.p - 1.0).abs() < 1e-12 && (same.ratio - 1.0).abs() < 1e-12);
        assert_eq!(same.interval, Some((1.0, 1.0)));
        let grown = contrast(&[2.0; 10], &[3.0; 10], 0.001);
        assert!(grown.p < 0.001 && (grown.ratio - 1.5).abs() < 1e-12, "{grown:?}");
        let from_zero = contrast(&[0.0; 10], &[3.0; 10], 0.001);
        assert!(from_zero.p < 0.001 && from_zero.ratio == f64::INFINITY);
        assert!((contrast(&[0.0; 10], &[0.0; 10], 0.001).ratio - 1.0).abs() < 1e-12);
    }

    #[test]
    fn holm_multiplies_the_least_most() {
        assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }
}
