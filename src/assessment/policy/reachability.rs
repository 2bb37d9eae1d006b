//! What analysers say is not reached: govulncheck's stream of JSON messages, and SARIF.

use std::collections::{BTreeMap, BTreeSet};

use super::Facts;
use super::statement_file::StatementFile;
use devops_core::{Ecosystem, Error};
use devops_inventory::document::{Damage, Node, json, text};

/// Keys of a frame of govulncheck's traces; without the one of its function, nothing would be reached.
const FRAME: [&str; 6] = ["module", "version", "package", "function", "receiver", "position"];

/// Vulnerabilities that analysers looked for, by their ids in lower case.
#[derive(Debug, Default)]
pub(super) struct Unreachable {
    /// By id and Go module with its version; no module where the analyser names none.
    known: BTreeMap<String, Vec<Analysed>>,
}

/// What an analyser says of a vulnerability.
#[derive(Debug)]
struct Analysed {
    tool: String,
    /// The Go module and its version.
    module: Option<(String, String)>,
    is_reached: bool,
}

impl Unreachable {
    /// Reads the results of analysers.
    ///
    /// # Errors
    /// Where one is in no known format.
    pub(super) fn read(files: &[StatementFile]) -> Result<Self, Error> {
        let mut all = Self::default();
        for file in files {
            all.add(&file.bytes).map_err(|damage| file.damaged("result of an analyser", &damage))?;
        }
        Ok(all)
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), Damage> {
        let text = text(bytes)?;
        match json(text) {
            Ok(document) if document.get("runs").is_some() => self.add_sarif(&document),
            // A stream of one message is a document too.
            _ => self.add_govulncheck(text),
        }
    }

    /// The analyser that looked for the vulnerability in this package and does not reach it, where none does.
    pub(super) fn tool_that_excludes(&self, facts: &Facts) -> Option<&str> {
        let package = &facts.package;
        let is_about = |analysed: &&Analysed| match &analysed.module {
            None => true,
            Some((name, version)) => {
                package.ecosystem == Ecosystem::GO
                    && *name == package.name
                    && plain(version) == plain(&package.version)
            }
        };
        let all: Vec<&Analysed> =
            facts.ids.iter().filter_map(|id| self.known.get(id)).flatten().filter(is_about).collect();
        let is_reached = all.iter().any(|analysed| analysed.is_reached);
        all.first().filter(|_| !is_reached).map(|analysed| analysed.tool.as_str())
    }

    /// Messages of govulncheck, one JSON value after the other.
    fn add_govulncheck(&mut self, text: &str) -> Result<(), Damage> {
        let mut found: BTreeMap<(String, String, String), bool> = BTreeMap::new();
        let (mut configs, mut of_symbols) = (0, 0);
        for (line, message) in messages(text)? {
            let at = |damage: Damage| Damage::new(line + damage.line - 1, damage.what);
            let message = json(message).map_err(at)?;
            message.check_spelling(&["config", "finding"]).map_err(at)?;
            if let Some(config) = message.get("config") {
                let version = config.must("protocol_version").map_err(at)?;
                if !version.trim_start_matches('v').starts_with("1.") {
                    return Err(Damage::new(line, format!("unknown version {version} of the protocol")));
                }
                let is_of_symbols = config.text_of("scan_level").map_err(at)? == Some("symbol");
                (configs, of_symbols) = (configs + 1, of_symbols + i32::from(is_of_symbols));
            }
            if let Some(finding) = message.get("finding") {
                finding.check_spelling(&["osv", "trace"]).map_err(at)?;
                let id = finding.must("osv").map_err(at)?.to_ascii_lowercase();
                if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                    return Err(Damage::new(line, format!("`{id}` is no id of a vulnerability")));
                }
                let trace = finding.items("trace").map_err(at)?;
                for frame in trace {
                    frame.check_known(&FRAME).map_err(at)?;
                }
                let first = trace.first().ok_or_else(|| Damage::new(line, "a finding has no `trace`"))?;
                let module = first.must("module").map_err(at)?.to_owned();
                let version = first.text_of("version").map_err(at)?.unwrap_or_default().to_owned();
                let is_part = |one: char| one.is_ascii_alphanumeric() || "-._~/+!".contains(one);
                // What is downloaded has the name of a host in front.
                let is_module = ["stdlib", "toolchain"].contains(&module.as_str())
                    || module.split('/').next().is_some_and(|host| host.contains('.'));
                if !is_module || !module.chars().chain(version.chars()).all(is_part) {
                    return Err(Damage::new(line, format!("`{module} {version}` is no module of Go")));
                }
                let is_called = first.text_of("function").map_err(at)?.is_some();
                *found.entry((id, module, version)).or_default() |= is_called;
            }
        }
        if configs == 0 || of_symbols < configs {
            return Err(Damage::new(1, "no message `config` with the `scan_level` `symbol`"));
        }
        for ((id, module, version), is_reached) in found {
            let module = Some((module, version));
            let analysed = Analysed { tool: "govulncheck".to_owned(), module, is_reached };
            self.known.entry(id).or_default().push(analysed);
        }
        Ok(())
    }

    /// Results in SARIF: not reached is what has the kind `notApplicable` or `pass`, and in govulncheck's what is below an error.
    fn add_sarif(&mut self, document: &Node<'_>) -> Result<(), Damage> {
        for run in document.items("runs")? {
            let driver = run.get("tool").and_then(|tool| tool.get("driver"));
            let driver = driver.ok_or_else(|| Damage::new(run.line, "`tool.driver` is missing"))?;
            let tool = driver.must("name")?;
            let has_levels = tool.eq_ignore_ascii_case("govulncheck");
            let results = run.get("results").ok_or_else(|| Damage::new(run.line, "`results` is missing"))?;
            let mut reached: BTreeSet<String> = BTreeSet::new();
            let mut not_reached: BTreeSet<String> = BTreeSet::new();
            for result in results.list("results")? {
                result.check_spelling(&["ruleId", "rule", "kind", "level"])?;
                let rule = result.get("rule").map(|rule| rule.text_of("id")).transpose()?.flatten();
                let id = result.text_of("ruleId")?.or(rule);
                let id = id.ok_or_else(|| Damage::new(result.line, "`ruleId` is missing"))?;
                if !id.chars().all(|one| one.is_alphanumeric() || "-._:/+@".contains(one)) {
                    return Err(Damage::new(result.line, format!("`{id}` is no id of a rule")));
                }
                let is_out = match (result.text_of("kind")?, result.text_of("level")?) {
                    (Some("notApplicable" | "pass"), _) => true,
                    (None | Some("fail"), Some("warning" | "note")) => has_levels,
                    _ => false,
                };
                if is_out { &mut not_reached } else { &mut reached }.insert(id.to_ascii_lowercase());
            }
            for (id, is_reached) in
                reached.iter().map(|id| (id, true)).chain(not_reached.iter().map(|id| (id, false)))
            {
                let analysed = Analysed { tool: tool.to_owned(), module: None, is_reached };
                self.known.entry(id.clone()).or_default().push(analysed);
            }
        }
        Ok(())
    }
}

/// A version of a Go module without the `v`.
fn plain(version: &str) -> &str {
    version.strip_prefix('v').or_else(|| version.strip_prefix("go")).unwrap_or(version)
}

/// The objects of a stream, each with the line where it starts.
fn messages(text: &str) -> Result<Vec<(u64, &str)>, Damage> {
    let mut found = Vec::new();
    let (mut depth, mut start, mut line, mut first) = (0_u32, 0, 1, 1);
    let (mut is_text, mut is_escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' => line += 1,
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' if depth > 0 => is_text = !is_text,
            _ if is_text => {}
            b'{' => {
                if depth == 0 {
                    (start, first) = (at, line);
                }
                depth += 1;
            }
            b'}' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    found.push((first, text.get(start..=at).unwrap_or_default()));
                }
            }
            _ if depth > 0 || byte.is_ascii_whitespace() => {}
            _ => return Err(Damage::new(line, "no JSON object")),
        }
    }
    if depth > 0 {
        return Err(Damage::new(first, "a message is not closed"));
    }
    if found.is_empty() { Err(Damage::new(1, "has no message")) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Unreachable, messages};

    #[test]
    fn a_stream_is_split_at_its_objects() {
        let text = "{\"a\": \"}\\\"{\"}\n{\n}\n";
        let lines: Vec<u64> = messages(text).unwrap().iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2]);
        for text in ["", "{", "{}x", "x{}", "{\"a", "}{"] {
            assert!(messages(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_result_is_too_much(text in "[{}\\[\\]\":,a\\\\ \n]{0,40}") {
            let _ = Unreachable::default().add(text.as_bytes());
        }
    }
}
