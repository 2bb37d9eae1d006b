//! What others state about vulnerabilities in products: OpenVEX, CycloneDX and CSAF.
//!
//! The statement with the latest time decides; of several at one time, one that accepts nothing.

mod csaf;
mod cyclonedx;
mod openvex;

use jiff::{SignedDuration, Timestamp};

use super::statement_file::StatementFile;
use devops_advisory::PackageKey;
use devops_core::{Ecosystem, Error, Waived};
use devops_inventory::Package;
use devops_inventory::document::{Damage, Node, json, text};
use devops_inventory::purl::{Purl, parse};

/// All statements.
#[derive(Debug, Default)]
pub(super) struct Vex {
    statements: Vec<Statement>,
}

/// A statement about vulnerabilities in products.
#[derive(Debug, Clone)]
struct Statement {
    /// Ids and aliases, in lower case.
    ids: Vec<String>,
    products: Vec<Product>,
    status: Status,
    time: Timestamp,
    /// Who states it.
    author: String,
    /// Why, as people read it.
    reason: String,
    /// The document it is in.
    document: String,
}

/// What a statement says of a vulnerability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    NotAffected,
    Fixed,
    /// It is affected, or nobody knows yet.
    Open,
}

/// What a statement is about.
#[derive(Debug, Clone)]
struct Product {
    purl: Purl,
    /// Where the package is a part of another product: that product.
    within: Option<Whole>,
}

/// A product that another one is part of.
#[derive(Debug, Clone)]
enum Whole {
    /// It has no purl.
    Unnamed,
    /// It has this purl.
    Named(Purl),
}

impl Vex {
    /// Whether there are any.
    pub(super) fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Reads documents; statements that are not counted are noted.
    ///
    /// # Errors
    /// Where one is damaged or in no known format.
    pub(super) fn read(
        files: &[StatementFile],
        now: Timestamp,
        notes: &mut Vec<String>,
    ) -> Result<Self, Error> {
        let mut all = Self::default();
        for file in files {
            let read = document(&file.bytes).map_err(|damage| file.damaged("VEX document", &damage))?;
            if read.unjustified > 0 {
                notes.push(format!(
                    "{} of {} without a justification not counted",
                    devops_core::words::count(read.unjustified, "statement"),
                    file.label
                ));
            }
            let (counted, of_future): (Vec<Statement>, Vec<Statement>) =
                read.statements.into_iter().partition(|statement| statement.is_of_past(now));
            if !of_future.is_empty() {
                notes.push(format!(
                    "{} of {} not counted, dated after now",
                    devops_core::words::count(of_future.len() as u64, "statement"),
                    file.label
                ));
            }
            let documented = |statement| Statement { document: file.label.clone(), ..statement };
            all.statements.extend(counted.into_iter().map(documented));
        }
        Ok(all)
    }

    /// Who accepts a finding about an advisory with these ids and aliases in lower case, where the latest statement does in each of the
    /// lockfiles that list the package; `listed` has it as each of them lists it, with the projects of the lockfile that need it. A
    /// statement about one project says nothing of another that needs the package, too.
    pub(super) fn waives<'a>(
        &self,
        ids: &[String],
        listed: impl Iterator<Item = (&'a Package, Vec<&'a Package>)>,
    ) -> Option<Waived> {
        let mut last = None;
        for (package, projects) in listed {
            if projects.is_empty() {
                last = Some(self.waives_in(ids, package, &[])?);
            }
            for project in projects {
                last = Some(self.waives_in(ids, package, &[project])?);
            }
        }
        last
    }

    /// The same for one project.
    fn waives_in(&self, ids: &[String], package: &Package, projects: &[&Package]) -> Option<Waived> {
        let is_about = |statement: &&Statement| {
            statement.ids.iter().any(|id| ids.contains(id))
                && statement
                    .products
                    .iter()
                    .any(|product| product.is_about(package.ecosystem, package, projects, statement.status))
        };
        let decides = |statement: &&Statement| (statement.time, statement.status == Status::Open);
        let last = self.statements.iter().filter(is_about).max_by_key(decides)?;
        (last.status != Status::Open).then(|| Waived::stated(&last.author, &last.reason, &last.document))
    }
}

impl Statement {
    /// Whether it counts: one that accepts something must not be dated further ahead than clocks differ.
    fn is_of_past(&self, now: Timestamp) -> bool {
        self.status == Status::Open || self.time.duration_since(now) <= SignedDuration::from_hours(24)
    }
}

impl Product {
    /// Whether it is a package, or a project that the package is part of.
    fn is_about(
        &self,
        ecosystem: Ecosystem,
        package: &Package,
        projects: &[&Package],
        status: Status,
    ) -> bool {
        let is_project =
            |purl: &Purl| projects.iter().any(|project| is_same(purl, project.ecosystem, project, status));
        match &self.within {
            None => is_same(&self.purl, ecosystem, package, status) || is_project(&self.purl),
            // What is no package of an ecosystem is something that is built of the project.
            Some(within) => {
                is_same(&self.purl, ecosystem, package, status)
                    && match within {
                        Whole::Unnamed => true,
                        Whole::Named(whole) => {
                            whole.ecosystem().is_none_or(|known| known == Ecosystem::GITHUB_ACTIONS)
                                || is_project(whole)
                        }
                    }
            }
        }
    }
}

/// Whether a purl is that of a package; one without a version stands for all, but not where a version is fixed.
fn is_same(purl: &Purl, ecosystem: Ecosystem, package: &Package, status: Status) -> bool {
    // What a purl says of files is not known of packages; another place is another package.
    let is_elsewhere = ["repository_url", "vcs_url", "download_url"]
        .iter()
        .filter_map(|key| purl.qualifier(key))
        .any(|place| place != package.source);
    let name = |name: &str| PackageKey::of(ecosystem.name(), name).name;
    let version = purl.plain_version();
    let plain = |version: &str| version.strip_prefix('v').unwrap_or(version).to_owned();
    purl.ecosystem() == Some(ecosystem)
        && !is_elsewhere
        && name(&purl.full_name()) == name(&package.name)
        && if version.is_empty() {
            status != Status::Fixed
        } else {
            version == package.version
                || ecosystem == Ecosystem::GO && plain(version) == plain(&package.version)
        }
}

/// A document that was read.
#[derive(Debug, Default)]
struct Document {
    statements: Vec<Statement>,
    /// How many say that something is not affected, and not why.
    unjustified: u64,
}

/// Reads a document in any format.
fn document(bytes: &[u8]) -> Result<Document, Damage> {
    let document = json(text(bytes)?)?;
    let context = document.get("@context").and_then(Node::as_text).unwrap_or_default();
    if context.starts_with("https://openvex.dev/ns") {
        openvex::read(&document)
    } else if document.get("bomFormat").and_then(Node::as_text) == Some("CycloneDX") {
        cyclonedx::read(&document)
    } else if document.get("document").is_some_and(|document| document.get("csaf_version").is_some()) {
        csaf::read(&document)
    } else {
        Err(Damage::new(1, "neither OpenVEX nor CycloneDX nor CSAF"))
    }
}

/// The id of a vulnerability, in lower case. One that none can have would leave the statement without effect, even where it says that
/// something is affected.
fn id(text: &str, line: u64) -> Result<String, Damage> {
    let is_part = |one: char| one.is_ascii_alphanumeric() || "-._:/+".contains(one);
    if text.is_empty() || !text.chars().all(is_part) {
        return Err(Damage::new(line, format!("`{text}` is no id of a vulnerability")));
    }
    Ok(text.to_ascii_lowercase())
}

/// A time of a document.
fn time(node: &Node<'_>, key: &str) -> Result<Option<Timestamp>, Damage> {
    let Some(text) = node.text_of(key)? else { return Ok(None) };
    let time = text.parse().map_err(|_| Damage::new(node.line, format!("`{key}` is not a time: {text}")))?;
    Ok(Some(time))
}

/// A purl of a document; none where it is the name of something else. A damaged purl is none: the product would be without one, which
/// stands for every project.
fn purl(text: &str, line: u64) -> Result<Option<Purl>, Damage> {
    let text = text.trim();
    let scheme = text.split(':').next().filter(|scheme| *scheme != text).unwrap_or_default();
    let wrong = || Damage::new(line, format!("`{text}` is no purl"));
    if scheme == "pkg" {
        let is_part = |one: char| one.is_alphanumeric() || "-._~%:/@?#&=+,".contains(one);
        // Without the version that it announces, it would stand for all.
        let is_whole = !text.ends_with('@') && !["@#", "@?", "#@"].iter().any(|marks| text.contains(marks));
        return parse(text).filter(|_| is_whole && text.chars().all(is_part)).map(Some).ok_or_else(wrong);
    }
    let is_near = |letters: &[char]| {
        let same = letters.iter().zip("pkg".chars()).filter(|(left, right)| left.eq_ignore_ascii_case(right));
        letters.len() == 3 && same.count() >= 2
    };
    let all: Vec<char> = scheme.chars().collect();
    let letters: Vec<char> = all.iter().copied().filter(char::is_ascii_alphanumeric).collect();
    let is_damaged = text.starts_with("pkg") || is_near(&all) || is_near(&letters);
    if is_damaged { Err(wrong()) } else { Ok(None) }
}

/// Texts as one, without empty ones.
fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(": ")
}

#[cfg(test)]
mod tests;
