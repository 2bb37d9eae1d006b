//! How often the gate raises a false alarm, and how often it finds a true slow-down, counted on made-up samples.
//!
//! `DEVOPS_SIMULATE=20000 cargo test --lib benchmarks::simulation -- --nocapture` makes the table of the documentation.

use std::f64::consts::TAU;

use super::compare::Verdict;
use super::judge::Judged;
use super::{Benchmark, Limits, judge};

/// Numbers that look random and are the same every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Above 0, below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

/// A kind of noise around 1.
type Noise = fn(&mut Random) -> f64;

fn normal(random: &mut Random) -> f64 {
    (1.0 + 0.03 * random.normal()).max(0.01)
}

fn log_normal(random: &mut Random) -> f64 {
    (0.10 * random.normal()).exp()
}

/// Student's distribution with two degrees of freedom: now and then a sample far off.
fn heavy(random: &mut Random) -> f64 {
    let chi = -2.0 * random.uniform().ln();
    (0.03 * random.normal() / (chi / 2.0).sqrt()).exp()
}

/// Steps of a coarse clock.
fn coarse(random: &mut Random) -> f64 {
    (normal(random) * 50.0).round() / 50.0
}

/// A machine that is in one of two states for each sample.
fn two_states(random: &mut Random) -> f64 {
    let slow = if random.uniform() < 0.3 { 1.2 } else { 1.0 };
    slow * normal(random)
}

/// How much slower, with which noise, how many measures and samples, and in how many percent it must be found at least.
type Row = (f64, Noise, &'static str, (usize, usize), f64);

const NOISES: [(&str, Noise); 5] = [
    ("normal, 3 %", normal),
    ("log-normal, 10 %", log_normal),
    ("heavy tails", heavy),
    ("coarse clock", coarse),
    ("two states", two_states),
];

/// How many rounds: few for a test, as many as wanted for the figures.
fn rounds(usual: u64) -> u64 {
    std::env::var("DEVOPS_SIMULATE").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

/// Runs of so many measures with so many samples on each side, all of them slower by a factor.
fn run(random: &mut Random, noise: Noise, (measures, samples): (usize, usize), factor: f64) -> Judged {
    let mut side = |factor: f64| {
        let name = |index: usize| format!("b{index}");
        let mut draw = || (0..samples).map(|_| noise(random) * factor).collect::<Vec<_>>();
        (0..measures)
            .map(|index| Benchmark::new(&name(index), "time", 1.0, "ms").samples(draw()))
            .collect::<Vec<_>>()
    };
    let before = side(1.0);
    let now = side(factor);
    judge(&now, Some(&before), &[], &Limits::default())
}

/// Of how many rounds one has a measure that is clear either way, and of how many one that is red.
fn count(rounds: u64, noise: Noise, sizes: (usize, usize), factor: f64, seed: u64) -> (u64, u64) {
    let mut random = Random(seed);
    let (mut clear, mut red) = (0, 0);
    for _ in 0..rounds {
        let judged = run(&mut random, noise, sizes, factor);
        let rate = Limits::default().alarm_rate;
        clear += u64::from(judged.comparisons.iter().any(|found| found.p.is_some_and(|p| p <= rate)));
        red += u64::from(judged.comparisons.iter().any(|found| found.verdict == Verdict::Regressed));
    }
    (clear, red)
}

#[expect(clippy::cast_precision_loss, reason = "counts of rounds")]
fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}

#[test]
fn runs_without_a_change_alarm_no_more_than_the_rate() {
    println!("| noise | measures | samples | runs | clear either way | red |");
    for (sizes, usual) in [((1, 20), 200), ((1, 100), 3), ((20, 20), 5)] {
        for (seed, (name, noise)) in (1..).zip(NOISES) {
            let rounds = if sizes == (1, 20) { rounds(usual) } else { rounds(usual * 10) / 10 };
            let (clear, red) = count(rounds, noise, sizes, 1.0, seed);
            let (measures, samples) = sizes;
            println!(
                "| {name} | {measures} | {samples} | {rounds} | {clear} ({:.3} %) | {red} ({:.3} %) |",
                percent(clear, rounds),
                percent(red, rounds)
            );
            // The rate is 0.1 %; three deviations of the count itself are allowed, and one alarm in few runs.
            #[expect(clippy::cast_precision_loss, reason = "counts of rounds")]
            let expected = rounds as f64 * 0.001;
            #[expect(clippy::cast_precision_loss, reason = "counts of rounds")]
            let counted = clear as f64;
            assert!(counted <= expected + 3.0 * expected.sqrt() + 1.0, "{name}: {clear} of {rounds}");
            assert!(red <= clear);
        }
    }
}

#[test]
fn a_slow_down_of_five_percent_is_found() {
    println!("| slow-down | noise | measures | samples | runs | found |");
    let rows: [Row; 9] = [
        (1.02, normal, "normal, 3 %", (1, 20), 0.0),
        (1.03, normal, "normal, 3 %", (1, 20), 0.0),
        (1.04, normal, "normal, 3 %", (1, 20), 0.0),
        (1.05, normal, "normal, 3 %", (1, 20), 90.0),
        (1.05, heavy, "heavy tails", (1, 20), 0.0),
        (1.05, coarse, "coarse clock", (1, 20), 0.0),
        (1.10, normal, "normal, 3 %", (1, 10), 90.0),
        (1.20, log_normal, "log-normal, 10 %", (1, 20), 90.0),
        (1.10, two_states, "two states", (1, 100), 0.0),
    ];
    for (seed, (factor, noise, name, (measures, samples), least)) in (1..).zip(rows) {
        let rounds = if samples > 50 { rounds(100) / 10 } else { rounds(100) };
        let (_, red) = count(rounds, noise, (measures, samples), factor, seed);
        let found = percent(red, rounds);
        println!(
            "| {:.0} % | {name} | {measures} | {samples} | {rounds} | {found:.1} % |",
            (factor - 1.0) * 100.0
        );
        // Few rounds may be off by some percent.
        let allowance = if rounds < 1_000 { 8.0 } else { 0.0 };
        assert!(found >= least - allowance, "{name} {factor}: {found} %");
    }
}
