//! Actions that GitHub's workflows and composite actions use: `uses: owner/repository@reference`.
//!
//! A reference is exact where it is a full version, or a commit with a comment that names one; `v4` or a branch is a requirement.

use super::{Format, Source};
use crate::document::{Damage, Node, Value, text, yaml_with_aliases};
use crate::draft::Draft;
use crate::{Graph, Origin, Package, Scope};
use devops_core::{Ecosystem, Error, Location};

/// The format.
pub(super) const FORMAT: Format = Format { name: "action.yml", is, is_named: is, read };

/// Keys whose spelling decides what is read.
const KNOWN: [&str; 6] = ["jobs", "steps", "uses", "runs", "image", "using"];

/// Keys that a workflow may have; GitHub runs none that has others.
const WORKFLOW: [&str; 8] =
    ["name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"];

fn is(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    matches!(name, "action.yml" | "action.yaml")
        || is_yaml && (folder == ".github/workflows" || folder.ends_with("/.github/workflows"))
}

fn read(source: &Source<'_>) -> Result<Graph, Error> {
    graph(source).map_err(|damage| damage.error(source.path, "correct the workflow or action"))
}

fn graph(source: &Source<'_>) -> Result<Graph, Damage> {
    let text = text(source.bytes)?;
    let lines: Vec<&str> = text.lines().collect();
    let is_workflow = source.path.contains(".github/workflows/");
    // Other programs have files of this name, too; without `runs`, however it is spelled, GitHub runs none.
    if !is_workflow && !text.to_ascii_lowercase().contains("runs") && !text.contains('\\') {
        return Ok(Graph::default());
    }
    // A workflow that is switched off by comments.
    let mut words = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).peekable();
    if words.peek().is_some() && words.all(|line| line.starts_with('#')) {
        return Ok(Graph::default());
    }
    let document = yaml_with_aliases(text)?;
    document.check_spelling(&KNOWN)?;
    if is_workflow {
        document.check_known(&WORKFLOW)?;
    }
    let mut draft = Draft::default();
    let mut uses: Vec<&Node<'_>> = Vec::new();
    let jobs = document.entries("jobs")?;
    for job in jobs {
        job.node.check_spelling(&KNOWN)?;
        if job.node.get("uses").is_none() && job.node.get("steps").is_none() {
            return Err(Damage::new(job.line, format!("job `{}` has neither `steps` nor `uses`", job.key)));
        }
        uses.extend(job.node.get("uses"));
        steps(&job.node, &mut uses)?;
    }
    if let Some(runs) = document.get("runs") {
        runs.check_spelling(&KNOWN)?;
        if ["steps", "image", "main"].iter().all(|key| runs.get(key).is_none()) {
            return Err(Damage::new(runs.line, "`runs` has neither `steps`, `image` nor `main`"));
        }
        steps(runs, &mut uses)?;
        uses.extend(
            runs.get("image")
                .filter(|image| image.as_text().is_some_and(|image| image.starts_with("docker://"))),
        );
    }
    if is_workflow && jobs.is_empty() {
        return Err(Damage::new(document.line, "`jobs` is missing"));
    }
    for node in uses {
        let index = usize::try_from(node.line).unwrap_or_default();
        let line = index.checked_sub(1).and_then(|index| lines.get(index)).copied().unwrap_or_default();
        if let Some(package) = package(node, line)? {
            let index = draft.add(package);
            draft.ask(index, Some(Location::line(source.path, node.line)), None, Scope::Build);
        }
    }
    Ok(draft.finish())
}

/// What the steps of a job or composite action use.
fn steps<'a, 'b>(holder: &'b Node<'a>, uses: &mut Vec<&'b Node<'a>>) -> Result<(), Damage> {
    for step in holder.items("steps")? {
        step.check_spelling(&KNOWN)?;
        if step.get("uses").is_none() && step.get("run").is_none() {
            return Err(Damage::new(step.line, "a step has neither `uses` nor `run`"));
        }
        uses.extend(step.get("uses"));
    }
    Ok(())
}

/// The action that is used; none where it is a folder of the repository itself.
fn package(node: &Node<'_>, line: &str) -> Result<Option<Package>, Damage> {
    if node.value == Value::Null {
        return Err(Damage::new(node.line, "`uses` names nothing"));
    }
    let used = node.text("uses")?.trim();
    if used.starts_with("./") || used.starts_with(".\\") {
        return Ok(None);
    }
    if let Some(image) = used.strip_prefix("docker://") {
        let (rest, digest) =
            image.split_once('@').map_or((image, None), |(rest, digest)| (rest, Some(digest)));
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (rest, ""),
        };
        return Ok(Some(Package {
            scope: Scope::Build,
            origin: Origin::Other,
            source: used.to_owned(),
            requirement: if tag.is_empty() { "latest".to_owned() } else { String::new() },
            integrity: digest.map(str::to_owned).into_iter().collect(),
            ..Package::new(Ecosystem::DOCKER, name, tag, node.line)
        }));
    }
    let unexpected = || Damage::new(node.line, format!("`{used}` is no `owner/repository@reference`"));
    let (path, reference) = used.rsplit_once('@').ok_or_else(unexpected)?;
    let mut parts = path.splitn(3, '/');
    let (owner, repository) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if owner.is_empty() || repository.is_empty() || reference.is_empty() || used.contains(char::is_whitespace)
    {
        return Err(unexpected());
    }
    let mut package = Package {
        scope: Scope::Build,
        ..Package::new(Ecosystem::GITHUB_ACTIONS, format!("{owner}/{repository}"), "", node.line)
    };
    let is_commit =
        matches!(reference.len(), 40 | 64) && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    let comment =
        line.split_once(used).and_then(|(_, rest)| rest.split_once('#')).map_or("", |(_, comment)| comment);
    let named = if is_commit {
        comment.split([' ', '=', '@', ',']).find(|word| is_version(word))
    } else {
        Some(reference)
    };
    match named.filter(|named| is_version(named)) {
        Some(version) => version.clone_into(&mut package.version),
        None => reference.clone_into(&mut package.requirement),
    }
    if is_commit {
        package.integrity.push(format!("git:{reference}"));
    }
    Ok(Some(package))
}

/// Whether this is a full version: `v1.2.3`, `1.2.3-beta`.
pub(super) fn is_version(text: &str) -> bool {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let mut parts = core.split('.');
    parts.clone().count() == 3
        && parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, read};
    use crate::lockfiles::Source;

    #[test]
    fn references_are_exact_where_they_name_a_full_version() {
        let commit = "0123456789012345678901234567890123456789";
        for (used, expected) in [
            ("a/b@v1.2.3".to_owned(), "a/b v1.2.3"),
            ("a/b/c@v1.2.3".to_owned(), "a/b v1.2.3"),
            ("a/b@v4".to_owned(), "a/b v4"),
            ("a/b@main".to_owned(), "a/b main"),
            (format!("a/b@{commit} # v1.2.3"), "a/b v1.2.3"),
            (format!("a/b@{commit} # tag=v1.2.3"), "a/b v1.2.3"),
            (format!("\"a/b@{commit}\"   # ratchet:a/b@v1.2.3"), "a/b v1.2.3"),
            (format!("a/b@{commit}"), "a/b 0123456789012345678901234567890123456789"),
            ("docker://alpine:3.18".to_owned(), "alpine 3.18"),
            ("a/b/.github/workflows/c.yml@v1.0.0".to_owned(), "a/b v1.0.0"),
        ] {
            let content =
                format!("on: push\njobs:\n  x:\n    steps:\n      - run: a\n      - uses: {used}\n");
            let graph = read(&Source::alone(".github/workflows/x.yml", content.as_bytes())).unwrap();
            let labels: Vec<_> =
                graph.packages.iter().map(|package| (package.label(), package.line)).collect();
            assert_eq!(labels, [(expected.to_owned(), 6)], "{used}");
            assert_eq!(graph.packages[0].is_exact(), expected.contains('.'), "{used}");
        }
    }

    #[test]
    fn anchors_are_followed_and_other_programs_files_are_nothing() {
        let count = |path: &str, content: &str| {
            read(&Source::alone(path, content.as_bytes())).ok().map(|graph| graph.packages.len())
        };
        let workflow = ".github/workflows/x.yml";
        let shared =
            "jobs:\n  a: &a\n    steps: &steps\n      - uses: b/c@v1.0.0\n  d: *a\n  e:\n    steps: *steps\n";
        for (path, content, expected) in [
            (workflow, shared, Some(1)),
            (workflow, "on: push\n", None),
            (workflow, "jobs:\n  a: &a {steps: []}\n  b:\n    <<: *a\n", None),
            ("action.yml", "- hosts: all\n  tasks: !x []\n", Some(0)),
            ("action.yml", "name: a\n", Some(0)),
            ("action.yml", "\"r\\x75ns\": {steps: [{uses: a/b@v1.0.0}]}\n", Some(1)),
            ("action.yml", "Runs: {steps: [{uses: a/b@v1.0.0}]}\n", None),
            ("action.yml", "runs: !x\n", None),
        ] {
            assert_eq!(count(path, content), expected, "{content}");
        }
    }

    #[test]
    fn a_path_tells_what_is_a_workflow() {
        for (path, expected) in [
            (".github/workflows/ci.yml", true),
            ("x/.github/workflows/ci.yaml", true),
            ("ci.yml", false),
            ("workflows/ci.yml", false),
            (".github/workflows/x/ci.yml", false),
            ("x/action.yml", true),
        ] {
            assert_eq!((FORMAT.is)(path), expected, "{path}");
        }
    }
}
