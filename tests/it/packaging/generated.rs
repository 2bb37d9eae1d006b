//! The actions, the GitLab templates and the tables of inputs, all drawn from the clap definitions.
//!
//! `DEVOPS_BLESS=1 cargo test --test it packaging::generated` rewrites the committed files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command};
use devops::JOBS;
use devops_config::key;

use super::ROOT;
use crate::support::jobs;

/// The first line of every generated file, as a comment.
const ORIGIN: &str = "Generated from the flags: change those, then run `DEVOPS_BLESS=1 cargo test --test it packaging::generated`.";

/// Step outputs and what each holds.
const OUTPUTS: [(&str, &str); 6] = [
    ("verdict", "`pass`, `warn`, `fail`, or `error` if the job could not judge"),
    ("exit-code", "The number the job exited with"),
    ("findings", "How many findings are open"),
    ("report", "Path of `report.json`, empty if it was not asked for"),
    ("sarif", "Path of `report.sarif`, empty if it was not asked for"),
    ("summary", "Path of `summary.md`, empty if it was not asked for"),
];

/// A flag, as it looks from outside: its input, its key, its words.
#[derive(Clone)]
struct Input {
    name: String,
    /// How the command line takes it: `--name VALUE`, or the positional.
    flag: String,
    help: String,
    default: String,
    values: Vec<String>,
    is_list: bool,
}

impl Input {
    /// The variable through which the value reaches the binary.
    fn variable(&self) -> String {
        if self.name == "token" {
            "DEVOPS_TOKEN".to_owned()
        } else {
            format!("DEVOPS_IN_{}", self.name.replace('-', "_").to_uppercase())
        }
    }

    /// One paragraph: what it is, what it may be, what it is when it isn't given.
    fn description(&self) -> String {
        let mut text = self.help.clone();
        if !self.values.is_empty() {
            text.push_str(&format!("; one of {}", self.values.join(", ")));
        }
        if self.is_list {
            text.push_str("; one per line");
        }
        if !self.default.is_empty() {
            text.push_str(&format!(" [default: {}]", self.default));
        }
        text
    }
}

/// The inputs of a command, in the order of its flags.
fn inputs(command: &Command) -> Vec<Input> {
    let is_setting = |argument: &&Arg| {
        matches!(argument.get_action(), ArgAction::Set | ArgAction::Append) && !argument.is_hide_set()
    };
    let mut inputs: Vec<Input> = command.get_arguments().filter(is_setting).map(input).collect();
    let takes_token = command.get_name() == "annotate";
    if takes_token && !inputs.iter().any(|input| input.name == "token") {
        inputs.push(Input {
            name: "token".to_owned(),
            flag: "`DEVOPS_TOKEN` in the environment".to_owned(),
            help: "Token for GitHub or GitLab; masked, and never part of a report".to_owned(),
            default: String::new(),
            values: Vec::new(),
            is_list: false,
        });
    }
    inputs
}

fn input(argument: &Arg) -> Input {
    let name = key(argument);
    let many = argument.get_num_args().is_some_and(|range| range.max_values() > 1);
    let is_flag = argument.get_num_args().is_some_and(|range| range.min_values() == 0);
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    let placeholder = argument.get_value_names().and_then(|names| names.first()).map_or("VALUE", |name| name);
    let flag = match argument.get_long() {
        Some(long) if is_flag => format!("`--{long}`"),
        Some(long) => format!("`--{long} {placeholder}`"),
        None => format!("`{placeholder}`"),
    };
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    Input {
        flag,
        help: help.split_whitespace().collect::<Vec<_>>().join(" "),
        default: argument
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(","),
        // Flags hide `true` and `false` from their help, where they would be noise; an input must say them.
        values,
        is_list: (many || matches!(argument.get_action(), ArgAction::Append))
            && argument.get_value_delimiter().is_none(),
        name,
    }
}

/// Every job's command.
fn commands() -> Vec<Command> {
    JOBS.iter().map(|entry| (entry.command)()).collect()
}

#[test]
fn no_flag_is_called_as_the_routers_own_input() {
    for command in commands() {
        for argument in command.get_arguments() {
            assert_ne!(key(argument), "command", "{}: the router names the job with it", command.get_name());
        }
    }
}

/// The inputs of the router: those of all jobs, each once, saying whose it is where not all have it.
fn merged(commands: &[Command]) -> Vec<Input> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut merged: Vec<(Input, Vec<(String, String)>)> = Vec::new();
    for command in commands {
        for input in inputs(command) {
            let who = (command.get_name().to_owned(), input.description());
            if let Some(place) = seen.get(&input.name) {
                merged[*place].1.push(who);
            } else {
                seen.insert(input.name.clone(), merged.len());
                merged.push((input, vec![who]));
            }
        }
    }
    merged.into_iter().map(|(input, who)| joined(input, &who, commands.len())).collect()
}

/// An input whose description names the jobs that have it.
fn joined(input: Input, who: &[(String, String)], jobs: usize) -> Input {
    let mut texts: Vec<(String, Vec<&str>)> = Vec::new();
    for (job, text) in who {
        match texts.iter_mut().find(|(known, _)| known == text) {
            Some((_, jobs)) => jobs.push(job),
            None => texts.push((text.clone(), vec![job])),
        }
    }
    let help = if texts.len() == 1 && who.len() == jobs {
        texts.remove(0).0
    } else {
        texts
            .iter()
            .map(|(text, jobs)| format!("{}: {text}", jobs.join(", ")))
            .collect::<Vec<_>>()
            .join(" / ")
    };
    Input { help, default: String::new(), values: Vec::new(), is_list: false, ..input }
}

/// A YAML string that means exactly this text.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// An `action.yml`; `job` is none for the router.
fn action(job: Option<(&str, &str)>, inputs: &[Input]) -> String {
    let (name, about) =
        job.unwrap_or(("router", "Gates, promotion and deployment records: one job, by name"));
    let mut text = format!("# {ORIGIN}\nname: {}\n", quoted(&format!("devops-action {name}")));
    text.push_str(&format!("description: {}\n", quoted(about)));
    text.push_str("branding:\n  icon: shield\n  color: blue\ninputs:\n");
    if job.is_none() {
        let description = format!("Which job to run: {}", jobs().collect::<Vec<_>>().join(", "));
        text.push_str(&format!(
            "  command:\n    description: {}\n    required: true\n",
            quoted(&description)
        ));
    }
    for input in inputs {
        text.push_str(&format!("  {}:\n    description: {}\n", input.name, quoted(&input.description())));
        text.push_str("    required: false\n    default: ''\n");
    }
    text.push_str("outputs:\n");
    for (name, description) in OUTPUTS {
        text.push_str(&format!("  {name}:\n    description: {}\n", quoted(description)));
        text.push_str(&format!("    value: ${{{{ steps.job.outputs.{name} }}}}\n"));
    }
    text.push_str(&format!(
        "runs:\n  using: composite\n  steps:\n    - name: {}\n      id: job\n      shell: sh\n      env:\n",
        job.map_or("devops-action", |(name, _)| name)
    ));
    if job.is_none() {
        text.push_str("        DEVOPS_ACTION_COMMAND: ${{ inputs.command }}\n");
    }
    for input in inputs {
        text.push_str(&format!("        {}: ${{{{ inputs.{} }}}}\n", input.variable(), input.name));
    }
    let run = match job {
        Some((name, _)) => format!("exec sh \"$GITHUB_ACTION_PATH/../../scripts/run.sh\" {name}"),
        None => "exec sh \"$GITHUB_ACTION_PATH/scripts/run.sh\" \"$DEVOPS_ACTION_COMMAND\"".to_owned(),
    };
    text.push_str(&format!("      run: {run}\n"));
    text
}

/// Inputs that only a GitLab template has: name, default and description; a job's flag of that name comes first.
fn template_inputs(job: &str, inputs: &[Input]) -> [(String, String, &'static str); 5] {
    let name = |name: &str| {
        let is_taken = inputs.iter().any(|input| input.name == name);
        if is_taken { format!("job-{name}") } else { name.to_owned() }
    };
    let stage = if matches!(job, "promote" | "annotate") { "deploy" } else { "test" };
    [
        (name("stage"), quoted(stage), "Stage of the pipeline"),
        (name("job-name"), quoted(job), "Name of the job; two jobs need two names"),
        (name("image"), quoted("debian:stable-slim"), "Container image that has the binary on its PATH"),
        (name("allow-failure"), "false".to_owned(), "Whether the pipeline goes on when the job fails"),
        (
            name("rules"),
            "\n        - when: on_success".to_owned(),
            "When the job runs, as the keyword `rules`",
        ),
    ]
}

/// A GitLab template: the inputs, then the job.
fn template(job: &str, about: &str, inputs: &[Input]) -> String {
    let inputs: Vec<Input> = inputs.iter().filter(|input| input.name != "token").cloned().collect();
    let own = template_inputs(job, &inputs);
    let mut text = format!("# {ORIGIN}\n# {about}\nspec:\n  inputs:\n");
    for (name, default, description) in &own {
        text.push_str(&format!("    {name}:\n      description: {}\n", quoted(description)));
        match name.trim_start_matches("job-") {
            "allow-failure" => text.push_str("      type: boolean\n"),
            "rules" => text.push_str("      type: array\n"),
            _ => {}
        }
        let space = if default.starts_with('\n') { "" } else { " " };
        text.push_str(&format!("      default:{space}{default}\n"));
    }
    for input in &inputs {
        // The artifacts below need to know the folder, and a template knows its host.
        let default = match input.name.as_str() {
            "report-dir" | "working-directory" => input.default.as_str(),
            "host" => "gitlab",
            _ => "",
        };
        let description = quoted(&input.description());
        text.push_str(&format!(
            "    {}:\n      description: {description}\n      default: {}\n",
            input.name,
            quoted(default)
        ));
    }
    let [stage, job_name, image, allow_failure, rules] =
        own.map(|(name, ..)| format!("$[[ inputs.{name} ]]"));
    text.push_str(&format!(
        "---\n\"{job_name}\":\n  stage: \"{stage}\"\n  image: \"{image}\"\n  allow_failure: {allow_failure}\n  rules: {rules}\n  variables:\n"
    ));
    for input in &inputs {
        let (variable, name) = (input.variable(), &input.name);
        text.push_str(&format!(
            "    {variable}:\n      value: \"$[[ inputs.{name} ]]\"\n      expand: false\n"
        ));
    }
    text.push_str(&format!(
        r#"  script:
    - export PATH="${{DEVOPS_ACTION_BIN:+$DEVOPS_ACTION_BIN:}}$PATH"
    - command -v {job} >/dev/null || {{ echo "no {job} here - give an image that has it on its PATH, or set DEVOPS_ACTION_BIN" >&2; exit 4; }}
    - {job}
  artifacts:
    when: always
    paths:
      - "$[[ inputs.working-directory ]]/$[[ inputs.report-dir ]]"
    reports:
      dotenv: "$[[ inputs.working-directory ]]/$[[ inputs.report-dir ]]/outputs.env"
      junit: "$[[ inputs.working-directory ]]/$[[ inputs.report-dir ]]/report.junit.xml"
      codequality: "$[[ inputs.working-directory ]]/$[[ inputs.report-dir ]]/gl-code-quality-report.json"
"#
    ));
    if job == "dep-scan" {
        for (kind, file) in
            [("dependency_scanning", "gl-dependency-scanning-report.json"), ("cyclonedx", "bom.cdx.json")]
        {
            text.push_str(&format!(
                "      {kind}: \"$[[ inputs.working-directory ]]/$[[ inputs.report-dir ]]/{file}\"\n"
            ));
        }
    }
    if job == "image-scan" {
        text.push_str(
            "      container_scanning: \"$[[ inputs.working-directory ]]/$[[ inputs.report-dir ]]/gl-container-scanning-report.json\"\n",
        );
    }
    text
}

/// The page with one table a job.
fn page(commands: &[Command]) -> String {
    let mut text = format!("<!-- {ORIGIN} -->\n# Inputs, flags and keys\n\n");
    text.push_str(
        "Each name below is a flag of the binary, an input of the action and of the GitLab template, an environment \
         variable (`fail-on` is `DEVOPS_FAIL_ON`) and a key of `devops.toml`, in the table of its job or, for those all \
         jobs share, at the top (`config` and `working-directory` are no keys); `[dep-scan.licences] allow` is the key `licences-allow`. Flags beat inputs, inputs beat the \
         environment, the environment beats the file, the file beats the default. An empty input is one that was not \
         given; a GitLab template always gives `working-directory`, `report-dir` and `host`. Lists take one value per line in an input, a TOML list in the file, and the flag several times.\n",
    );
    let shared = shared();
    let table = |text: &mut String, inputs: &[Input]| {
        text.push_str("\n| name | command line | default | meaning |\n|---|---|---|---|\n");
        for input in inputs {
            let default =
                if input.default.is_empty() { String::new() } else { format!("`{}`", input.default) };
            let cell = |text: &str| text.replace('|', "\\|");
            let meaning = Input { default: String::new(), ..input.clone() }.description();
            text.push_str(&format!(
                "| `{}` | {} | {} | {} |\n",
                input.name,
                cell(&input.flag),
                cell(&default),
                cell(&meaning)
            ));
        }
    };
    for command in commands {
        text.push_str(&format!("\n## {}\n\n{}\n", command.get_name(), about(command)));
        let own: Vec<Input> =
            inputs(command).into_iter().filter(|input| !shared.contains(&input.name)).collect();
        if own.is_empty() {
            text.push_str("\nNo flags of its own.\n");
        } else {
            table(&mut text, &own);
        }
    }
    text.push_str("\n## All jobs\n");
    let all: Vec<Input> =
        inputs(&commands[0]).into_iter().filter(|input| shared.contains(&input.name)).collect();
    table(&mut text, &all);
    text.push_str("\n## Outputs\n\nStep outputs on GitHub; on GitLab variables such as `TEST_GATE_EXIT_CODE` for later jobs.\n\n| name | meaning |\n|---|---|\n");
    for (name, description) in OUTPUTS {
        text.push_str(&format!("| `{name}` | {description} |\n"));
    }
    text
}

/// Names of the flags that all jobs share.
fn shared() -> Vec<String> {
    let common = <devops_job::Common as clap::Args>::augment_args(Command::new("common"));
    inputs(&common).into_iter().map(|input| input.name).collect()
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// Every key of every job, by which a binary knows the variables of the others.
fn keys(commands: &[Command]) -> String {
    let keys: BTreeSet<String> = commands.iter().flat_map(Command::get_arguments).map(key).collect();
    keys.into_iter().map(|key| format!("{key}\n")).collect()
}

/// The page about who may set what, with one table per job.
fn authority() -> String {
    let mut text = format!("<!-- {ORIGIN} -->\n# Who decides\n\n");
    text.push_str(
        "A change never decides about itself. Flags, inputs and environment variables are the workflow's and hold in every \
         situation. What `devops.toml` says holds depending on whether a change is judged, and on what is known of its target \
         branch:\n\n\
         | situation | what is known | `devops.toml` that decides |\n|---|---|---|\n\
         | push, schedule, branch pipeline, `--base none` | no change is judged | that of the checkout |\n\
         | laptop | a guess, which decides nothing | that of the checkout; a note shows what a pull request would be judged by |\n\
         | pull request, fork, `pull_request_target`, merge queue, merge request, merge train | the target branch | that of the target branch; the change may be stricter |\n\
         | the same | only the commit where the change began | that of this commit; the change may be stricter |\n\
         | the same | the target branch has no `devops.toml` | the defaults; the change may be stricter ([`policy-new`](rules/policy-new.md)) |\n\
         | the same without history (a shallow clone), without a repository | nothing | the defaults; the change may be stricter ([`base-unknown`](rules/base-unknown.md)) |\n\n\
         In a change, the last column of the tables below says what the change's `devops.toml` may do with a key before it is \
         merged:\n\n\
         - *waits*: nothing. The value of the target branch holds, or the default where that is unknown.\n\
         - *holds*: it sets it.\n\
         - *adds*: it adds to the list of the target branch. *adds where set*: the same, unless the target branch leaves it out, which \
         stands for everything.\n\
         - *holds where unset*: it sets it if the target branch does not.\n\
         - *may raise*, *may lower*, *may set towards*: a stricter value holds at once, a weaker one waits.\n\n\
         Waivers of the change wait; one that it removes no longer applies. A table of a gate that only the change has is run at \
         once. `[promote]` and `[annotate]` that only the change has wait: `devops run` notes it, and `promote` alone is refused. \
         What waits is listed once, in a note, and fails nothing by itself.\n",
    );
    let mut table = |title: &str, keys: &[String], lists: &[&[(&str, devops_job::Key)]]| {
        text.push_str(&format!("\n## {title}\n\n| key | in a change |\n|---|---|\n"));
        for key in keys {
            let cell = if key == "base" {
                "ignored where the host provides the base".to_owned()
            } else {
                devops_job::keys::of_lists(lists, key).describe()
            };
            text.push_str(&format!("| `{key}` | {cell} |\n"));
        }
    };
    let shared = devops_job::command::keys(&devops_job::Common::command());
    table("All jobs", &shared, &[devops_job::keys::COMMON]);
    for entry in JOBS {
        let mut own = devops_job::command::keys(&(entry.command)());
        own.retain(|key| !shared.contains(key));
        own.sort_unstable();
        table(entry.name, &own, &[entry.keys]);
    }
    text
}

/// Every generated file with what it must hold.
fn files() -> Vec<(PathBuf, String)> {
    let commands = commands();
    let mut files = vec![
        ("action.yml".into(), action(None, &merged(&commands))),
        ("docs/authority.md".into(), authority()),
        ("docs/inputs.md".into(), page(&commands)),
        ("src/config/keys.txt".into(), keys(&commands)),
    ];
    for command in &commands {
        let (job, about, inputs) = (command.get_name(), about(command), inputs(command));
        files.push((format!("actions/{job}/action.yml").into(), action(Some((job, &about)), &inputs)));
        files.push((
            format!(".gitlab-ci-templates/{job}.gitlab-ci.yml").into(),
            template(job, &about, &inputs),
        ));
    }
    files
}

#[test]
fn generated_files_are_up_to_date() {
    let bless = std::env::var_os("DEVOPS_BLESS").is_some();
    let mut stale = Vec::new();
    for (path, wanted) in files() {
        let file = PathBuf::from(ROOT).join(&path);
        if bless {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, wanted).unwrap();
        } else if std::fs::read_to_string(&file).unwrap_or_default() != wanted {
            stale.push(path);
        }
    }
    assert!(
        stale.is_empty(),
        "out of date: {stale:?}; DEVOPS_BLESS=1 cargo test --test it packaging::generated rewrites them"
    );
}

#[test]
fn no_expression_stands_in_a_script_and_nothing_is_fetched() {
    for (path, text) in files().iter().filter(|(path, _)| path.ends_with("action.yml")) {
        for line in text.lines().map(str::trim) {
            assert!(!(line.starts_with("run:") && line.contains("${{")), "{}: {line}", path.display());
            assert!(!line.starts_with("uses:") && !line.starts_with("- uses:"), "{}: {line}", path.display());
        }
    }
    for (path, text) in files().iter().filter(|(path, _)| path.to_string_lossy().ends_with("gitlab-ci.yml")) {
        let (_, script) = text.split_once("\n  script:\n").unwrap();
        let (script, _) = script.split_once("\n  artifacts:\n").unwrap();
        assert!(!script.contains("$[["), "{}: {script}", path.display());
    }
}

#[test]
fn every_flag_is_an_input_of_its_action_of_the_router_and_of_the_template() {
    let files: BTreeMap<PathBuf, String> = files().into_iter().collect();
    for command in commands() {
        let job = command.get_name();
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let line = format!("  {}:\n", key(argument));
            for path in [
                "action.yml".to_owned(),
                format!("actions/{job}/action.yml"),
                format!(".gitlab-ci-templates/{job}.gitlab-ci.yml"),
            ] {
                let text = &files[&PathBuf::from(&path)];
                assert!(text.contains(&line), "{path} lacks {}", key(argument));
            }
        }
    }
}
