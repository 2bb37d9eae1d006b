//! From a command line to settings that hold: `devops.toml` is read once, and so is what it was where the change began.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Command, FromArgMatches};

use super::Job;
use super::command::{command, keys as keys_of};
use super::common::{Common, Format};
use super::context::Context;
use super::effective_policy::{Decider, EffectivePolicy, PolicyChange, apply};
use super::keys::{self, Key};
use super::run::rank;
use super::stage::Kind;
use devops_ci::Host;
use devops_config::{File, Origin, Refusal, Resolved, Setting, Source, path_of, resolve};
use devops_core::{Error, Location};
use devops_repository::{ChosenBy, Detour, Place, authority, detour};

/// Keys that are ignored where the host knows the base of the change, which must not choose its own.
const HOST_DECIDES: [&str; 1] = ["base"];

/// What the variables of inputs begin with.
const INPUT: &str = "DEVOPS_IN_";

/// The setting whose path becomes outputs of the step.
const REPORT_DIR: &str = "report-dir";

/// A job with its settings.
pub struct Prepared<J: Job> {
    /// The job's own.
    pub arguments: J::Arguments,
    /// Those all jobs share.
    pub common: Common,
    /// All of them, with where each came from.
    pub settings: Vec<Setting>,
    /// What judges beside them.
    pub(super) policy: EffectivePolicy,
}

impl<J: Job> Prepared<J> {
    /// The context with what the settings say about it.
    #[must_use]
    pub fn context(&self, context: Context) -> Context {
        let mut context = context.settled(self.common.host, &self.common.working_directory);
        context.report_dir.clone_from(&self.common.report_dir);
        context.base.clone_from(&self.common.base);
        context.fail_on = self.common.fail_on;
        context.service.clone_from(&self.common.service);
        let formats = self.common.formats_or_default(context.host);
        context.has_page = formats.contains(&Format::Html);
        context.has_bill = context.has_page || formats.iter().any(|format| format.is_of_some_jobs());
        context.has_documents = formats.contains(&Format::Trivy) || formats.contains(&Format::Grype);
        let context = context.hiding_passwords(&self.settings);
        if self.common.quiet { context.silent() } else { context }
    }
}

/// A folder with its `devops.toml`, and what that was where the change began: each read once, for however many jobs.
pub struct Project {
    /// Folder that relative paths start from.
    pub folder: PathBuf,
    /// Path of the file; it need not be there.
    pub path: PathBuf,
    /// The file, if there is one.
    pub file: Option<File>,
    /// Whether the workflow named the file.
    is_named: bool,
    /// Whose file decides, by the setting `base`.
    deciders: BTreeMap<String, Decider>,
}

impl Project {
    /// Reads the file that was named, or the one in the folder if there is one.
    ///
    /// # Errors
    /// Where the folder is none, or the file can't be read or is no configuration.
    pub fn read(
        folder: &Path,
        named: Option<&Path>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, Error> {
        if !folder.is_dir() {
            let error = Error::usage(format!("the working directory {} is not a folder", folder.display()));
            return Err(error.help("correct `--working-directory`"));
        }
        let path = path_of(named, folder);
        // A link that leads nowhere is there: whoever put it there meant a policy to hold.
        let is_meant = named.is_some() || path.symlink_metadata().is_ok();
        let file =
            if is_meant { Some(read_itself(folder, environment, &path, named.is_some())?) } else { None };
        Ok(Self {
            folder: folder.to_path_buf(),
            path,
            file,
            is_named: named.is_some(),
            deciders: BTreeMap::new(),
        })
    }

    /// Whose file decides, by the setting `base`.
    fn decider(&mut self, setting: &str, context: &Context) -> Result<&Decider, Error> {
        if !self.deciders.contains_key(setting) {
            let place = Place { folder: &self.folder, file: &self.path, is_named: self.is_named };
            let found = authority(setting, &place, &context.environment)?;
            self.deciders.insert(setting.to_owned(), Decider::of(found, &self.path));
        }
        self.known_decider(setting)
    }

    /// The same, where it was looked for already.
    fn known_decider(&self, setting: &str) -> Result<&Decider, Error> {
        self.deciders.get(setting).ok_or_else(|| Error::bug("whose policy decides was not looked for"))
    }

    /// What the target branch says about the table of a job.
    ///
    /// # Errors
    /// Where somebody named a base that can't be found.
    pub fn table(&mut self, job: &str, base: &str, context: &Context) -> Result<Table, Error> {
        let is_here = self.file.as_ref().is_some_and(|file| file.has_table(job));
        let decider = self.decider(base, context)?;
        let target = decider.deciding_file().filter(|(_, file)| file.has_table(job));
        Ok(match target {
            Some((commit, _)) if !is_here => Table::Removed(commit.to_owned()),
            None if is_here && decider.is_of_change() => Table::New,
            _ if is_here => Table::Configured,
            _ => Table::None,
        })
    }
}

/// Where the table of a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Table {
    /// In the file, and in that of the target branch where a change is judged.
    Configured,
    /// In no file.
    None,
    /// Only in the file of the change.
    New,
    /// Only in the file of the target branch, at this commit.
    Removed(String),
}

/// Reads the configuration, unless a link that a change can commit leads out of the workspace: of a file of the machine, an error
/// would show a line.
fn read_itself(
    folder: &Path,
    environment: &BTreeMap<String, String>,
    path: &Path,
    is_named: bool,
) -> Result<File, Error> {
    let chosen_by = if is_named { ChosenBy::Workflow } else { ChosenBy::Workspace };
    match detour(folder, environment, path, chosen_by).filter(|detour| detour.leads_out) {
        None => File::read(path),
        Some(Detour { target, .. }) => {
            let (path, target) = (path.display().to_string(), target.display());
            Err(Error::configuration(format!("leads out of the workspace, to {target}"))
                .at(Location::file(path))
                .help(format!("replace the link by a file, or give `--config {target}` in the workflow")))
        }
    }
}

/// Finds a job's settings.
///
/// # Errors
/// Where the command line, the environment or `devops.toml` holds something that can't be meant.
pub fn prepare<J: Job>(arguments: &[OsString], context: &Context) -> Result<Prepared<J>, Refusal> {
    let source = Source {
        arguments,
        environment: &context.environment,
        file: None,
        ignored_keys: &[],
        job: J::NAME,
        working_directory: Path::new("."),
    };
    // The first look only finds where the file is.
    let first = Common::from_arg_matches(&resolve(&mut command::<J>(), &source)?.matches)?;
    let mut project = Project::read(&first.working_directory, first.config.as_deref(), &context.environment)?;
    let prepared = prepare_in::<J>(&mut project, arguments, context)?;
    if J::KIND == Kind::Change && project.table(J::NAME, &prepared.common.base, context)? == Table::New {
        let (path, job) = (project.path.display(), J::NAME);
        let error = Error::configuration(format!(
            "`[{job}]` of {path} is new in this change, so it waits for the merge"
        ));
        return Err(error
            .help("run it after the merge, or let the workflow say `--base none`, if this run is not for a change of a stranger")
            .into());
    }
    Ok(prepared)
}

/// Finds a job's settings in a project that was read already.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_in<J: Job>(
    project: &mut Project,
    arguments: &[OsString],
    context: &Context,
) -> Result<Prepared<J>, Refusal> {
    let mut command = command::<J>();
    if let Some(file) = &project.file {
        check::<J>(file, &command, context.program)?;
    }
    let resolved = resolve(&mut command, &source::<J>(project, arguments, context))?;
    let common = Common::from_arg_matches(&resolved.matches)?;
    project.decider(&common.base, context)?;
    let project = &*project;
    let change = PolicyChange {
        path: &project.path,
        file: project.file.as_ref(),
        settings: &resolved,
        key: &keys::of::<J>,
        knows: &|rule| rank::<J>(rule).is_some(),
    };
    let source = source::<J>(project, arguments, context);
    let decider = project.known_decider(&common.base)?;
    let (of_target, mut policy) = apply(decider, &change, &mut command, &source)?;
    if J::KIND != Kind::Gate {
        policy.notes.extend(policy.findings.drain(..).map(|finding| finding.title));
    }
    policy.notes.extend(ignored_note(project.file.as_ref(), J::NAME, ignored_keys(context)));
    let resolved = of_target.unwrap_or(resolved);
    check_outputs(&resolved.settings)?;
    policy.notes.extend(from_environment::<J>(&resolved.settings, context));
    Ok(Prepared {
        arguments: J::Arguments::from_arg_matches(&resolved.matches)?,
        common: Common::from_arg_matches(&resolved.matches)?,
        settings: resolved.settings,
        policy,
    })
}

/// The settings of a command that is no job, of which only those that all jobs share are keys of the file.
///
/// # Errors
/// As [`prepare`].
pub fn shared_settings(
    project: &mut Project,
    command: &mut Command,
    arguments: &[OsString],
    context: &Context,
) -> Result<Resolved, Refusal> {
    let settings = resolve(command, &shared_source(project, arguments, context))?;
    let base = Common::from_arg_matches(&settings.matches)?.base;
    project.decider(&base, context)?;
    let project = &*project;
    let change = PolicyChange {
        path: &project.path,
        file: project.file.as_ref(),
        settings: &settings,
        key: &|key| keys::of_lists(&[keys::COMMON], key),
        knows: &|_| false,
    };
    let source = shared_source(project, arguments, context);
    let (effective, _) = apply(project.known_decider(&base)?, &change, command, &source)?;
    let settings = effective.unwrap_or(settings);
    check_outputs(&settings.settings)?;
    Ok(settings)
}

/// Where a job's settings come from.
fn source<'a, J: Job>(project: &'a Project, arguments: &'a [OsString], context: &'a Context) -> Source<'a> {
    Source { job: J::NAME, ..shared_source(project, arguments, context) }
}

/// Where the settings come from that all jobs share.
fn shared_source<'a>(project: &'a Project, arguments: &'a [OsString], context: &'a Context) -> Source<'a> {
    Source {
        arguments,
        environment: &context.environment,
        file: project.file.as_ref(),
        ignored_keys: ignored_keys(context),
        job: "",
        working_directory: &project.folder,
    }
}

/// The keys of the file that are ignored here; by the environment alone, because a change can set the key `host`, too.
fn ignored_keys(context: &Context) -> &'static [&'static str] {
    let change = Host::detect(&context.environment).change(&context.environment);
    if change.is_none() { &[] } else { &HOST_DECIDES }
}

/// Says which keys of the file are ignored.
fn ignored_note(file: Option<&File>, job: &str, ignored: &[&str]) -> Option<String> {
    let file = file?;
    let keys: Vec<String> =
        ignored.iter().filter(|key| file.has_key(job, key)).map(|key| format!("`{key}`")).collect();
    let note = || {
        format!(
            "{} of {} is ignored, because the host provides the base of the change",
            keys.join(", "),
            file.path
        )
    };
    (!keys.is_empty()).then(note)
}

/// Refuses keys this job does not know, in its own table and at the top of the file, and waivers of rules no job has.
fn check<J: Job>(file: &File, command: &Command, program: &str) -> Result<(), Error> {
    file.check("", &keys_of(&Common::command()))?;
    file.check(J::NAME, &keys_of(command))?;
    file.check_waivers(program)
}

/// Refuses a report folder of a file that holds more than plain letters: its path becomes outputs of the step, which workflows may
/// paste into scripts.
///
/// # Errors
/// Where it does.
fn check_outputs(settings: &[Setting]) -> Result<(), Error> {
    let is_plain = |value: &String| {
        value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'/' | b'-'))
    };
    for setting in settings.iter().filter(|setting| setting.key == REPORT_DIR) {
        if let (Origin::File(location), false) = (&setting.origin, setting.values.iter().all(is_plain)) {
            return Err(Error::configuration(format!(
                "`{REPORT_DIR}` holds more than letters, digits and `._/-`"
            ))
            .at(location.clone())
            .help(
                "name a folder such as `reports/devops`; the workflow may give any other with `--report-dir`",
            ));
        }
    }
    Ok(())
}

/// The settings that decide and come from the environment, which an earlier step can set.
///
/// Actions and templates set the variable of every input, if only to nothing; what they give is the workflow's and not listed.
fn from_environment<J: Job>(settings: &[Setting], context: &Context) -> Option<String> {
    let input = |setting: &Setting| format!("{INPUT}{}", setting.key.replace('-', "_").to_uppercase());
    let is_step = settings.iter().all(|setting| context.environment.contains_key(&input(setting)));
    let named: Vec<String> = settings
        .iter()
        .filter(|setting| keys::of::<J>(&setting.key) != Key::Harmless)
        .filter_map(|setting| match &setting.origin {
            Origin::Environment(name) if !(is_step && name.starts_with(INPUT)) => {
                Some(format!("`{}` is {} ({name})", setting.key, setting.values.join(", ")))
            }
            _ => None,
        })
        .collect();
    (!named.is_empty()).then(|| format!("set by the environment: {}", named.join(", ")))
}
