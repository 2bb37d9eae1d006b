//! `pom.xml`: what it asks for directly.
//!
//! A version that comes from a parent, an imported BOM or a property of another file is not guessed: the package is listed without an
//! exact version. A property that profiles change stands for every value it can have.

use std::collections::{BTreeMap, BTreeSet};

use super::{Format, Source};
use crate::document::{Damage, Element, text, xml};
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
const KNOWN: [&str; 24] = [
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
];

/// Deepest nesting of properties.
const DEEPEST: usize = 16;

type Properties<'a> = BTreeMap<&'a str, String>;

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, "restore the file, or correct it"))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let root = xml(text(source.bytes)?)?;
    if root.name != "project" {
        return Err(Damage::new(root.line, format!("expected `project`, found `{}`", root.name)));
    }
    root.check_case(&KNOWN)?;
    let mut profiles: Vec<&Element> = Vec::new();
    if let Some(all) = root.only("profiles")? {
        all.check_case(&KNOWN)?;
        profiles.extend(all.all("profile"));
    }
    let mut base = Properties::new();
    fill(&mut base, &root)?;
    project_properties(&mut base, &root)?;
    // What properties can be: those of the project, and those with each profile over them.
    let mut variants = vec![base.clone()];
    for profile in &profiles {
        profile.check_case(&KNOWN)?;
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
    for section in std::iter::once(&root).chain(profiles) {
        for dependency in dependencies(section)? {
            for variant in &variants {
                let package = package(dependency, variant, &managed)?;
                let scope = package.scope;
                let location = Location::line(source.path, package.line);
                let index = draft.add(package);
                draft.ask(index, Some(location), None, scope);
            }
        }
    }
    let mut graph = draft.finish();
    graph.asked.dedup();
    Ok(graph)
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
    section.check_case(&KNOWN)?;
    let Some(all) = section.only("dependencies")? else { return Ok(vec![]) };
    for child in &all.children {
        if child.name != "dependency" {
            return Err(Damage::new(
                child.line,
                format!("unknown element `{}` in `dependencies`", child.name),
            ));
        }
        child.check_case(&KNOWN)?;
    }
    Ok(all.children.iter().collect())
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

fn package(
    dependency: &Element,
    properties: &Properties<'_>,
    managed: &[&Element],
) -> Result<Package, Damage> {
    let field = |element: &Element, key: &str| -> Result<Option<String>, Damage> {
        Ok(element.text_of(key)?.map(|value| resolved(value, properties)))
    };
    let missing = |key: &str| Damage::new(dependency.line, format!("`{key}` is missing"));
    let group = field(dependency, "groupId")?.ok_or_else(|| missing("groupId"))?;
    let artifact = field(dependency, "artifactId")?.ok_or_else(|| missing("artifactId"))?;
    let line = dependency.only("artifactId")?.map_or(dependency.line, |artifact| artifact.line);
    let mut version = field(dependency, "version")?;
    let mut scope = field(dependency, "scope")?;
    for rule in managed {
        let is_same = field(rule, "groupId")?.as_ref() == Some(&group)
            && field(rule, "artifactId")?.as_ref() == Some(&artifact)
            && field(rule, "classifier")? == field(dependency, "classifier")?
            && field(rule, "type")?.unwrap_or_else(|| "jar".to_owned())
                == field(dependency, "type")?.unwrap_or_else(|| "jar".to_owned());
        if is_same {
            version = version.or(field(rule, "version")?);
            scope = scope.or(field(rule, "scope")?);
        }
    }
    let mut package = Package::new(Ecosystem::MAVEN, format!("{group}:{artifact}"), "", line);
    let version = version.unwrap_or_default();
    match exact(&version) {
        Some(exact) => exact.clone_into(&mut package.version),
        None => package.requirement = version,
    }
    package.scope = match scope.as_deref() {
        Some("test") => Scope::Dev,
        Some("provided" | "system") => Scope::Build,
        _ if dependency.text_of("optional")? == Some("true") => Scope::Optional,
        _ => Scope::Runtime,
    };
    if let Some(path) = dependency.text_of("systemPath")? {
        (package.origin, package.source) = (Origin::Path, path.to_owned());
    }
    Ok(package)
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
}
