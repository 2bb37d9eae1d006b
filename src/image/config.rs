//! The configuration of an image: how it runs, how it was built and which layers it has.

use std::collections::BTreeMap;

use super::sum::Sum;
use devops_inventory::document::{Damage, Node, Value, json, text};

/// The keys of a configuration that are read.
const KEYS: [&str; 8] =
    ["architecture", "os", "variant", "created", "config", "rootfs", "history", "os.version"];
/// The keys of its part about running that are read.
const RUNNING: [&str; 6] = ["User", "Env", "Labels", "Entrypoint", "Cmd", "Healthcheck"];
/// The keys of a step.
const STEP: [&str; 5] = ["created", "created_by", "author", "comment", "empty_layer"];

/// The configuration of an image, by the image specification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// What it runs on: `linux`.
    pub os: String,
    /// What it runs on: `amd64`.
    pub architecture: String,
    /// The variant of the architecture: `v8`; may be empty.
    pub variant: String,
    /// When it was built, as it says.
    pub created: Option<String>,
    /// The user that it runs as; empty is root.
    pub user: String,
    /// Variables of its environment, as `NAME=value`.
    pub environment: Vec<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What it starts: the entry point with its arguments.
    pub command: Vec<String>,
    /// Digests of its layers, unpacked; empty where it says none.
    pub diff_ids: Vec<Sum>,
    /// The steps it was built in.
    pub history: Vec<Step>,
}

/// A step in which an image was built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// The instruction.
    pub created_by: String,
    /// When it was run.
    pub created: Option<String>,
    /// Whether it made no layer.
    pub is_empty: bool,
}

impl Config {
    /// Reads a configuration.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Damage> {
        let root = json(text(bytes)?)?;
        root.map("configuration")?;
        root.check_spelling(&KEYS)?;
        let mut config = Self {
            os: text_of(&root, "os")?,
            architecture: text_of(&root, "architecture")?,
            variant: text_of(&root, "variant")?,
            created: root.text_of("created")?.map(str::to_owned),
            ..Self::default()
        };
        if let Some(running) = root.get("config").filter(|node| node.value != Value::Null) {
            running.map("config")?;
            running.check_spelling(&RUNNING)?;
            config.user = text_of(running, "User")?;
            config.environment = texts_of(running, "Env")?;
            config.command = texts_of(running, "Entrypoint")?;
            config.command.extend(texts_of(running, "Cmd")?);
            for entry in running.entries("Labels")? {
                config.labels.insert(entry.key.to_string(), entry.node.text("a label")?.to_owned());
            }
        }
        if let Some(root_files) = root.get("rootfs") {
            root_files.check_spelling(&["type", "diff_ids"])?;
            for text in texts_of(root_files, "diff_ids")? {
                let damage = || Damage::new(root_files.line, format!("`{text}` is no digest"));
                config.diff_ids.push(Sum::read(&text).ok_or_else(damage)?);
            }
        }
        for step in root.items("history")? {
            step.map("a step of history")?;
            step.check_spelling(&STEP)?;
            config.history.push(Step {
                created_by: text_of(step, "created_by")?,
                created: step.text_of("created")?.map(str::to_owned),
                is_empty: step.is_true("empty_layer"),
            });
        }
        Ok(config)
    }

    /// For each layer the place of its step in `history`, where that tells all layers.
    pub fn steps(&self, layers: usize) -> Vec<Option<usize>> {
        let own: Vec<usize> =
            self.history.iter().enumerate().filter(|(_, step)| !step.is_empty).map(|(at, _)| at).collect();
        if own.len() == layers { own.into_iter().map(Some).collect() } else { vec![None; layers] }
    }

    /// What it runs on, as platforms are written: `linux/arm64/v8`.
    pub fn platform(&self) -> String {
        let parts = [&self.os, &self.architecture, &self.variant];
        parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("/")
    }
}

/// The text of a key; empty where it is missing or null.
pub(crate) fn text_of(node: &Node<'_>, key: &str) -> Result<String, Damage> {
    Ok(node.text_of(key)?.unwrap_or_default().to_owned())
}

/// The texts of a key; none where it is missing or null.
pub(crate) fn texts_of(node: &Node<'_>, key: &str) -> Result<Vec<String>, Damage> {
    node.items(key)?.iter().map(|item| item.text(key).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn a_configuration_is_read() {
        let text = r#"{"os":"linux","architecture":"arm64","variant":"v8","config":{"User":"app","Env":["A=b"],
            "Labels":{"a":"b"},"Entrypoint":["/x"],"Cmd":null},
            "rootfs":{"type":"layers","diff_ids":null},
            "history":[{"created_by":"a"},{"created_by":"b","empty_layer":true},{"created_by":"c"}]}"#;
        let config = Config::read(text.as_bytes()).unwrap();
        assert_eq!((config.platform().as_str(), config.user.as_str()), ("linux/arm64/v8", "app"));
        assert_eq!(config.steps(2), [Some(0), Some(2)]);
        assert_eq!(config.steps(3), [None; 3]);
        for text in [
            "",
            "[]",
            r#"{"config":{"user":"app"}}"#,
            r#"{"config":{"User":"app","User":"root"}}"#,
            r#"{"config":{"User":1}}"#,
            r#"{"rootfs":{"diff_ids":["sha256:1"]}}"#,
            r#"{"os":"linux"} {}"#,
        ] {
            assert!(Config::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
