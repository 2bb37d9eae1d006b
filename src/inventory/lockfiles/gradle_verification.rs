//! `verification-metadata.xml`: every module that a Gradle build may use, with checksums.

use super::{Format, Source};
use crate::document::{Damage, Element, text, xml};
use crate::draft::Draft;
use crate::{Graph, Package};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "verification-metadata.xml",
    is: |name| name == "verification-metadata.xml",
    is_named: |name| name.ends_with("verification-metadata.xml"),
    read,
};

const RESTORE: &str = "restore the file, or regenerate it with `gradle --write-verification-metadata sha256`";

/// Elements and attributes whose spelling decides what is read.
const KNOWN: [&str; 16] = [
    "components",
    "component",
    "group",
    "name",
    "version",
    "artifact",
    "configuration",
    "value",
    "also-trust",
    "trusted-artifacts",
    "trust",
    "file",
    "verify-signatures",
    "trusted-keys",
    "trusted-key",
    "trusting",
];

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, RESTORE))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let root = xml(text(source.bytes)?)?;
    if root.name != "verification-metadata" {
        return Err(Damage::new(
            root.line,
            format!("expected `verification-metadata`, found `{}`", root.name),
        ));
    }
    root.check_spelling(&KNOWN)?;
    let trusted = trusted(&root)?;
    let mut draft = Draft::default();
    let Some(components) = root.only("components")? else {
        return Err(Damage::new(root.line, "`components` is missing"));
    };
    for component in &components.children {
        if component.name != "component" {
            return Err(Damage::new(component.line, format!("unknown element `{}`", component.name)));
        }
        component.check_spelling(&KNOWN)?;
        let field = |key: &str| {
            let value = component.attribute(key).filter(|value| !value.is_empty());
            value.ok_or_else(|| Damage::new(component.line, format!("`{key}` is missing")))
        };
        let name = format!("{}:{}", field("group")?, field("name")?);
        let mut package = Package::new(Ecosystem::MAVEN, name, field("version")?, component.line);
        for artifact in component.all("artifact") {
            // Checksums of the other files of a module say nothing about its code.
            let file = artifact.attribute("name").unwrap_or_default();
            let is_code = !file.is_empty() && !file.ends_with(".pom") && !file.ends_with(".module");
            // Gradle checks none of a file that is trusted without.
            let is_checked = is_code && !trusted.iter().any(|trust| trusts(trust, component, file));
            for checksum in artifact.children.iter().filter(|_| is_checked) {
                checksum.check_spelling(&KNOWN)?;
                if matches!(checksum.name.as_str(), "md5" | "sha1" | "sha256" | "sha512") {
                    let others = checksum.all("also-trust").map(|other| other.attribute("value"));
                    let all: Vec<&str> =
                        std::iter::once(checksum.attribute("value")).chain(others).flatten().collect();
                    // Any of them admits the file: together they are one checksum, and one more is another.
                    if !all.is_empty() {
                        package.integrity.push(format!("{}:{}", checksum.name, all.join(" or ")));
                    }
                }
            }
        }
        draft.add(package);
    }
    for trust in unlisted(&root, &trusted)? {
        draft.add(trust);
    }
    Ok(draft.finish())
}

/// What a build may use without being listed: what is trusted without a checksum, and what a trusted key signed. Each stands for
/// packages of which the file gives no version.
fn unlisted(root: &Element, trusted: &[&Element]) -> Result<Vec<Package>, Damage> {
    let named = |element: &Element, why: String| {
        let part = |key: &str| element.attribute(key).filter(|value| !value.is_empty()).unwrap_or("*");
        let name = format!("{}:{}", part("group"), part("name"));
        Package { requirement: why, ..Package::new(Ecosystem::MAVEN, name, "", element.line) }
    };
    // Files for people, such as sources, are no code of a module.
    let is_code = |trust: &&&Element| {
        let file = trust.attribute("file").unwrap_or_default();
        trust.attribute("version").is_none()
            && !["sources", "javadoc", "pom", "module"].iter().any(|part| file.contains(part))
    };
    let mut found: Vec<Package> = trusted
        .iter()
        .filter(is_code)
        .map(|trust| named(trust, "trusted without a checksum".to_owned()))
        .collect();
    let Some(configuration) = root.only("configuration")? else { return Ok(found) };
    let is_signed = configuration.text_of("verify-signatures")?.is_some_and(|value| value == "true");
    let keys = configuration.only("trusted-keys")?.filter(|_| is_signed);
    for key in keys.into_iter().flat_map(|keys| keys.all("trusted-key")) {
        key.check_spelling(&KNOWN)?;
        let why = format!("signed by the key {}", key.attribute("id").unwrap_or("without an id"));
        let modules: Vec<&Element> = key.all("trusting").collect();
        let whole = std::slice::from_ref(&key);
        let modules = if modules.is_empty() { whole } else { modules.as_slice() };
        let open = modules.iter().filter(|module| module.attribute("version").is_none());
        found.extend(open.map(|module| named(module, why.clone())));
    }
    Ok(found)
}

/// What is trusted without a checksum.
fn trusted(root: &Element) -> Result<Vec<&Element>, Damage> {
    let Some(configuration) = root.only("configuration")? else { return Ok(vec![]) };
    let mut found = Vec::new();
    let prefixed = |element: &&Element| element.name.contains(':');
    for holder in std::iter::once(configuration).chain(configuration.only("trusted-artifacts")?) {
        holder.check_spelling(&KNOWN)?;
        if let Some(element) = holder.children.iter().find(prefixed) {
            return Err(Damage::new(element.line, format!("unknown element `{}`", element.name)));
        }
        for trust in holder.all("trust") {
            trust.check_spelling(&KNOWN)?;
            found.push(trust);
        }
    }
    Ok(found)
}

/// Whether a file of a component is trusted.
fn trusts(trust: &Element, component: &Element, file: &str) -> bool {
    let is_pattern = trust.attribute("regex").is_some_and(|value| value.trim() == "true");
    let fits = |key: &str, value: &str| match trust.attribute(key) {
        Some(wanted) if is_pattern => may_fit(wanted, value),
        Some(wanted) => wanted == value,
        None => true,
    };
    let of = |key: &str| component.attribute(key).unwrap_or_default();
    ["group", "name", "version"].iter().all(|key| fits(key, of(key))) && fits("file", file)
}

/// Whether a pattern may fit a text. One of plain characters and `.*` is compared at its start and end; any other may fit.
fn may_fit(pattern: &str, text: &str) -> bool {
    let plain = pattern.trim_start_matches('^').trim_end_matches('$').replace("\\.", ".").replace("[.]", ".");
    let parts: Vec<&str> = plain.split(".*").collect();
    let is_plain =
        |part: &&str| part.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | '_'));
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return true };
    if !parts.iter().all(is_plain) {
        return true;
    }
    if parts.len() == 1 {
        return first.len() == text.len() && alike(first, text);
    }
    text.len() >= first.len() + last.len()
        && text.get(..first.len()).is_some_and(|start| alike(first, start))
        && text.get(text.len() - last.len()..).is_some_and(|end| alike(last, end))
}

/// Whether two texts of one length are the same but for points, which stand for any character in a pattern.
fn alike(pattern: &str, text: &str) -> bool {
    pattern.chars().zip(text.chars()).all(|(wanted, one)| wanted == '.' || wanted == one)
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, Source, may_fit};

    fn integrity(configuration: &str, checksum: &str) -> Vec<String> {
        let text = format!(
            "<verification-metadata><configuration>{configuration}</configuration><components>\
             <component group=\"a.b\" name=\"c\" version=\"1\"><artifact name=\"c-1.jar\">{checksum}</artifact></component>\
             </components></verification-metadata>"
        );
        let graph = FORMAT.read(&Source::alone("verification-metadata.xml", text.as_bytes())).unwrap();
        graph.packages.into_iter().flat_map(|package| package.integrity).collect()
    }

    #[test]
    fn checksums_that_are_trusted_as_well_count() {
        assert_eq!(integrity("", "<sha256 value='aa'/>"), ["sha256:aa"]);
        assert_eq!(
            integrity("", "<sha256 value='aa'><also-trust value='ee'/></sha256>"),
            ["sha256:aa or ee"]
        );
    }

    #[test]
    fn what_is_trusted_without_a_checksum_has_none() {
        for (trust, is_trusted) in [
            ("<trust group='a.b'/>", true),
            ("<trust group='a.b' name='c' version='1'/>", true),
            ("<trust group='.*' regex='true'/>", true),
            ("<trust group='a[.]b' regex='true'/>", true),
            ("<trust group='(a|x).b' regex='true'/>", true),
            ("<trust file='.*[.]jar' regex='true'/>", true),
            ("<trust group='.*'/>", false),
            ("<trust group='x.y'/>", false),
            ("<trust group='a.b' version='2'/>", false),
            ("<trust file='.*-javadoc[.]jar' regex='true'/>", false),
        ] {
            let found =
                integrity(&format!("<trusted-artifacts>{trust}</trusted-artifacts>"), "<sha256 value='aa'/>");
            assert_eq!(found.is_empty(), is_trusted, "{trust}");
        }
    }

    #[test]
    fn what_may_be_used_without_being_listed_has_no_version() {
        let labels = |configuration: &str| -> Vec<String> {
            let text = format!(
                "<verification-metadata><configuration>{configuration}</configuration><components/></verification-metadata>"
            );
            let graph = FORMAT.read(&Source::alone("verification-metadata.xml", text.as_bytes())).unwrap();
            graph.packages.iter().map(crate::Package::label).collect()
        };
        let keys = "<trusted-keys><trusted-key id='AA' group='a.b'/><trusted-key id='BB'><trusting group='c' name='d'/>\
             <trusting group='e' name='f' version='1'/></trusted-key></trusted-keys>";
        assert_eq!(
            labels(&format!("<verify-signatures>true</verify-signatures>{keys}")),
            ["a.b:* signed by the key AA", "c:d signed by the key BB"]
        );
        // Gradle looks at no key then.
        assert!(labels(&format!("<verify-signatures>false</verify-signatures>{keys}")).is_empty());
        assert!(labels(&format!("<verify-metadata>false</verify-metadata>{keys}")).is_empty());
        assert_eq!(
            labels(
                "<trusted-artifacts><trust group='a.b'/><trust file='.*-javadoc[.]jar' regex='true'/></trusted-artifacts>"
            ),
            ["a.b:* trusted without a checksum"]
        );
    }

    #[test]
    fn patterns_that_are_not_understood_may_fit() {
        for (pattern, text, may) in [
            ("^com[.]x.*", "com.x.y", true),
            ("^com\\.x.*$", "org.x", false),
            (".*-sources[.]jar", "a-1.jar", false),
            ("a+", "aaa", true),
            ("", "a", false),
        ] {
            assert_eq!(may_fit(pattern, text), may, "{pattern} {text}");
        }
    }
}
