//! Which package a jar is.

use super::super::found::Found;
use super::super::header::{self, Field};
use super::package;
use crate::Origin;
use crate::document::Element;
use devops_core::Ecosystem;

/// Groups of artifacts that have no description by Maven; of several that fit, the longest prefix counts.
const GROUPS: [(&str, &str); 45] = [
    ("spring-", "org.springframework"),
    ("spring-amqp", "org.springframework.amqp"),
    ("spring-batch-", "org.springframework.batch"),
    ("spring-boot", "org.springframework.boot"),
    ("spring-cloud-", "org.springframework.cloud"),
    ("spring-data-", "org.springframework.data"),
    ("spring-hateoas", "org.springframework.hateoas"),
    ("spring-integration-", "org.springframework.integration"),
    ("spring-kafka", "org.springframework.kafka"),
    ("spring-ldap-", "org.springframework.ldap"),
    ("spring-rabbit", "org.springframework.amqp"),
    ("spring-retry", "org.springframework.retry"),
    ("spring-security-", "org.springframework.security"),
    ("spring-session-", "org.springframework.session"),
    ("spring-webflow", "org.springframework.webflow"),
    ("spring-ws-", "org.springframework.ws"),
    ("asm", "org.ow2.asm"),
    ("asm-", "org.ow2.asm"),
    ("bcmail-", "org.bouncycastle"),
    ("bcpg-", "org.bouncycastle"),
    ("bcpkix-", "org.bouncycastle"),
    ("bcprov-", "org.bouncycastle"),
    ("bctls-", "org.bouncycastle"),
    ("bcutil-", "org.bouncycastle"),
    ("caffeine", "com.github.ben-manes.caffeine"),
    ("commons-logging-", "commons-logging"),
    ("elasticsearch", "org.elasticsearch"),
    ("grpc-", "io.grpc"),
    ("h2", "com.h2database"),
    ("hibernate-core", "org.hibernate"),
    ("jdom", "org.jdom"),
    ("jna", "net.java.dev.jna"),
    ("jsr305", "com.google.code.findbugs"),
    ("junit-jupiter", "org.junit.jupiter"),
    ("junit-platform-", "org.junit.platform"),
    ("kafka-clients", "org.apache.kafka"),
    ("kotlin-", "org.jetbrains.kotlin"),
    ("lucene-", "org.apache.lucene"),
    ("okhttp", "com.squareup.okhttp3"),
    ("reactor-netty", "io.projectreactor.netty"),
    ("snakeyaml", "org.yaml"),
    ("tomcat-", "org.apache.tomcat"),
    ("tomcat-embed-", "org.apache.tomcat.embed"),
    ("velocity", "org.apache.velocity"),
    ("velocity-", "org.apache.velocity"),
];

/// Artifacts whose group has their own name, as Maven had it first.
const OWN_GROUP: [&str; 25] = [
    "aopalliance",
    "classworlds",
    "commons-beanutils",
    "commons-chain",
    "commons-cli",
    "commons-codec",
    "commons-collections",
    "commons-configuration",
    "commons-dbcp",
    "commons-digester",
    "commons-fileupload",
    "commons-httpclient",
    "commons-io",
    "commons-lang",
    "commons-logging",
    "commons-net",
    "commons-pool",
    "commons-validator",
    "dom4j",
    "junit",
    "log4j",
    "oro",
    "regexp",
    "xmlpull",
    "xml-apis",
];

/// What `pom.properties` says; what it lacks is in its path. None where it has no version.
pub(super) fn of_properties(text: &str, group: &str, artifact: &str) -> Option<Found> {
    let value = |key: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.trim_start().split_once(['=', ':'])?;
            (name.trim_end() == key).then(|| value.trim()).filter(|value| is_known(value))
        })
    };
    let version = value("version")?;
    Some(package(value("groupId").unwrap_or(group), value("artifactId").unwrap_or(artifact), version))
}

/// What `pom.xml` says; its parent says what it does not.
pub(super) fn of_pom(root: &Element, group: &str, artifact: &str) -> Option<Found> {
    let text = |element: &Element, name: &str| {
        let child = element.children.iter().find(|child| child.name == name)?;
        Some(child.text.trim().to_owned()).filter(|text| is_known(text))
    };
    let parent = root.children.iter().find(|child| child.name == "parent");
    let of = |name: &str| text(root, name).or_else(|| text(parent?, name));
    let version = of("version")?;
    Some(package(
        &of("groupId").unwrap_or_else(|| group.to_owned()),
        &text(root, "artifactId").unwrap_or_else(|| artifact.to_owned()),
        &version,
    ))
}

/// Whether a value is one, instead of nothing or of a variable.
fn is_known(value: &str) -> bool {
    !value.is_empty() && !value.contains("${") && !value.starts_with('@')
}

/// The package that a jar itself is, where none of its descriptions says so: by its manifest, its name and the names of its files.
pub(super) fn of(
    file: &str,
    manifest: &str,
    names: &mut dyn Iterator<Item = &str>,
    described: &[Found],
) -> Vec<Found> {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let artifact_of =
        |found: &Found| found.name.split_once(':').map_or(String::new(), |(_, artifact)| artifact.to_owned());
    let is_own = |found: &Found| {
        let artifact = artifact_of(found);
        stem == artifact || stem.strip_prefix(artifact.as_str()).is_some_and(|rest| rest.starts_with('-'))
    };
    if described.iter().any(is_own) {
        return Vec::new();
    }
    let fields = header::fields(manifest, "");
    let value = |name: &str| {
        header::first(&fields, name).map(|field| field.value.as_str()).filter(|value| is_known(value))
    };
    let symbolic = value("Bundle-SymbolicName").map(|name| name.split(';').next().unwrap_or(name).trim());
    let is_version = |version: &&str| version.starts_with(|first: char| first.is_ascii_digit());
    let said = ["Implementation-Version", "Bundle-Version", "Specification-Version"]
        .iter()
        .filter_map(|name| value(name).map(|version| version.split_whitespace().next().unwrap_or_default()))
        .find(is_version);
    let called = split(stem, said);
    let title = value("Implementation-Title")
        .filter(|title| title.chars().all(|one| one.is_ascii_alphanumeric() || "-_.".contains(one)));
    let artifact = match (called, title, symbolic) {
        (Some((artifact, _)), _, _) => artifact.to_owned(),
        (None, Some(title), _) => title.rsplit(':').next().unwrap_or(title).to_owned(),
        (None, None, Some(symbolic)) => symbolic.rsplit('.').next().unwrap_or(symbolic).to_owned(),
        (None, None, None) => stem.to_owned(),
    };
    let own_version =
        called.map(|(_, version)| said.filter(|said| is_classified(version, said)).unwrap_or(version));
    let versions: Vec<&str> = match (said, own_version) {
        // The name has what Maven calls it, the manifest what OSGi does: `4.12.0` of `4.12`, `30.1.0.jre` of `30.1-jre`.
        (Some(said), Some(called)) if is_same(said, called) => vec![called],
        // Either may be wrong, and a name is changed easily.
        (Some(said), Some(called)) => vec![called, said],
        (said, called) => said.or(called).into_iter().collect(),
    };
    // A jar under another name that has one description only, or whose manifest is about one of them, is that one.
    let is_described = described.len() == 1 && called.is_none()
        || described.iter().any(|found| {
            artifact_of(found) == artifact
                || symbolic.is_some_and(|symbolic| {
                    symbolic == found.name.replace(':', ".") || symbolic.ends_with(&artifact_of(found))
                })
        });
    if is_described || versions.is_empty() {
        return Vec::new();
    }
    let license = value("Bundle-License").filter(|license| license.len() <= 100).map(str::to_owned);
    let group = group(&artifact, &fields, symbolic, names);
    let found = versions.into_iter().map(|version| match &group {
        Some(group) => package(group, &artifact, version),
        None => Found::new(Ecosystem::MAVEN, artifact.as_str(), version)
            .from(Origin::Other, "a jar without a group"),
    });
    found.map(|found| found.licensed(license.clone())).collect()
}

/// Whether a version of a name has a classifier behind the one of the manifest: `4.0-no_aop` of `4.0`, other than `30.1-jre`.
fn is_classified(called: &str, said: &str) -> bool {
    const QUALIFIERS: [&str; 12] = [
        "alpha",
        "android",
        "beta",
        "cr",
        "final",
        "ga",
        "incubating",
        "jre",
        "m",
        "rc",
        "release",
        "snapshot",
    ];
    called.strip_prefix(said).and_then(|rest| rest.strip_prefix('-')).is_some_and(|classifier| {
        let word: String =
            classifier.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
        !word.is_empty() && !QUALIFIERS.contains(&word.as_str())
    })
}

/// The group of an artifact.
fn group(
    artifact: &str,
    fields: &[Field],
    symbolic: Option<&str>,
    names: &mut dyn Iterator<Item = &str>,
) -> Option<String> {
    if OWN_GROUP.contains(&artifact) {
        return Some(artifact.to_owned());
    }
    let known = GROUPS.iter().filter(|(prefix, _)| {
        artifact.starts_with(prefix)
            && (prefix.len() == artifact.len()
                || prefix.ends_with('-')
                || artifact.as_bytes().get(prefix.len()) == Some(&b'-'))
    });
    if let Some((_, group)) = known.max_by_key(|(prefix, _)| prefix.len()) {
        return Some((*group).to_owned());
    }
    if let Some((group, _)) = artifact.rsplit_once('.').filter(|(group, _)| group.contains('.')) {
        // `org.osgi.core` is of `org.osgi`.
        return Some(group.to_owned());
    }
    // Not of one project, and so of none.
    let is_shared = |name: &str| {
        matches!(name, "org.apache" | "com.google" | "com.sun" | "org.codehaus" | "org.eclipse" | "net.java")
    };
    let is_group = |name: &&str| {
        name.contains('.')
            && !is_shared(name)
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    let vendor =
        header::first(fields, "Implementation-Vendor-Id").map(|field| field.value.as_str()).filter(is_group);
    // The group that a bundle is called after is mostly all before the artifact: `org.ow2.asm` is of `org.ow2.asm:asm`.
    let of_bundle = symbolic.filter(is_group).map(|symbolic| {
        let end = artifact.rsplit('-').next().unwrap_or(artifact);
        [artifact, end]
            .iter()
            .find_map(|name| symbolic.strip_suffix(name)?.strip_suffix(['.', '-']))
            .filter(|group| group.contains('.') && !is_shared(group))
            .unwrap_or(symbolic)
            .to_owned()
    });
    vendor.map(str::to_owned).or(of_bundle).or_else(|| of_classes(names))
}

/// The packages that all classes of a jar have in common.
fn of_classes(names: &mut dyn Iterator<Item = &str>) -> Option<String> {
    let classes = names.filter(|name| {
        !name.starts_with("META-INF/")
            && name.strip_suffix(".class").is_some_and(|name| !name.ends_with("module-info"))
    });
    let mut common: Option<Vec<&str>> = None;
    for class in classes {
        let mut parts: Vec<&str> = class.split('/').collect();
        parts.pop();
        common = Some(match common {
            None => parts,
            Some(common) => common
                .into_iter()
                .zip(parts)
                .take_while(|(left, right)| left == right)
                .map(|(left, _)| left)
                .collect(),
        });
    }
    // Groups rarely have more than three parts.
    let mut common = common?;
    common.truncate(3);
    (common.len() >= 2).then(|| common.join("."))
}

/// Artifact and version of a name: `log4j-1.2-api-2.14.1`, `guava-30.1-jre`.
fn split<'a>(stem: &'a str, said: Option<&str>) -> Option<(&'a str, &'a str)> {
    let starts: Vec<usize> = stem
        .match_indices('-')
        .map(|(at, _)| at)
        .filter(|at| *at > 0 && stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit))
        .collect();
    let pair = |at: usize| Some((stem.get(..at)?, stem.get(at + 1..)?));
    if let Some(said) = said
        && let Some(at) = starts.iter().find(|at| stem.get(**at + 1..).is_some_and(|rest| rest == said))
    {
        return pair(*at);
    }
    let mut chosen = *starts.last()?;
    for at in starts.iter().rev().skip(1) {
        let between = stem.get(at + 1..chosen)?;
        if between.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            chosen = *at;
        }
    }
    pair(chosen)
}

/// Whether what a manifest says is the version of a name in another spelling.
fn is_same(said: &str, called: &str) -> bool {
    let numbers = |version: &str| -> Vec<u64> {
        let numbers = version.split(|one: char| !one.is_ascii_digit()).filter(|part| !part.is_empty());
        let mut numbers: Vec<u64> = numbers.map(|part| part.parse().unwrap_or_default()).collect();
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        numbers
    };
    let (said, called) = (numbers(said), numbers(called));
    said == called || said.starts_with(&called) && said.len() > 3
}
