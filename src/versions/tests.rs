//! Every order against real data, and its properties against anything.

use std::cmp::Ordering;
use std::path::Path;

use proptest::prelude::*;

use crate::skipped::skipped;
use crate::{ECOSYSTEMS, NotComparable, Order, Version, compare, find};

/// The file of each order in the corpus.
const CORPUS: [(&str, &str); 12] = [
    ("alpine", "Alpine"),
    ("cran", "CRAN"),
    ("debian", "Debian"),
    ("hackage", "Hackage"),
    ("maven", "Maven"),
    ("nuget", "NuGet"),
    ("packagist", "Packagist"),
    ("pub", "Pub"),
    ("pypi", "PyPI"),
    ("redhat", "Red Hat"),
    ("rubygems", "RubyGems"),
    ("semver", "npm"),
];

/// The lines of a file that say something: two versions with the sign between them.
fn lines(text: &str) -> Vec<(&str, &str, &str)> {
    let is_said = |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//");
    let parts = |line: &'_ str| -> Option<(usize, usize)> {
        let at = line.find([' '])?;
        Some((at, at + 3))
    };
    text.lines()
        .map(str::trim)
        .filter(is_said)
        .map(|line| {
            let (at, behind) = parts(line).unwrap();
            (&line[..at], &line[at + 1..at + 2], &line[behind..])
        })
        .collect()
}

fn sign(order: Ordering) -> &'static str {
    match order {
        Ordering::Less => "<",
        Ordering::Equal => "=",
        Ordering::Greater => ">",
    }
}

#[test]
fn the_corpus_agrees() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpus = std::env::var_os("DEVOPS_CORPUS").map_or_else(|| root.join("../shared/corpus"), Into::into);
    let folder = root.join(corpus).join("versions");
    if !folder.is_dir() {
        assert!(std::env::var_os("DEVOPS_CORPUS_REQUIRED").is_none(), "{} is required", folder.display());
        return skipped("corpus");
    }
    let mut wrong = Vec::new();
    let mut total = 0;
    for (file, ecosystem) in CORPUS {
        let text = std::fs::read_to_string(folder.join(format!("{file}-versions.txt"))).unwrap();
        for (left, wanted, right) in lines(&text) {
            total += 1;
            let found = compare(ecosystem, left, right).map_or("?", sign);
            let back = compare(ecosystem, right, left).map_or("?", |order| sign(order.reverse()));
            if found != wanted || back != wanted {
                wrong.push(format!("{ecosystem}: {left} {wanted} {right}, found {found}, and back {back}"));
            }
        }
    }
    assert!(total > 1_300, "{total}");
    assert!(wrong.is_empty(), "{} of {total}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Pieces that versions are made of, and some that they are not.
fn version() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[0-9]{1,2}",
        1 => "0[0-9]{1,3}",
        1 => "[0-9]{19,25}",
        8 => "[.]",
        4 => "[-]",
        2 => "[+_~^!:#]",
        4 => prop::sample::select(vec![
            "alpha", "beta", "rc", "RC", "pre", "dev", "post", "a", "b", "m", "p", "pl", "sp", "ga", "final", "SNAPSHOT", "snapshot",
            "milestone", "cr", "v", "go", "r", "-r", "_p", "_rc", "_git", "el8", "ubuntu", "x",
        ]).prop_map(str::to_owned),
        1 => "[a-zA-Z]{1,3}",
        1 => "\\PC",
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

/// Every order.
fn orders() -> Vec<Order> {
    let mut orders: Vec<Order> =
        ECOSYSTEMS.iter().filter_map(|entry| find(entry.name).unwrap().order()).collect();
    orders.sort_unstable();
    orders.dedup();
    orders
}

#[test]
fn every_order_has_an_ecosystem() {
    assert_eq!(orders().len(), 18);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn every_order_is_total(texts in prop::array::uniform3(version())) {
        for order in orders() {
            let [first, second, third] = texts.each_ref().map(|text| Version::of_any(order, text));
            prop_assert_eq!(first.cmp(&first.clone()), Ordering::Equal);
            prop_assert_eq!(first.cmp(&second), second.cmp(&first).reverse(), "{:?}: {:?}", order, texts);
            prop_assert_eq!(first == second, first.cmp(&second) == Ordering::Equal);
            if first <= second && second <= third {
                let is_equal = first == second && second == third;
                let expected = if is_equal { Ordering::Equal } else { Ordering::Less };
                prop_assert_eq!(first.cmp(&third), expected, "{:?}: {:?}", order, texts);
            }
            if !first.is_parsable() && second.is_parsable() {
                prop_assert!(first < second);
            }
        }
    }

    #[test]
    fn one_sign_makes_no_circle(
        start in version(), signs in prop::collection::vec("[-.+~^_0-9a-c]{0,3}", 3..6)
    ) {
        for order in orders() {
            let mut versions: Vec<Version> =
                signs.iter().map(|sign| Version::of_any(order, &format!("{start}{sign}"))).collect();
            versions.sort();
            for (place, left) in versions.iter().enumerate() {
                for right in &versions[place..] {
                    prop_assert!(left <= right, "{:?}: {} {:?}", order, start, signs);
                }
            }
        }
    }

    #[test]
    fn crates_are_ordered_as_cargo_does(
        first in "[0-2]\\.[0-2]\\.(0|1|10)(-[0-2a-c]{1,2}(\\.(0|9|10|a|-))?)?(\\+[a-b])?",
        second in "[0-2]\\.[0-2]\\.(0|1|10)(-[0-2a-c]{1,2}(\\.(0|9|10|a|-))?)?(\\+[a-b])?",
    ) {
        let parsed = [&first, &second].map(|text| semver::Version::parse(text));
        // Cargo allows no number with a zero in front.
        if let [Ok(left), Ok(right)] = parsed {
            prop_assert_eq!(compare("crates.io", &first, &second), Ok(left.cmp_precedence(&right)));
        }
    }

    #[test]
    fn any_text_has_a_place(texts in prop::array::uniform2("\\PC*")) {
        for order in orders() {
            let [first, second] = texts.each_ref().map(|text| Version::of_any(order, text));
            prop_assert_eq!(first.cmp(&second), second.cmp(&first).reverse());
            prop_assert!(first.is_parsable() || !first.is_certain());
        }
        for entry in ECOSYSTEMS {
            let normal = find(entry.name).unwrap().package_name(&texts[0]).into_owned();
            prop_assert_eq!(find(entry.name).unwrap().package_name(&normal), normal.as_str());
        }
    }
}

#[test]
fn what_has_no_order_says_why() {
    for (ecosystem, first, second, why) in [
        ("pypi", "1", "2", NotComparable::UnknownEcosystem),
        ("Linux", "1", "2", NotComparable::NoOrder),
        ("npm", "latest", "2.0.0", NotComparable::First),
        ("npm", "2.0.0", "latest", NotComparable::Second),
        ("npm", "", "", NotComparable::First),
    ] {
        assert_eq!(compare(ecosystem, first, second), Err(why), "{ecosystem} {first} {second}");
    }
}

/// Pairs that the corpus lacks.
#[test]
fn further_pairs() {
    for (ecosystem, first, wanted, second) in [
        ("Go", "v0.0.0-20210101000000-abcdef123456", "<", "v0.0.0-20220101000000-000000000000"),
        ("Go", "v2.0.0+incompatible", "=", "2.0.0"),
        ("Go", "go1.21rc2", "<", "1.21.0"),
        ("Go", "go1.21rc2", "=", "1.21.0-rc.2"),
        ("Go", "go1.21.0-bigcorp", "=", "1.21.0"),
        ("Go", "go1.22", "=", "1.22.0"),
        ("Julia", "3.0.13+0", "<", "3.0.13+1"),
        ("Bitnami", "1.2.3", "<", "1.2.3-1"),
        ("Bitnami", "1.2.3-2", "<", "1.2.3-10"),
        ("Bitnami", "1.2.3-rc.1", "<", "1.2.3"),
        ("opam", "1.0~beta", "<", "1.0"),
        ("ConanCenter", "1.2", "=", "1.2.0"),
        ("ConanCenter", "1.2.0-rc1", "<", "1.2.0"),
        ("ConanCenter", "cci.20200101", "?", "1.0"),
        ("GitHub Actions", "v4", "<", "v4.1.0"),
        ("Echo:npm", "1.2.3+echo.1", "<", "1.2.3+echo.2"),
        ("Debian", "1.0-0~", "<", "1.0-0"),
        ("PyPI", "1.0-1", "=", "1.0.post1"),
        ("PyPI", "1.0.RC.1", "=", "1.0rc1"),
        ("PyPI", "2.3", "=", "2.3.0"),
        ("Debian:12", "1.0", "<", "1:0.1"),
    ] {
        assert_eq!(
            compare(ecosystem, first, second).map_or("?", sign),
            wanted,
            "{ecosystem} {first} {second}"
        );
    }
}
