//! `renv.lock` of R.

use super::{Format, Source};
use crate::document::{Damage, Node, json, text};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "renv.lock",
    is: |name| name == "renv.lock",
    is_named: |name| name.contains("renv") && name.ends_with(".lock"),
    read,
};

/// Packages of Bioconductor, which OSV keeps apart.
const BIOCONDUCTOR: Ecosystem = Ecosystem::new("Bioconductor", "bioconductor");

/// Hosts of the public registry and its mirrors by the makers of `RStudio`.
const PUBLIC: [&str; 6] = [
    "cran.r-project.org",
    "cloud.r-project.org",
    "cran.rstudio.com",
    "packagemanager.posit.co",
    "packagemanager.rstudio.com",
    "p3m.dev",
];

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    let help = "restore the lockfile, or regenerate it with `renv::snapshot()`";
    graph(source).map_err(|damage| damage.error(source.path, help))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let document = json(text(source.bytes)?)?;
    document.check_known(&["R", "Packages", "Bioconductor", "Python"])?;
    document.get("R").ok_or_else(|| Damage::new(document.line, "`R` is missing"))?;
    let packages =
        document.get("Packages").ok_or_else(|| Damage::new(document.line, "`Packages` is missing"))?;
    let packages = packages.map("Packages")?;
    let mut draft = Draft::default();
    let mut indexes = Vec::with_capacity(packages.len());
    for entry in packages {
        let node = &entry.node;
        node.check_spelling(&[
            "Package",
            "Version",
            "Source",
            "Repository",
            "Hash",
            "Requirements",
            "RemoteType",
            "RemoteUrl",
        ])?;
        let mut package =
            Package::new(Ecosystem::CRAN, node.must("Package")?, node.must("Version")?, entry.line);
        if package.name != entry.key {
            return Err(Damage::new(
                node.line,
                format!("`{}` names the package `{}`", entry.key, package.name),
            ));
        }
        origin(&mut package, node, &document)?;
        package.license = node.text_of("License")?.map(str::to_owned);
        package.integrity = node.text_of("Hash")?.map(|hash| format!("md5:{hash}")).into_iter().collect();
        indexes.push(draft.add(package));
    }
    for (entry, from) in packages.iter().zip(&indexes) {
        // Newer versions of renv keep the fields of the package's own description instead.
        for key in ["Requirements", "Depends", "Imports", "LinkingTo"] {
            for item in entry.node.items(key)? {
                let (name, requirement) = match item.text(key)?.split_once('(') {
                    Some((name, rest)) => (name.trim(), Some(rest.trim_end().trim_end_matches(')'))),
                    None => (item.text(key)?.trim(), None),
                };
                let target = packages.iter().zip(&indexes).find(|(entry, _)| entry.key == name);
                if let Some((_, to)) = target {
                    draft.link(*from, *to, requirement, Scope::Runtime);
                }
            }
        }
    }
    Ok(draft.finish())
}

/// Where a package is from.
fn origin(package: &mut Package, node: &Node<'_>, document: &Node<'_>) -> Result<(), Damage> {
    let source = node.must("Source")?;
    let remote = node.text_of("RemoteType")?.unwrap_or_default();
    let field = |key: &str| node.get(key).and_then(Node::as_text).unwrap_or_default();
    match source.to_ascii_lowercase().as_str() {
        "repository" | "cran" => {
            let named = node.text_of("Repository")?.unwrap_or("CRAN");
            let repositories =
                document.get("R").map(|r| r.items("Repositories")).transpose()?.unwrap_or_default();
            let known =
                repositories.iter().find(|item| item.get("Name").and_then(Node::as_text) == Some(named));
            let url = known.and_then(|item| item.get("URL")).and_then(Node::as_text);
            let address = url.unwrap_or(named);
            let host = address.split_once("://").map_or(address, |(_, rest)| rest);
            let host = host.split('/').next().unwrap_or_default();
            let is_public =
                PUBLIC.contains(&host) || url.is_none() && matches!(named, "CRAN" | "RSPM" | "P3M" | "PPM");
            if !is_public {
                (package.origin, package.source) = (Origin::Other, address.to_owned());
            }
        }
        "bioconductor" => package.ecosystem = BIOCONDUCTOR,
        "github" | "gitlab" | "bitbucket" | "git" => {
            let url = match field("RemoteUrl") {
                "" => format!("{}/{}/{}", field("RemoteHost"), field("RemoteUsername"), field("RemoteRepo")),
                url => url.to_owned(),
            };
            (package.origin, package.source) = (Origin::Git, format!("{url}#{}", field("RemoteSha")));
        }
        "local" => (package.origin, package.source) = (Origin::Path, field("RemoteUrl").to_owned()),
        _ => {
            let from = if remote.is_empty() { source } else { remote };
            (package.origin, package.source) =
                (Origin::Other, format!("{from} {}", field("RemoteUrl")).trim().to_owned());
        }
    }
    Ok(())
}
