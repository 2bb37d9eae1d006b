//! From a command line to settings that hold: `devops.toml` is read once, and so is what it was where the change began.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Command, FromArgMatches};

use super::Job;
use super::command::{command, keys};
use super::common::{Common, Format};
use super::context::Context;
use super::effective_policy::{BaseVersion, EffectivePolicy, KnownBase, PolicyChange, apply_base_policy};
use super::run::rank;
use super::stage::Kind;
use devops_ci::Host;
use devops_config::{File, Policy, Refusal, Setting, Source, path_of, resolve};
use devops_core::{Error, Location};
use devops_repository::policy::base_file;
use devops_repository::{ChosenBy, Detour, detour};

/// Keys that are ignored where the host knows the base of the change, which must not choose its own.
const HOST_DECIDES: [&str; 1] = ["base"];

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
        context.service.clone_from(&self.common.service);
        context.has_page = self.common.formats_or_default(context.host).contains(&Format::Html);
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
    /// What is known of each base that was asked for.
    bases: BTreeMap<String, KnownBase>,
}

impl Project {
    /// Reads the file that was named, or the one in the folder if there is one.
    ///
    /// # Errors
    /// Where the folder is none, or the file can't be read or is no configuration.
    pub fn read(folder: &Path, named: Option<&Path>) -> Result<Self, Error> {
        if !folder.is_dir() {
            let error = Error::usage(format!("the working directory {} is not a folder", folder.display()));
            return Err(error.help("correct `--working-directory`"));
        }
        let path = path_of(named, folder);
        // A link that leads nowhere is there: whoever put it there meant a policy to hold.
        let is_meant = named.is_some() || path.symlink_metadata().is_ok();
        let file = if is_meant { Some(read_itself(folder, &path, named.is_some())?) } else { None };
        Ok(Self { folder: folder.to_path_buf(), path, file, bases: BTreeMap::new() })
    }

    /// Finds out where the change began, by the setting `base`.
    fn find_base(&mut self, setting: &str, context: &Context) -> Result<(), Error> {
        if !self.bases.contains_key(setting) {
            let found = base_file(setting, &self.folder, &context.environment, &self.path)?;
            self.bases.insert(setting.to_owned(), KnownBase::of(found, &self.path));
        }
        Ok(())
    }

    /// The file where the change began.
    fn base_version(&self, setting: &str) -> Option<&BaseVersion> {
        self.bases.get(setting)?.version.as_ref()
    }

    /// The commit at which the change began and the file had a table for a job, where the change takes it away.
    ///
    /// # Errors
    /// Where somebody named a base that can't be found.
    pub fn dropped(&mut self, job: &str, base: &str, context: &Context) -> Result<Option<String>, Error> {
        if self.file.as_ref().is_some_and(|file| file.has_table(job)) {
            return Ok(None);
        }
        self.find_base(base, context)?;
        let deciding = self.base_version(base).and_then(BaseVersion::deciding_file);
        Ok(deciding.filter(|(_, file)| file.has_table(job)).map(|(commit, _)| commit.to_owned()))
    }
}

/// Reads the configuration, unless a link that a change can commit leads out of the workspace: of a file of the machine, an error
/// would show a line.
fn read_itself(folder: &Path, path: &Path, is_named: bool) -> Result<File, Error> {
    let chosen_by = if is_named { ChosenBy::Workflow } else { ChosenBy::Workspace };
    match detour(folder, path, chosen_by).filter(|detour| detour.leads_out) {
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
        policy: Policy::default(),
        job: J::NAME,
        working_directory: Path::new("."),
    };
    // The first look only finds where the file is.
    let first = Common::from_arg_matches(&resolve(&mut command::<J>(), &source)?.matches)?;
    let mut project = Project::read(&first.working_directory, first.config.as_deref())?;
    prepare_in::<J>(&mut project, arguments, context)
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
    project.find_base(&common.base, context)?;
    let (of_base, mut policy) = match project.base_version(&common.base) {
        None => (None, EffectivePolicy::of_file(project.file.as_ref())),
        Some(version) => {
            let change = PolicyChange {
                path: &project.path,
                file: project.file.as_ref(),
                settings: &resolved,
                knows: &|rule| rank::<J>(rule).is_some(),
            };
            let source = source::<J>(project, arguments, context);
            let ignored_keys = source.policy.ignored_keys;
            let again = |policy: Policy<'_>| {
                let policy = Policy { ignored_keys, ..policy };
                resolve(&mut command, &Source { policy, ..source }).map_err(Error::from)
            };
            apply_base_policy(version, &change, J::POLICY, again)
        }
    };
    if J::KIND == Kind::Gate {
        policy.findings.extend(project.bases.get(&common.base).and_then(|base| base.unknown.clone()));
    }
    policy.notes.extend(ignored_note(project.file.as_ref(), J::NAME, ignored_keys(context)));
    let resolved = of_base.unwrap_or(resolved);
    Ok(Prepared {
        arguments: J::Arguments::from_arg_matches(&resolved.matches)?,
        common: Common::from_arg_matches(&resolved.matches)?,
        settings: resolved.settings,
        policy,
    })
}

/// Where a job's settings come from.
fn source<'a, J: Job>(project: &'a Project, arguments: &'a [OsString], context: &'a Context) -> Source<'a> {
    Source {
        arguments,
        environment: &context.environment,
        file: project.file.as_ref(),
        policy: Policy { ignored_keys: ignored_keys(context), ..Policy::default() },
        job: J::NAME,
        working_directory: &project.folder,
    }
}

/// The keys of the file that are ignored here; by the environment alone, because a change can set the key `host`, too.
pub fn ignored_keys(context: &Context) -> &'static [&'static str] {
    let candidates = Host::detect(&context.environment).base_candidates(&context.environment);
    if candidates.is_empty() { &[] } else { &HOST_DECIDES }
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
    file.check("", &keys(&Common::command()))?;
    file.check(J::NAME, &keys(command))?;
    file.check_waivers(program)
}
