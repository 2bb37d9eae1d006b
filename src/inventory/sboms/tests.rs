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
