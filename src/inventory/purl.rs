//! Package URLs: `pkg:cargo/name@version`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use devops_core::Ecosystem;

/// What stays as it is in a purl; `:` may too, everything else is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'~').remove(b':');

/// The purl of a package.
pub fn purl(ecosystem: Ecosystem, name: &str, version: &str) -> String {
    let name = utf8_percent_encode(name, ENCODED);
    let version = utf8_percent_encode(version, ENCODED);
    format!("pkg:{}/{name}@{version}", ecosystem.purl_type())
}

#[cfg(test)]
mod tests {
    use super::purl;
    use devops_core::Ecosystem;

    #[test]
    fn separators_in_names_and_versions_are_encoded() {
        let of = |name, version| purl(Ecosystem::CRATES_IO, name, version);
        assert_eq!(of("smallvec", "1.6.0"), "pkg:cargo/smallvec@1.6.0");
        assert_eq!(of("openssl-src", "111.0.0+1.1.1a"), "pkg:cargo/openssl-src@111.0.0%2B1.1.1a");
        assert_eq!(of("a/b?c#d@e", "1"), "pkg:cargo/a%2Fb%3Fc%23d%40e@1");
    }
}
