//! Every setting of a job from the first of its sources that has it, and where that was.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint};

use super::file::File;
use devops_core::escape::terminal_line;
use devops_core::{Error, Location};

/// The setting that a sub-command stands for.
pub const ACTION: &str = "action";

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag or argument.
    Flag,
    /// An environment variable: `DEVOPS_IN_…` of an action, or `DEVOPS_…`.
    Environment(String),
    /// A key of `devops.toml`.
    File(Location),
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("flag"),
            Self::Environment(name) => write!(formatter, "environment {name}"),
            Self::File(location) => write!(formatter, "{location}"),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// A setting with its values and where they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The kebab-case name.
    pub key: String,
    /// The values; several for a list, none where nobody set it and there is no default.
    pub values: Vec<String>,
    /// Where they came from.
    pub origin: Origin,
}

/// Where settings come from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The command line, program name first.
    pub arguments: &'a [OsString],
    /// Environment variables.
    pub environment: &'a BTreeMap<String, String>,
    /// `devops.toml`, if there is one.
    pub file: Option<&'a File>,
    /// Keys that are ignored in the file.
    pub ignored_keys: &'a [&'a str],
    /// The job, which is the table of the file.
    pub job: &'a str,
    /// Folder that relative paths of flags and environment start from.
    pub working_directory: &'a Path,
}

impl<'a> Source<'a> {
    /// The file, unless this key is ignored in it.
    fn file_of(&self, key: &str) -> Option<&'a File> {
        self.file.filter(|_| !self.ignored_keys.contains(&key))
    }
}

/// The settings of a job.
pub struct Resolved {
    /// As clap reads them.
    pub matches: ArgMatches,
    /// With where each came from, in the order of the flags.
    pub settings: Vec<Setting>,
    /// The values of each setting as clap takes them, in the same order.
    values: Vec<Vec<OsString>>,
}

impl Resolved {
    /// Puts other paths in the place of those that a file names; `of` gives the ones for a key's path, or none where it stays.
    pub fn replace_paths(
        &mut self,
        command: &Command,
        mut of: impl FnMut(&str, &Path) -> Option<Vec<PathBuf>>,
    ) {
        let arguments = command.get_arguments().filter(|argument| is_setting(argument));
        for ((argument, setting), values) in arguments.zip(&mut self.settings).zip(&mut self.values) {
            if !is_path(argument) || !matches!(setting.origin, Origin::File(_)) {
                continue;
            }
            let replaced = values.iter().flat_map(|value| match of(&setting.key, Path::new(value)) {
                Some(paths) => paths.into_iter().map(PathBuf::into_os_string).collect(),
                None => vec![value.clone()],
            });
            *values = replaced.collect();
            setting.values = values.iter().map(|value| value.to_string_lossy().into_owned()).collect();
        }
    }

    /// Whether a path is among the values of a setting.
    pub fn names(&self, key: &str, path: &Path) -> bool {
        let mut all = self.settings.iter().zip(&self.values).filter(|(setting, _)| setting.key == key);
        all.any(|(_, values)| values.iter().any(|value| is_same(value, path.as_os_str())))
    }
}

/// Whose value of a setting holds, where two files say something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// That of the first.
    First,
    /// That of the second.
    Second,
    /// The values of both, those of the first before those that only the second has.
    Both,
}

/// The kebab-case name of an argument: its flag, its key, its input.
pub fn key(argument: &Arg) -> String {
    argument.get_long().map_or_else(|| argument.get_id().as_str().replace('_', "-"), str::to_owned)
}

/// A value on its way to clap: its text, where it came from, and what to say if clap refuses it.
struct Found {
    values: Vec<(OsString, Option<Range<usize>>)>,
    origin: Origin,
}

/// Why settings could not be made.
pub enum Refusal {
    /// Clap refused the command line, or answered `--help` or `--version`.
    CommandLine(clap::Error),
    /// A value of the environment or the file is wrong.
    Value(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Value(error)
    }
}

impl From<clap::Error> for Refusal {
    fn from(error: clap::Error) -> Self {
        match number_expected(&error) {
            Some(message) => Self::Value(Error::usage(message)),
            None => Self::CommandLine(error),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Value(error) => error,
            Refusal::CommandLine(error) => Self::usage(terminal_line(&message(&error))),
        }
    }
}

/// What clap says in its first line.
fn message(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    first.trim_start_matches("error: ").to_owned()
}

/// What is expected, where a value should be a number and is none: the parsers of the standard library only say what is wrong.
fn number_expected(error: &clap::Error) -> Option<String> {
    let cause = error.source()?;
    let expected = match cause.downcast_ref::<ParseIntError>().map(ParseIntError::kind) {
        Some(IntErrorKind::PosOverflow | IntErrorKind::NegOverflow) => "expected a smaller whole number",
        Some(_) => "expected a whole number such as 10",
        None if cause.is::<ParseFloatError>() => "expected a number such as 2 or 1.5",
        None => return None,
    };
    let said = message(error);
    let wrong = said.strip_suffix(&format!(": {cause}")).unwrap_or(&said);
    Some(format!("{wrong}: {expected}"))
}

/// Finds every setting of `command`: flags over action inputs over environment over the file over defaults.
///
/// Relative paths become relative to where they were written: the file's folder, or the working directory.
///
/// # Errors
/// Where the command line, the environment or the file holds a value that can't be meant.
pub fn resolve(command: &mut Command, source: &Source<'_>) -> Result<Resolved, Refusal> {
    let given = Given { matches: command.try_get_matches_from_mut(source.arguments)? };
    let program = source.arguments.first().cloned().unwrap_or_default();
    let mut line = Line::of(program);
    let mut settings = Vec::new();
    let mut all_values = Vec::new();
    let mut from_elsewhere = Vec::new();
    for argument in command.get_arguments().filter(|argument| is_setting(argument)) {
        let found = find(argument, &given, source)?;
        let mut values = found.values.iter().map(|(value, _)| value.clone()).collect::<Vec<_>>();
        if is_path(argument) {
            values = values
                .into_iter()
                .map(|value| rebase(value, base(argument, &found.origin, source)))
                .collect();
        }
        let setting = setting(argument, &values, found.origin.clone());
        line.add(argument, &setting.origin, &values);
        settings.push(setting);
        all_values.push(values);
        if matches!(found.origin, Origin::Environment(_) | Origin::File(_)) {
            from_elsewhere.push((argument.clone(), found));
        }
    }
    match command.try_get_matches_from_mut(line.words()) {
        Ok(matches) => Ok(Resolved { matches, settings, values: all_values }),
        Err(error) => {
            let culprit = from_elsewhere
                .iter()
                .find_map(|(argument, found)| try_out(command, argument, found, source).err());
            Err(culprit.map_or_else(|| Refusal::from(error), Refusal::Value))
        }
    }
}

/// The settings that hold where the same command line was resolved with two files.
///
/// # Errors
/// Where values of the two can't stand together.
pub fn combine(
    command: &mut Command,
    first: &Resolved,
    second: &Resolved,
    holds: impl Fn(&Setting, &Setting) -> Holds,
) -> Result<Resolved, Refusal> {
    let mut line = Line::of(OsString::from(command.get_name()));
    let mut settings = Vec::new();
    let mut all_values = Vec::new();
    let firsts = first.settings.iter().zip(&first.values);
    let seconds = second.settings.iter().zip(&second.values);
    let arguments = command.get_arguments().filter(|argument| is_setting(argument));
    for (argument, ((first, first_values), (second, second_values))) in arguments.zip(firsts.zip(seconds)) {
        let (origin, values) = match holds(first, second) {
            Holds::First => (&first.origin, first_values.clone()),
            Holds::Second => (&second.origin, second_values.clone()),
            Holds::Both => {
                let is_new = |value: &&OsString| first_values.iter().all(|known| !is_same(known, value));
                let origin = if first_values.is_empty() { &second.origin } else { &first.origin };
                (origin, first_values.iter().chain(second_values.iter().filter(is_new)).cloned().collect())
            }
        };
        line.add(argument, origin, &values);
        settings.push(setting(argument, &values, origin.clone()));
        all_values.push(values);
    }
    let matches = command.try_get_matches_from_mut(line.words())?;
    Ok(Resolved { matches, settings, values: all_values })
}

/// Whether two values of a list are one: `reports` and `./reports/` are.
fn is_same(one: &OsStr, other: &OsStr) -> bool {
    let parts = |value: &OsStr| -> Vec<OsString> {
        let parts = Path::new(value).components().filter(|part| *part != Component::CurDir);
        parts.map(|part| part.as_os_str().to_owned()).collect()
    };
    one == other || parts(one) == parts(other)
}

/// A setting with the values that hold.
fn setting(argument: &Arg, values: &[OsString], origin: Origin) -> Setting {
    let values = values.iter().map(|value| value.to_string_lossy().into_owned()).collect();
    Setting { key: key(argument), values, origin }
}

/// A command line that is made of values.
struct Line {
    flags: Vec<OsString>,
    positional: Vec<OsString>,
}

impl Line {
    fn of(program: OsString) -> Self {
        Self { flags: vec![program], positional: Vec::new() }
    }

    /// Adds the values of an argument; defaults only where they are paths, which start from the working directory like any other.
    fn add(&mut self, argument: &Arg, origin: &Origin, values: &[OsString]) {
        if *origin == Origin::Default && !is_path(argument) {
            return;
        }
        match argument.get_long() {
            Some(long) => self.flags.extend(values.iter().map(|value| flag(long, value))),
            None => self.positional.extend(values.iter().cloned()),
        }
    }

    fn words(self) -> Vec<OsString> {
        let end = std::iter::once(OsString::from("--"));
        self.flags.into_iter().chain(end).chain(self.positional).collect()
    }
}

/// What the command line says, sub-commands included.
struct Given {
    matches: ArgMatches,
}

impl Given {
    /// What stands before the first sub-command, behind it, and so on.
    fn levels(&self) -> impl Iterator<Item = &ArgMatches> {
        std::iter::successors(Some(&self.matches), |matches| Some(matches.subcommand()?.1))
    }

    /// The values of an argument, wherever they stand; the innermost sub-command is the value of `action`.
    fn values(&self, id: &str) -> Vec<OsString> {
        let is_given = |matches: &&ArgMatches| {
            matches.try_contains_id(id).unwrap_or_default()
                && matches.value_source(id) == Some(ValueSource::CommandLine)
        };
        let values = self.levels().filter(is_given).filter_map(|matches| matches.get_raw(id)).flatten();
        let word = self.levels().filter_map(ArgMatches::subcommand_name).last().filter(|_| id == ACTION);
        values.map(ToOwned::to_owned).chain(word.map(OsString::from)).collect()
    }

    /// The values of an argument that nobody gave.
    fn default(&self, id: &str) -> Vec<OsString> {
        self.matches.get_raw(id).into_iter().flatten().map(ToOwned::to_owned).collect()
    }
}

/// Whether an argument is a setting, and not a request such as `--help`.
fn is_setting(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set | ArgAction::Append)
}

/// Whether an argument's value is a path or a glob of paths.
fn is_path(argument: &Arg) -> bool {
    matches!(
        argument.get_value_hint(),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath | ValueHint::ExecutablePath
    ) && !matches!(argument.get_id().as_str(), "config" | "working_directory")
}

/// Whether an argument takes a list.
fn is_list(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Append)
        || argument.get_num_args().is_some_and(|range| range.max_values() > 1)
        || argument.get_value_delimiter().is_some()
}

/// The setting from the first source that has it.
fn find(argument: &Arg, given: &Given, source: &Source<'_>) -> Result<Found, Error> {
    let id = argument.get_id().as_str();
    let without_span = |values: Vec<OsString>| values.into_iter().map(|value| (value, None)).collect();
    let values = given.values(id);
    if !values.is_empty() {
        return Ok(Found { values: without_span(values), origin: Origin::Flag });
    }
    let name = key(argument);
    if let Some(found) = in_environment(argument, &name, source)? {
        return Ok(found);
    }
    let file = source.file_of(&name);
    let entry = file.and_then(|file| Some((file, file.entries(source.job).find(|entry| entry.key == name)?)));
    if let Some((file, entry)) = entry {
        if entry.values.len() > 1 && !is_list(argument) {
            return Err(file.error(
                format!("`{name}` accepts only one value"),
                entry.key_span.clone(),
                "this is a list",
            ));
        }
        return Ok(Found {
            values: entry.values.iter().map(|(value, span)| (value.into(), Some(span.clone()))).collect(),
            origin: Origin::File(file.location(&entry.key_span)),
        });
    }
    Ok(Found { values: without_span(given.default(id)), origin: Origin::Default })
}

/// The setting from `DEVOPS_IN_…`, which actions set and where empty means not given, or from `DEVOPS_…`.
fn in_environment(argument: &Arg, name: &str, source: &Source<'_>) -> Result<Option<Found>, Error> {
    let suffix = name.replace('-', "_").to_uppercase();
    let variables = [format!("DEVOPS_IN_{suffix}"), format!("DEVOPS_{suffix}")];
    let found = variables.into_iter().find_map(|variable| {
        Some((source.environment.get(&variable).filter(|value| !value.is_empty())?, variable))
    });
    let Some((value, variable)) = found else {
        return Ok(None);
    };
    let lines: Vec<&str> = value.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.len() > 1 && !is_list(argument) {
        return Err(Error::usage(format!(
            "{variable} has {} lines, `{name}` accepts only one value",
            lines.len()
        ))
        .help("give one line"));
    }
    Ok(Some(Found {
        values: lines.into_iter().map(|line| (line.into(), None)).collect(),
        origin: Origin::Environment(variable),
    }))
}

/// Has clap read each value alone, so that a refusal can name the variable or point into the file.
fn try_out(command: &mut Command, argument: &Arg, found: &Found, source: &Source<'_>) -> Result<(), Error> {
    for (value, span) in &found.values {
        let line = match argument.get_long() {
            Some(long) => ["".into(), flag(long, value)],
            None => ["--".into(), value.clone()],
        };
        let line: Vec<OsString> = if argument.get_long().is_some() {
            line.into()
        } else {
            std::iter::once(OsString::new()).chain(line).collect()
        };
        let Err(error) = command.try_get_matches_from_mut(line) else {
            continue;
        };
        let text = error.to_string();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).skip(1);
        let message = number_expected(&error).unwrap_or_else(|| message(&error));
        let help: Vec<&str> =
            lines.take_while(|line| !line.starts_with("For more") && !line.starts_with("Usage")).collect();
        let error = match (&found.origin, source.file_of(&key(argument)), span) {
            (Origin::File(_), Some(file), Some(span)) => file.error(message, span.clone(), "this value"),
            (origin, ..) => Error::usage(format!("{origin}: {message}")),
        };
        return Err(error.help(help.join(", ")));
    }
    Ok(())
}

/// `--name=value`.
fn flag(long: &str, value: &OsString) -> OsString {
    let mut flag = OsString::from(format!("--{long}="));
    flag.push(value);
    flag
}

/// Where relative paths from this origin start.
fn base<'a>(argument: &Arg, origin: &Origin, source: &Source<'a>) -> &'a Path {
    match (origin, source.file_of(&key(argument))) {
        (Origin::File(_), Some(file)) => &file.directory,
        _ => source.working_directory,
    }
}

/// A path that starts from `base`, without detours; absolute ones and `-`, which is standard input, stay.
fn rebase(value: OsString, base: &Path) -> OsString {
    let is_here = base.as_os_str().is_empty() || base == Path::new(".");
    if is_here || value == "-" {
        return value;
    }
    let mut path = base.to_path_buf();
    for part in Path::new(&value).components() {
        let can_step_back = matches!(path.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if can_step_back => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    // A final slash says that a folder is meant, and components forget it.
    if value.as_encoded_bytes().ends_with(b"/") {
        path.push("");
    }
    if path.as_os_str().is_empty() { ".".into() } else { path.into_os_string() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};

    use clap::{Args, Command, FromArgMatches, ValueHint};

    use super::{Origin, Refusal, Source, resolve};
    use crate::File;

    #[derive(Debug, Args, PartialEq)]
    struct Flags {
        #[arg(value_hint = ValueHint::AnyPath)]
        paths: Vec<PathBuf>,
        #[arg(long, default_value_t = 1)]
        least: u32,
        #[arg(long, value_delimiter = ',')]
        words: Vec<String>,
        #[arg(long, default_value = "out", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    }

    fn flags(
        arguments: &[&str],
        environment: &[(&str, &str)],
        file: &str,
    ) -> Result<(Flags, Vec<Origin>), String> {
        let mut command = Flags::augment_args(Command::new("x"));
        let file =
            File::parse(Path::new("sub/devops.toml"), file.to_owned()).map_err(|error| error.to_string())?;
        let arguments: Vec<OsString> =
            std::iter::once("x").chain(arguments.iter().copied()).map(Into::into).collect();
        let environment: BTreeMap<String, String> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let source = Source {
            arguments: &arguments,
            environment: &environment,
            file: Some(&file),
            ignored_keys: &[],
            job: "test-gate",
            working_directory: Path::new("work"),
        };
        let resolved = resolve(&mut command, &source).map_err(|refusal| match refusal {
            Refusal::CommandLine(error) => error.to_string(),
            Refusal::Value(error) => error.to_string(),
        })?;
        let origins = resolved.settings.into_iter().map(|setting| setting.origin).collect();
        Ok((Flags::from_arg_matches(&resolved.matches).unwrap(), origins))
    }

    #[test]
    fn the_first_source_that_has_a_setting_wins() {
        let file = "least = 2\n[test-gate]\nleast = 3\n";
        let least = |arguments: &[&str], environment: &[(&str, &str)], file| {
            flags(arguments, environment, file).unwrap().0.least
        };
        assert_eq!(least(&[], &[], ""), 1);
        assert_eq!(least(&[], &[], "least = 2\n"), 2);
        assert_eq!(least(&[], &[], file), 3);
        assert_eq!(least(&[], &[("DEVOPS_LEAST", "4")], file), 4);
        assert_eq!(least(&[], &[("DEVOPS_LEAST", "4"), ("DEVOPS_IN_LEAST", "5")], file), 5);
        assert_eq!(least(&[], &[("DEVOPS_LEAST", "4"), ("DEVOPS_IN_LEAST", "")], file), 4);
        assert_eq!(least(&["--least", "6"], &[("DEVOPS_LEAST", "4")], file), 6);
    }

    #[test]
    fn paths_start_from_where_they_were_written() {
        let (found, origins) =
            flags(&["--folder", "f"], &[], "[test-gate]\npaths = [\"a\", \"/b\"]\n").unwrap();
        assert_eq!(found.paths, [PathBuf::from("sub/a"), PathBuf::from("/b")]);
        assert_eq!(found.folder, PathBuf::from("work/f"));
        assert_eq!(origins[3], Origin::Flag);
        let (found, _) = flags(&["-", "c"], &[("DEVOPS_IN_WORDS", "a b\nc,d\n")], "").unwrap();
        assert_eq!(found.paths, [PathBuf::from("-"), PathBuf::from("work/c")]);
        assert_eq!(found.folder, PathBuf::from("work/out"));
        assert_eq!(found.words, ["a b", "c", "d"]);
    }

    #[test]
    fn paths_take_no_detours() {
        let rebased =
            |value: &str, base: &str| super::rebase(value.into(), Path::new(base)).into_string().unwrap();
        for (value, base, expected) in [
            ("a/b", "sub", "sub/a/b"),
            ("./a/", "sub", "sub/a/"),
            (".", "sub", "sub"),
            ("../a", "sub/deep", "sub/a"),
            ("..", "sub", "."),
            ("../../a", "sub", "../a"),
            ("../a", "..", "../../a"),
            ("/a/../b", "sub", "/b"),
            ("-", "sub", "-"),
            ("a/*.xml", "", "a/*.xml"),
        ] {
            assert_eq!(rebased(value, base), expected, "{value} from {base}");
        }
    }

    #[test]
    fn a_wrong_value_names_its_source() {
        let error = flags(&[], &[], "[test-gate]\nleast = \"many\"\n").unwrap_err();
        assert!(
            error.starts_with("sub/devops.toml:2:9: invalid value 'many' for '--least <LEAST>': expected a whole number such as 10"),
            "{error}"
        );
        let error = flags(&[], &[("DEVOPS_IN_LEAST", "many")], "").unwrap_err();
        assert!(error.starts_with("environment DEVOPS_IN_LEAST: invalid value 'many'"), "{error}");
        let error = flags(&[], &[("DEVOPS_IN_LEAST", "1\n2")], "").unwrap_err();
        assert!(error.contains("has 2 lines"), "{error}");
        let error = flags(&[], &[], "least = [1, 2]\n").unwrap_err();
        assert!(error.contains("accepts only one value"), "{error}");
    }

    #[test]
    fn a_value_from_outside_is_never_taken_for_a_flag() {
        let (found, _) = flags(&[], &[("DEVOPS_IN_PATHS", "--least=9\n-x")], "").unwrap();
        assert_eq!(found.paths, [PathBuf::from("work/--least=9"), PathBuf::from("work/-x")]);
        assert_eq!(found.least, 1);
    }
}
