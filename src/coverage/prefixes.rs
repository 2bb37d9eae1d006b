//! Folders that the paths of a report begin in, where the paths alone can't show it.

use super::path_text::{is_absolute, normal};
use devops_core::Error;
use devops_reading::glob;

/// A pattern for paths of reports, and the folder of the repository that all files of such a report lie in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Prefix {
    text: String,
    pattern: String,
    folder: String,
}

/// All of them; the first that matches decides.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Prefixes(Vec<Prefix>);

impl Prefixes {
    /// Reads lines of the form `REPORT = FOLDER`.
    ///
    /// # Errors
    /// Where one has another form, or leads out of the repository.
    pub fn parse(texts: &[String]) -> Result<Self, Error> {
        let one = |text: &String| {
            let wrong = |what: &str| {
                Error::usage(format!("`{text}` of `coverage-prefix` {what}"))
                    .help("write it as `REPORT = FOLDER`, e.g. `artifacts/foo/** = packages/foo`")
            };
            let (pattern, folder) = text.rsplit_once(" = ").ok_or_else(|| wrong("has no ` = `"))?;
            let (pattern, folder) = (pattern.trim().trim_start_matches("./"), normal(folder));
            if pattern.is_empty() || folder.is_empty() {
                return Err(wrong("names no report or no folder"));
            }
            if is_absolute(&folder) || folder.split('/').any(|part| part == "..") {
                return Err(wrong("names no folder of the repository"));
            }
            Ok(Prefix { text: text.clone(), pattern: pattern.to_owned(), folder })
        };
        texts.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// The folder for a report that goes by any of these names, with the number of the setting that says so.
    pub fn of(&self, names: &[&str]) -> Option<(usize, &str)> {
        let is_it = |prefix: &&Prefix| names.iter().any(|name| glob::is_match(&prefix.pattern, name));
        let index = self.0.iter().position(|prefix| is_it(&prefix))?;
        Some((index, self.0.get(index)?.folder.as_str()))
    }

    /// The settings that no report used, as they are written.
    pub fn unused(&self, used: &[usize]) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .enumerate()
            .filter(|(index, _)| !used.contains(index))
            .map(|(_, prefix)| prefix.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Prefixes;

    fn parsed(texts: &[&str]) -> Result<Prefixes, devops_core::Error> {
        Prefixes::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_first_that_matches_decides() {
        let prefixes = parsed(&["out/foo/** = packages/foo/", "./out/*.info = ./lib", "out/** = x"]).unwrap();
        assert_eq!(prefixes.of(&["out/foo/lcov.info"]), Some((0, "packages/foo")));
        assert_eq!(prefixes.of(&["work/out/a.info", "out/a.info"]), Some((1, "lib")));
        assert_eq!(prefixes.of(&["coverage/a.info"]), None);
        assert_eq!(prefixes.unused(&[0, 1]).collect::<Vec<_>>(), ["out/** = x"]);
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for text in [
            "out/**",
            " = packages/foo",
            "out/** = ",
            "out/** = /packages",
            "out/** = ../x",
            "out/** = C:/x",
            "out/**=x",
        ] {
            assert!(parsed(&[text]).is_err(), "{text}");
        }
    }
}
