//! `pom.xml`: what it asks for directly, with what builds it: plugins with their dependencies, extensions and BOMs.
//!
//! A version that comes from a parent, an imported BOM or a property of another file is not guessed: the package is listed without an
//! exact version. A property that profiles change stands for every value it can have.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::registry;
use super::{Format, Source};
use crate::document::{Damage, Element, xml, xml_text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error, Location};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "pom.xml",
    is: |name| name == "pom.xml",
    is_named: |name| name.ends_with("pom.xml") || name.ends_with(".pom"),
    read,
};

/// Elements whose spelling decides what is read.
const KNOWN: [&str; 36] = [
    "project",
    "parent",
    "groupId",
    "artifactId",
    "version",
    "properties",
    "dependencies",
    "dependency",
    "dependencyManagement",
    "profiles",
    "profile",
    "scope",
    "type",
    "classifier",
    "optional",
    "systemPath",
    "modules",
    "module",
    "build",
    "exclusions",
    "packaging",
    "name",
    "modelVersion",
    "relativePath",
    "plugins",
    "plugin",
    "pluginManagement",
    "extensions",
    "extension",
    "reporting",
    "repositories",
    "repository",
    "pluginRepositories",
    "pluginRepository",
    "url",
    "configuration",
];

/// The group of a plugin that names none. Maven itself has a version for the plugins of this group that a project gives none.
const PLUGINS: &str = "org.apache.maven.plugins";

/// Deepest nesting of properties.
const DEEPEST: usize = 16;

type Properties<'a> = BTreeMap<&'a str, String>;

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, "restore the file, or correct it"))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let root = xml(&xml_text(source.bytes)?)?;
    if root.name != "project" {
        return Err(Damage::new(root.line, format!("expected `project`, found `{}`", root.name)));
    }
    root.check_spelling(&KNOWN)?;
    let mut profiles: Vec<&Element> = Vec::new();
    if let Some(all) = root.only("profiles")? {
        all.check_spelling(&KNOWN)?;
        profiles.extend(all.all("profile"));
    }
    let mut base = Properties::new();
    fill(&mut base, &root)?;
    project_properties(&mut base, &root)?;
    // What properties can be: those of the project, and those with each profile over them.
    let mut variants = vec![base.clone()];
    for profile in &profiles {
        profile.check_spelling(&KNOWN)?;
        let mut with = base.clone();
        fill(&mut with, profile)?;
        if with != base {
            variants.push(with);
        }
    }
    let mut managed = Vec::new();
    for section in std::iter::once(&root).chain(profiles.iter().copied()) {
        if let Some(management) = section.only("dependencyManagement")? {
            managed.extend(dependencies(management)?);
        }
    }
    let mut draft = Draft::default();
    let mut add = |package: Package| {
        let (scope, location) = (package.scope, Location::line(source.path, package.line));
        let index = draft.add(package);
        draft.ask(index, Some(location), None, scope);
    };
    for variant in &variants {
        for section in std::iter::once(&root).chain(profiles.iter().copied()) {
            for dependency in dependencies(section)? {
                packages(dependency, variant, &managed)?.into_iter().for_each(&mut add);
            }
            for tool in tools(section)? {
                tool_package(tool, variant)?.into_iter().for_each(&mut add);
            }
        }
        for rule in &managed {
            let field = |key: &str| rule.text_of(key).map(|text| text.map(|text| resolved(text, variant)));
            if field("scope")?.as_deref() == Some("import") {
                tool_package(rule, variant)?.into_iter().for_each(&mut add);
            }
        }
    }
    for section in std::iter::once(&root).chain(profiles.iter().copied()) {
        add_registries(section, &base, &mut draft)?;
    }
    extensions_beside(source, &base, &mut draft)?;
    let mut graph = draft.finish();
    graph.asked.dedup();
    Ok(graph)
}

/// Adds the registries of a section that are not the public one.
fn add_registries(section: &Element, base: &Properties<'_>, draft: &mut Draft) -> Result<(), Damage> {
    for (list, name) in [("repositories", "repository"), ("pluginRepositories", "pluginRepository")] {
        for repository in listed(section.only(list)?, name)? {
            let address = resolved(repository.text_of("url")?.unwrap_or_default(), base);
            if !address.is_empty() && !is_public(&address) {
                draft.add(registry(Ecosystem::MAVEN, &address, repository.line));
            }
        }
    }
    Ok(())
}

/// Adds the properties of a section.
fn fill<'a>(properties: &mut Properties<'a>, section: &'a Element) -> Result<(), Damage> {
    let Some(all) = section.only("properties")? else { return Ok(()) };
    let mut seen = BTreeSet::new();
    for property in &all.children {
        if !seen.insert(&property.name) {
            return Err(Damage::new(property.line, format!("property `{}` occurs twice", property.name)));
        }
        properties.insert(&property.name, property.text.trim().to_owned());
    }
    Ok(())
}

/// Adds what is known of the project itself.
fn project_properties<'a>(properties: &mut Properties<'a>, root: &'a Element) -> Result<(), Damage> {
    let parent = root.only("parent")?;
    for (key, names, parent_names) in [
        (
            "groupId",
            ["project.groupId", "pom.groupId", "groupId"],
            ["project.parent.groupId", "parent.groupId"],
        ),
        (
            "version",
            ["project.version", "pom.version", "version"],
            ["project.parent.version", "parent.version"],
        ),
        (
            "artifactId",
            ["project.artifactId", "pom.artifactId", "artifactId"],
            ["project.parent.artifactId", "parent.artifactId"],
        ),
    ] {
        let above = parent.map(|parent| parent.text_of(key)).transpose()?.flatten();
        if let Some(above) = above {
            properties.extend(parent_names.map(|name| (name, above.to_owned())));
        }
        if let Some(own) = root.text_of(key)?.or(above.filter(|_| key != "artifactId")) {
            properties.extend(names.map(|name| (name, own.to_owned())));
        }
    }
    Ok(())
}

/// The dependencies that a section lists.
fn dependencies(section: &Element) -> Result<Vec<&Element>, Damage> {
    section.check_spelling(&KNOWN)?;
    let Some(all) = section.only("dependencies")? else { return Ok(vec![]) };
    for child in &all.children {
        if child.name != "dependency" {
            return Err(Damage::new(
                child.line,
                format!("unknown element `{}` in `dependencies`", child.name),
            ));
        }
        child.check_spelling(&KNOWN)?;
        check_flat(child)?;
    }
    Ok(all.children.iter().collect())
}

/// Rejects an element that has another one like it in it, because its own end is missing.
fn check_flat(element: &Element) -> Result<(), Damage> {
    match element.all(&element.name).next() {
        Some(inner) => Err(Damage::new(inner.line, format!("`{}` stands in another one", inner.name))),
        None => Ok(()),
    }
}

/// Whether this is the public registry at its usual host.
pub(super) fn is_public(address: &str) -> bool {
    let starts = ["https://repo.maven.apache.org/", "https://repo1.maven.org/"];
    starts.iter().any(|start| address.starts_with(start))
}

/// What builds a project: plugins, those of reports and those that are set up for modules, with what they depend on and the
/// processors that the compiler runs, and extensions.
fn tools(section: &Element) -> Result<Vec<&Element>, Damage> {
    let mut found = Vec::new();
    for key in ["build", "reporting"] {
        let Some(build) = section.only(key)? else { continue };
        build.check_spelling(&KNOWN)?;
        let management = build.only("pluginManagement")?;
        for holder in std::iter::once(build).chain(management) {
            holder.check_spelling(&KNOWN)?;
            let plugins = holder.only("plugins")?;
            for plugin in listed(plugins, "plugin")? {
                found.push(plugin);
                found.extend(listed(plugin.only("dependencies")?, "dependency")?);
                processors(plugin, &mut found);
            }
        }
        found.extend(listed(build.only("extensions")?, "extension")?);
    }
    Ok(found)
}

/// The elements of a list, which are all of one name.
fn listed<'a>(list: Option<&'a Element>, name: &str) -> Result<Vec<&'a Element>, Damage> {
    let children = list.map_or(&[][..], |list| list.children.as_slice());
    for child in children {
        if child.name != name {
            return Err(Damage::new(
                child.line,
                format!("unknown element `{}`, expected `{name}`", child.name),
            ));
        }
        child.check_spelling(&KNOWN)?;
        check_flat(child)?;
    }
    Ok(children.iter().collect())
}

/// The annotation processors in the configuration of a plugin.
fn processors<'a>(element: &'a Element, found: &mut Vec<&'a Element>) {
    for child in &element.children {
        if child.name == "annotationProcessorPaths" {
            found.extend(child.children.iter().filter(|path| path.all("artifactId").next().is_some()));
        } else {
            processors(child, found);
        }
    }
}

/// The package of something that builds; none for a plugin whose version is left to Maven.
fn tool_package(tool: &Element, properties: &Properties<'_>) -> Result<Option<Package>, Damage> {
    let field = |key: &str| -> Result<Option<String>, Damage> {
        Ok(tool.text_of(key)?.map(|value| resolved(value, properties)))
    };
    let missing = |key: &str| Damage::new(tool.line, format!("`{key}` is missing"));
    let group = match field("groupId")? {
        Some(group) => group,
        None if tool.name == "plugin" => PLUGINS.to_owned(),
        None => return Err(missing("groupId")),
    };
    let artifact = field("artifactId")?.ok_or_else(|| missing("artifactId"))?;
    let line = tool.only("artifactId")?.map_or(tool.line, |artifact| artifact.line);
    let version = field("version")?.unwrap_or_default();
    if version.is_empty() && group == PLUGINS {
        return Ok(None);
    }
    let mut package = Package::new(Ecosystem::MAVEN, format!("{group}:{artifact}"), "", line);
    match exact(&version) {
        Some(exact) => exact.clone_into(&mut package.version),
        None => package.requirement = version,
    }
    package.scope = Scope::Build;
    Ok(Some(package))
}

/// Adds the extensions that Maven itself loads for a project, which a file of their own lists.
fn extensions_beside(
    source: &Source<'_>,
    properties: &Properties<'_>,
    draft: &mut Draft,
) -> Result<(), Damage> {
    const PATH: &str = ".mvn/extensions.xml";
    let Some(bytes) = (source.neighbour)(PATH).ok().flatten() else { return Ok(()) };
    let within = |damage: Damage| Damage::new(1, format!("`{PATH}`, line {}: {}", damage.line, damage.what));
    let content = xml_text(&bytes).map_err(within)?;
    let root = xml(&content).map_err(within)?;
    let file = super::node::beside(source.path, PATH);
    for extension in listed(Some(&root), "extension").map_err(within)? {
        if let Some(package) = tool_package(extension, properties).map_err(within)? {
            let location = Location::line(file.as_str(), package.line);
            let index = draft.add(Package { file: Some(file.clone()), ..package });
            draft.ask(index, Some(location), None, Scope::Build);
        }
    }
    Ok(())
}

/// A text with its properties replaced; those that are not known stay.
fn resolved(text: &str, properties: &Properties<'_>) -> String {
    let mut text = text.to_owned();
    for _ in 0..DEEPEST {
        let mut done = String::new();
        let mut rest = text.as_str();
        let mut is_changed = false;
        while let Some((before, after)) = rest.split_once("${") {
            done.push_str(before);
            let Some((name, behind)) = after.split_once('}') else {
                done.push_str("${");
                rest = after;
                continue;
            };
            match properties.get(name) {
                Some(value) => {
                    done.push_str(value);
                    is_changed = true;
                }
                None => done.push_str(&format!("${{{name}}}")),
            }
            rest = behind;
        }
        done.push_str(rest);
        // A property that contains itself would grow without end.
        if !is_changed || done.len() > 4096 {
            return done;
        }
        text = done;
    }
    text
}

/// The package of a dependency, with each version that it can have.
fn packages(
    dependency: &Element,
    properties: &Properties<'_>,
    managed: &[&Element],
) -> Result<Vec<Package>, Damage> {
    let field = |element: &Element, key: &str| -> Result<Option<String>, Damage> {
        Ok(element.text_of(key)?.map(|value| resolved(value, properties)))
    };
    let missing = |key: &str| Damage::new(dependency.line, format!("`{key}` is missing"));
    let group = field(dependency, "groupId")?.ok_or_else(|| missing("groupId"))?;
    let artifact = field(dependency, "artifactId")?.ok_or_else(|| missing("artifactId"))?;
    let line = dependency.only("artifactId")?.map_or(dependency.line, |artifact| artifact.line);
    let mut versions: Vec<String> = field(dependency, "version")?.into_iter().collect();
    let is_stated = !versions.is_empty();
    let mut scope = field(dependency, "scope")?;
    for rule in managed {
        let is_same = field(rule, "groupId")?.as_ref() == Some(&group)
            && field(rule, "artifactId")?.as_ref() == Some(&artifact)
            && field(rule, "classifier")? == field(dependency, "classifier")?
            && field(rule, "type")?.unwrap_or_else(|| "jar".to_owned())
                == field(dependency, "type")?.unwrap_or_else(|| "jar".to_owned());
        if is_same {
            // Those of profiles win over those of the project where they are active.
            versions
                .extend(field(rule, "version")?.filter(|version| !is_stated && !versions.contains(version)));
            scope = scope.or(field(rule, "scope")?);
        }
    }
    let mut package = Package::new(Ecosystem::MAVEN, format!("{group}:{artifact}"), "", line);
    package.scope = match scope.as_deref() {
        Some("test") => Scope::Dev,
        Some("provided" | "system") => Scope::Build,
        _ if dependency.text_of("optional")? == Some("true") => Scope::Optional,
        _ => Scope::Runtime,
    };
    if let Some(path) = dependency.text_of("systemPath")? {
        (package.origin, package.source) = (Origin::Path, path.to_owned());
    }
    if versions.is_empty() {
        versions.push(String::new());
    }
    let of_version = |version: String| match exact(&version) {
        Some(exact) => Package { version: exact.to_owned(), ..package.clone() },
        None => Package { requirement: version, ..package.clone() },
    };
    Ok(versions.into_iter().map(of_version).collect())
}

/// The exact version that is asked for: `1.0` or `[1.0]`.
fn exact(version: &str) -> Option<&str> {
    let inside = version.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(version).trim();
    let is_range = inside.contains(['[', ']', '(', ')', ',', '$']);
    (!inside.is_empty() && !is_range && inside != "LATEST" && inside != "RELEASE").then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::lockfiles::Source;

    fn packages(content: &str) -> Vec<String> {
        let graph = read(&Source::alone("pom.xml", content.as_bytes())).unwrap();
        graph.packages.iter().map(|package| format!("{} {}", package.label(), package.scope.word())).collect()
    }

    fn dependency(version: &str) -> String {
        format!(
            "<dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId>{version}</dependency></dependencies>"
        )
    }

    #[test]
    fn versions_are_found_in_the_same_file_or_not_guessed() {
        let v = |version: &str| dependency(&format!("<version>{version}</version>"));
        for (content, expected) in [
            (v("1.0"), "g:a 1.0 runtime"),
            (v("[1.0]"), "g:a 1.0 runtime"),
            (v("[1.0,2.0)"), "g:a [1.0,2.0) runtime"),
            (v("LATEST"), "g:a LATEST runtime"),
            (v("${x}"), "g:a ${x} runtime"),
            (format!("<properties><x>${{y}}.1</x><y>2</y></properties>{}", v("${x}")), "g:a 2.1 runtime"),
            (format!("<parent><version>3</version></parent>{}", v("${project.version}")), "g:a 3 runtime"),
            (format!("<version>4</version>{}", v("${project.version}")), "g:a 4 runtime"),
            (dependency(""), "g:a runtime"),
            (
                format!(
                    "<dependencyManagement>{}</dependencyManagement>{}",
                    v("5"),
                    dependency("<scope>test</scope>")
                ),
                "g:a 5 dev",
            ),
        ] {
            assert_eq!(packages(&format!("<project>{content}</project>")), [expected], "{content}");
        }
    }

    #[test]
    fn a_property_that_profiles_change_stands_for_all_it_can_be() {
        let content = format!(
            "<project><properties><x>1</x></properties>{}<profiles><profile><properties><x>2</x></properties></profile></profiles></project>",
            dependency("<version>${x}</version>")
        );
        assert_eq!(packages(&content), ["g:a 1 runtime", "g:a 2 runtime"]);
    }

    #[test]
    fn properties_in_circles_end() {
        let content = format!(
            "<project><properties><x>${{y}}${{y}}</x><y>${{x}}${{x}}</y></properties>{}</project>",
            dependency("<version>${x}</version>")
        );
        assert_eq!(packages(&content).len(), 1);
    }

    const EVIL: &str = "<groupId>g</groupId><artifactId>a</artifactId><version>1</version>";

    #[test]
    fn what_builds_a_project_is_listed() {
        let plugin = format!("<plugins><plugin>{EVIL}</plugin></plugins>");
        let used = format!(
            "<plugins><plugin><artifactId>p</artifactId><dependencies><dependency>{EVIL}</dependency></dependencies></plugin></plugins>"
        );
        let processor = format!(
            "<plugins><plugin><artifactId>p</artifactId><configuration><annotationProcessorPaths><path>{EVIL}</path></annotationProcessorPaths></configuration></plugin></plugins>"
        );
        let imported = format!(
            "<dependencyManagement><dependencies><dependency>{EVIL}<type>pom</type><scope>import</scope></dependency></dependencies></dependencyManagement>"
        );
        for content in [
            format!("<build>{plugin}</build>"),
            format!("<build><pluginManagement>{plugin}</pluginManagement></build>"),
            format!("<reporting>{plugin}</reporting>"),
            format!("<build>{used}</build>"),
            format!("<build>{processor}</build>"),
            format!("<build><extensions><extension>{EVIL}</extension></extensions></build>"),
            format!("<profiles><profile><build>{plugin}</build></profile></profiles>"),
            imported.clone(),
            format!("<profiles><profile>{imported}</profile></profiles>"),
        ] {
            assert_eq!(packages(&format!("<project>{content}</project>")), ["g:a 1 build"], "{content}");
        }
        assert!(packages("<project><build><plugins><plugin><artifactId>maven-x-plugin</artifactId></plugin></plugins></build></project>").is_empty());
        let extensions = format!("<extensions>\n<extension>{EVIL}</extension></extensions>");
        let neighbour =
            |path: &str| Ok((path == ".mvn/extensions.xml").then(|| extensions.clone().into_bytes()));
        let source = Source { path: "pom.xml", bytes: b"<project/>", neighbour: &neighbour };
        let graph = read(&source).unwrap();
        assert_eq!(
            (graph.packages[0].name.as_str(), graph.packages[0].file.as_deref()),
            ("g:a", Some(".mvn/extensions.xml"))
        );
    }

    #[test]
    fn further_registries_are_listed() {
        let of = |list: &str, name: &str, url: &str| {
            packages(&format!(
                "<project><{list}><{name}><id>x</id><url>{url}</url></{name}></{list}></project>"
            ))
        };
        for (list, name) in [("repositories", "repository"), ("pluginRepositories", "pluginRepository")] {
            assert_eq!(of(list, name, "https://maven.example/x"), ["maven.example runtime"]);
            assert!(of(list, name, "https://repo.maven.apache.org/maven2").is_empty());
        }
    }

    #[test]
    fn every_managed_version_counts() {
        let managed = |version: &str| {
            format!(
                "<dependencyManagement>{}</dependencyManagement>",
                dependency(&format!("<version>{version}</version>"))
            )
        };
        let content = format!(
            "<project>{}{}<profiles><profile>{}</profile></profiles></project>",
            managed("2"),
            dependency(""),
            managed("1")
        );
        assert_eq!(packages(&content), ["g:a 2 runtime", "g:a 1 runtime"]);
    }

    #[test]
    fn other_encodings_and_prefixes_in_configurations_are_read() {
        let content = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><project><name>Ren\xe9</name><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>1</version></dependency></dependencies></project>";
        assert_eq!(read(&Source::alone("pom.xml", content)).unwrap().packages.len(), 1);
        let prefixed = "<build><plugins><plugin><artifactId>x</artifactId><configuration><target><y:z xmlns:y='q'/></target></configuration></plugin></plugins></build>";
        assert!(packages(&format!("<project>{prefixed}</project>")).is_empty());
        for content in [
            &b"<?xml version=\"1.0\" encoding=\"UTF-16\"?><project>\xe9</project>"[..],
            b"<project><y:dependencies xmlns:y='q'/></project>",
        ] {
            assert!(read(&Source::alone("pom.xml", content)).is_err());
        }
    }
}
