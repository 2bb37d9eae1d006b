//! Versions that were published a short time ago: most malicious ones are found within days.

use std::collections::BTreeSet;

use devops_core::Finding;
use devops_core::words::count;
use devops_inventory::{Origin, Package, ReleaseDates};
use jiff::{SignedDuration, Timestamp};

use super::super::matching::Lockfile;
use super::super::rules::TOO_NEW;
use super::about;

/// The age that versions must have, and what is known of when they were published.
pub(in super::super) struct Ages<'a> {
    /// Days.
    pub minimum: u32,
    /// What `devops fetch release-dates` wrote.
    pub dates: Option<&'a ReleaseDates>,
    pub now: Timestamp,
}

impl Ages<'_> {
    /// Findings about every package, each version once.
    pub(in super::super) fn of_all(&self, lockfiles: &[Lockfile]) -> Vec<Finding> {
        let mut seen = BTreeSet::new();
        let packages = lockfiles.iter().flat_map(|lockfile| {
            lockfile.graph.packages.iter().filter_map(|package| self.finding(&lockfile.path, package))
        });
        packages.filter(|finding| seen.insert(finding.fingerprint.clone())).collect()
    }

    /// The finding that a version is too new, or that nobody knows.
    pub(super) fn finding(&self, path: &str, package: &Package) -> Option<Finding> {
        // Nothing else is published.
        if !matches!(package.origin, Origin::Registry | Origin::Other) {
            return None;
        }
        let label = package.label();
        if !package.is_exact() {
            let title = format!("nothing shows when {label} was published: the file gives no exact version");
            return Some(
                about(&TOO_NEW, title, path, package, "unknown")
                    .about("requirement", package.requirement.as_str())
                    .help("pin it to one version"),
            );
        }
        let Some(published) = self.published(package) else {
            let title = format!("nothing shows when {label} was published");
            return Some(about(&TOO_NEW, title, path, package, "unknown").help(
                "write the dates with `devops fetch release-dates` before this job, and name the file by `--release-dates`",
            ));
        };
        let age = self.now.duration_since(published);
        let minimum = SignedDuration::from_hours(i64::from(self.minimum).saturating_mul(24));
        (age < minimum).then(|| {
            let days = u64::try_from(age.as_hours() / 24).unwrap_or_default();
            let minimum = count(u64::from(self.minimum), "day");
            let title = format!("{label} was published {} ago; the minimum is {minimum}", count(days, "day"));
            about(&TOO_NEW, title, path, package, "age")
                .about("published", published.to_string())
                .help(format!("wait until it is {minimum} old, or take an earlier version"))
        })
    }

    /// When a version was published: the later date where lockfile and file differ. Zeroed dates and dates to come don't count.
    fn published(&self, package: &Package) -> Option<Timestamp> {
        let ecosystem = package.ecosystem.name();
        let fetched = self.dates.and_then(|dates| dates.get(ecosystem, &package.name, &package.version));
        let is_real = |time: &Timestamp| *time > EARLIEST && *time <= self.now;
        let all = [package.published, fetched];
        if all.iter().flatten().any(|time| *time > self.now) {
            return None;
        }
        all.into_iter().flatten().filter(is_real).max()
    }
}

/// Before this, nothing that is read here was published: 1990.
const EARLIEST: Timestamp = Timestamp::constant(631_152_000, 0);

#[cfg(test)]
mod tests {
    use super::Ages;
    use devops_core::Ecosystem;
    use devops_inventory::{Origin, Package, ReleaseDates};

    #[test]
    fn only_a_date_that_can_be_true_counts() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        for (lockfile, file, expected) in [
            (Some("2026-11-01T00:00:00Z"), None, None),
            (None, Some("2026-11-01T00:00:00Z"), None),
            (Some("2026-11-13T11:59:59Z"), None, None),
            (Some("2026-11-13T12:00:01Z"), None, Some("6 days ago")),
            (Some("2026-11-19T12:00:00Z"), None, Some("1 day ago")),
            // The later one counts, so that neither hides the other.
            (Some("2020-01-01T00:00:00Z"), Some("2026-11-19T12:00:00Z"), Some("1 day ago")),
            (Some("2026-11-19T12:00:00Z"), Some("2020-01-01T00:00:00Z"), Some("1 day ago")),
            (None, None, Some("nothing shows")),
            (Some("1970-01-01T00:00:00Z"), None, Some("nothing shows")),
            (Some("0001-01-01T00:00:00Z"), None, Some("nothing shows")),
            (Some("2026-11-20T12:00:01Z"), None, Some("nothing shows")),
            (Some("2020-01-01T00:00:00Z"), Some("2027-01-01T00:00:00Z"), Some("nothing shows")),
        ] {
            let mut package = Package::new(Ecosystem::NPM, "a", "1.0.0", 1);
            package.published = lockfile.map(|time| time.parse().unwrap());
            let mut dates = ReleaseDates::default();
            if let Some(time) = file {
                dates.insert("npm", "a", "1.0.0", time.parse().unwrap());
            }
            let ages = Ages { minimum: 7, dates: Some(&dates), now };
            let title = ages.finding("p", &package).map(|finding| finding.title);
            match expected {
                None => assert_eq!(title, None, "{lockfile:?} {file:?}"),
                Some(words) => assert!(title.unwrap().contains(words), "{lockfile:?} {file:?}"),
            }
            // What is newest is taken where there is no version.
            package.version = String::new();
            assert!(ages.finding("p", &package).unwrap().title.contains("no exact version"));
            package.origin = Origin::Project;
            assert!(ages.finding("p", &package).is_none());
        }
    }
}
