//! Whether an advisory in OSV's form is about a version: its `versions` and `ranges`, by the schema's rules of evaluation.
//!
//! Pure functions on what the record says. Whatever can't be decided is an outcome of its own, never "not affected".

use super::builds::{split, without_platform};
use super::version::{Order, Version};

/// What an event of a range does at its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bound {
    /// From this version on, it is affected.
    Introduced,
    /// From this version on, it is not.
    Fixed,
    /// Behind this version, it is not.
    LastAffected,
    /// Only below this version is anything affected.
    Limit,
}

/// The kind of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Versions by SemVer 2.0.
    SemVer,
    /// Versions by the rules of the ecosystem.
    Ecosystem,
    /// Commits, whose order only the repository knows.
    Git,
    /// Something this release has no word for.
    Other,
}

/// Whether a version is affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It is not.
    NotAffected,
    /// That can't be decided.
    Undecided,
    /// It is.
    Affected,
}

/// Where an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Point {
    /// Before every version: `introduced: "0"`.
    Start,
    /// A version.
    At(Version),
    /// Behind every version: `limit: "*"`.
    Infinity,
}

/// An event whose version was read.
#[derive(Debug, Clone)]
struct Event {
    point: Point,
    bound: Bound,
    /// The release whose build the version is, where it may be one: what begins or ends at it does so at every build.
    release: Option<Version>,
}

/// A range whose events were read and sorted.
#[derive(Debug, Clone)]
pub struct Range {
    /// Events but for limits, sorted; those at one version stay as the record has them.
    events: Vec<Event>,
    limits: Vec<Point>,
    /// Whether every event can be placed.
    is_readable: bool,
}

impl Range {
    /// Reads the events of a range; the order decides about an `ECOSYSTEM` range, and about a `SEMVER` range unless there is none.
    ///
    /// A range without `introduced`, of commits, of an unknown kind, or without an order is one that nothing is decided by.
    pub fn new<'a>(
        kind: Kind,
        order: Option<Order>,
        events: impl IntoIterator<Item = (Bound, &'a str)>,
    ) -> Self {
        let order = match kind {
            Kind::SemVer => order.or(Some(Order::SemVer)),
            Kind::Ecosystem => order,
            Kind::Git | Kind::Other => None,
        };
        let mut range = Self { events: Vec::new(), limits: Vec::new(), is_readable: order.is_some() };
        let Some(order) = order else { return range };
        // A tag may move, but what a record says of version 4 is about 4.0.0.
        let order = if order == Order::GitHubActions { Order::SemVer } else { order };
        for (bound, text) in events {
            let point = point(bound, text, order);
            range.is_readable &= !matches!(&point, Point::At(version) if !version.is_certain());
            match bound {
                Bound::Limit => range.limits.push(point),
                _ => range.events.push(Event { point, bound, release: release(order, text) }),
            }
        }
        range.is_readable &= range.events.iter().any(|event| event.bound == Bound::Introduced);
        range.events.sort_by(|left, right| key(&left.point).cmp(&key(&right.point)));
        range
    }

    /// Whether a version is in the range; `release` is the one that it is a build of.
    fn contains(&self, version: &Version, release: Option<&Version>) -> Verdict {
        if !self.is_readable {
            return Verdict::Undecided;
        }
        if !version.is_certain() {
            return self.of_unknown();
        }
        let is_below = |limit: &Point| key(limit) > (1, Some(version));
        if !self.limits.is_empty() && !self.limits.iter().any(is_below) {
            return Verdict::NotAffected;
        }
        let mut verdict = Verdict::NotAffected;
        for event in &self.events {
            let place = (1, Some(version)).cmp(&key(&event.point));
            let is_other_build = release.is_some() && event.release.as_ref() == release;
            match event.bound {
                Bound::Introduced if place.is_ge() || is_other_build => verdict = Verdict::Affected,
                Bound::Fixed if place.is_ge() => verdict = Verdict::NotAffected,
                Bound::LastAffected if place.is_gt() && !is_other_build => verdict = Verdict::NotAffected,
                _ => {}
            }
        }
        verdict
    }

    /// Whether a version without a place is in the range: certainly, if every version is.
    fn of_unknown(&self) -> Verdict {
        let is_all = |event: &Event| event.bound == Bound::Introduced && event.point == Point::Start;
        let has_no_limit = self.limits.is_empty() || self.limits.contains(&Point::Infinity);
        if has_no_limit && self.events.iter().all(is_all) { Verdict::Affected } else { Verdict::Undecided }
    }
}

/// Where an event is.
fn point(bound: Bound, text: &str, order: Order) -> Point {
    match (bound, text) {
        (Bound::Introduced, "0") => Point::Start,
        (Bound::Limit, "*") => Point::Infinity,
        _ => Point::At(Version::of_any(order, without_platform(order, text))),
    }
}

/// The release that a version is a build of, or may be one beside others; none in an ecosystem without builds.
fn release(order: Order, text: &str) -> Option<Version> {
    matches!(order, Order::Maven | Order::PyPi)
        .then(|| Version::of_any(order, split(order, text).map_or(text, |(release, _)| release)))
}

/// What points are sorted by.
fn key(point: &Point) -> (u8, Option<&Version>) {
    match point {
        Point::Start => (0, None),
        Point::At(version) => (1, Some(version)),
        Point::Infinity => (2, None),
    }
}

/// What an advisory says of the versions of one package.
#[derive(Debug, Clone, Default)]
pub struct Affected {
    /// The versions that it lists.
    versions: Vec<Version>,
    /// The texts of those that have no certain place.
    texts: Vec<String>,
    /// How versions are ordered; without an order, texts are all there is to compare.
    order: Option<Order>,
    ranges: Vec<Range>,
    /// How many ranges are of commits.
    git: usize,
}

impl Affected {
    /// Reads the list of versions, by the order of the ecosystem if there is one.
    pub fn new<'a>(order: Option<Order>, versions: impl IntoIterator<Item = &'a str>) -> Self {
        let mut affected = Self { order, ..Self::default() };
        for text in versions {
            let version = order.map(|order| Version::of_any(order, without_platform(order, text)));
            match version.filter(Version::is_parsable) {
                Some(version) => affected.versions.push(version),
                None => affected.texts.push(text.to_owned()),
            }
        }
        affected.versions.sort_unstable();
        affected
    }

    /// Adds a range.
    pub fn add<'a>(
        &mut self,
        kind: Kind,
        order: Option<Order>,
        events: impl IntoIterator<Item = (Bound, &'a str)>,
    ) {
        if kind == Kind::Git {
            // Left out, so that it never ends the look at the others.
            self.git += 1;
        } else {
            self.ranges.push(Range::new(kind, order, events));
        }
    }

    /// How many ranges of commits were left out.
    pub fn git_ranges(&self) -> usize {
        self.git
    }

    /// Whether the advisory is about a version: one that it lists, by the ecosystem's equality, or that is in any range.
    ///
    /// A build of a release is one that PyPI says is equal to it (`2.6.0+cu118` matches `==2.6.0`), and one that begins or ends with the
    /// other builds of the release where a range does; a platform of RubyGems says nothing about the version.
    pub fn affects(&self, text: &str) -> Verdict {
        let order = self.order.unwrap_or(Order::SemVer);
        let text = without_platform(order, text);
        let version = &Version::of_any(order, text);
        let release = release(order, text);
        let lists = |version: &Version| self.versions.binary_search(version).is_ok() && version.is_parsable();
        let is_listed = lists(version)
            || order == Order::PyPi && release.as_ref().is_some_and(lists)
            || self.texts.iter().any(|listed| listed == text);
        if is_listed {
            return Verdict::Affected;
        }
        let of_ranges = self.ranges.iter().map(|range| range.contains(version, release.as_ref())).max();
        match of_ranges {
            Some(verdict) => verdict,
            None if self.versions.is_empty() && self.texts.is_empty() => Verdict::Undecided,
            // A text without a place may be another spelling of what is listed.
            None if self.order.is_some() && !version.is_certain() => Verdict::Undecided,
            // Only the list, which names every version that is affected.
            None => Verdict::NotAffected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Affected, Bound, Kind, Range, Verdict};
    use crate::version::{Order, Version};
    use Bound::{Fixed, Introduced, LastAffected, Limit};
    use Verdict::{Affected as Yes, NotAffected as No, Undecided};

    fn verdicts(order: Order, events: &[(Bound, &str)], versions: &[(&str, Verdict)]) {
        let range = Range::new(Kind::Ecosystem, Some(order), events.iter().copied());
        for (version, verdict) in versions {
            assert_eq!(
                range.contains(&Version::of_any(order, version), None),
                *verdict,
                "{events:?} {version}"
            );
        }
    }

    #[test]
    fn events_are_evaluated_by_the_schema() {
        verdicts(
            Order::SemVer,
            &[(Introduced, "0"), (Fixed, "1.5.0")],
            &[("0.0.0-a", Yes), ("1.5.0-rc.1", Yes), ("1.5.0", No), ("1.5.0+incompatible", No)],
        );
        verdicts(
            Order::SemVer,
            &[(Introduced, "1.0.0"), (LastAffected, "1.5.0")],
            &[("1.0.0-rc.1", No), ("1.0.0", Yes), ("1.5.0", Yes), ("1.5.1", No)],
        );
        // Sorted first: fixed in 1.2, back in 1.4, fixed again in 1.6.
        verdicts(
            Order::PyPi,
            &[(Fixed, "1.6"), (Introduced, "1.4"), (Fixed, "1.2"), (Introduced, "0")],
            &[("1.1", Yes), ("1.2.0", No), ("1.3", No), ("1.4.0", Yes), ("1.6", No), ("0.dev0", Yes)],
        );
        // `introduced: "0"` comes before versions that are less than 0.
        verdicts(Order::Debian, &[(Introduced, "0"), (Fixed, "0~~")], &[("0~~~", Yes), ("0~~", No)]);
    }

    #[test]
    fn a_version_is_below_at_least_one_limit() {
        let events = [(Introduced, "0"), (Limit, "1.0.0"), (Limit, "1.5.0")];
        verdicts(Order::SemVer, &events, &[("0.1.0", Yes), ("1.4.9", Yes), ("1.5.0", No), ("2.0.0", No)]);
        verdicts(Order::SemVer, &[(Introduced, "0"), (Limit, "*")], &[("9.0.0", Yes), ("no version", Yes)]);
        verdicts(Order::SemVer, &[(Introduced, "0"), (Limit, "1.0.0")], &[("no version", Undecided)]);
    }

    #[test]
    fn what_can_not_be_decided_is_never_not_affected() {
        verdicts(Order::SemVer, &[(Introduced, "0"), (Fixed, "1.5.0")], &[("main", Undecided)]);
        verdicts(Order::SemVer, &[(Introduced, "0")], &[("main", Yes)]);
        verdicts(Order::SemVer, &[(Introduced, "0"), (Fixed, "soon")], &[("1.0.0", Undecided)]);
        verdicts(Order::SemVer, &[(Fixed, "1.0.0")], &[("0.1.0", Undecided)]);
        verdicts(Order::SemVer, &[], &[("0.1.0", Undecided)]);
        verdicts(
            Order::Packagist,
            &[(Introduced, "2.0"), (Fixed, "3.0")],
            &[("dev-main", Undecided), ("2.1", Yes)],
        );
        // Composer compares four numbers.
        verdicts(
            Order::Packagist,
            &[(Introduced, "1.0.0"), (Fixed, "2.0")],
            &[
                ("v1.0", Yes),
                ("1", Yes),
                ("1.0.0.0", Yes),
                ("1.0-stable", Yes),
                ("1.0-beta1", No),
                ("v2", No),
                ("2.0.0+x", No),
                ("20", No),
            ],
        );
        verdicts(Order::PyPi, &[(Introduced, "1.0"), (Fixed, "3.0")], &[("2004d", Undecided)]);
        verdicts(
            Order::GitHubActions,
            &[(Introduced, "3"), (Fixed, "4")],
            &[("v4", Undecided), ("v3.9.9", Yes), ("v4.0.0", No)],
        );
        verdicts(
            Order::Packagist,
            &[(Introduced, "1.0"), (Fixed, "2.0")],
            &[("master", Undecided), ("2.x-dev", Undecided), ("v1.5.0", Yes)],
        );
        for text in ["${project.version}", "[1.0,2.0)", "LATEST"] {
            verdicts(
                Order::Maven,
                &[(Introduced, "3.0"), (Fixed, "4.0")],
                &[(text, Undecided), ("3.1", Yes)],
            );
        }
        verdicts(
            Order::GitHubActions,
            &[(Introduced, "0"), (Fixed, "4.1.2")],
            &[("v4", Undecided), ("v4.1.1", Yes)],
        );
        let version = Version::of_any(Order::SemVer, "1.0.0");
        for (kind, order) in
            [(Kind::Git, Some(Order::SemVer)), (Kind::Other, Some(Order::SemVer)), (Kind::Ecosystem, None)]
        {
            assert_eq!(
                Range::new(kind, order, [(Introduced, "0")]).contains(&version, None),
                Undecided,
                "{kind:?}"
            );
        }
        assert_eq!(Range::new(Kind::SemVer, None, [(Introduced, "0")]).contains(&version, None), Yes);
    }

    #[test]
    fn every_range_counts_and_commits_end_nothing() {
        let mut affected = Affected::new(Some(Order::PyPi), ["2.3"]);
        affected.add(Kind::Git, Some(Order::PyPi), [(Introduced, "0"), (Fixed, "0123abc")]);
        affected.add(Kind::Ecosystem, Some(Order::PyPi), [(Introduced, "0"), (Fixed, "1.0")]);
        affected.add(Kind::Ecosystem, Some(Order::PyPi), [(Introduced, "4"), (Fixed, "4.2")]);
        assert_eq!(affected.git_ranges(), 1);
        for (text, verdict) in
            [("0.9", Yes), ("1.0", No), ("2.3.0", Yes), ("2.3.post1", No), ("4.1", Yes), ("4.2", No)]
        {
            assert_eq!(affected.affects(text), verdict, "{text}");
        }
    }

    #[test]
    fn commits_alone_decide_nothing() {
        let mut affected = Affected::new(Some(Order::Go), []);
        affected.add(Kind::Git, Some(Order::Go), [(Introduced, "0")]);
        assert_eq!(affected.affects("v1.5.0"), Undecided);
        assert_eq!(Affected::new(Some(Order::Go), []).affects("v1.5.0"), Undecided);
        let listed = Affected::new(Some(Order::Go), ["1.5.0", "main"]);
        assert_eq!(listed.affects("v1.5.0"), Yes);
        assert_eq!(listed.affects("main"), Yes);
        assert_eq!(listed.affects("Main"), Undecided);
        assert_eq!(listed.affects("v1.5.1"), No);
        let unordered = Affected::new(None, ["1.5.0"]);
        assert_eq!(unordered.affects("=1.5.0"), No);
    }

    #[test]
    fn a_list_decides_nothing_about_a_text_that_is_no_version() {
        for (order, text) in [
            (Order::SemVer, "=1.0.0"),
            (Order::NuGet, "[1.0.0]"),
            (Order::PyPi, "1.0.0\\"),
            (Order::Maven, "[1.0.0,1.0.0]"),
            (Order::Packagist, "dev-main"),
            (Order::GitHubActions, "main"),
        ] {
            let listed = Affected::new(Some(order), ["1.0.0"]);
            assert_eq!(listed.affects(text), Undecided, "{text}");
            assert_eq!(listed.affects("1.0.1"), No, "{text}");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn builds_of_a_release_begin_and_end_together() {
        for (order, listed, events, versions) in [
            // What the order puts behind the last affected build, or before the first, is a build of the same release.
            (
                Order::Maven,
                "",
                &[(Introduced, "0"), (LastAffected, "31.1-android")][..],
                &[
                    ("31.1-jre", Yes),
                    ("31.1", Yes),
                    ("31.1-rc1", Yes),
                    ("31.2-android", No),
                    ("31.1-sp1", Yes),
                ][..],
            ),
            (
                Order::Maven,
                "",
                &[(Introduced, "30.0-jre"), (Fixed, "32.0.0-android")],
                &[
                    ("30.0-android", Yes),
                    ("29.0-jre", No),
                    ("30.0-rc1", No),
                    ("31.1-jre", Yes),
                    ("32.0.0-jre", No),
                    ("32.0.0-android", No),
                ],
            ),
            (
                Order::Maven,
                "",
                &[(Introduced, "12.1.0.jre11"), (LastAffected, "12.8.1.jre8")],
                &[("12.8.1.jre11", Yes), ("12.1.0.jre8", Yes), ("12.8.2.jre8", No)],
            ),
            // What has a place in the order of releases is no build.
            (
                Order::Maven,
                "",
                &[(Introduced, "0"), (LastAffected, "5.0.0.Final")],
                &[("5.0.0", Yes), ("5.0.0.SP1", No), ("5.0.0.Beta1", Yes)],
            ),
            (
                Order::PyPi,
                "2.4.0",
                &[(Introduced, "2.5"), (LastAffected, "2.6.0")],
                &[
                    ("2.6.0+cu118", Yes),
                    ("2.6.0.post1", No),
                    ("2.4.0+cpu", Yes),
                    ("2.4.1+cpu", No),
                    ("2.5+cpu", Yes),
                ],
            ),
            (
                Order::PyPi,
                "2.4.0+cpu",
                &[(Introduced, "2.5"), (Fixed, "2.6.0")],
                &[("2.4.0+cu118", No), ("2.4.0+cpu", Yes), ("2.6.0+cu118", No), ("2.6.0rc1+cpu", Yes)],
            ),
            (
                Order::RubyGems,
                "1.12.0-java",
                &[(Introduced, "1.13.0"), (LastAffected, "1.15.0-java")],
                &[
                    ("1.13.0-x86_64-linux", Yes),
                    ("1.15.0-arm64-darwin", Yes),
                    ("1.15.0", Yes),
                    ("1.15.1-java", No),
                    ("1.12.0", Yes),
                    ("1.12.0-x86-mingw32", Yes),
                ],
            ),
            // Go's mark of a module without `go.mod` is no part of the order.
            (
                Order::Go,
                "1.9.0+incompatible",
                &[(Introduced, "2.0.0+incompatible"), (Fixed, "2.8.0")],
                &[
                    ("v2.8.0+incompatible", No),
                    ("v2.7.9+incompatible", Yes),
                    ("v1.9.0", Yes),
                    ("v2.0.0", Yes),
                ],
            ),
            (
                Order::Go,
                "",
                &[(Introduced, "0"), (Fixed, "2.0.2-0.20190802080134-634605d06e73+incompatible")],
                &[
                    ("v2.0.2-0.20190702080134-000000000000+incompatible", Yes),
                    ("v2.0.1+incompatible", Yes),
                    ("v2.0.2+incompatible", No),
                ],
            ),
        ] {
            let mut affected = Affected::new(Some(order), Some(listed).filter(|listed| !listed.is_empty()));
            affected.add(Kind::Ecosystem, Some(order), events.iter().copied());
            for (version, verdict) in versions {
                assert_eq!(affected.affects(version), *verdict, "{order:?} {events:?} {version}");
            }
        }
    }
}
