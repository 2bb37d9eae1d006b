//! The order of the steps, from the command line to the exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use jiff::Span;
use jiff::civil::Date;

use super::committed::committed;
use super::common::{Common, Mode};
use super::console::{print, print_error, print_page, print_refusal, report_panics};
use super::context::Context;
use super::deliver::{Delivery, deliver, withdraw};
use super::effective_policy::RULES as POLICY_RULES;
use super::explain::{Question, asked, explain};
use super::moves::{advise, advise_error};
use super::prepare::{Prepared, prepare};
use super::query::{self, Query};
use super::stage::Kind;
use super::{Artifact, Job, Outcome, event_lines, report_folder};
use devops_ci::Host;
use devops_config::{Refusal, misspelt};
use devops_core::words::number;
use devops_core::{Cases, Error, Exit, Provenance, Report, Rule, Verdict};
use devops_events::Event;
use devops_policy::{Days, Judgement, judge};
use devops_repository::policy::BASE_UNKNOWN;

/// Runs a job as the binary of its name does.
pub fn main<J: Job>() -> ExitCode {
    report_panics();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let exit = match Context::of_process(J::NAME) {
        Ok(context) => run::<J>(&arguments, context),
        Err(error) => print_error(&error, None),
    };
    ExitCode::from(exit.code())
}

/// Runs a job from a command line: settings, facts, findings, policy, report, files, host, exit.
pub fn run<J: Job>(arguments: &[OsString], context: Context) -> Exit {
    if let Some(Question { rule }) = asked::<J>(arguments) {
        let groups = [(J::NAME, own_rules::<J>()), ("every job", devops_policy::RULES.to_vec())];
        return match explain(context.program, &groups, rule.as_deref()) {
            Ok(page) => print_page(&page),
            Err(error) => print_error(&error, Some(&context)),
        };
    }
    if let Some(Query { name, matches }) = query::asked::<J>(arguments) {
        return match J::answer(&name, &matches) {
            Ok(page) => print_page(&page),
            Err(error) => print_error(&error, Some(&context)),
        };
    }
    let mut steps = Steps::start();
    let prepared = match prepare::<J>(arguments, &context) {
        Ok(prepared) => prepared,
        Err(refusal) => return refuse(J::NAME, refusal, &context),
    };
    steps.end("settings");
    let context = prepared.context(context);
    // Found out before the job changes anything, not after.
    let writable = report_folder::check(&prepared.common, &prepared.settings, &context)
        .and_then(|()| withdraw(&prepared.common.report_dir))
        .and_then(|()| event_lines::open(&prepared.common));
    if let Err(error) = writable {
        return refuse(J::NAME, error.into(), &context);
    }
    let Executed { mut report, artifacts, cases, events, error, .. } =
        execute::<J>(&prepared, &prepared.arguments, &context);
    report.notes.extend(misspelt(&context.environment));
    if let Some(error) = error {
        print_error(&error, Some(&context));
    }
    steps.end(J::NAME);
    let exit = deliver(&Delivery {
        report: &report,
        artifacts: &artifacts,
        cases: &cases,
        events: &events,
        jobs: std::slice::from_ref(&report),
        rules: &rules::<J>(),
        common: &prepared.common,
        settings: &prepared.settings,
        context: &context,
    });
    steps.end("reports");
    steps.print(&prepared.common, &context);
    exit
}

/// What each step took, for `--verbose`; never part of a report.
pub struct Steps {
    started: Instant,
    ended: Vec<(String, Duration)>,
}

impl Steps {
    /// The first step starts now.
    pub fn start() -> Self {
        Self { started: Instant::now(), ended: Vec::new() }
    }

    /// A step ends now, and the next one starts.
    pub fn end(&mut self, name: &str) {
        let now = Instant::now();
        self.ended.push((name.to_owned(), now.duration_since(self.started)));
        self.started = now;
    }

    /// Prints a line per step, if that was asked for.
    pub fn print(&self, common: &Common, context: &Context) {
        if !common.verbose {
            return;
        }
        let lines = self
            .ended
            .iter()
            .map(|(name, took)| format!("  {name:<11} {:>8.1} ms\n", took.as_secs_f64() * 1e3));
        print(context, common, &format!("\nsteps\n{}", lines.collect::<String>()));
    }
}

/// Says why there are no settings. A host gets an annotation, a summary and outputs, as from any job that could not judge.
pub fn refuse(job: &str, refusal: Refusal, context: &Context) -> Exit {
    match &refusal {
        Refusal::Value(error) => drop(print_error(error, Some(context))),
        Refusal::CommandLine(error) => print_refusal(error, context),
    }
    if matches!(&refusal, Refusal::CommandLine(error) if !error.use_stderr()) {
        return Exit::Pass;
    }
    let error = Error::from(refusal);
    if context.host == Host::Local {
        return error.kind().exit();
    }
    let Ok(mut common) = Common::defaults() else { return error.kind().exit() };
    // Without settings, only the environment can say where a template will look for the outputs.
    let named = |key: &str| {
        ["DEVOPS_IN_", "DEVOPS_"].into_iter().find_map(|prefix| context.variable(&format!("{prefix}{key}")))
    };
    if let Some(folder) = named("REPORT_DIR") {
        common.report_dir = Path::new(folder).to_path_buf();
    }
    if let Some(folder) = named("WORKING_DIRECTORY").map(Path::new).filter(|folder| folder.is_dir()) {
        common.report_dir = folder.join(&common.report_dir);
        common.working_directory = folder.to_path_buf();
    }
    let mut report = Report::of_error(job, &error, Provenance::of_this_build());
    report.notes.extend(misspelt(&context.environment));
    deliver(&Delivery {
        report: &report,
        artifacts: &[],
        cases: &Cases::default(),
        events: &[],
        jobs: std::slice::from_ref(&report),
        rules: &[],
        common: &common,
        settings: &[],
        context,
    })
}

/// Every rule a job can report findings of, those that all jobs share included.
pub fn rules<J: Job>() -> Vec<Rule> {
    own_rules::<J>().iter().chain(devops_policy::RULES).copied().collect()
}

/// The rules of a job, and of a gate those about its base and policy.
fn own_rules<J: Job>() -> Vec<Rule> {
    let of_gates = if J::KIND == Kind::Gate { POLICY_RULES } else { &[] };
    let base = (J::KIND == Kind::Gate).then_some(BASE_UNKNOWN);
    J::rules().iter().copied().chain(base).chain(of_gates.iter().copied()).collect()
}

/// Where a rule stands among those of the job, which lists causes first.
pub(super) fn rank<J: Job>(rule: &str) -> Option<usize> {
    own_rules::<J>().iter().position(|known| known.id == rule)
}

/// What became of a job.
pub struct Executed {
    /// What it found and decided.
    pub report: Report,
    /// What it leaves beside its report.
    pub artifacts: Vec<Artifact>,
    /// Tests by name for the page.
    pub cases: Cases,
    /// What it adds to the event log.
    pub events: Vec<Event>,
    /// What stopped it, if something did.
    pub error: Option<Error>,
    /// Of a change: whether what was wanted is live now.
    pub is_live: Option<bool>,
}

/// Looks, judges and reports; an error of the surroundings becomes a report too, and is handed out beside it.
pub fn execute<J: Job>(prepared: &Prepared<J>, arguments: &J::Arguments, context: &Context) -> Executed {
    let mut provenance = Provenance::of_this_build();
    provenance.policy_sha256.clone_from(&prepared.policy.sha256);
    let mut cases = Cases::default();
    let (report, left, deployment, is_live, error) = match J::run(arguments, context) {
        Err(error) => {
            let error = advise_error(error, &prepared.policy.gone);
            let mut report = Report::of_error(J::NAME, &error, provenance);
            // What a change said and what does not hold may be the cause.
            report.notes.extend(prepared.policy.notes.iter().cloned());
            let findings = prepared.policy.findings.iter();
            report.notes.extend(findings.map(|finding| format!("{}: {}", finding.title, finding.help)));
            (report, Vec::new(), J::attempt(arguments, context, &error), None, Some(error))
        }
        Ok(mut outcome) => {
            let (artifacts, deployment) = (std::mem::take(&mut outcome.artifacts), outcome.deployment.take());
            let is_live = outcome.is_live;
            cases = std::mem::take(&mut outcome.cases);
            (report::<J>(outcome, prepared, context, provenance), artifacts, deployment, is_live, None)
        }
    };
    let events = event_lines::of_report(J::EVENT, &report, deployment, &prepared.common, context);
    Executed { report, artifacts: artifacts::<J>(left), cases, events, error, is_live }
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

/// The days by which waivers are judged.
fn days<J: Job>(prepared: &Prepared<J>, context: &Context) -> Days {
    let today = context.today();
    let term = Span::new().try_days(prepared.common.max_waiver_days);
    Days { today, latest: term.and_then(|term| today.checked_add(term)).unwrap_or(Date::MAX) }
}

/// The report of what a job found, judged.
fn report<J: Job>(
    mut outcome: Outcome,
    prepared: &Prepared<J>,
    context: &Context,
    mut provenance: Provenance,
) -> Report {
    let policy = &prepared.policy;
    advise(&mut outcome.findings, &policy.gone);
    if let Some(rule) = J::STALE.filter(|_| policy.is_of_change) {
        let commit = policy.commit.as_deref();
        outcome.findings.extend(committed(&rule, &outcome.reports, context, commit));
    }
    outcome.findings.extend(policy.findings.iter().cloned());
    let marked = outcome.findings.iter().filter(|finding| !finding.is_open()).count();
    let mut judgement =
        judge(outcome.findings, &policy.waivers, prepared.common.fail_on, days(prepared, context), rank::<J>);
    if let Some(warning) = outcome.warning
        && judgement.verdict == Verdict::Pass
    {
        judgement.verdict = Verdict::Warn;
        judgement.reasons.push(warning);
    }
    let headline = headline(outcome.headline, outcome.counted, &judgement, marked);
    let exit = outcome.exit.unwrap_or(match judgement.verdict {
        Verdict::Fail if prepared.common.mode == Mode::Enforce => Exit::GateFailed,
        _ => Exit::Pass,
    });
    provenance.inputs = outcome.inputs;
    provenance.inputs.sort();
    provenance.data = outcome.data;
    if let Some(commit) = &policy.commit {
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
        notes: policy.notes.iter().cloned().chain(outcome.notes).collect(),
        totals: outcome.totals,
        details: outcome.details,
        provenance,
    }
}
