//! Which addresses a credential may be sent to.

use std::net::{Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use super::answer::Trouble;

/// Whether an address leads to this machine, so that nobody in between can read along.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || bare.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a credential may be sent to an address: over TLS, to this machine, or to a host that is `allowed` by name, with or
/// without a port.
pub fn may_carry_credential(url: &Url, allowed: &[String]) -> bool {
    let is_allowed = || {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let with_port = format!("{host}:{port}");
        allowed.iter().map(|name| name.trim()).any(|name| {
            !name.is_empty() && (name.eq_ignore_ascii_case(host) || name.eq_ignore_ascii_case(&with_port))
        })
    };
    match url.scheme() {
        "https" => true,
        "http" => is_loopback(url) || is_allowed(),
        _ => false,
    }
}

/// Why a credential is not sent to an address.
pub(crate) fn refusal(url: &Url) -> Trouble {
    let host = url.host_str().unwrap_or_default();
    Trouble::unable(format!("the token would be sent to {host} over plain {}", url.scheme()))
        .help(format!("use https, or let the workflow allow it with `--allow-http-host {host}`"))
}

#[cfg(test)]
mod tests {
    use reqwest::Url;

    use super::may_carry_credential;

    fn may(url: &str, allowed: &[&str]) -> bool {
        let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        may_carry_credential(&Url::parse(url).unwrap(), &allowed)
    }

    #[test]
    fn plain_http_is_for_this_machine_and_for_hosts_that_are_allowed() {
        for url in [
            "https://h/",
            "http://localhost:1/",
            "http://127.0.0.1/",
            "http://127.8.9.1/",
            "http://[::1]:8080/",
        ] {
            assert!(may(url, &[]), "{url}");
        }
        let far = [
            "http://h/",
            "http://127.evil.example/",
            "http://localhost.evil.example/",
            "http://10.0.0.1/",
            "http://[::2]/",
            "http://127.0.0.1@h/",
            "ftp://localhost/",
        ];
        for url in far {
            assert!(!may(url, &["", "other", "h.example"]), "{url}");
        }
        assert!(may("http://Gitea.Internal:3000/api", &["other", " gitea.internal "]));
        assert!(may("http://gitea.internal:3000/api", &["gitea.internal:3000"]));
        assert!(may("http://gitea.internal/api", &["gitea.internal:80"]));
        assert!(!may("http://gitea.internal:3000/api", &["gitea.internal:80"]));
        assert!(!may("ftp://h/", &["h"]));
    }
}
