//! Which reports are about one image, and which are one report given twice.

use super::reports::Header;
use devops_core::Error;

/// For each report, the first one that is about the same thing.
pub(super) fn groups(headers: &[Header]) -> Vec<usize> {
    let mut groups: Vec<usize> = Vec::with_capacity(headers.len());
    // A report may have no digest at which two groups could be told to be one: the first group is taken.
    for (position, header) in headers.iter().enumerate() {
        let before = headers.iter().zip(&groups).take(position);
        let same = before.into_iter().find(|(other, _)| other.is_about_same(header)).map(|(_, group)| *group);
        groups.push(same.unwrap_or(position));
    }
    groups
}

/// Refuses reports about different images, unless that was asked for.
///
/// # Errors
/// Where two are.
pub(super) fn check(headers: &[Header], groups: &[usize], is_allowed: bool) -> Result<(), Error> {
    let mut images = headers.iter().zip(groups).enumerate();
    let mut images =
        images.by_ref().filter(|(position, (header, group))| position == *group && header.is_of_image());
    match (images.next(), images.next()) {
        (Some((_, (one, _))), Some((_, (other, _)))) if !is_allowed => {
            let at = |header: &Header| format!("{} in {}", header.name(), header.path);
            Err(Error::input(format!(
                "the reports are about different images: {} and {}",
                at(one),
                at(other)
            ))
            .help(
                "judge each image on its own, or set `several-images`; scan by digest if they are one image",
            ))
        }
        _ => Ok(()),
    }
}

/// Takes out the reports that are given twice.
pub(super) fn once(headers: &[Header]) -> Vec<&Header> {
    let mut once: Vec<&Header> = Vec::new();
    for header in headers {
        let is_double = |other: &&Header| {
            let other = Header { path: header.path.clone(), ..(*other).clone() };
            !header.created.is_empty() && other == *header
        };
        if !once.iter().any(is_double) {
            once.push(header);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::{check, groups, once};
    use crate::reports::{Header, Scanner};

    fn image(name: &str, id: &str, digest: &str) -> Header {
        let mut header = Header::of(name, Scanner::Trivy);
        name.clone_into(&mut header.artifact);
        "container_image".clone_into(&mut header.kind);
        header.ids.extend(Some(id.to_owned()).filter(|id| !id.is_empty()));
        header.digests.extend(Some(digest.to_owned()).filter(|digest| !digest.is_empty()));
        header
    }

    #[test]
    fn digests_decide_and_names_where_one_is_missing() {
        for (one, other, is_same) in [
            (image("a", "sha256:1", ""), image("b", "sha256:1", ""), true),
            (image("a", "sha256:1", "x@sha256:2"), image("b", "", "y@SHA256:2"), true),
            (image("a", "sha256:1", ""), image("a", "sha256:2", ""), false),
            (image("a", "sha256:1", ""), image("a", "", ""), true),
            (image("a", "sha256:1", ""), image("a", "", "x@sha256:2"), true),
            (image("a", "", ""), image("b", "", ""), false),
            (image("a", "", ""), Header { kind: "filesystem".to_owned(), ..image("a", "", "") }, false),
        ] {
            assert_eq!(one.is_about_same(&other), is_same, "{one:?} {other:?}");
            assert_eq!(other.is_about_same(&one), is_same, "{one:?} {other:?}");
            let headers = [one, other];
            let groups = groups(&headers);
            let is_two_images = !is_same && headers[0].kind == headers[1].kind;
            assert_eq!(check(&headers, &groups, false).is_err(), is_two_images);
            assert!(check(&headers, &groups, true).is_ok());
        }
    }

    #[test]
    fn a_report_that_is_given_twice_is_one() {
        let mut report = image("a", "sha256:1", "");
        assert_eq!(once(&[report.clone(), report.clone()]).len(), 2, "nobody knows");
        "2026-11-23T00:00:00Z".clone_into(&mut report.created);
        let copy = Header { path: "copy.json".to_owned(), ..report.clone() };
        let other = Header { created: "2026-11-24T00:00:00Z".to_owned(), ..report.clone() };
        assert_eq!(once(&[report, copy, other]).len(), 2);
    }
}
