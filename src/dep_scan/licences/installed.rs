//! The licences that installed packages give beside a lockfile: `node_modules`, virtual environments, vendored crates.
//!
//! Links are not followed, so that nothing outside of the project is read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use devops_core::Ecosystem;
use devops_versions::find;

/// Longest file that is read.
const LARGEST: u64 = 4 << 20;

/// Entries of folders that are looked at below one lockfile.
const MOST: u32 = 500_000;

/// Depth of folders below a lockfile that are looked at.
const DEEPEST: u32 = 32;

/// Folders in which Python's packages are installed, below the folder of a lockfile.
const ENVIRONMENTS: [&str; 4] = [".venv", "venv", "env", "__pypackages__"];

/// Ecosystem, name and version of a package.
type Key = (Ecosystem, String, String);

/// The licences of installed packages.
#[derive(Debug, Default)]
pub(super) struct Installed {
    licences: BTreeMap<Key, BTreeSet<String>>,
    looked_at: u32,
}

impl Installed {
    /// Reads what is installed in a folder.
    pub(super) fn beside(folder: &Path) -> Self {
        let mut installed = Self::default();
        installed.node_modules(&folder.join("node_modules"), 0);
        for environment in ENVIRONMENTS {
            installed.environment(&folder.join(environment), 0);
        }
        for package in installed.folders(&folder.join("vendor")) {
            installed.crate_of(&package);
        }
        installed
    }

    /// The licence of a package; of several copies, each counts.
    pub(super) fn licence(&self, ecosystem: Ecosystem, name: &str, version: &str) -> Option<String> {
        let all = self.licences.get(&key(ecosystem, name, version))?;
        if all.len() == 1 {
            return all.first().cloned();
        }
        Some(all.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" AND "))
    }

    fn add(&mut self, ecosystem: Ecosystem, name: &str, version: &str, licence: String) {
        self.licences.entry(key(ecosystem, name, version)).or_default().insert(licence);
    }

    /// The folders in a folder that are no links; none where it is a link itself.
    fn folders(&mut self, folder: &Path) -> Vec<PathBuf> {
        if !folder.symlink_metadata().is_ok_and(|known| known.is_dir()) {
            return Vec::new();
        }
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            self.looked_at += 1;
            if self.looked_at > MOST {
                break;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
        }
        folders.sort();
        folders
    }

    /// Reads the packages of a `node_modules`, and of those in its packages and in the store of pnpm.
    fn node_modules(&mut self, folder: &Path, depth: u32) {
        if depth > DEEPEST {
            return;
        }
        for package in self.folders(folder) {
            let name = package.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if name == ".pnpm" {
                for stored in self.folders(&package) {
                    self.node_modules(&stored.join("node_modules"), depth + 1);
                }
            } else if name.starts_with('@') {
                for scoped in self.folders(&package) {
                    self.node_package(&scoped, depth);
                }
            } else if !name.starts_with('.') {
                self.node_package(&package, depth);
            }
        }
    }

    fn node_package(&mut self, folder: &Path, depth: u32) {
        if let Some(text) = text(&folder.join("package.json"))
            && let Ok(package) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}'))
            && let (Some(name), Some(version)) = (package.get("name"), package.get("version"))
            && let (Some(name), Some(version)) = (name.as_str(), version.as_str())
            && let Some(licence) = node_licence(&package)
        {
            self.add(Ecosystem::NPM, name, version, licence);
        }
        self.node_modules(&folder.join("node_modules"), depth + 1);
    }

    /// Reads the packages of a virtual environment: `lib/python3.12/site-packages` or `Lib/site-packages`.
    fn environment(&mut self, folder: &Path, depth: u32) {
        for inner in self.folders(folder) {
            let name = inner.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if name == "site-packages" {
                for package in self.folders(&inner) {
                    if package.extension().is_some_and(|extension| extension == "dist-info") {
                        self.distribution(&package.join("METADATA"));
                    }
                }
            } else if depth < 3 && (name.eq_ignore_ascii_case("lib") || name == "lib64" || is_python(&name)) {
                self.environment(&inner, depth + 1);
            }
        }
    }

    fn distribution(&mut self, path: &Path) {
        let Some(text) = text(path) else { return };
        let headers: Vec<(&str, &str)> = text
            .lines()
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(':').map(|(key, value)| (key, value.trim())))
            .collect();
        let header = |name: &'static str| {
            headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
        };
        let (Some(name), Some(version)) = (header("Name").next(), header("Version").next()) else { return };
        let classifiers: Vec<&str> = header("Classifier")
            .filter(|classifier| {
                classifier.starts_with("License ::") && *classifier != "License :: OSI Approved"
            })
            .collect();
        let of_field = header("License").find(|one| super::expression::read(one).is_some());
        let readable = header("License-Expression").next().or(of_field);
        let licence = match (readable, classifiers.as_slice()) {
            (Some(readable), _) => readable.to_owned(),
            (None, [one]) => (*one).to_owned(),
            // Several classifiers don't say whether one may choose.
            (None, [_, ..]) => {
                classifiers.iter().map(|one| identifier(one)).collect::<Vec<_>>().join(" AND ")
            }
            (None, []) => match header("License").next() {
                Some(text) => text.to_owned(),
                None => return,
            },
        };
        self.add(Ecosystem::PYPI, name, version, licence);
    }

    /// Reads a vendored crate.
    fn crate_of(&mut self, folder: &Path) {
        let Some(text) = text(&folder.join("Cargo.toml")) else { return };
        let Ok(manifest) = toml::from_str::<toml::Table>(&text) else { return };
        let Some(package) = manifest.get("package") else { return };
        let field = |name: &str| package.get(name).and_then(toml::Value::as_str);
        if let (Some(name), Some(version), Some(licence)) =
            (field("name"), field("version"), field("license"))
        {
            self.add(Ecosystem::CRATES_IO, name, version, licence.to_owned());
        }
    }
}

/// A classifier as the identifier it stands for, where there is one.
fn identifier(classifier: &str) -> String {
    super::expression::read(classifier)
        .map_or_else(|| classifier.to_owned(), |expression| expression.to_string())
}

/// The licence of a `package.json`: a text, or in old packages an object or a list of which one may choose.
fn node_licence(package: &Value) -> Option<String> {
    let one = |value: &Value| value.as_str().or_else(|| value.get("type")?.as_str()).map(str::to_owned);
    if let Some(licence) = package.get("license").and_then(one) {
        return Some(licence);
    }
    let all = package.get("licenses").or_else(|| package.get("license"))?;
    let all: Vec<String> = match all.as_array() {
        Some(all) => all.iter().map(one).collect::<Option<_>>()?,
        None => vec![one(all)?],
    };
    (!all.is_empty()).then(|| all.join(" OR "))
}

fn is_python(name: &str) -> bool {
    name.starts_with("python") || name.starts_with("3.")
}

/// A file's text, unless it is a link or too large.
fn text(path: &Path) -> Option<String> {
    String::from_utf8(devops_files::read_itself(path, LARGEST).ok()?).ok()
}

fn key(ecosystem: Ecosystem, name: &str, version: &str) -> Key {
    let name =
        find(ecosystem.name()).map_or_else(|| name.to_owned(), |known| known.package_name(name).into_owned());
    (ecosystem, name, version.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Installed;
    use devops_core::Ecosystem;

    fn write(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn licences_of_installed_packages_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (path, text) in [
            (
                "node_modules/a/package.json",
                "\u{feff}{\"name\":\"a\",\"version\":\"1.0.0\",\"license\":\"MIT\"}",
            ),
            (
                "node_modules/a/node_modules/@s/b/package.json",
                "{\"name\":\"@s/b\",\"version\":\"2.0.0\",\"license\":{\"type\":\"ISC\"}}",
            ),
            (
                "node_modules/.pnpm/c@3.0.0/node_modules/c/package.json",
                "{\"name\":\"c\",\"version\":\"3.0.0\",\"licenses\":[{\"type\":\"MIT\"},{\"type\":\"ISC\"}]}",
            ),
            ("node_modules/d/package.json", "{\"name\":\"d\",\"version\":\"1.0.0\",\"license\":\"MIT\"}"),
            (
                "node_modules/a/node_modules/d/package.json",
                "{\"name\":\"d\",\"version\":\"1.0.0\",\"license\":\"GPL-3.0\"}",
            ),
            ("node_modules/e/package.json", "{\"name\":"),
            (
                ".venv/lib/python3.12/site-packages/X_y-1.0.dist-info/METADATA",
                "Metadata-Version: 2.4\nName: X_y\nVersion: 1.0\nLicense: BSD\nLicense-Expression: MIT OR ISC\n\nLicense: no",
            ),
            (
                ".venv/lib/python3.12/site-packages/z-2.0.dist-info/METADATA",
                "Name: z\nVersion: 2.0\nLicense: custom\nClassifier: License :: OSI Approved\nClassifier: License :: OSI Approved :: MIT License\n",
            ),
            (
                ".venv/lib/python3.12/site-packages/w-2.0.dist-info/METADATA",
                "Name: w\nVersion: 2.0\nClassifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved :: ISC License (ISCL)\n",
            ),
            (
                "vendor/ring/Cargo.toml",
                "[package]\nname = \"ring\"\nversion = \"0.17.0\"\nlicense = \"Apache-2.0\"\n",
            ),
        ] {
            write(root, path, text);
        }
        let installed = Installed::beside(root);
        let licence = |ecosystem, name, version| installed.licence(ecosystem, name, version);
        for (ecosystem, name, version, expected) in [
            (Ecosystem::NPM, "a", "1.0.0", Some("MIT")),
            (Ecosystem::NPM, "a", "1.0.1", None),
            (Ecosystem::NPM, "@s/b", "2.0.0", Some("ISC")),
            (Ecosystem::NPM, "c", "3.0.0", Some("MIT OR ISC")),
            (Ecosystem::NPM, "d", "1.0.0", Some("(GPL-3.0) AND (MIT)")),
            (Ecosystem::NPM, "e", "1.0.0", None),
            (Ecosystem::PYPI, "x.Y", "1.0", Some("MIT OR ISC")),
            (Ecosystem::PYPI, "z", "2.0", Some("License :: OSI Approved :: MIT License")),
            (Ecosystem::PYPI, "w", "2.0", Some("MIT AND ISC")),
            (Ecosystem::CRATES_IO, "ring", "0.17.0", Some("Apache-2.0")),
        ] {
            assert_eq!(licence(ecosystem, name, version).as_deref(), expected, "{name} {version}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_project_are_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        write(outside.path(), "a/package.json", "{\"name\":\"a\",\"version\":\"1.0.0\",\"license\":\"MIT\"}");
        for (link, to) in
            [("node_modules", ""), ("node_modules/a", "a"), ("node_modules/a/package.json", "a/package.json")]
        {
            let project = tempfile::tempdir().unwrap();
            let link = project.path().join(link);
            std::fs::create_dir_all(link.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(outside.path().join(to), &link).unwrap();
            let found = Installed::beside(project.path()).licence(Ecosystem::NPM, "a", "1.0.0");
            assert_eq!(found, None, "{}", link.display());
        }
    }
}
