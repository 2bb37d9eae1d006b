//! Until when releases of distributions get fixes that everybody can have.

use jiff::civil::{Date, date};

use super::Release;

/// The day on which the dates below were written down.
pub const AS_OF: Date = date(2026, 11, 27);

/// Whether a release still gets fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// It got its last ones on that day.
    Ended(Date),
    /// It gets them up to and including that day.
    Until(Date),
    /// It is never finished, and gets them for as long as its distribution exists.
    Rolling,
    /// Nothing is known about it, as about releases that are newer than this program.
    Unknown,
}

/// Distributions without releases, by `ID` of os-release.
const ROLLING: [&str; 9] = [
    "arch",
    "chainguard",
    "echo",
    "gentoo",
    "minimos",
    "nixos",
    "opensuse-microos",
    "opensuse-tumbleweed",
    "wolfi",
];

/// The last day of fixes that need no contract, by `ID` and the significant part of `VERSION_ID`. Debian's includes its own LTS. From the
/// package distro-info-data 0.58+deb12u7 (Debian, Ubuntu), alpinelinux.org/releases, wiki.almalinux.org/release-notes,
/// wiki.rockylinux.org/rocky/version, access.redhat.com/support/policy/updates/errata, suse.com/lifecycle, en.opensuse.org/Lifetime,
/// docs.fedoraproject.org/en-US/releases/eol, aws.amazon.com/amazon-linux-2/faqs, docs.aws.amazon.com/linux/al2023,
/// oracle.com/a/ocom/docs/elsp-lifetime-069338.pdf, github.com/vmware/photon/wiki and github.com/microsoft/azurelinux.
const LAST_DAYS: &[(&str, &str, Date)] = &[
    ("almalinux", "8", date(2029, 3, 1)),
    ("almalinux", "9", date(2032, 5, 31)),
    ("almalinux", "10", date(2035, 5, 31)),
    ("alpine", "3.0", date(2016, 5, 1)),
    ("alpine", "3.1", date(2016, 11, 1)),
    ("alpine", "3.2", date(2017, 5, 1)),
    ("alpine", "3.3", date(2017, 11, 1)),
    ("alpine", "3.4", date(2018, 5, 1)),
    ("alpine", "3.5", date(2018, 11, 1)),
    ("alpine", "3.6", date(2019, 5, 1)),
    ("alpine", "3.7", date(2019, 11, 1)),
    ("alpine", "3.8", date(2020, 5, 1)),
    ("alpine", "3.9", date(2020, 11, 1)),
    ("alpine", "3.10", date(2021, 5, 1)),
    ("alpine", "3.11", date(2021, 11, 1)),
    ("alpine", "3.12", date(2022, 5, 1)),
    ("alpine", "3.13", date(2022, 11, 1)),
    ("alpine", "3.14", date(2023, 5, 1)),
    ("alpine", "3.15", date(2023, 11, 1)),
    ("alpine", "3.16", date(2024, 5, 23)),
    ("alpine", "3.17", date(2024, 11, 22)),
    ("alpine", "3.18", date(2025, 5, 9)),
    ("alpine", "3.19", date(2025, 11, 1)),
    ("alpine", "3.20", date(2026, 4, 1)),
    ("alpine", "3.21", date(2026, 11, 1)),
    ("alpine", "3.22", date(2027, 5, 1)),
    ("alpine", "3.23", date(2027, 11, 1)),
    ("amzn", "2", date(2026, 6, 30)),
    ("amzn", "2018.03", date(2023, 12, 31)),
    ("amzn", "2023", date(2029, 6, 30)),
    ("centos", "5", date(2017, 3, 31)),
    ("centos", "6", date(2020, 11, 30)),
    ("centos", "7", date(2024, 6, 30)),
    ("centos", "8", date(2021, 12, 31)),
    ("centos", "9", date(2027, 5, 31)),
    ("centos", "10", date(2030, 1, 1)),
    ("debian", "1.1", date(1997, 6, 5)),
    ("debian", "1.2", date(1998, 6, 5)),
    ("debian", "1.3", date(1999, 3, 9)),
    ("debian", "2.0", date(2000, 3, 9)),
    ("debian", "2.1", date(2000, 10, 30)),
    ("debian", "2.2", date(2003, 6, 30)),
    ("debian", "3.0", date(2006, 6, 30)),
    ("debian", "3.1", date(2008, 3, 31)),
    ("debian", "4", date(2010, 2, 15)),
    ("debian", "5", date(2012, 2, 6)),
    ("debian", "6", date(2016, 2, 29)),
    ("debian", "7", date(2018, 5, 31)),
    ("debian", "8", date(2020, 6, 30)),
    ("debian", "9", date(2022, 6, 30)),
    ("debian", "10", date(2024, 6, 30)),
    ("debian", "11", date(2026, 8, 31)),
    ("debian", "12", date(2028, 6, 30)),
    ("debian", "13", date(2030, 6, 30)),
    ("fedora", "32", date(2021, 5, 25)),
    ("fedora", "33", date(2021, 11, 30)),
    ("fedora", "34", date(2022, 6, 7)),
    ("fedora", "35", date(2022, 12, 13)),
    ("fedora", "36", date(2023, 5, 16)),
    ("fedora", "37", date(2023, 12, 5)),
    ("fedora", "38", date(2024, 5, 21)),
    ("fedora", "39", date(2024, 11, 26)),
    ("fedora", "40", date(2025, 5, 13)),
    ("fedora", "41", date(2025, 12, 15)),
    ("fedora", "42", date(2026, 5, 13)),
    ("mageia", "7", date(2021, 6, 30)),
    ("mageia", "8", date(2023, 11, 30)),
    ("mariner", "1.0", date(2023, 7, 31)),
    ("mariner", "2.0", date(2025, 7, 31)),
    ("ol", "5", date(2017, 6, 30)),
    ("ol", "6", date(2021, 3, 31)),
    ("ol", "7", date(2024, 12, 31)),
    ("ol", "8", date(2029, 7, 31)),
    ("ol", "9", date(2032, 6, 30)),
    ("ol", "10", date(2035, 6, 30)),
    ("opensuse-leap", "15.0", date(2019, 12, 3)),
    ("opensuse-leap", "15.1", date(2021, 1, 31)),
    ("opensuse-leap", "15.2", date(2021, 12, 31)),
    ("opensuse-leap", "15.3", date(2022, 12, 31)),
    ("opensuse-leap", "15.4", date(2023, 12, 7)),
    ("opensuse-leap", "15.5", date(2024, 12, 31)),
    ("opensuse-leap", "15.6", date(2026, 4, 30)),
    ("opensuse-leap", "42.1", date(2017, 5, 17)),
    ("opensuse-leap", "42.2", date(2018, 1, 26)),
    ("opensuse-leap", "42.3", date(2019, 6, 30)),
    ("photon", "1.0", date(2022, 2, 28)),
    ("photon", "2.0", date(2022, 12, 31)),
    ("photon", "3.0", date(2024, 3, 1)),
    ("photon", "4.0", date(2026, 3, 1)),
    ("rhel", "4", date(2012, 2, 29)),
    ("rhel", "5", date(2017, 3, 31)),
    ("rhel", "6", date(2020, 11, 30)),
    ("rhel", "7", date(2024, 6, 30)),
    ("rhel", "8", date(2029, 5, 31)),
    ("rhel", "9", date(2032, 5, 31)),
    ("rhel", "10", date(2035, 5, 31)),
    ("rocky", "8", date(2029, 5, 31)),
    ("rocky", "9", date(2032, 5, 31)),
    ("rocky", "10", date(2035, 5, 31)),
    ("sles", "11.4", date(2019, 3, 31)),
    ("sles", "12.0", date(2016, 6, 30)),
    ("sles", "12.1", date(2017, 5, 31)),
    ("sles", "12.2", date(2018, 3, 31)),
    ("sles", "12.3", date(2019, 6, 30)),
    ("sles", "12.4", date(2020, 6, 30)),
    ("sles", "12.5", date(2024, 10, 31)),
    ("sles", "15.0", date(2019, 12, 31)),
    ("sles", "15.1", date(2021, 1, 31)),
    ("sles", "15.2", date(2021, 12, 31)),
    ("sles", "15.3", date(2022, 12, 31)),
    ("sles", "15.4", date(2023, 12, 31)),
    ("sles", "15.5", date(2024, 12, 31)),
    ("sles", "15.6", date(2025, 12, 31)),
    ("sles", "15.7", date(2031, 7, 31)),
    ("ubuntu", "12.04", date(2017, 4, 28)),
    ("ubuntu", "12.10", date(2014, 5, 16)),
    ("ubuntu", "13.04", date(2014, 1, 27)),
    ("ubuntu", "13.10", date(2014, 7, 17)),
    ("ubuntu", "14.04", date(2019, 4, 25)),
    ("ubuntu", "14.10", date(2015, 7, 23)),
    ("ubuntu", "15.04", date(2016, 2, 4)),
    ("ubuntu", "15.10", date(2016, 7, 28)),
    ("ubuntu", "16.04", date(2021, 4, 30)),
    ("ubuntu", "16.10", date(2017, 7, 20)),
    ("ubuntu", "17.04", date(2018, 1, 13)),
    ("ubuntu", "17.10", date(2018, 7, 19)),
    ("ubuntu", "18.04", date(2023, 5, 31)),
    ("ubuntu", "18.10", date(2019, 7, 18)),
    ("ubuntu", "19.04", date(2020, 1, 23)),
    ("ubuntu", "19.10", date(2020, 7, 17)),
    ("ubuntu", "20.04", date(2025, 5, 29)),
    ("ubuntu", "20.10", date(2021, 7, 22)),
    ("ubuntu", "21.04", date(2022, 1, 20)),
    ("ubuntu", "21.10", date(2022, 7, 14)),
    ("ubuntu", "22.04", date(2027, 6, 1)),
    ("ubuntu", "22.10", date(2023, 7, 20)),
    ("ubuntu", "23.04", date(2024, 1, 25)),
    ("ubuntu", "23.10", date(2024, 7, 11)),
    ("ubuntu", "24.04", date(2029, 5, 31)),
    ("ubuntu", "24.10", date(2025, 7, 10)),
    ("ubuntu", "25.04", date(2026, 1, 15)),
    ("ubuntu", "25.10", date(2026, 7, 9)),
    ("ubuntu", "26.04", date(2031, 5, 29)),
    ("ubuntu", "26.10", date(2027, 7, 15)),
];

impl Support {
    /// The support of a release on a day.
    pub fn of(release: &Release, today: Date) -> Self {
        let id = match release.id.as_str() {
            "sled" | "sles_sap" | "sle-hpc" => "sles",
            id => id,
        };
        let is_edge = release
            .ecosystem
            .is_some_and(|ecosystem| matches!(ecosystem.release(), "edge" | "unstable" | "Tumbleweed"));
        if ROLLING.contains(&id) || is_edge {
            return Self::Rolling;
        }
        let version = &release.version;
        let mut parts = version.split('.');
        let major = parts.next().unwrap_or_default();
        let minor = parts.next().unwrap_or("0");
        let both = format!("{major}.{minor}");
        // Some distributions count releases by the first number, others by both.
        let found =
            LAST_DAYS.iter().find(|(own, release, _)| *own == id && (*release == both || *release == major));
        match found {
            Some((_, _, last)) if today > *last => Self::Ended(*last),
            Some((_, _, last)) => Self::Until(*last),
            None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::{LAST_DAYS, Release, Support};

    fn release(id: &str, version: &str) -> Release {
        Release {
            id: id.to_owned(),
            version: version.to_owned(),
            name: String::new(),
            ecosystem: None,
            path: String::new(),
        }
    }

    #[test]
    fn support_ends_after_its_last_day() {
        for (id, version, today, expected) in [
            ("debian", "10", date(2024, 6, 30), Support::Until(date(2024, 6, 30))),
            ("debian", "10", date(2024, 7, 1), Support::Ended(date(2024, 6, 30))),
            ("debian", "12", date(2026, 11, 27), Support::Until(date(2028, 6, 30))),
            ("debian", "99", date(2026, 11, 27), Support::Unknown),
            ("debian", "", date(2026, 11, 27), Support::Unknown),
            ("ubuntu", "20.04", date(2026, 11, 27), Support::Ended(date(2025, 5, 29))),
            ("ubuntu", "22.04", date(2026, 11, 27), Support::Until(date(2027, 6, 1))),
            ("alpine", "3.1.4", date(2026, 11, 27), Support::Ended(date(2016, 11, 1))),
            ("alpine", "3.10.9", date(2026, 11, 27), Support::Ended(date(2021, 5, 1))),
            ("alpine", "3.23.0", date(2026, 11, 27), Support::Until(date(2027, 11, 1))),
            ("rhel", "9.4", date(2026, 11, 27), Support::Until(date(2032, 5, 31))),
            ("sles", "15", date(2026, 11, 27), Support::Ended(date(2019, 12, 31))),
            ("sled", "15.7", date(2026, 11, 27), Support::Until(date(2031, 7, 31))),
            ("amzn", "2", date(2026, 11, 27), Support::Ended(date(2026, 6, 30))),
            ("wolfi", "20230201", date(2026, 11, 27), Support::Rolling),
            ("mine", "1", date(2026, 11, 27), Support::Unknown),
        ] {
            assert_eq!(Support::of(&release(id, version), today), expected, "{id} {version}");
        }
    }

    #[test]
    fn no_release_has_two_dates() {
        let releases: BTreeSet<(&str, &str)> =
            LAST_DAYS.iter().map(|(id, version, _)| (*id, *version)).collect();
        assert_eq!(releases.len(), LAST_DAYS.len());
    }
}
