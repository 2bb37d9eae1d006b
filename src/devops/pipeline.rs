//! `devops run`: every configured job in order, gates before changes, and one report of it all.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Command, FromArgMatches};

use super::command_line::RunFlags;
use super::interrupt::Interrupt;
use super::jobs::{Entry, JOBS, Ran, all_rules};
use crate::ci::Host;
use crate::config::{FILE_NAME, File, Origin, Policy, Refusal, Resolved, Source, resolve};
use crate::core::escape::terminal_line;
use crate::core::report::Facts;
use crate::core::words::count;
use crate::core::{Error, Exit, Provenance, Report, Verdict};
use crate::job::deliver::{Delivery, complain, deliver, withdraw, write_files};
use crate::job::run::{keys, refuse};
use crate::job::{Common, Context, event_lines};

/// Name of the merged report.
const NAME: &str = "devops";

/// Gates, in the order they run; each runs whatever the others said, so that one run shows all.
const GATES: [&str; 3] = ["test-gate", "dep-scan", "image-scan"];

/// Which exit the whole run has when jobs disagree: the first of these that a job ended with.
const WORST_FIRST: [Exit; 9] = [
    Exit::Bug,
    Exit::Usage,
    Exit::Input,
    Exit::NeedsHuman,
    Exit::RolledBack,
    Exit::GateFailed,
    Exit::Environment,
    Exit::Superseded,
    Exit::Pass,
];

/// Settings of the whole run.
struct Settings {
    run: RunFlags,
    resolved: Resolved,
    file: File,
}

/// Runs the pipeline of a folder.
pub(super) fn run(line: &[OsString], directory: Option<PathBuf>, context: &Context) -> Exit {
    match settings(line, directory, context) {
        Ok(settings) => {
            let pipeline = Pipeline::new(settings, context);
            match pipeline.check() {
                Ok(()) => pipeline.run(),
                Err(refusal) => refuse(NAME, refusal, context),
            }
        }
        Err(refusal) => refuse(NAME, refusal, context),
    }
}

/// The settings all jobs share, and the file that configures them.
fn settings(line: &[OsString], directory: Option<PathBuf>, context: &Context) -> Result<Settings, Refusal> {
    let mut command = RunFlags::augment_args(Command::new("devops run"));
    // The word `run` stands where a job's own arguments would start.
    let after_run = line.iter().skip_while(|word| *word != "run").cloned();
    let line: Vec<OsString> = after_run.collect();
    let source = |working_directory, file| Source {
        arguments: &line,
        environment: &context.environment,
        file,
        policy: Policy::default(),
        job: "",
        working_directory,
    };
    let first = RunFlags::from_arg_matches(&resolve(&mut command, &source(Path::new("."), None))?.matches)?;
    let is_given = first.common.working_directory != Path::new(".");
    let beside =
        first.common.config.as_deref().and_then(Path::parent).filter(|path| !path.as_os_str().is_empty());
    // Where only a file is named, its folder is the project.
    let folder = directory.unwrap_or_else(|| match beside {
        Some(beside) if !is_given => beside.to_path_buf(),
        _ => first.common.working_directory.clone(),
    });
    let path = first.common.config.unwrap_or_else(|| match folder.as_os_str().to_str() {
        Some(".") => PathBuf::from(FILE_NAME),
        _ => folder.join(FILE_NAME),
    });
    if !path.exists() {
        let path = path.display();
        return Err(Error::configuration(format!("there is no {path}"))
            .help("run it in a folder with a devops.toml, or give the folder: `devops run DIR`")
            .into());
    }
    let file = File::read(&path)?;
    file.check("", &keys(&Common::augment_args(Command::new("common"))))?;
    file.check_waivers()?;
    let resolved = resolve(&mut command, &source(&folder, Some(&file)))?;
    let mut run = RunFlags::from_arg_matches(&resolved.matches)?;
    run.common.working_directory = folder;
    run.common.config = Some(path);
    if !JOBS.iter().any(|entry| file.has_table(entry.name)) {
        return Err(Error::configuration(format!("{} configures no job", file.path))
            .help("add a table such as `[test-gate]` with `paths = [\"reports/\"]`")
            .into());
    }
    Ok(Settings { run, resolved, file })
}

/// A run under way.
struct Pipeline<'a> {
    settings: Settings,
    context: Context,
    /// Reports so far, in the order the jobs ran.
    reports: Vec<Report>,
    /// What was not done, and why.
    notes: Vec<String>,
    /// The context before the settings of `devops run` were applied; jobs resolve their own settings from it.
    outer: &'a Context,
}

impl<'a> Pipeline<'a> {
    fn new(settings: Settings, outer: &'a Context) -> Self {
        let common = &settings.run.common;
        let context = outer.clone().settled(common.host, &common.working_directory);
        let context = if common.quiet { context.silent() } else { context };
        Self { settings, context, reports: Vec::new(), notes: Vec::new(), outer }
    }

    /// Whether every configured job has settings, so that no job changes anything before another one is refused.
    fn check(&self) -> Result<(), Refusal> {
        let configured = JOBS.iter().filter(|entry| self.settings.file.has_table(entry.name));
        configured
            .into_iter()
            .try_for_each(|entry| (entry.settings)(&self.line(entry, &[]), self.outer).map(|_| ()))?;
        self.check_dropped()
    }

    /// Refuses a change that takes a gate out of the file by which it is judged.
    fn check_dropped(&self) -> Result<(), Refusal> {
        let absent =
            |entry: &&Entry| GATES.contains(&entry.name) && !self.settings.file.has_table(entry.name);
        for entry in JOBS.iter().filter(absent) {
            if let Some(commit) = (entry.dropped)(&self.line(entry, &[]), self.outer)? {
                let (file, job) = (&self.settings.file.path, entry.name);
                return Err(Error::configuration(format!(
                    "{file} of {commit} has `[{job}]`, but the change removes it"
                ))
                .help("keep the table, or let someone who is responsible for it run this with `DEVOPS_BASE=none`")
                .into());
            }
        }
        Ok(())
    }

    /// Gates, then the promotion between the two ends of its record, then one report.
    fn run(mut self) -> Exit {
        if let Err(error) = self.withdraw() {
            return refuse(NAME, error.into(), self.outer);
        }
        for gate in GATES {
            match self.dry_words(gate) {
                Some(words) => self.job(gate, &words),
                None => self.notes.push(format!("{gate} did not run, because a dry run writes no baseline")),
            }
        }
        let stopped_by =
            self.reports.iter().find(|report| report.exit() != Exit::Pass).map(|report| report.job.clone());
        match stopped_by {
            Some(gate) => self.skip_changes(&gate),
            None => self.change(),
        }
        self.finish()
    }

    /// Removes the reports of an earlier run, so that one that is killed leaves no verdict behind.
    fn withdraw(&self) -> Result<(), Error> {
        let folder = &self.settings.run.common.report_dir;
        let jobs = JOBS.iter().map(|entry| folder.join(entry.name)).filter(|folder| folder.is_dir());
        std::iter::once(folder.clone()).chain(jobs).try_for_each(|folder| withdraw(&folder))?;
        if self.is_dry() { Ok(()) } else { event_lines::open(&self.settings.run.common) }
    }

    /// Says what does not happen because a gate did not let it.
    fn skip_changes(&mut self, gate: &str) {
        for job in ["promote", "annotate"].into_iter().filter(|job| self.settings.file.has_table(job)) {
            self.notes.push(format!("{job} did not run, because {gate} stopped the run"));
        }
    }

    /// Promotes, and records it. Somebody who asks to stop gets a record that says so.
    fn change(&mut self) {
        let interrupt = match Interrupt::listen() {
            Ok(interrupt) => interrupt,
            Err(error) => {
                self.notes.push(error.to_string());
                complain(&error, Some(&self.context));
                return self.reports.push(Report::of_error("promote", &error, Provenance::of_this_build()));
            }
        };
        let (dry, action) =
            if self.is_dry() { ("--dry-run=true", "plan") } else { ("--dry-run=false", "run") };
        let mut record = vec![dry.to_owned()];
        record.extend(self.identity());
        self.annotate("start", &record);
        if interrupt.is_asked() {
            self.notes.push("promote did not run, because the run was cancelled".to_owned());
        } else {
            self.job("promote", &[action.to_owned()]);
        }
        if interrupt.is_asked() {
            // A host that cancels a run kills it ten seconds later.
            record.push("--budget=2".to_owned());
        }
        let has_promotion = self.settings.file.has_table("promote");
        let promotion = self.reports.iter().find(|report| report.job == "promote");
        let is_done = promotion.map_or(!has_promotion && !interrupt.is_asked(), is_live);
        self.annotate(if is_done { "finish" } else { "fail" }, &record);
        join_records(&mut self.reports);
        if interrupt.is_asked() && promotion_is_missing(&self.reports, has_promotion) {
            self.reports.push(stopped());
        }
    }

    /// Runs `annotate` with this action and these flags.
    fn annotate(&mut self, action: &str, flags: &[String]) {
        let mut line = vec![action.to_owned()];
        line.extend_from_slice(flags);
        self.job("annotate", &line);
    }

    /// Names the deployment where neither the host nor the configuration does: each local run is a record of its own.
    fn identity(&self) -> Vec<String> {
        let Some(annotate) = JOBS.iter().find(|entry| entry.name == "annotate") else {
            return Vec::new();
        };
        let is_named = (annotate.settings)(&self.line(annotate, &["start".to_owned()]), self.outer)
            .is_ok_and(|settings| {
                settings.iter().any(|setting| setting.key == "id" && setting.origin != Origin::Default)
            });
        if is_named || self.context.host != Host::Local {
            return Vec::new();
        }
        vec![format!("--id={}", self.context.local_run())]
    }

    /// What a gate is told so that a dry run changes nothing; none where it must not run at all.
    fn dry_words(&mut self, gate: &str) -> Option<Vec<String>> {
        let entry = JOBS.iter().find(|entry| entry.name == gate && self.settings.file.has_table(gate));
        let Some(entry) = entry.filter(|_| self.is_dry()) else { return Some(Vec::new()) };
        let settings = (entry.settings)(&self.line(entry, &[]), self.outer).unwrap_or_default();
        let action = settings.iter().find(|setting| setting.key == "action");
        match action.and_then(|action| action.values.first()).map(String::as_str) {
            None | Some("judge") => Some(Vec::new()),
            Some("run") => {
                self.notes.push(format!(
                    "{gate} did not start its command in a dry run, and judged the existing reports"
                ));
                Some(vec!["--action=judge".to_owned()])
            }
            Some(_) => None,
        }
    }

    fn is_dry(&self) -> bool {
        self.settings.run.dry_run
    }

    /// Runs a job if the file configures it, and writes its own report.
    fn job(&mut self, name: &str, words: &[String]) {
        let entry = JOBS.iter().find(|entry| entry.name == name && self.settings.file.has_table(name));
        let Some(entry) = entry else { return };
        self.context.progress(&format!("{name} {}", words.first().map_or("", String::as_str)));
        let ran = match (entry.run)(&self.line(entry, words), &self.outer.refreshed()) {
            Ok(ran) => ran,
            Err(refusal) => {
                let error = match refusal {
                    Refusal::Value(error) => error,
                    Refusal::CommandLine(error) => Error::usage(terminal_line(&error.to_string())),
                };
                let report = Report::of_error(name, &error, Provenance::of_this_build());
                Ran {
                    report,
                    artifacts: Vec::new(),
                    events: Vec::new(),
                    error: Some(error),
                    common: self.settings.run.common.clone(),
                }
            }
        };
        if let Some(error) = &ran.error {
            complain(error, Some(&self.context));
        }
        self.write(ran);
    }

    /// Writes a job's own report into its folder.
    fn write(&mut self, ran: Ran) {
        let Ran { report, artifacts, events, mut common, .. } = ran;
        // A dry run writes nothing outside of the report folder.
        let events = if self.is_dry() { Vec::new() } else { events };
        common.report_dir = self.settings.run.common.report_dir.join(&report.job);
        let delivery = Delivery {
            report: &report,
            artifacts: &artifacts,
            events: &events,
            jobs: std::slice::from_ref(&report),
            rules: &all_rules(),
            common: &common,
            settings: &[],
            context: &self.context,
        };
        if let Err(error) = write_files(&delivery, &self.settings.run.common.formats_or_default()) {
            self.notes.push(error.to_string());
            complain(&error, Some(&self.context));
        }
        self.reports.push(report);
    }

    /// A job's command line: what was said on ours, and where its configuration is.
    fn line(&self, entry: &Entry, words: &[String]) -> Vec<OsString> {
        let common = &self.settings.run.common;
        let mut line: Vec<OsString> = vec![entry.name.into()];
        let mut folder = OsString::from("--working-directory=");
        folder.push(&common.working_directory);
        line.push(folder);
        if let Some(path) = &common.config {
            let mut config = OsString::from("--config=");
            config.push(path);
            line.push(config);
        }
        if let Some(folder) = common.events.as_deref().filter(|_| self.says("events")) {
            // Not to be rebased once more by the job.
            let mut events = OsString::from("--events=");
            events.push(std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf()));
            line.push(events);
        }
        let passed_on = ["mode", "fail-on", "host", "quiet", "formats", "sarif-category", "service"];
        let said =
            self.settings.resolved.settings.iter().filter(|setting| {
                setting.origin == Origin::Flag && passed_on.contains(&setting.key.as_str())
            });
        line.extend(said.map(|setting| format!("--{}={}", setting.key, setting.values.join(",")).into()));
        line.extend(words.iter().map(OsString::from));
        line
    }

    /// Whether a setting of the whole run was given as a flag.
    fn says(&self, key: &str) -> bool {
        let mut settings = self.settings.resolved.settings.iter();
        settings.any(|setting| setting.key == key && setting.origin == Origin::Flag)
    }

    /// One report of all jobs, delivered.
    fn finish(self) -> Exit {
        let report = self.merged();
        deliver(&Delivery {
            report: &report,
            artifacts: &[],
            events: &[],
            jobs: &self.reports,
            rules: &all_rules(),
            common: &self.settings.run.common,
            settings: &self.settings.resolved.settings,
            context: &self.context,
        })
    }

    /// The report of the whole run.
    fn merged(&self) -> Report {
        let reports = &self.reports;
        let verdict = reports.iter().map(|report| report.verdict).max().unwrap_or(Verdict::Pass);
        let exit = WORST_FIRST.into_iter().find(|exit| reports.iter().any(|report| report.exit() == *exit));
        let mut provenance = Provenance::of_this_build();
        // A job that was judged by the policy of its base says so, and this report is no better than that.
        let own = &self.settings.file.sha256;
        let used = reports.iter().filter_map(|report| report.provenance.policy_sha256.as_ref());
        provenance.policy_sha256 = Some(used.clone().find(|sha| *sha != own).unwrap_or(own).clone());
        provenance.inputs = reports.iter().flat_map(|report| report.provenance.inputs.clone()).collect();
        provenance.inputs.sort();
        provenance.inputs.dedup();
        let mut findings: Vec<_> = reports.iter().flat_map(|report| report.findings.clone()).collect();
        findings.sort_by_key(|finding| (!finding.is_open(), std::cmp::Reverse(finding.severity)));
        Report {
            schema_version: Report::SCHEMA_VERSION,
            job: NAME.to_owned(),
            verdict,
            exit_code: exit.unwrap_or(Exit::Pass).code(),
            headline: headline(reports, self.is_dry()),
            reasons: reports
                .iter()
                .flat_map(|report| report.reasons.iter().map(|reason| format!("{}: {reason}", report.job)))
                .collect(),
            error: reports.iter().find_map(|report| report.error.clone()),
            findings,
            notes: self.notes.clone(),
            totals: totals(reports),
            details: details(reports),
            provenance,
        }
    }
}

/// Whether there should have been a promotion and was none.
fn promotion_is_missing(reports: &[Report], has_promotion: bool) -> bool {
    has_promotion && reports.iter().all(|report| report.job != "promote")
}

/// The report of a promotion that was stopped before it began.
fn stopped() -> Report {
    let error = Error::environment("stopped by a signal before it began").help("run it again");
    Report {
        exit_code: Exit::NeedsHuman.code(),
        ..Report::of_error("promote", &error, Provenance::of_this_build())
    }
}

/// Whether a promotion ended with the wanted colour live; its exit code alone does not say, for `--mode report` bends it.
fn is_live(promotion: &Report) -> bool {
    let state = promotion.details.get("state").and_then(serde_json::Value::as_str);
    let is_good = promotion.exit() == Exit::Pass && promotion.verdict < Verdict::Fail;
    is_good && matches!(state, Some("promoted" | "unchanged" | "planned"))
}

/// Makes one report of the record's two ends: what both did, under the later one's headline.
fn join_records(reports: &mut Vec<Report>) {
    let Some(first) = reports.iter().position(|report| report.job == "annotate") else {
        return;
    };
    let is_last = reports.iter().skip(first + 1).all(|report| report.job != "annotate");
    if is_last {
        return;
    }
    let start = reports.remove(first);
    let Some(end) = reports.iter_mut().find(|report| report.job == "annotate") else {
        return;
    };
    for list in ["plan", "deliveries"] {
        let both =
            [&start, end].into_iter().filter_map(|report| report.details.get(list)?.as_array().cloned());
        let both: Vec<_> = both.flatten().collect();
        if !both.is_empty() {
            end.details.insert(list.to_owned(), both.into());
        }
    }
    end.verdict = end.verdict.max(start.verdict);
    let new: Vec<_> = start
        .findings
        .into_iter()
        .filter(|finding| end.findings.iter().all(|other| other.fingerprint != finding.fingerprint))
        .collect();
    end.findings.extend(new);
    if end.exit() == Exit::Pass {
        end.exit_code = start.exit_code;
    }
}

/// `5 jobs: 3 passed, 2 warned`.
fn headline(reports: &[Report], is_dry: bool) -> String {
    let of = |verdict| reports.iter().filter(|report| report.verdict == verdict).count();
    let words = [
        (of(Verdict::Error), "could not judge"),
        (of(Verdict::Fail), "failed"),
        (of(Verdict::Warn), "warned"),
        (of(Verdict::Pass), "passed"),
    ];
    let parts: Vec<String> = words
        .into_iter()
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, word)| format!("{amount} {word}"))
        .collect();
    let waived = reports.iter().flat_map(Report::waived).count() as u64;
    let waived = if waived == 0 { String::new() } else { format!("; {} waived", count(waived, "finding")) };
    let dry = if is_dry { " (dry run)" } else { "" };
    format!("{}: {}{waived}{dry}", count(reports.len() as u64, "job"), parts.join(", "))
}

/// How many jobs and findings there were.
fn totals(reports: &[Report]) -> Facts {
    let open: usize = reports.iter().map(|report| report.open().count()).sum();
    let waived: usize = reports.iter().map(|report| report.waived().count()).sum();
    Facts::from([
        ("jobs".to_owned(), reports.len().into()),
        ("findings".to_owned(), open.into()),
        ("waived".to_owned(), waived.into()),
    ])
}

/// What each job decided, with its own counts and facts.
fn details(reports: &[Report]) -> Facts {
    let jobs: Vec<serde_json::Value> = reports
        .iter()
        .map(|report| {
            serde_json::json!({
                "job": report.job,
                "verdict": report.verdict,
                "exit_code": report.exit_code,
                "headline": report.headline,
                "totals": report.totals,
                "details": report.details,
            })
        })
        .collect();
    Facts::from([("jobs".to_owned(), jobs.into())])
}
