//! The order of the steps, from the command line to the exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, Args, Command, FromArgMatches};

use super::base::{Held, Sides, hold};
use super::common::{Common, Mode};
use super::context::Context;
use super::deliver::{Delivery, complain, deliver, withdraw};
use super::{Artifact, Job, Outcome, event_lines};
use crate::ci::{Host, Outputs, write_outputs};
use crate::config::{ACTION, File, Policy, Refusal, Resolved, Setting, Source, key, resolve};
use crate::core::words::number;
use crate::core::{Error, Exit, Provenance, Report, Rule, Verdict};
use crate::events::Event;
use crate::policy::{self, Judgement, judge};

/// Runs a job as the binary of its name does.
pub fn main<J: Job>() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let exit = match Context::of_process() {
        Ok(context) => run::<J>(&arguments, context),
        Err(error) => complain(&error, None),
    };
    ExitCode::from(exit.code())
}

/// Runs a job from a command line: settings, facts, findings, policy, report, files, host, exit.
fn run<J: Job>(arguments: &[OsString], context: Context) -> Exit {
    let prepared = match prepare::<J>(arguments, &context) {
        Ok(prepared) => prepared,
        Err(refusal) => return refuse(J::NAME, refusal, &context),
    };
    let context = prepared.context(context);
    // Found out before the job changes anything, not after.
    let writable = withdraw(&prepared.common.report_dir).and_then(|()| event_lines::open(&prepared.common));
    if let Err(error) = writable {
        return refuse(J::NAME, error.into(), &context);
    }
    let Executed { report, artifacts, events, error } = execute::<J>(&prepared, &context);
    if let Some(error) = error {
        complain(&error, Some(&context));
    }
    deliver(&Delivery {
        report: &report,
        artifacts: &artifacts,
        events: &events,
        jobs: std::slice::from_ref(&report),
        rules: &rules::<J>(),
        common: &prepared.common,
        settings: &prepared.settings,
        context: &context,
    })
}

/// Says why there are no settings, and tells the host that the job could not judge.
pub fn refuse(job: &str, refusal: Refusal, context: &Context) -> Exit {
    let exit = match refusal {
        Refusal::Value(error) => complain(&error, Some(context)),
        Refusal::CommandLine(error) => {
            // Nobody is left to tell where standard error is gone.
            let _ = error.print();
            if !error.use_stderr() {
                return Exit::Pass;
            }
            Exit::Usage
        }
    };
    let outputs =
        Outputs { verdict: Verdict::Error.to_string(), exit_code: exit.code(), ..Outputs::default() };
    // Without settings, only the environment can say where a template will look for the outputs.
    let named =
        ["DEVOPS_IN_REPORT_DIR", "DEVOPS_REPORT_DIR"].into_iter().find_map(|name| context.variable(name));
    let report_dir = Path::new(named.unwrap_or("devops-report"));
    match write_outputs(context.host, &context.environment, report_dir, job, &outputs) {
        Ok(()) => exit,
        Err(error) => complain(&error, Some(context)),
    }
}

/// A job's command line: the job's own flags, then those all jobs share.
pub fn command<J: Job>() -> Command {
    let subcommands: Vec<Command> = J::subcommands().iter().map(subcommand::<J>).collect();
    if subcommands.is_empty() {
        return flags::<J>();
    }
    let usage = format!("{0} [OPTIONS] [PATH]...\n       {0} [OPTIONS] <COMMAND>", J::NAME);
    flags::<J>()
        .subcommands(subcommands)
        .override_usage(usage)
        .propagate_version(true)
        .disable_help_subcommand(true)
}

/// The same without its sub-commands.
fn flags<J: Job>() -> Command {
    let command = Command::new(J::NAME).version(env!("CARGO_PKG_VERSION")).after_help(EXITS);
    // Groups of flags bring their own documentation along as `about`, so the job's comes last.
    Common::augment_args(J::Arguments::augment_args(command)).about(J::ABOUT).long_about(None)
}

/// A sub-command, which gets its flags only where it is used: each has all of the job's, and most command lines have none.
fn subcommand<J: Job>(described: &Command) -> Command {
    Command::new(described.get_name().to_owned())
        .display_name(J::NAME)
        .about(described.get_about().cloned().unwrap_or_default())
        .after_help(EXITS)
        .disable_help_subcommand(true)
        .defer(with_flags::<J>)
}

/// A sub-command with the flags of its job, but for the one it stands for, and with sub-commands of its own.
fn with_flags<J: Job>(subcommand: Command) -> Command {
    let all = J::subcommands();
    let Some(described) = find_described(&all, subcommand.get_name()) else { return subcommand };
    let own: Vec<&Arg> = described.get_arguments().collect();
    let is_new = |argument: &&Arg| {
        argument.get_id() != ACTION && own.iter().all(|own| own.get_id() != argument.get_id())
    };
    let job = flags::<J>();
    // The last positional argument must be added last.
    let arguments: Vec<Arg> =
        job.get_arguments().filter(is_new).chain(own.iter().copied()).cloned().collect();
    let inner: Vec<Command> = described.get_subcommands().map(self::subcommand::<J>).collect();
    subcommand.args(arguments).subcommands(inner)
}

/// How a job describes the sub-command of a name, at whatever depth.
fn find_described<'a>(all: &'a [Command], name: &str) -> Option<&'a Command> {
    let inner = |command: &'a Command| command.get_subcommands().find(|inner| inner.get_name() == name);
    all.iter().find(|command| command.get_name() == name).or_else(|| all.iter().find_map(inner))
}

/// What `--help` says about exit codes.
const EXITS: &str = "Exit codes: 0 pass, 1 the gate failed, 2 usage or configuration, 3 an input is missing or corrupt, \
4 environment, 5 promoted then rolled back, 6 needs a human decision, 7 superseded, 70 a bug.";

/// Every rule a job can report findings of, the policy's own included.
pub fn rules<J: Job>() -> Vec<Rule> {
    J::rules().iter().chain(policy::RULES).copied().collect()
}

/// A job with its settings.
pub struct Prepared<A> {
    /// The job's own.
    pub arguments: A,
    /// Those all jobs share.
    pub common: Common,
    /// All of them, with where each came from.
    pub settings: Vec<Setting>,
    /// What judges beside them.
    held: Held,
}

impl<A> Prepared<A> {
    /// The commit at which the change began and `devops.toml` had a table for the job, where the change takes it away.
    pub fn dropped(&self) -> Option<&str> {
        self.held.dropped.as_deref()
    }

    /// The context with what the settings say about it.
    #[must_use]
    pub fn context(&self, context: Context) -> Context {
        let mut context = context.settled(self.common.host, &self.common.working_directory);
        context.report_dir.clone_from(&self.common.report_dir);
        context.service.clone_from(&self.common.service);
        if self.common.quiet { context.silent() } else { context }
    }
}

/// Finds a job's settings.
///
/// # Errors
/// Where the command line, the environment or `devops.toml` holds something that can't be meant.
pub fn prepare<J: Job>(arguments: &[OsString], context: &Context) -> Result<Prepared<J::Arguments>, Refusal> {
    let mut command = command::<J>();
    let source = Source {
        arguments,
        environment: &context.environment,
        file: None,
        policy: Policy::default(),
        job: J::NAME,
        working_directory: Path::new("."),
    };
    // The first look only finds where the file is.
    let first = Common::from_arg_matches(&resolve(&mut command, &source)?.matches)?;
    let folder = &first.working_directory;
    if !folder.is_dir() {
        let error = Error::usage(format!("the working directory {} is not a folder", folder.display()));
        return Err(error.help("correct `--working-directory`").into());
    }
    let file = find_file(&first)?;
    if let Some(file) = &file {
        check::<J>(file, &command)?;
    }
    // By the environment alone: a change can set the key `host`, too.
    let host = Host::detect(&context.environment);
    let unheard = if host.base_candidates(&context.environment).is_empty() { &[][..] } else { J::UNHEARD };
    let policy = Policy { unheard, ..Policy::default() };
    let source = Source { file: file.as_ref(), working_directory: folder, policy, ..source };
    let (resolved, mut held) = settle::<J>(&mut command, &source, context)?;
    held.notes.extend(unheard_note(file.as_ref(), J::NAME, unheard));
    Ok(Prepared {
        arguments: J::Arguments::from_arg_matches(&resolved.matches)?,
        common: Common::from_arg_matches(&resolved.matches)?,
        settings: resolved.settings,
        held,
    })
}

/// The settings of `source`, with what decides taken from the base of the change where there is one.
fn settle<J: Job>(
    command: &mut Command,
    source: &Source<'_>,
    context: &Context,
) -> Result<(Resolved, Held), Refusal> {
    let resolved = resolve(command, source)?;
    let arguments = J::Arguments::from_arg_matches(&resolved.matches)?;
    let common = Common::from_arg_matches(&resolved.matches)?;
    let Some(base) = J::base_file(&arguments, &common, context)? else {
        return Ok((resolved, Held::of_file(source.file)));
    };
    let sides = Sides { head: source.file, settings: &resolved, job: J::NAME, knows: &knows::<J> };
    let again = |policy: Policy<'_>| {
        let unheard = source.policy.unheard;
        resolve(command, &Source { policy: Policy { unheard, ..policy }, ..*source }).map_err(|refusal| {
            match refusal {
                Refusal::Value(error) => error,
                Refusal::CommandLine(error) => Error::configuration(error.to_string()),
            }
        })
    };
    let (settings, held) = hold(&common, base, &sides, J::POLICY, again);
    Ok((settings.unwrap_or(resolved), held))
}

/// Says which keys of the file are not heard.
fn unheard_note(file: Option<&File>, job: &str, unheard: &[&str]) -> Option<String> {
    let file = file?;
    let keys: Vec<String> =
        unheard.iter().filter(|key| file.has_key(job, key)).map(|key| format!("`{key}`")).collect();
    let note = || {
        format!(
            "{} of {} is ignored, because the host provides the base of the change",
            keys.join(", "),
            file.path
        )
    };
    (!keys.is_empty()).then(note)
}

/// Whether a rule is one of the job's own.
fn knows<J: Job>(rule: &str) -> bool {
    rank::<J>(rule).is_some()
}

/// Where a rule stands among those of the job, which lists causes first.
fn rank<J: Job>(rule: &str) -> Option<usize> {
    J::rules().iter().position(|known| known.id == rule)
}

/// The configuration file that was named, or the one in the working directory if there is one.
fn find_file(common: &Common) -> Result<Option<File>, Error> {
    let path = common.file();
    // A link that leads nowhere is there: whoever put it there meant a policy to hold.
    let is_meant = common.config.is_some() || path.symlink_metadata().is_ok();
    if is_meant { File::read(&path).map(Some) } else { Ok(None) }
}

/// Refuses keys this job does not know, in its own table and at the top of the file, and waivers of rules no job has.
fn check<J: Job>(file: &File, command: &Command) -> Result<(), Error> {
    let shared = keys(&Common::augment_args(Command::new("common")));
    file.check("", &shared)?;
    file.check(J::NAME, &keys(command))?;
    file.check_waivers()
}

/// The keys a command's flags have in the file.
pub fn keys(command: &Command) -> Vec<String> {
    command
        .get_arguments()
        .map(key)
        .filter(|key| !matches!(key.as_str(), "config" | "working-directory" | "help" | "version"))
        .collect()
}

/// What became of a job.
pub struct Executed {
    /// What it found and decided.
    pub report: Report,
    /// What it leaves beside its report.
    pub artifacts: Vec<Artifact>,
    /// What it adds to the event log.
    pub events: Vec<Event>,
    /// What stopped it, if something did.
    pub error: Option<Error>,
}

/// Looks, judges and reports; an error of the surroundings becomes a report too, and is handed out beside it.
pub fn execute<J: Job>(prepared: &Prepared<J::Arguments>, context: &Context) -> Executed {
    let mut provenance = Provenance::of_this_build();
    provenance.policy_sha256.clone_from(&prepared.held.sha256);
    let (report, left, deployment, error) = match J::run(&prepared.arguments, context) {
        Err(error) => {
            let report = Report::of_error(J::NAME, &error, provenance);
            (report, Vec::new(), J::attempt(&prepared.arguments, context, &error), Some(error))
        }
        Ok(mut outcome) => {
            let (artifacts, deployment) = (std::mem::take(&mut outcome.artifacts), outcome.deployment.take());
            (report::<J>(outcome, prepared, context, provenance), artifacts, deployment, None)
        }
    };
    let events = event_lines::of_report(J::EVENT, &report, deployment, &prepared.common, context);
    Executed { report, artifacts: artifacts::<J>(left), events, error }
}

/// A headline that agrees with the verdict: how many findings were waived beside those that the job itself marked, and what made the
/// verdict where the headline does not count it.
fn headline(said: String, counted: &[&str], judgement: &Judgement, marked: usize) -> String {
    let waived =
        judgement.findings.iter().filter(|finding| !finding.is_open()).count().saturating_sub(marked);
    let mut headline = said;
    if waived > 0 {
        headline.push_str(&format!(", {} waived", number(waived as u64)));
    }
    let because = judgement.because.iter().map(String::as_str);
    let unsaid: Vec<&str> = because.filter(|rule| !counted.contains(rule)).collect();
    if !counted.is_empty() && !unsaid.is_empty() {
        headline.push_str(&format!("; {}", unsaid.join(", ")));
    }
    headline
}

/// The files of this run, and that there are no others a reader could take for this run's.
fn artifacts<J: Job>(mut artifacts: Vec<Artifact>) -> Vec<Artifact> {
    let is_absent = |name: &&&str| artifacts.iter().all(|artifact| artifact.name != **name);
    let absent: Vec<Artifact> =
        J::ARTIFACTS.iter().filter(is_absent).map(|name| Artifact::none(name)).collect();
    artifacts.extend(absent);
    artifacts
}

/// The report of what a job found, judged.
fn report<J: Job>(
    outcome: Outcome,
    prepared: &Prepared<J::Arguments>,
    context: &Context,
    mut provenance: Provenance,
) -> Report {
    let held = &prepared.held;
    let marked = outcome.findings.iter().filter(|finding| !finding.is_open()).count();
    let judgement =
        judge(outcome.findings, &held.waivers, prepared.common.fail_on, context.today(), rank::<J>);
    let headline = headline(outcome.headline, outcome.counted, &judgement, marked);
    let exit = outcome.exit.unwrap_or(match judgement.verdict {
        Verdict::Fail if prepared.common.mode == Mode::Enforce => Exit::GateFailed,
        _ => Exit::Pass,
    });
    provenance.inputs = outcome.inputs;
    provenance.inputs.sort();
    provenance.data = outcome.data;
    if let Some(commit) = &held.commit {
        provenance.data.insert("policy_commit".to_owned(), commit.as_str().into());
    }
    Report {
        schema_version: Report::SCHEMA_VERSION,
        job: J::NAME.to_owned(),
        verdict: judgement.verdict,
        exit_code: exit.code(),
        headline,
        reasons: judgement.reasons,
        error: None,
        findings: judgement.findings,
        notes: held.notes.iter().cloned().chain(outcome.notes).collect(),
        totals: outcome.totals,
        details: outcome.details,
        provenance,
    }
}
