//! Whether an advisory about a release of a distribution is about what an image of a release has installed.
//!
//! Names of OSV are of products and repositories, an image only says its release: what is in none of its repositories is not
//! installed either, so that the release decides.

/// Whether two suffixes of a distribution's name mean the same release: that of an advisory, and that of an image.
pub fn is_same_release(distribution: &str, own: &str, asked: &str) -> bool {
    match distribution {
        "Red Hat" => red_hat(own) == red_hat(asked),
        "SUSE" => match (suse(own), suse(asked)) {
            (Some(own), Some(asked)) => own == asked,
            _ => own == asked,
        },
        "Ubuntu" => release(ubuntu(own)) == release(ubuntu(asked)),
        _ => release(own) == release(asked),
    }
}

/// A release in the form in which releases are compared: `v3.17` is `3.17`, `22.04:LTS` is `22.04`.
fn release(suffix: &str) -> &str {
    let suffix = suffix.strip_suffix(":LTS").unwrap_or(suffix);
    suffix
        .strip_prefix('v')
        .filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
        .unwrap_or(suffix)
}

/// Without the word for extended support: `Pro:18.04:LTS` has the same packages, and fixes that need a subscription. Variants such as
/// `Pro:FIPS:18.04:LTS` have packages of their own.
fn ubuntu(suffix: &str) -> &str {
    suffix
        .strip_prefix("Pro:")
        .filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
        .unwrap_or(suffix)
}

/// Product and release of a part of a CPE: `enterprise_linux:9::baseos` is `enterprise_linux`, `9`. Enterprise Linux has one set of
/// packages for all minor releases; its variants, such as `rhel_eus:9.2`, have one for each.
fn red_hat(suffix: &str) -> (&str, &str) {
    let mut parts = suffix.split(':');
    let (product, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let version =
        if product == "enterprise_linux" { version.split('.').next().unwrap_or_default() } else { version };
    (product, version)
}

/// Whether it is of the Micro family, its release, and its service pack: `Linux Enterprise Module for Basesystem 15 SP5-LTSS` is `15`
/// and `SP5`. None for products that are no distribution.
fn suse(suffix: &str) -> Option<(bool, &str, &str)> {
    if !suffix.starts_with("Linux ") && !suffix.starts_with("Package Hub ") {
        return None;
    }
    let mut words = suffix.split(' ');
    let is_number = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit());
    let number = words.find(is_number)?;
    let number = number.split('-').next().unwrap_or(number);
    let pack = words.next().and_then(|word| word.split('-').next()).filter(|word| word.starts_with("SP"));
    Some((suffix.contains("Micro "), number, pack.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::is_same_release;

    #[test]
    fn the_release_decides() {
        for (distribution, own, asked, expected) in [
            ("Alpine", "v3.17", "3.17", true),
            ("Alpine", "v3.1", "v3.17", false),
            ("Debian", "12", "12", true),
            ("Debian", "12", "13", false),
            ("Ubuntu", "22.04:LTS", "22.04", true),
            ("Ubuntu", "22.04", "22.10", false),
            ("Ubuntu", "Pro:18.04:LTS", "18.04:LTS", true),
            ("Ubuntu", "Pro:FIPS:18.04:LTS", "18.04:LTS", false),
            ("Ubuntu", "vivid", "vivid", true),
            ("Red Hat", "enterprise_linux:9::baseos", "enterprise_linux:9", true),
            ("Red Hat", "enterprise_linux:10.0::appstream", "enterprise_linux:10", true),
            ("Red Hat", "enterprise_linux:8::baseos", "enterprise_linux:9", false),
            ("Red Hat", "rhel_eus:9.2::baseos", "enterprise_linux:9", false),
            ("Red Hat", "openshift:4.12::el9", "enterprise_linux:9", false),
            ("SUSE", "Linux Enterprise Module for Basesystem 15 SP5", "Linux Enterprise Server 15 SP5", true),
            ("SUSE", "Linux Enterprise Server 12 SP5-LTSS", "Linux Enterprise Server 12 SP5", true),
            (
                "SUSE",
                "Linux Enterprise Server LTSS Extended Security 12 SP5",
                "Linux Enterprise Server 12 SP5",
                true,
            ),
            ("SUSE", "Linux Enterprise Server 15-LTSS", "Linux Enterprise Server 15", true),
            ("SUSE", "Linux Enterprise Server 15 SP4", "Linux Enterprise Server 15 SP5", false),
            ("SUSE", "Linux Enterprise Micro 5.5", "Linux Enterprise Micro 5.5", true),
            ("SUSE", "Package Hub 15 SP5", "Linux Enterprise Server 15 SP5", true),
            ("SUSE", "Manager Server 15 SP5", "Linux Enterprise Server 15 SP5", false),
            ("openSUSE", "Leap 15.5", "Leap 15.5", true),
            ("openSUSE", "Leap 15.5", "Leap 15.6", false),
        ] {
            assert_eq!(is_same_release(distribution, own, asked), expected, "{own} for {asked}");
        }
    }
}
