//! `devops run`: every configured job in order, gates → change(record(change)), and one report of it all.
//!
//! Each job is prepared once, and runs on the settings that were checked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Command, FromArgMatches};

use super::command_line::RunFlags;
use super::interrupt::Interrupt;
use super::jobs::{JOBS, Ran, Stage, Taken, all_rules};
use super::merged::{joined, merged};
use devops_ci::Host;
use devops_config::{Origin, Refusal, Resolved, Source, misspelt, path_of, resolve};
use devops_core::{Cases, Error, Exit, Provenance, Report, Verdict};
use devops_job::command::keys;
use devops_job::console::print_error;
use devops_job::deliver::{Delivery, deliver, withdraw, write_files};
use devops_job::prepare::{Project, Table, shared_settings};
use devops_job::run::{Steps, refuse};
use devops_job::{Common, Context, Format, Kind, Moment, Step, event_lines, report_folder};

/// Name of the merged report.
const NAME: &str = "devops";

/// Shared flags that are not handed on to the jobs as they are: where the report of the run goes, and paths that are resolved already.
const OWN: [&str; 4] = ["config", "working-directory", "report-dir", EVENTS];

/// The flag of the event log, whose folder must not be rebased once more by each job.
const EVENTS: &str = "events";

/// Runs the pipeline of a folder.
pub(super) fn run(line: &[OsString], directory: Option<PathBuf>, context: &Context) -> Exit {
    match Pipeline::prepare(line, directory, context) {
        Ok(pipeline) => pipeline.run(),
        Err(refusal) => refuse(NAME, refusal, context),
    }
}

/// Settings of the whole run.
struct Settings {
    run: RunFlags,
    resolved: Resolved,
}

impl Settings {
    /// The settings all jobs share, and the folder whose file configures them.
    fn find(
        line: &[OsString],
        directory: Option<PathBuf>,
        context: &Context,
    ) -> Result<(Self, Project), Refusal> {
        let mut command = RunFlags::augment_args(Command::new("devops run"));
        // The word `run` stands where a job's own arguments would start.
        let line: Vec<OsString> = line.iter().skip_while(|word| *word != "run").cloned().collect();
        // The first look only finds where the file is.
        let source = Source {
            arguments: &line,
            environment: &context.environment,
            file: None,
            ignored_keys: &[],
            job: "",
            working_directory: Path::new("."),
        };
        let first = RunFlags::from_arg_matches(&resolve(&mut command, &source)?.matches)?;
        let Common { config, working_directory, .. } = first.common;
        let is_given = working_directory != Path::new(".");
        let beside = config.as_deref().and_then(Path::parent).filter(|path| !path.as_os_str().is_empty());
        // Where only a file is named, its folder is the project.
        let folder = directory.unwrap_or_else(|| match beside {
            Some(beside) if !is_given => beside.to_path_buf(),
            _ => working_directory,
        });
        let path = path_of(config.as_deref(), &folder);
        if !path.exists() {
            let path = path.display();
            return Err(Error::configuration(format!("there is no {path}"))
                .help("run it in a folder with a devops.toml, or give the folder: `devops run DIR`")
                .into());
        }
        let mut project = Project::read(&folder, config.as_deref(), &context.environment)?;
        if let Some(file) = &project.file {
            file.check("", &keys(&Common::command()))?;
            file.check_waivers(context.program)?;
        }
        let resolved = shared_settings(&mut project, &mut command, &line, context)?;
        let mut run = RunFlags::from_arg_matches(&resolved.matches)?;
        run.common.working_directory = folder;
        run.common.config = Some(path);
        Ok((Self { run, resolved }, project))
    }

    /// A job's command line: what was given on ours, and where its configuration is.
    fn line(&self, job: &str) -> Vec<OsString> {
        let common = &self.run.common;
        let flag = |name: &str, value: &Path| {
            let mut flag = OsString::from(format!("--{name}="));
            flag.push(value);
            flag
        };
        let mut line: Vec<OsString> = vec![job.into(), flag("working-directory", &common.working_directory)];
        line.extend(common.config.as_ref().map(|path| flag("config", path)));
        if let Some(folder) = common.events.as_deref().filter(|_| self.is_flag(EVENTS)) {
            line.push(flag(EVENTS, &std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf())));
        }
        let shared = keys(&Common::command());
        let is_handed_on = |key: &String| shared.contains(key) && !OWN.contains(&key.as_str());
        let settings = self.resolved.settings.iter();
        let said = settings.filter(|setting| setting.origin == Origin::Flag && is_handed_on(&setting.key));
        line.extend(said.map(|setting| format!("--{}={}", setting.key, setting.values.join(",")).into()));
        line
    }

    /// Whether a setting was given as a flag.
    fn is_flag(&self, key: &str) -> bool {
        let mut settings = self.resolved.settings.iter();
        settings.any(|setting| setting.key == key && setting.origin == Origin::Flag)
    }
}

/// A job that ran.
struct Ended {
    kind: Kind,
    report: Report,
    /// Whether a change ended with what was wanted live; the exit code alone does not show it, because `--mode report` changes it.
    is_live: bool,
}

impl Ended {
    fn of(kind: Kind, report: Report, is_live: Option<bool>) -> Self {
        let is_good = report.exit() == Exit::Pass && report.verdict < Verdict::Fail;
        Self { kind, report, is_live: is_good && is_live == Some(true) }
    }
}

/// A run under way.
struct Pipeline<'a> {
    settings: Settings,
    /// SHA-256 of the file that configures it.
    policy_sha256: String,
    /// Every configured job with its settings.
    stages: Vec<Box<dyn Stage>>,
    /// The context with what the settings of the run add to it.
    context: Context,
    /// The context without, from which each job makes its own.
    outer: &'a Context,
    /// What ended so far, in this order.
    ended: Vec<Ended>,
    /// Tests by name for the page.
    cases: Cases,
    /// What was not done, and why.
    notes: Vec<String>,
    steps: Steps,
}

impl<'a> Pipeline<'a> {
    /// Prepares every configured job, so that no job changes anything before another one is refused.
    fn prepare(line: &[OsString], directory: Option<PathBuf>, outer: &'a Context) -> Result<Self, Refusal> {
        let mut steps = Steps::start();
        let (settings, mut project) = Settings::find(line, directory, outer)?;
        let (mut stages, mut notes) = (Vec::new(), misspelt(&outer.environment));
        for entry in JOBS {
            let name = entry.name;
            match (project.table(name, &settings.run.common.base, outer)?, entry.kind) {
                (Table::Configured, _) | (Table::New, Kind::Gate) => {
                    stages.push((entry.prepare)(&mut project, &settings.line(name), outer)?);
                }
                (Table::New, Kind::Change | Kind::Record) => notes.push(format!(
                    "{name} did not run, because `[{name}]` is new in this change and waits for the merge"
                )),
                (Table::Removed(commit), Kind::Gate) => {
                    let file = project.path.display();
                    return Err(Error::configuration(format!(
                        "{file} of {commit} has `[{name}]`, but the change removes it"
                    ))
                    .help("keep the table, or let someone who is responsible for it run this with `DEVOPS_BASE=none`")
                    .into());
                }
                (Table::Removed(_) | Table::None, _) => {}
            }
        }
        if stages.is_empty() {
            return Err(Error::configuration(format!("{} configures no job", project.path.display()))
                .help("add a table such as `[test-gate]` with `paths = [\"reports/\"]`")
                .into());
        }
        steps.end("settings");
        let common = &settings.run.common;
        let context = outer.clone().settled(common.host, &common.working_directory);
        let context =
            stages.iter().fold(context, |context, stage| context.hiding_passwords(stage.settings()));
        Ok(Self {
            context: if common.quiet { context.silent() } else { context },
            policy_sha256: project.file.map(|file| file.sha256).unwrap_or_default(),
            notes,
            settings,
            stages,
            outer,
            ended: Vec::new(),
            cases: Cases::default(),
            steps,
        })
    }

    /// Gates, then the changes between the two ends of their records, then one report.
    fn run(mut self) -> Exit {
        if let Err(error) = self.withdraw() {
            return refuse(NAME, error.into(), self.outer);
        }
        // Every gate runs whatever the others found, so that one run shows all.
        self.take_all(Kind::Gate, &self.step(Moment::Judge));
        let stopped_by = self.ended.iter().find(|ended| ended.report.exit() != Exit::Pass);
        match stopped_by.map(|ended| ended.report.job.clone()) {
            Some(gate) => {
                let waiting = self.stages.iter().filter(|stage| stage.kind() != Kind::Gate);
                let notes = waiting
                    .map(|stage| format!("{} did not run, because {gate} stopped the run", stage.name()));
                self.notes.extend(notes);
            }
            None if self.stages.iter().any(|stage| stage.kind() != Kind::Gate) => self.change(),
            None => {}
        }
        self.finish()
    }

    /// Removes the reports of an earlier run, so that one that is killed leaves no verdict behind.
    fn withdraw(&self) -> Result<(), Error> {
        let Settings { run, resolved } = &self.settings;
        let folder = &run.common.report_dir;
        report_folder::check(&run.common, &resolved.settings, &self.context)?;
        let jobs: Vec<PathBuf> = JOBS.iter().map(|entry| folder.join(entry.name)).collect();
        jobs.iter()
            .try_for_each(|folder| report_folder::check_below(&resolved.settings, &self.context, folder))?;
        let jobs = jobs.into_iter().filter(|folder| folder.is_dir());
        std::iter::once(folder.clone()).chain(jobs).try_for_each(|folder| withdraw(&folder))?;
        if self.settings.run.dry_run {
            return Ok(());
        }
        self.stages.iter().try_for_each(|stage| event_lines::open(stage.common()))
    }

    /// A step of this run.
    fn step(&self, moment: Moment) -> Step {
        // Each run on a laptop is a deployment of its own.
        let is_local = self.context.host == Host::Local;
        let deployment = is_local.then(|| self.context.local_run());
        Step { moment, is_dry: self.settings.run.dry_run, is_hurried: false, deployment }
    }

    /// Makes the changes, and records them; also that a signal stopped them.
    fn change(&mut self) {
        let interrupt = match Interrupt::listen() {
            Ok(interrupt) => interrupt,
            Err(error) => {
                self.notes.push(error.to_string());
                print_error(&error, Some(&self.context));
                let report = |job: &str| Report::of_error(job, &error, Provenance::of_this_build());
                return self.report_missing(&[Kind::Change, Kind::Record], report);
            }
        };
        self.take_all(Kind::Record, &self.step(Moment::Started));
        let mut is_done = true;
        for stage in self.of_kind(Kind::Change) {
            if interrupt.is_asked() {
                let name = self.stages.get(stage).map_or("", |stage| stage.name());
                self.notes.push(format!("{name} did not run, because the run was cancelled"));
                is_done = false;
            } else if is_done {
                is_done = self.take(stage, &self.step(Moment::Change));
            } else {
                let name = self.stages.get(stage).map_or("", |stage| stage.name());
                self.notes.push(format!("{name} did not run, because the change before it failed"));
            }
        }
        let has_change = !self.of_kind(Kind::Change).is_empty();
        let is_done = is_done && (has_change || !interrupt.is_asked());
        let moment = if is_done { Moment::Finished } else { Moment::Failed };
        let end = Step { is_hurried: interrupt.is_asked(), ..self.step(moment) };
        self.take_all(Kind::Record, &end);
        self.join_records();
        if interrupt.is_asked() {
            self.report_missing(&[Kind::Change], stopped);
        }
    }

    /// Where the stages of a kind stand.
    fn of_kind(&self, kind: Kind) -> Vec<usize> {
        let stages = self.stages.iter().enumerate();
        stages.filter(|(_, stage)| stage.kind() == kind).map(|(index, _)| index).collect()
    }

    /// Has every job of a kind take a step.
    fn take_all(&mut self, kind: Kind, step: &Step) {
        for stage in self.of_kind(kind) {
            self.take(stage, step);
        }
    }

    /// Has a job take a step, and writes its own report; returns whether it is a change that is live now.
    fn take(&mut self, index: usize, step: &Step) -> bool {
        let Some(stage) = self.stages.get(index) else { return false };
        let (name, kind) = (stage.name(), stage.kind());
        let label = match step.moment {
            Moment::Judge | Moment::Change => name.to_owned(),
            Moment::Started => format!("{name} start"),
            Moment::Finished => format!("{name} finish"),
            Moment::Failed => format!("{name} fail"),
        };
        self.context.progress(&label);
        let is_live = match stage.take(step, &self.outer.refreshed()) {
            Taken::Skipped(why) => {
                self.notes.push(format!("{name} did not run, {why}"));
                false
            }
            Taken::Ran(ran) => {
                if let Some(error) = &ran.error {
                    print_error(error, Some(&self.context));
                }
                if let Err(error) = self.write(stage.as_ref(), &ran) {
                    self.notes.push(error.to_string());
                    print_error(&error, Some(&self.context));
                }
                self.cases.add(ran.cases);
                let ended = Ended::of(kind, ran.report, ran.is_live);
                let is_live = ended.is_live;
                self.ended.push(ended);
                is_live
            }
        };
        self.steps.end(&label);
        is_live
    }

    /// Writes a job's own report into its folder, and adds what happened to the event log.
    fn write(&self, stage: &dyn Stage, ran: &Ran) -> Result<(), Error> {
        let report_dir = self.settings.run.common.report_dir.join(stage.name());
        let common = Common { report_dir, ..stage.common().clone() };
        // A dry run writes nothing outside of the report folder.
        let events = if self.settings.run.dry_run { &[] } else { ran.events.as_slice() };
        let delivery = Delivery {
            report: &ran.report,
            artifacts: &ran.artifacts,
            cases: &ran.cases,
            events,
            jobs: std::slice::from_ref(&ran.report),
            rules: &all_rules(),
            common: &common,
            settings: &[],
            context: &self.context,
        };
        write_files(&delivery, &common.formats_or_default(self.context.host))
    }

    /// Makes one report of each record's two ends.
    fn join_records(&mut self) {
        let ended = std::mem::take(&mut self.ended);
        for ended in ended {
            let is_end = |other: &Ended| other.kind == Kind::Record && other.report.job == ended.report.job;
            match self.ended.iter().position(is_end) {
                // The end stands where it ended, behind the changes.
                Some(start) => {
                    let start = self.ended.remove(start);
                    self.ended.push(Ended { report: joined(start.report, ended.report), ..ended });
                }
                None => self.ended.push(ended),
            }
        }
    }

    /// Writes a report for every job of these kinds that should have run, and did not.
    fn report_missing(&mut self, kinds: &[Kind], report: impl Fn(&str) -> Report) {
        for stage in self.stages.iter().filter(|stage| kinds.contains(&stage.kind())) {
            if self.ended.iter().all(|ended| ended.report.job != stage.name()) {
                self.ended.push(Ended::of(stage.kind(), report(stage.name()), None));
            }
        }
    }

    /// The formats of the merged report: those asked for on the command line or in the environment, else those of all jobs.
    fn formats(&self) -> Vec<Format> {
        let common = &self.settings.run.common;
        let mut settings = self.settings.resolved.settings.iter();
        let is_asked_for = settings.any(|setting| {
            setting.key == "formats" && matches!(setting.origin, Origin::Flag | Origin::Environment(_))
        });
        if is_asked_for {
            return common.formats.clone();
        }
        let of_jobs =
            self.stages.iter().flat_map(|stage| stage.common().formats_or_default(self.context.host));
        let mut formats: Vec<Format> = of_jobs.collect();
        formats.sort_unstable();
        formats.dedup();
        formats
    }

    /// One report of all jobs, delivered.
    fn finish(mut self) -> Exit {
        let formats = self.formats();
        let reports: Vec<Report> = self.ended.into_iter().map(|ended| ended.report).collect();
        let report = merged(NAME, &reports, &self.notes, &self.policy_sha256, self.settings.run.dry_run);
        let mut settings = self.settings.resolved.settings;
        for stage in &self.stages {
            let set = stage.settings().iter().filter(|setting| is_of_file_or_environment(&setting.origin));
            let named = set.cloned().map(|mut setting| {
                setting.key = format!("{}.{}", stage.name(), setting.key);
                setting
            });
            settings.extend(named);
        }
        let common = Common { formats, ..self.settings.run.common };
        let exit = deliver(&Delivery {
            report: &report,
            artifacts: &[],
            cases: &self.cases,
            events: &[],
            jobs: &reports,
            rules: &all_rules(),
            common: &common,
            settings: &settings,
            context: &self.context,
        });
        self.steps.end("reports");
        self.steps.print(&common, &self.context);
        exit
    }
}

/// Whether a job's setting comes from where the run's own settings don't show it already.
fn is_of_file_or_environment(origin: &Origin) -> bool {
    matches!(origin, Origin::File(_) | Origin::Environment(_))
}

/// The report of a change that was stopped before it began.
fn stopped(job: &str) -> Report {
    let error = Error::environment("stopped by a signal before it began").help("run it again");
    Report {
        exit_code: Exit::NeedsHuman.code(),
        ..Report::of_error(job, &error, Provenance::of_this_build())
    }
}
