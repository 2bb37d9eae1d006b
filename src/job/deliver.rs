//! From a report to everyone who should see it: files, terminal, annotations, summary, step outputs.

use std::io::{self, IsTerminal};
use std::path::Path;

use jiff::Timestamp;

use super::common::{Common, Format};
use super::console::{print, print_commands, print_error};
use super::context::Context;
use super::redacted::{redacted, redacted_bill, redacted_cases};
use super::{Artifact, OwnFormat, event_lines, report_folder};
use devops_ci::{Host, OUTPUTS, Outputs, append_summary, run_facts, write_outputs};
use devops_config::Setting;
use devops_core::escape::terminal_line;
use devops_core::{Bill, Cases, Error, Exit, Report, Rule};
use devops_events::Event;
use devops_files::replace;
use devops_render::{Detail, Document, Drawn, Revision};
use devops_repository::Repository;

/// Columns where there is no terminal, and the fewest and most that are drawn for.
const WIDTH: usize = 100;
const NARROWEST: usize = 40;
const WIDEST: usize = 160;

/// A report on its way out.
pub struct Delivery<'a> {
    /// The report as a whole.
    pub report: &'a Report,
    /// Files that go beside it.
    pub artifacts: &'a [Artifact],
    /// Tests by name for the page; only a delivery with a page has any.
    pub cases: &'a Cases,
    /// What was judged is made of, where a format needs it.
    pub bill: Option<&'a Bill>,
    /// The formats that not every job writes.
    pub formats: &'a [OwnFormat],
    /// What is added to the event log.
    pub events: &'a [Event],
    /// The reports it is made of.
    pub jobs: &'a [Report],
    /// Every rule that may be named.
    pub rules: &'a [Rule],
    /// The settings all jobs share.
    pub common: &'a Common,
    /// All settings with where each came from.
    pub settings: &'a [Setting],
    /// Time, environment, host.
    pub context: &'a Context,
}

/// Writes the files asked for, prints, annotates, appends the job summary and sets the step outputs, in this order.
///
/// Returns the exit the report stands for. Errors on the way are printed on standard error and don't stop what
/// follows; reports and outputs that can't be written turn a pass into the exit of that trouble.
pub fn deliver(delivery: &Delivery<'_>) -> Exit {
    without_secrets(delivery, deliver_clean)
}

/// Lends the same delivery with redacted reports.
fn without_secrets<T>(delivery: &Delivery<'_>, act: impl FnOnce(&Delivery<'_>) -> T) -> T {
    let redactor = &delivery.context.redactor;
    let report = redacted(delivery.report, redactor);
    let jobs: Vec<Report> = delivery.jobs.iter().map(|job| redacted(job, redactor)).collect();
    // What is drawn is redacted again as a whole; a hash of the report's own must then stay what it is.
    let redactor = redactor.sparing(|text| jobs.iter().chain([&report]).any(|report| has_hash(report, text)));
    let mut context = delivery.context.clone();
    context.redactor = redactor;
    let cases = redacted_cases(delivery.cases, &delivery.context.redactor);
    let bill = delivery.bill.map(|bill| redacted_bill(bill, &delivery.context.redactor));
    let clean = Delivery { report: &report, jobs: &jobs, cases: &cases, context: &context, ..*delivery };
    act(&Delivery { bill: bill.as_ref(), ..clean })
}

/// Whether a text is the fingerprint of a finding, or the digest of a file that was read.
fn has_hash(report: &Report, text: &str) -> bool {
    report.findings.iter().any(|finding| finding.fingerprint.as_str() == text)
        || report.provenance.inputs.iter().any(|input| input.sha256 == text)
}

/// Delivers what is redacted.
fn deliver_clean(delivery: &Delivery<'_>) -> Exit {
    let Delivery { common, context, .. } = delivery;
    let formats = common.formats_or_default(context.host);
    let mut exit = delivery.report.exit();
    let mut note = |done: Result<(), Error>| {
        if let Err(error) = done {
            let trouble = print_error(&error, Some(context));
            exit = if exit == Exit::Pass { trouble } else { exit };
        }
        exit
    };
    let folder = report_folder::check(common, delivery.settings, context);
    let has_folder = folder.is_ok();
    match folder {
        Ok(()) => note(write_clean(delivery, &formats)),
        // Why the job did not begin, or another reason for that.
        Err(_) if delivery.report.error.is_some() => note(Ok(())),
        Err(error) => note(Err(error)),
    };
    note(append_events(delivery));
    show(delivery, &formats);
    if formats.contains(&Format::Summary) {
        // The summary is a courtesy of the host; its absence is reported and decides nothing.
        if let Err(error) = append(delivery) {
            print_error(&error, Some(context));
        }
    }
    let outputs = outputs(delivery.report, note(Ok(())), common, &formats);
    let job = delivery.report.job.as_str();
    if !has_folder && context.host == Host::GitLab {
        // There, the outputs are a file of the folder.
        return note(Ok(()));
    }
    note(write_outputs(context.host, &context.environment, &common.report_dir, job, &outputs))
}

/// Prints the report, and the annotations where they are wanted.
fn show(delivery: &Delivery<'_>, formats: &[Format]) {
    let Delivery { common, context, .. } = delivery;
    let page =
        [Format::Html, Format::Summary, Format::Json].into_iter().find(|format| formats.contains(format));
    let page = page.and_then(|format| path_of(common, format)).filter(|_| !common.quiet);
    with_document(delivery, page.as_deref(), &Revision::default(), |document| {
        let detail = match (common.quiet, common.verbose) {
            (true, _) => Detail::Verdict,
            (false, false) => Detail::Findings,
            (false, true) => Detail::Everything,
        };
        let mut text = devops_render::text(document, detail, width(context));
        if common.verbose {
            text.push_str(&settings(delivery.settings));
        }
        print(context, common, &text);
        if formats.contains(&Format::Github) {
            print_commands(&context.redactor.redact(&devops_render::github(document)));
        }
    });
}

/// Columns of the terminal: what `COLUMNS` says, else what the terminal says, else those that a log of a host shows.
fn width(context: &Context) -> usize {
    let said = context.variable("COLUMNS").and_then(|columns| columns.parse().ok());
    let asked = || {
        let stdout = io::stdout();
        let size = stdout.is_terminal().then(|| rustix::termios::tcgetwinsize(&stdout).ok()).flatten()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    };
    said.or_else(asked).unwrap_or(WIDTH).clamp(NARROWEST, WIDEST)
}

/// What is judged: as the host says, on a laptop as the repository says.
fn revision(context: &Context) -> Revision {
    let date = context.now.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let time = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (started, ended) = (time(context.started), time(context.refreshed().now));
    if let Some(forge) = context.host.forge() {
        let facts = forge.facts(&context.environment);
        return Revision {
            commit: facts.sha,
            branch: facts.reference,
            reference: facts.full_reference,
            run: facts.run_id,
            part: run_facts(context.host, &context.environment).part,
            date,
            started,
            ended,
        };
    }
    let repository = Repository::around(&context.working_directory, &context.environment).ok();
    let commit = repository.as_ref().and_then(|repository| repository.head().ok());
    let branch = repository.and_then(|repository| repository.branch());
    Revision {
        commit: commit.map(|commit| commit.to_string()),
        reference: branch.as_ref().map(|branch| format!("refs/heads/{branch}")),
        branch,
        date,
        started,
        ended,
        ..Revision::default()
    }
}

/// Appends the summary to the job summary of the host.
fn append(delivery: &Delivery<'_>) -> Result<(), Error> {
    let context = delivery.context;
    let markdown = rendered(delivery, &Written { format: Format::Summary, name: "summary.md", own: None })?
        .unwrap_or_default();
    append_summary(context.host, &context.environment, &String::from_utf8_lossy(&markdown)).map(|_| ())
}

/// Writes each format that is a file, and adds to the event log.
///
/// # Errors
/// Where a file can't be written.
pub fn write_files(delivery: &Delivery<'_>, formats: &[Format]) -> Result<(), Error> {
    without_secrets(delivery, |delivery| {
        let written = write_clean(delivery, formats);
        append_events(delivery).and(written)
    })
}

/// Adds the events of a delivery that is redacted to the log.
fn append_events(delivery: &Delivery<'_>) -> Result<(), Error> {
    if delivery.events.is_empty() {
        return Ok(());
    }
    let json = delivery.context.redactor.redact_file("report.json", devops_render::json(delivery.report)?);
    event_lines::append(delivery.events, &json, delivery.common, delivery.context, &delivery.report.job)
}

/// Writes the files of a delivery that is redacted.
fn write_clean(delivery: &Delivery<'_>, formats: &[Format]) -> Result<(), Error> {
    let folder = &delivery.common.report_dir;
    std::fs::create_dir_all(folder).map_err(|error| Error::unwritable(folder, error))?;
    let written: Vec<Written> = Format::ALL
        .into_iter()
        .filter(|format| formats.contains(format))
        .flat_map(|format| Written::all(delivery, format))
        .collect();
    for name in Format::file_names().filter(|name| written.iter().all(|written| written.name != *name)) {
        // What an earlier run left behind must not be taken for this one's verdict.
        remove(&folder.join(name))?;
    }
    for one in written {
        let path = folder.join(one.name);
        match rendered(delivery, &one)? {
            Some(bytes) => replace(&path, &delivery.context.redactor.redact_file(one.name, bytes))?,
            None => remove(&path)?,
        }
    }
    for artifact in delivery.artifacts {
        let path = folder.join(artifact.name);
        match &artifact.bytes {
            Some(bytes) => {
                replace(&path, &delivery.context.redactor.redact_file(artifact.name, bytes.clone()))?;
            }
            None => remove(&path)?,
        }
    }
    Ok(())
}

/// Makes a folder for reports, without those of an earlier run: a run that is killed must not leave their verdict behind as its own.
///
/// # Errors
/// Where the folder can't be made, or a report in it can't be removed.
pub fn withdraw(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|error| Error::unwritable(folder, error))?;
    let names = Format::file_names().chain([OUTPUTS]);
    names.map(|name| folder.join(name)).try_for_each(|path| remove(&path))
}

/// Removes a file, where there is one.
fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if path.is_file() => Err(Error::unwritable(path, error)),
        _ => Ok(()),
    }
}

/// A file of a format.
struct Written {
    format: Format,
    name: &'static str,
    /// How it is drawn, where only some jobs write it.
    own: Option<fn(&Document<'_>) -> Drawn>,
}

impl Written {
    /// The files of a format; jobs of one run may write several, and none twice.
    fn all(delivery: &Delivery<'_>, format: Format) -> Vec<Self> {
        if !format.is_of_some_jobs() {
            return format.file_name().map(|name| Self { format, name, own: None }).into_iter().collect();
        }
        let mut all: Vec<Self> = Vec::new();
        for own in delivery.formats.iter().filter(|own| own.format == format) {
            if all.iter().all(|known| known.name != own.file) {
                all.push(Self { format, name: own.file, own: Some(own.draw) });
            }
        }
        all
    }
}

/// A file's bytes; none where there is nothing to write.
fn rendered(delivery: &Delivery<'_>, file: &Written) -> Result<Option<Vec<u8>>, Error> {
    let format = file.format;
    if format == Format::Json {
        return devops_render::json(delivery.report).map(Some);
    }
    let is_dated =
        matches!(format, Format::Summary | Format::Html | Format::Intoto) || format.is_of_some_jobs();
    let revision = if is_dated { revision(delivery.context) } else { Revision::default() };
    let drawn = with_document(delivery, None, &revision, |document| match format {
        Format::Sarif => Ok(Some(devops_render::sarif(document))),
        Format::Summary => Ok(Some(devops_render::markdown(document))),
        Format::Html => Ok(Some(devops_render::html(document))),
        Format::Junit => Ok(Some(devops_render::junit(document))),
        Format::Codequality => Ok(Some(devops_render::codequality(document))),
        Format::Badge => Ok(Some(devops_render::badge(document))),
        Format::Intoto => devops_render::intoto(document),
        Format::Github | Format::Json => Ok(None),
        _ => file.own.map_or(Ok(None), |draw| draw(document)),
    });
    match drawn {
        Ok(text) => Ok(text.map(String::into_bytes)),
        // What stopped the job is the reason.
        Err(_) if delivery.report.error.is_some() => Ok(None),
        Err(why) => {
            let path = delivery.common.report_dir.join(file.name).display().to_string().replace('\\', "/");
            Err(Error::environment(format!("{path} was not written: {why}")))
        }
    }
}

/// Lends the document that renderers draw.
fn with_document<T>(
    delivery: &Delivery<'_>,
    page: Option<&str>,
    revision: &Revision,
    draw: impl FnOnce(&Document<'_>) -> T,
) -> T {
    let context = delivery.context;
    let configuration = delivery.common.file().display().to_string().replace('\\', "/");
    // A run of one job is shown as that job.
    let only = match delivery.jobs {
        [only] => Some(Report { job: only.job.clone(), ..delivery.report.clone() }),
        _ => None,
    };
    draw(&Document {
        report: only.as_ref().unwrap_or(delivery.report),
        jobs: delivery.jobs,
        rules: delivery.rules,
        link: &|location| context.host.link(&context.environment, location),
        configuration: &configuration,
        category: &|job| delivery.common.category(job),
        program: context.program,
        page,
        revision,
        cases: delivery.cases,
        bill: delivery.bill,
        project: &event_lines::service(context),
    })
}

/// Path of a format's file, as people and scripts name it.
fn path_of(common: &Common, format: Format) -> Option<String> {
    let path = common.report_dir.join(format.file_name()?);
    Some(path.display().to_string().replace('\\', "/"))
}

/// What the step passes to the steps after it.
fn outputs(report: &Report, exit: Exit, common: &Common, formats: &[Format]) -> Outputs {
    let path = |format: Format| {
        let path = path_of(common, format).filter(|_| formats.contains(&format));
        path.unwrap_or_default()
    };
    Outputs {
        verdict: report.verdict.to_string(),
        exit_code: exit.code(),
        findings: report.open().count(),
        report: path(Format::Json),
        sarif: path(Format::Sarif),
        summary: path(Format::Summary),
    }
}

/// One line a setting: name, values, where they came from.
fn settings(settings: &[Setting]) -> String {
    let mut text = String::from("\nsettings\n");
    for setting in settings {
        let values = terminal_line(&setting.values.join(", "));
        text.push_str(&format!("  {} = {values}   ({})\n", setting.key, setting.origin));
    }
    text
}
