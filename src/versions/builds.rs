//! Builds of one release, and the words of a version that name them: `jre` of `31.1-jre`, `cu118` of `2.6.0+cu118`, `java` of
//! `1.15.0-java`.
//!
//! The order of an ecosystem puts builds of one release behind each other (`31.1-android` before `31.1-jre`), which says nothing about
//! which of them is affected: what ends or begins at one build does so at each of them.

use super::version::Order;

/// Words of Maven that have a place in the order of releases, or that every release may have.
const RELEASES: [&str; 25] = [
    "a",
    "alpha",
    "b",
    "beta",
    "build",
    "cr",
    "dev",
    "ea",
    "final",
    "ga",
    "incubating",
    "m",
    "milestone",
    "p",
    "patch",
    "pl",
    "pom",
    "pre",
    "preview",
    "rc",
    "release",
    "snapshot",
    "sp",
    "sr",
    "u",
];

/// What the platforms of RubyGems begin with.
const PLATFORMS: [&str; 30] = [
    "aarch64",
    "amd64",
    "arm",
    "arm64",
    "armv6",
    "armv7",
    "dalvik",
    "darwin",
    "i386",
    "i486",
    "i586",
    "i686",
    "java",
    "jruby",
    "linux",
    "mingw",
    "mingw32",
    "mswin",
    "mswin32",
    "mswin64",
    "powerpc",
    "ppc64le",
    "riscv64",
    "ruby",
    "s390x",
    "truffleruby",
    "universal",
    "x64",
    "x86",
    "x86_64",
];

/// A version without the build that it names, and the build; none where it names none.
pub fn split(order: Order, text: &str) -> Option<(&str, &str)> {
    let (release, build) = match order {
        Order::PyPi => text.split_once('+')?,
        Order::RubyGems => text.split_once('-').filter(|(_, platform)| is_platform(platform))?,
        Order::Maven => {
            let at = text.rfind(['-', '.'])?;
            (text.get(..at)?, text.get(at + 1..).filter(|word| is_build(word))?)
        }
        _ => return None,
    };
    release.starts_with(|first: char| first.is_ascii_digit() || first == 'v').then_some((release, build))
}

/// A version as it is compared: one of RubyGems without its platform, which its order would take for a pre-release.
pub fn without_platform(order: Order, text: &str) -> &str {
    match (order, split(order, text)) {
        (Order::RubyGems, Some((release, _))) => release,
        _ => text,
    }
}

/// Whether a text is a platform of RubyGems: `java`, `x86_64-linux-musl`.
fn is_platform(text: &str) -> bool {
    text.split('-').next().is_some_and(|first| PLATFORMS.contains(&first))
}

/// Whether the last part of a version of Maven is a word of a build, with or without a number: `jre`, `jre11`.
fn is_build(part: &str) -> bool {
    let word = part.trim_end_matches(|last: char| last.is_ascii_digit());
    !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !RELEASES.contains(&word.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::{split, without_platform};
    use crate::Order;

    #[test]
    fn builds_are_told_from_releases() {
        for (order, text, expected) in [
            (Order::Maven, "31.1-jre", Some(("31.1", "jre"))),
            (Order::Maven, "10.2.3.jre11", Some(("10.2.3", "jre11"))),
            (Order::Maven, "30.0-rc1-android", Some(("30.0-rc1", "android"))),
            (Order::Maven, "9.4.51.v20230217", Some(("9.4.51", "v20230217"))),
            (Order::Maven, "4.1.94.Final", None),
            (Order::Maven, "5.0.0.M1", None),
            (Order::Maven, "12.7.0.jre8-preview", None),
            (Order::Maven, "1.0-SNAPSHOT", None),
            (Order::Maven, "Hoxton.SR1", None),
            (Order::Maven, "31.1", None),
            (Order::PyPi, "2.6.0+cu118", Some(("2.6.0", "cu118"))),
            (Order::PyPi, "2.6.0", None),
            (Order::RubyGems, "1.15.0-x86_64-linux", Some(("1.15.0", "x86_64-linux"))),
            (Order::RubyGems, "1.15.0-java", Some(("1.15.0", "java"))),
            (Order::RubyGems, "1.15.0-rc1", None),
            (Order::SemVer, "1.0.0+build", None),
            (Order::Go, "2.0.0+incompatible", None),
            (Order::Maven, "", None),
        ] {
            assert_eq!(split(order, text), expected, "{text}");
        }
        assert_eq!(without_platform(Order::RubyGems, "1.15.0-arm64-darwin"), "1.15.0");
        assert_eq!(without_platform(Order::RubyGems, "1.15.0-rc1"), "1.15.0-rc1");
        assert_eq!(without_platform(Order::PyPi, "2.6.0+cu118"), "2.6.0+cu118");
    }
}
