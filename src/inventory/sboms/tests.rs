use crate::lockfiles::{Format, Kind, Source};
use crate::{Graph, Origin};
use devops_core::Error;

fn format(name: &str) -> &'static Format {
    match Kind::of(name) {
        Some(Kind::Read(format)) => format,
        other => panic!("{name}: {other:?}"),
    }
}

fn read(name: &str, content: &str) -> Result<Graph, Error> {
    format(name).read(&Source::alone(name, content.as_bytes()))
}

fn labels(graph: &Graph) -> Vec<String> {
    let label = |package: &crate::Package| {
        format!("{} {} {}", package.ecosystem.name(), package.label(), package.origin.word())
    };
    graph.packages.iter().map(label).collect()
}

#[test]
fn a_component_without_a_purl_is_listed_as_one_of_no_known_source() {
    let component = |rest: &str| {
        let component = format!("{{\"type\": \"library\", \"name\": \"a\", \"version\": \"1\"{rest}}}");
        format!("{{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.5\", \"components\": [{component}]}}")
    };
    for (content, expected) in [
        (component(""), "unknown a 1 other"),
        (component(", \"purl\": \"pkg:deb/debian/a@1\""), "unknown debian/a 1 other"),
        (component(", \"purl\": \"pkg:npm/a@1\""), "npm a 1 registry"),
        (component(", \"purl\": \"pkg:npm/a@1?vcs_url=git%2Bhttps://x\""), "npm a 1 git"),
        (
            component(", \"properties\": [{\"name\": \"x:ecosystem\", \"value\": \"PyPI\"}]"),
            "PyPI a 1 registry",
        ),
    ] {
        assert_eq!(labels(&read("bom.json", &content).unwrap()), [expected], "{content}");
    }
    let package = "{\"SPDXID\": \"SPDXRef-a\", \"name\": \"a\", \"versionInfo\": \"1\"}";
    let spdx = format!("{{\"spdxVersion\": \"SPDX-2.3\", \"packages\": [{package}]}}");
    let graph = read("x.spdx.json", &spdx).unwrap();
    assert_eq!(
        (labels(&graph), graph.packages[0].origin),
        (vec!["unknown a 1 other".to_owned()], Origin::Other)
    );
    assert_eq!(labels(&read("bom.json", &spdx).unwrap()), ["unknown a 1 other"]);
}

#[test]
fn the_same_name_in_two_ecosystems_is_two_packages() {
    let content = "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\", \"components\": [
        {\"type\": \"library\", \"name\": \"a\", \"purl\": \"pkg:npm/a@1\", \"components\": [
            {\"type\": \"library\", \"name\": \"a\", \"purl\": \"pkg:pypi/a@1\"}]},
        {\"type\": \"file\", \"name\": \"a.js\"}]}";
    assert_eq!(labels(&read("bom.json", content).unwrap()), ["npm a 1 registry", "PyPI a 1 registry"]);
}

#[test]
fn what_could_hide_a_component_is_an_error() {
    let head = "\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\"";
    let with = |rest: &str| format!("{{{head}, {rest}}}");
    let xml = |rest: &str| format!("<bom xmlns='http://cyclonedx.org/schema/bom/1.5'>{rest}</bom>");
    for (name, content) in [
        ("bom.json", "{}".to_owned()),
        ("bom.json", "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"2.0\"}".to_owned()),
        ("bom.json", with("\"Components\": []")),
        ("bom.json", with("\"components\": {}")),
        ("bom.json", with("\"components\": [], \"components\": []")),
        ("bom.json", with("\"components\": [{\"type\": \"library\", \"name\": \"a\", \"purl\": \"npm/a\"}]")),
        ("bom.json", with("\"components\": [{\"type\": \"library\", \"name\": \"a\", \"PURL\": \"pkg:npm/a@1\"}]")),
        ("bom.json", with("\"dependencies\": [{\"ref\": \"a\", \"dependsOn\": [\"b\"]}]")),
        ("bom.xml", xml("<Components/>")),
        ("bom.xml", xml("<components/><components/>")),
        ("bom.xml", "<bom/>".to_owned()),
        ("x.spdx.json", "{\"spdxVersion\": \"SPDX-3.0\"}".to_owned()),
        ("x.spdx.json", "{\"spdxVersion\": \"SPDX-2.3\", \"Packages\": []}".to_owned()),
        (
            "x.spdx.json",
            "{\"spdxVersion\": \"SPDX-2.3\", \"packages\": [{\"SPDXID\": \"a\", \"name\": \"a\"}, {\"SPDXID\": \"a\", \"name\": \"b\"}]}"
                .to_owned(),
        ),
    ] {
        assert!(read(name, &content).is_err(), "{name}: {content}");
    }
}

#[test]
fn a_bill_that_says_that_it_is_incomplete_is_believed() {
    let json = |aggregate: &str| {
        format!(
            "{{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\",\n\"compositions\": [{{\"aggregate\": \"{aggregate}\"}}]}}"
        )
    };
    let xml = "<bom xmlns='http://cyclonedx.org/schema/bom/1.5'><compositions><composition><aggregate>incomplete</aggregate></composition></compositions></bom>";
    let spdx = |rest: &str| format!("{{\"spdxVersion\": \"SPDX-2.3\", {rest}}}");
    let relation = |kind: &str, to: &str| {
        spdx(&format!(
            "\"packages\": [{{\"SPDXID\": \"SPDXRef-a\", \"name\": \"a\"}}], \"relationships\": [{{\"spdxElementId\": \"SPDXRef-a\", \
             \"relatedSpdxElement\": \"{to}\", \"relationshipType\": \"{kind}\"}}]"
        ))
    };
    let tags = |rest: &str| format!("SPDXVersion: SPDX-2.3\n{rest}\nPackageName: a\nSPDXID: SPDXRef-a\n");
    for (name, content, line) in [
        ("bom.json", json("incomplete"), Some(2)),
        ("bom.json", json("incomplete_third_party_only"), Some(2)),
        ("bom.json", json("unknown"), Some(2)),
        ("bom.json", json("complete"), None),
        ("bom.json", json("not_specified"), None),
        ("bom.xml", xml.to_owned(), Some(1)),
        ("x.spdx.json", relation("DEPENDS_ON", "NOASSERTION"), Some(1)),
        ("x.spdx.json", relation("CONTAINS", "NOASSERTION"), Some(1)),
        ("x.spdx.json", relation("DEPENDS_ON", "NONE"), None),
        ("x.spdx.json", relation("OTHER", "NOASSERTION"), None),
        ("x.spdx.json", spdx("\"comment\": \"incomplete, not read: a.lock\""), Some(1)),
        ("x.spdx.json", spdx("\"comment\": \"made by hand\""), None),
        ("x.spdx", tags("Relationship: SPDXRef-a DEPENDS_ON NOASSERTION"), Some(2)),
        ("x.spdx", tags("DocumentComment: <text>incomplete, not read: a.lock</text>"), Some(2)),
    ] {
        let gap = read(name, &content).unwrap().gap;
        assert_eq!(gap.map(|(line, _)| line), line, "{name}: {content}");
    }
}
