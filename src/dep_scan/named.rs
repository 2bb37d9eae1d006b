//! Packages by name and version, as people write them in lists: `left-pad`, `@evil/*`, `lodash@<4.17.21`.

use devops_core::wildcard;
use devops_inventory::Package;
use devops_versions::find;
use devops_versions::requirement::Plain;

/// Packages of a name, in any ecosystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name, in which `*` stands for any text.
    name: String,
    /// The versions; none for all.
    versions: Option<Plain>,
}

impl Named {
    /// Reads a name, with `@` and a requirement of versions behind it or alone.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        // The first character of an npm name may be an `@` of its own.
        let at = text.char_indices().skip(1).filter(|(_, character)| *character == '@').last();
        let (name, versions) = match at {
            Some((at, _)) => {
                let (name, versions) = text.split_at(at);
                (name, Some(versions.trim_start_matches('@')))
            }
            None => (text, None),
        };
        if !name.chars().any(char::is_alphanumeric) {
            return Err(format!("`{text}` has no name"));
        }
        let versions = versions.map(Plain::parse).transpose()?;
        Ok(Self { name: name.trim().to_owned(), versions })
    }

    /// Whether a package has the name, without case and however its ecosystem lets one write it.
    fn has_name(&self, package: &Package) -> bool {
        let same =
            |pattern: &str, name: &str| wildcard::is_match(&pattern.to_lowercase(), &name.to_lowercase());
        same(&self.name, &package.name)
            || find(package.ecosystem.name()).is_some_and(|known| {
                // A star is no character of a name, and would be lost.
                let pattern = self.name.split('*').map(|part| known.package_name(part));
                same(&pattern.collect::<Vec<_>>().join("*"), &known.package_name(&package.name))
            })
    }

    /// Whether a package may be one of these: certainly, or nobody can tell from its version.
    pub(super) fn is_possible(&self, package: &Package) -> bool {
        self.has_name(package) && self.holds(package).unwrap_or(true)
    }

    /// Whether a package certainly is one of these.
    pub(super) fn is_certain(&self, package: &Package) -> bool {
        self.has_name(package) && self.holds(package) == Some(true)
    }

    fn holds(&self, package: &Package) -> Option<bool> {
        match &self.versions {
            None => Some(true),
            Some(versions) => versions.holds(package.ecosystem.name(), &package.version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Named;
    use devops_core::Ecosystem;
    use devops_inventory::Package;

    #[test]
    fn packages_are_found_by_name_and_version() {
        for (text, ecosystem, name, version, possible, certain) in [
            ("left-pad", Ecosystem::NPM, "left-pad", "1.0.0", true, true),
            ("Left-Pad", Ecosystem::NPM, "left-pad", "1.0.0", true, true),
            ("left-pad", Ecosystem::NPM, "@x/left-pad", "1.0.0", false, false),
            ("*/left-pad", Ecosystem::NPM, "@x/left-pad", "1.0.0", true, true),
            ("@evil/*", Ecosystem::NPM, "@evil/a", "1.0.0", true, true),
            ("@evil/a@<2", Ecosystem::NPM, "@evil/a", "1.0.0", true, true),
            ("@evil/a@<2", Ecosystem::NPM, "@evil/a", "2.0.0", false, false),
            ("a_b", Ecosystem::PYPI, "A.b", "1", true, true),
            ("a_*", Ecosystem::PYPI, "A.b", "1", true, true),
            ("a@>=1,<2", Ecosystem::PYPI, "a", "1.5", true, true),
            ("a@>=1,<2", Ecosystem::PYPI, "a", "2.0", false, false),
            ("a@<2", Ecosystem::NPM, "a", "", true, false),
            ("a@<2", Ecosystem::NPM, "a", "not-a-version", true, false),
            ("org.x:y@<2", Ecosystem::MAVEN, "org.x:y", "1.0", true, true),
        ] {
            let named = Named::read(text).unwrap();
            let package = Package::new(ecosystem, name, version, 1);
            assert_eq!(
                (named.is_possible(&package), named.is_certain(&package)),
                (possible, certain),
                "{text}: {name} {version}"
            );
        }
        for text in ["", "*", "@", "a@", "a@<", "a@x y"] {
            assert!(Named::read(text).is_err(), "{text}");
        }
    }
}
