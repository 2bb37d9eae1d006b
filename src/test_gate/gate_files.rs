//! The files the gate goes by: the baseline to compare with, and the quarantine. A change does not choose what stands in them.

use std::io::Read as _;
use std::path::Path;

use super::arguments::{Arguments, MissingBaseline};
use super::baseline::{self, Baseline, Quarantine};
use super::change_under_test::ChangeUnderTest;
use super::run::RunFacts;
use super::sections::Section;
use devops_core::{Error, Input};
use devops_files::WRITTEN_BY_HAND;
use devops_job::Context;
use devops_repository::Base;
use devops_repository::gate_file::GateFile;

/// The files the gate goes by, as far as there are any.
#[derive(Default)]
pub(super) struct GateFiles {
    pub(super) baseline: Option<Baseline>,
    pub(super) quarantine: Option<Quarantine>,
    inputs: Vec<Input>,
    /// Why there is no baseline although one was named.
    missing_baseline: Option<String>,
    notes: Vec<String>,
}

impl GateFiles {
    /// Reads them, from where the change began if they are tracked there.
    ///
    /// # Errors
    /// Where one can't be understood, or a setting needs a baseline and none is named.
    pub(super) fn read(
        arguments: &Arguments,
        context: &Context,
        change: &ChangeUnderTest,
    ) -> Result<Self, Error> {
        let mut files = Self::default();
        files.read_baseline(arguments, context, &change.base)?;
        files.read_quarantine(arguments, context, &change.base)?;
        Ok(files)
    }

    fn read_baseline(&mut self, arguments: &Arguments, context: &Context, base: &Base) -> Result<(), Error> {
        let Some(path) = &arguments.baseline else {
            if arguments.needs_baseline() {
                return Err(Error::usage(
                    "checking for new failures, slower tests and drops of tests or coverage needs a baseline",
                )
                .help("give one with `--baseline FILE`, see docs/baseline.md"));
            }
            return Ok(());
        };
        match GateFile::open(path, baseline::LARGEST, &context.working_directory, &context.environment, base)?
        {
            GateFile::Found { label, source } => {
                let (baseline, input) = baseline::read_whole(&label, source)?;
                self.inputs.push(input);
                self.baseline = Some(baseline);
            }
            GateFile::Missing { why } => self.missing_baseline = Some(why),
        }
        Ok(())
    }

    fn read_quarantine(
        &mut self,
        arguments: &Arguments,
        context: &Context,
        base: &Base,
    ) -> Result<(), Error> {
        let Some(path) = &arguments.quarantine else { return Ok(()) };
        match GateFile::open(path, WRITTEN_BY_HAND, &context.working_directory, &context.environment, base)? {
            GateFile::Found { label, mut source } => {
                let mut bytes = Vec::new();
                source.read_to_end(&mut bytes).map_err(|error| Error::unreadable(path, error))?;
                self.inputs.push(Input::of_bytes(label.as_str(), &bytes));
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.quarantine = Some(Quarantine::parse(Path::new(&label), text, context.today())?);
            }
            GateFile::Missing { why } => self
                .notes
                .push(format!("no test is in quarantine, because {} is not used: {why}", path.display())),
        }
        Ok(())
    }

    /// Whether one of them needs the names of all tests.
    pub(super) fn need_names(&self) -> bool {
        self.baseline.is_some() || self.quarantine.is_some()
    }

    /// What is to be said of the files; a baseline without a test is as good as none where there are tests.
    pub(super) fn section(&self, facts: &RunFacts, arguments: &Arguments) -> Section {
        let knows_no_test = self.baseline.as_ref().is_some_and(|baseline| baseline.newest().is_none());
        let knows_no_test = knows_no_test && facts.has_tests();
        let missing = self.missing_baseline.as_deref().or(knows_no_test.then_some("it contains no test"));
        let mut section = Section { inputs: self.inputs.clone(), ..Section::default() };
        if let Some(why) = missing {
            let path = arguments.baseline.as_deref().unwrap_or(Path::new("")).display().to_string();
            match arguments.missing_baseline {
                MissingBaseline::Fail => section.findings.push(baseline::rules::baseline_missing(&path, why)),
                MissingBaseline::Allow => section
                    .notes
                    .push(format!("tests are not compared, because there is no baseline at {path}: {why}")),
            }
        }
        section.notes.extend(self.notes.iter().cloned());
        section
    }
}
