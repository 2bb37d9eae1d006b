//! Readers of what hosts read: commands on a log, files of outputs. They take more for a command than the hosts do, not less.
//!
//! GitHub's is written after the runner's `ActionCommand`, `ActionCommandManager` and `FileCommandManager`: the newer form of a
//! command stands where a line begins, after white space; the older one anywhere in it. Names have no case. Text is compared by
//! culture, in which characters that nobody sees do not count. Between `stop-commands` and its token nothing is a command.

use std::collections::BTreeMap;

use devops_core::escape::is_hidden;

/// Every command that a runner has, internal ones as well, and words that its page of a log draws.
const KNOWN: [&str; 20] = [
    "stop-commands",
    "internal-set-repo-path",
    "set-env",
    "set-output",
    "save-state",
    "add-mask",
    "add-path",
    "add-matcher",
    "remove-matcher",
    "debug",
    "warning",
    "error",
    "notice",
    "group",
    "endgroup",
    "echo",
    "command",
    "section",
    "task.setvariable",
    "buildstatus",
];

/// A command that a line holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    /// In lower case.
    pub(super) name: String,
    pub(super) properties: BTreeMap<String, String>,
    pub(super) data: String,
}

impl Command {
    /// The command that a line holds, if it does; `token` is a name as well.
    pub(super) fn of(line: &str, token: Option<&str>) -> Option<Self> {
        let visible: String = line.chars().filter(|character| !is_hidden(*character)).collect();
        [line, &visible]
            .into_iter()
            .find_map(|line| Self::newer(line, token).or_else(|| Self::older(line, token)))
    }

    /// `::name key=value,key=value::data`.
    fn newer(line: &str, token: Option<&str>) -> Option<Self> {
        let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
        let decode = |text: &str| {
            let text = text.replace("%0D", "\r").replace("%0A", "\n");
            text.replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
        };
        Self::named(head, ',', token, decode, data)
    }

    /// `##[name key=value;key=value]data`, and the dialects of other hosts, `##word[name …]`.
    fn older(line: &str, token: Option<&str>) -> Option<Self> {
        let mut from = 0;
        while let Some(found) = line.get(from..)?.find("##") {
            from += found + 2;
            let rest = line.get(from..)?.trim_start_matches('#');
            let rest = rest.trim_start_matches(|character: char| character.is_ascii_alphabetic());
            let inside = rest.strip_prefix('[').map(|rest| rest.split_once(']').unwrap_or((rest, "")));
            if let Some((head, data)) = inside {
                let decode = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
                let command = Self::named(head, ';', token, decode, data);
                if command.is_some() {
                    return command;
                }
            }
        }
        None
    }

    fn named(
        head: &str,
        separator: char,
        token: Option<&str>,
        decode: impl Fn(&str) -> String,
        data: &str,
    ) -> Option<Self> {
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        let name = name.to_lowercase();
        if !KNOWN.contains(&name.as_str()) && token != Some(name.as_str()) {
            return None;
        }
        let pairs = properties.split(separator).filter_map(|pair| pair.split_once('='));
        let properties = pairs.map(|(key, value)| (key.trim().to_owned(), decode(value))).collect();
        Some(Self { name, properties, data: decode(data) })
    }
}

/// What a stream of GitHub's log holds.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Commands that the runner obeys, other than those of the shield.
    pub(super) commands: Vec<Command>,
    /// Lines that stand behind no shield and are no commands.
    pub(super) open: Vec<String>,
    /// Lines behind a shield that would be commands without it.
    pub(super) shielded: Vec<String>,
    /// Whether commands are stopped at the end.
    pub(super) is_stopped: bool,
}

impl Stream {
    /// Reads what a program printed on one stream.
    pub(super) fn of(text: &str) -> Self {
        let mut stream = Self::default();
        let mut token: Option<String> = None;
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            let command = Command::of(line, token.as_deref());
            match (&token, command) {
                (Some(stop), Some(command)) if command.name == *stop => token = None,
                (Some(_), Some(_)) => stream.shielded.push(line.to_owned()),
                (Some(_), None) => {}
                (None, Some(command)) if command.name == "stop-commands" => {
                    assert!(command.data.len() > 32, "a token that can be guessed: {line}");
                    token = Some(command.data.to_lowercase());
                }
                (None, Some(command)) => stream.commands.push(command),
                (None, None) => stream.open.push(line.to_owned()),
            }
        }
        stream.is_stopped = token.is_some();
        stream
    }
}

/// The values that a file such as `GITHUB_OUTPUT` sets: lines `name=value`, and `name<<delimiter` up to the delimiter.
pub(super) fn values(text: &str) -> Vec<(String, String)> {
    let mut lines = text.split('\n');
    let mut values = Vec::new();
    while let Some(line) = lines.next() {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(equals), heredoc) if heredoc.is_none_or(|heredoc| equals < heredoc) => {
                values.push((line[..equals].to_owned(), line[equals + 1..].to_owned()));
            }
            (_, Some(heredoc)) => {
                let delimiter = &line[heredoc + 2..];
                let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
                values.push((line[..heredoc].to_owned(), value.join("\n")));
            }
            _ => assert!(line.is_empty(), "the runner refuses the line {line:?}"),
        }
    }
    values
}

/// The variables of a dotenv file, as GitLab reads them: a line each, without quotes.
pub(super) fn dotenv(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| line.split_once('=').unwrap_or_else(|| panic!("GitLab refuses the line {line:?}")))
        .map(|(name, value)| {
            assert!(name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_'), "{name:?}");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

/// The first word on a log that only a terminal or GitLab's page of it would obey: a control character, a change of direction, a
/// section, or a character that nobody sees.
pub(super) fn obeyed(text: &str) -> Option<char> {
    text.chars().find(|character| is_hidden(*character) && !matches!(character, '\n' | '\t'))
}

#[test]
fn commands_are_read_as_a_runner_reads_them() {
    let name = |line: &str| Command::of(line, None).map(|command| command.name);
    for (line, expected) in [
        ("::error::a", Some("error")),
        (" \t::ERROR file=a::b", Some("error")),
        ("a ::error::a", None),
        ("::error", None),
        ("::unknown::a", None),
        ("a ##[add-mask]e", Some("add-mask")),
        ("a ##[add-mask", Some("add-mask")),
        ("a #[test] ##[test] ##[group]", Some("group")),
        ("##vso[task.setvariable variable=a]b", Some("task.setvariable")),
        ("#\u{ad}#[error]a", Some("error")),
        ("\u{feff}::error::a", Some("error")),
        ("::unknown::##[error]a", Some("error")),
        ("\\::error::a ##\\[error]a", None),
    ] {
        assert_eq!(name(line).as_deref(), expected, "{line:?}");
    }
    let command = Command::of("::error file=a%2Cb,title=c%3Ad::e%0Af%25", None).unwrap();
    assert_eq!((command.properties["file"].as_str(), command.properties["title"].as_str()), ("a,b", "c:d"));
    assert_eq!(command.data, "e\nf%");
    let stop = "0123456789abcdef0123456789abcdef0";
    let stream = Stream::of(&format!("a\n::stop-commands::{stop}\n::error::b\n::{stop}::\n::error::c\n"));
    assert_eq!((stream.open, stream.shielded), (vec!["a".to_owned()], vec!["::error::b".to_owned()]));
    assert_eq!((stream.commands.len(), stream.is_stopped), (1, false));
    assert!(Stream::of(&format!("::stop-commands::{stop}\n")).is_stopped);
}

#[test]
fn files_of_outputs_are_read_as_a_runner_reads_them() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        values("a=b=c\nd<<e\nf\ne=g\ne\nh=<<i\n"),
        [pair("a", "b=c"), pair("d", "f\ne=g"), pair("h", "<<i")]
    );
    assert_eq!(dotenv("A=b\n\nC=\"d\"\n"), [pair("A", "b"), pair("C", "\"d\"")]);
}
