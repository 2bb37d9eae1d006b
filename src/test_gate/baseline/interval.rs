//! How often something happens, judged by how often it was seen: Jeffreys' interval out of the Beta distribution.

/// How often something was seen, and where its true share lies with 95 % probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    /// How often it was seen.
    pub(crate) seen: u64,
    /// Among how many.
    pub(crate) of: u64,
    /// The lower end of the interval.
    pub(crate) low: f64,
    /// The upper end of the interval.
    pub(crate) high: f64,
}

impl Share {
    /// Jeffreys' equal-tailed 95 % interval: quantiles of Beta(seen + ½, of − seen + ½), with 0 and 1 at its ends.
    pub(crate) fn new(seen: u64, of: u64) -> Self {
        let seen = seen.min(of);
        #[expect(clippy::cast_precision_loss, reason = "numbers of runs")]
        let (a, b) = (seen as f64 + 0.5, (of - seen) as f64 + 0.5);
        let low = if seen == 0 { 0.0 } else { quantile(a, b, 0.025) };
        let high = if seen == of { 1.0 } else { quantile(a, b, 0.975) };
        Self { seen, of, low, high }
    }

    /// The share that was seen.
    pub(crate) fn share(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "numbers of runs")]
        let share = self.seen as f64 / (self.of.max(1)) as f64;
        share
    }
}

/// Where the Beta distribution has reached a probability; by halving, which always ends.
fn quantile(a: f64, b: f64, probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if beta(a, b, middle) < probability { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The regularised incomplete beta function, the Beta distribution up to `x`.
fn beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (a * x.ln() + b * (-x).ln_1p() + log_gamma(a + b) - log_gamma(a) - log_gamma(b)).exp();
    // The fraction converges fast on this side of the mean only.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

/// The continued fraction of the incomplete beta function, by Lentz's method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut numerator = 1.0;
    let mut denominator = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut result = denominator;
    for step in 1..=500 {
        let step = f64::from(step);
        let two = a + 2.0 * step;
        let even = step * (b - step) * x / ((two - 1.0) * two);
        let odd = -(a + step) * (a + b + step) * x / (two * (two + 1.0));
        let before = result;
        for term in [even, odd] {
            denominator = 1.0 / away_from_zero(1.0 + term * denominator);
            numerator = away_from_zero(1.0 + term / numerator);
            result *= numerator * denominator;
        }
        if (result - before).abs() <= 1e-14 * result.abs() {
            break;
        }
    }
    result
}

/// The logarithm of the gamma function above zero: Stirling's series, reached by going up to 10.
fn log_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0);
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series = (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1_260.0 - inverse / 1_680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - product.ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::{Share, beta, log_gamma};

    fn is_near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn gamma_and_beta_have_their_known_values() {
        assert!(is_near(log_gamma(0.5), std::f64::consts::PI.sqrt().ln()));
        assert!(is_near(log_gamma(5.0), 24.0_f64.ln()));
        // Closed forms: the uniform, a power, a polynomial and the arcsine distribution.
        assert!(is_near(beta(1.0, 1.0, 0.3), 0.3));
        assert!(is_near(beta(3.0, 1.0, 0.3), 0.027));
        assert!(is_near(beta(2.0, 2.0, 0.25), 3.0 * 0.0625 - 2.0 * 0.015_625));
        assert!(is_near(beta(0.5, 0.5, 0.2), 2.0 / std::f64::consts::PI * 0.2_f64.sqrt().asin()));
    }

    #[test]
    fn intervals_have_their_known_values() {
        // Worked out apart, by Simpson's rule over the density after x = sin² t.
        for (seen, of, low, high) in [
            (0, 7, 0.0, 0.292_436),
            (1, 7, 0.015_877, 0.500_797),
            (2, 7, 0.064_728, 0.647_662),
            (3, 7, 0.138_864, 0.765_499),
            (7, 7, 0.707_564, 1.0),
            (0, 30, 0.0, 0.079_678),
            (1, 30, 0.003_62, 0.145_418),
            (10, 30, 0.185_979, 0.511_148),
            (15, 30, 0.328_021, 0.671_979),
            (3, 100, 0.008_52, 0.077_888),
        ] {
            let share = Share::new(seen, of);
            assert!((share.low - low).abs() < 1e-6, "{share:?}");
            assert!((share.high - high).abs() < 1e-6, "{share:?}");
        }
    }

    proptest! {
        #[test]
        fn an_interval_holds_what_was_seen(of in 0..2_000_u64, part in 0.0..=1.0_f64) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of it")]
            let share = Share::new((of as f64 * part) as u64, of);
            prop_assert!(0.0 <= share.low && share.low <= share.share() && share.high <= 1.0);
            prop_assert!(of == 0 || share.share() <= share.high);
        }
    }
}
