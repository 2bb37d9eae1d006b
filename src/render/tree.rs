//! What leads to the packages that something was found about, as trees that begin at direct dependencies.

use std::collections::{BTreeMap, BTreeSet};

use super::excerpt::cut;
use devops_core::escape::terminal_line;
use devops_core::words::number;
use devops_core::{BilledFile, Finding, Severity};

/// Lines of all trees together, and levels of one.
const LINES: usize = 400;
const DEEPEST: usize = 24;
/// Lines that are shown without being asked for.
const FEW: usize = 60;
/// Findings of a package that are linked.
const LINKED: usize = 6;
/// Characters of a name.
const NAME: usize = 200;

/// The ways to what was found in a file.
pub(super) struct Tree {
    /// The file.
    pub(super) file: String,
    /// Its lines, each before those below it.
    pub(super) nodes: Vec<Node>,
    /// How many lines were left out, or nothing.
    pub(super) left_out: String,
    /// Whether they are few enough to be shown at once.
    pub(super) is_open: bool,
}

/// A package on the way.
pub(super) struct Node {
    /// Its name and version.
    pub(super) label: String,
    /// What was found about it.
    pub(super) found: Vec<Found>,
    /// Whether what it leads to stands elsewhere in the tree.
    pub(super) is_repeated: bool,
    /// Whether lines below it follow.
    pub(super) opens: bool,
    /// How many levels end behind it.
    pub(super) closes: usize,
    depth: usize,
}

/// A finding about a package.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) severity: &'static str,
    /// The entry that shows it, if the page does.
    pub(super) anchor: Option<String>,
}

/// What was found, by ecosystem, name and version.
pub(super) type FoundBy<'a> = BTreeMap<(&'a str, &'a str, &'a str), Vec<(Severity, Option<String>)>>;

/// Notes a finding under the package that it is about.
pub(super) fn note<'a>(all: &mut FoundBy<'a>, finding: &'a Finding, anchor: Option<&str>) {
    let get = |fact: &str| finding.subject.get(fact).and_then(|fact| fact.as_str());
    if let (Some(ecosystem), Some(name), Some(version)) = (get("ecosystem"), get("package"), get("version")) {
        let found = (finding.severity, anchor.map(str::to_owned));
        all.entry((ecosystem, name, version)).or_default().push(found);
    }
}

/// A tree for each file with packages that something was found about.
pub(super) fn trees(files: &[BilledFile], found: &FoundBy<'_>) -> Vec<Tree> {
    let mut room = LINES;
    files.iter().filter_map(|file| tree(file, found, &mut room)).collect()
}

fn tree(file: &BilledFile, found: &FoundBy<'_>, room: &mut usize) -> Option<Tree> {
    let of = |index: usize| {
        let one = file.components.get(index)?;
        found.get(&(one.ecosystem.name(), one.name.as_str(), one.version.as_str()))
    };
    let marked: Vec<usize> = (0..file.components.len()).filter(|index| of(*index).is_some()).collect();
    if marked.is_empty() {
        return None;
    }
    let leading = leading(file, &marked);
    let is_direct = |index: &usize| file.components.get(*index).is_some_and(|one| one.is_direct);
    let mut starts: Vec<usize> = leading.iter().copied().filter(is_direct).collect();
    // What no direct dependency leads to stands alone.
    let reached = reached(file, &starts);
    starts.extend(marked.iter().filter(|index| !reached.contains(index)));
    let mut nodes: Vec<Node> = Vec::new();
    let mut left_out = 0;
    let mut expanded = BTreeSet::new();
    let mut stack: Vec<(usize, usize)> = starts.into_iter().rev().map(|start| (start, 0)).collect();
    while let Some((index, depth)) = stack.pop() {
        let Some(left) = room.checked_sub(1) else {
            left_out += 1;
            continue;
        };
        *room = left;
        let below = needed(file, index).filter(|below| leading.contains(below));
        let below: BTreeSet<usize> = below.filter(|below| *below != index).collect();
        let is_expanded = below.is_empty() || depth < DEEPEST && expanded.insert(index);
        if is_expanded {
            stack.extend(below.into_iter().rev().map(|below| (below, depth + 1)));
        }
        nodes.push(node(file, index, depth, !is_expanded, of(index)));
    }
    for index in 0..nodes.len() {
        let next = nodes.get(index + 1).map_or(0, |next| next.depth);
        if let Some(node) = nodes.get_mut(index) {
            node.opens = next > node.depth;
            node.closes = node.depth.saturating_sub(next);
        }
    }
    Some(Tree {
        file: terminal_line(&cut(&file.path, NAME)),
        is_open: nodes.len() <= FEW,
        nodes,
        left_out: if left_out == 0 { String::new() } else { number(left_out) },
    })
}

fn node(
    file: &BilledFile,
    index: usize,
    depth: usize,
    is_repeated: bool,
    found: Option<&Vec<(Severity, Option<String>)>>,
) -> Node {
    let label = file.components.get(index).map(|one| format!("{} {}", one.name, one.version));
    let mut found: Vec<_> = found.into_iter().flatten().collect();
    found.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
    let found = found.into_iter().take(LINKED);
    Node {
        label: terminal_line(cut(&label.unwrap_or_default(), NAME).trim_end()),
        found: found
            .map(|(severity, anchor)| Found { severity: severity.as_str(), anchor: anchor.clone() })
            .collect(),
        is_repeated,
        opens: false,
        closes: 0,
        depth,
    }
}

/// What a component depends on.
fn needed(file: &BilledFile, index: usize) -> impl Iterator<Item = usize> {
    file.dependencies.get(index).into_iter().flatten().copied()
}

/// Every component from which a marked one is reached, the marked ones included.
fn leading(file: &BilledFile, marked: &[usize]) -> BTreeSet<usize> {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); file.components.len()];
    for (user, needed) in file.dependencies.iter().enumerate().take(file.components.len()) {
        for needed in needed {
            if let Some(users) = users.get_mut(*needed) {
                users.push(user);
            }
        }
    }
    walk(marked, |index| users.get(index).into_iter().flatten().copied().collect())
}

/// Every component that is reached from some.
fn reached(file: &BilledFile, from: &[usize]) -> BTreeSet<usize> {
    walk(from, |index| needed(file, index).collect())
}

fn walk(from: &[usize], next: impl Fn(usize) -> Vec<usize>) -> BTreeSet<usize> {
    let mut seen: BTreeSet<usize> = from.iter().copied().collect();
    let mut waiting = from.to_vec();
    while let Some(index) = waiting.pop() {
        waiting.extend(next(index).into_iter().filter(|next| seen.insert(*next)));
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::{FoundBy, trees};
    use devops_core::{BilledFile, Component, Ecosystem, Location, Severity};

    /// A file of packages `p0`, `p1` …, of which the first is direct, and what each depends on.
    fn file(dependencies: Vec<Vec<usize>>) -> BilledFile {
        let component = |index: usize| Component {
            ecosystem: Ecosystem::NPM,
            name: format!("p{index}"),
            version: "1".to_owned(),
            purl: String::new(),
            location: Location::line("a", 1),
            scope: "runtime",
            origin: "registry",
            is_direct: index == 0,
            license: None,
            integrity: Vec::new(),
            source: String::new(),
        };
        BilledFile {
            path: "a".to_owned(),
            package_manager: "npm".to_owned(),
            components: (0..dependencies.len()).map(component).collect(),
            dependencies,
        }
    }

    /// The lines of the only tree, each with its level, where something was found about these.
    fn lines(file: &BilledFile, found: &[&str]) -> Vec<String> {
        let all: FoundBy<'_> =
            found.iter().map(|name| (("npm", *name, "1"), vec![(Severity::High, None)])).collect();
        let trees = trees(std::slice::from_ref(file), &all);
        let mut depth = 0_usize;
        let mut lines = Vec::new();
        for node in trees.iter().flat_map(|tree| &tree.nodes) {
            let mark = if node.found.is_empty() { "" } else { "!" };
            let again = if node.is_repeated { "…" } else { "" };
            lines.push(format!("{}{}{mark}{again}", " ".repeat(depth), node.label));
            depth = (depth + usize::from(node.opens)).checked_sub(node.closes).expect("levels end once");
        }
        assert_eq!(depth, 0, "every level ends");
        lines
    }

    #[test]
    fn only_ways_to_what_was_found_are_drawn() {
        let graph = file(vec![vec![1, 2, 4], vec![3], vec![3], vec![], vec![]]);
        assert_eq!(lines(&graph, &["p3"]), ["p0 1", " p1 1", "  p3 1!", " p2 1", "  p3 1!"]);
        assert!(lines(&graph, &[]).is_empty());
    }

    #[test]
    fn circles_end_and_what_stands_above_is_not_drawn_again() {
        let graph = file(vec![vec![1, 2], vec![2], vec![1, 3], vec![]]);
        assert_eq!(lines(&graph, &["p3"]), ["p0 1", " p1 1", "  p2 1", "   p1 1…", "   p3 1!", " p2 1…"]);
    }

    #[test]
    fn what_nothing_direct_leads_to_stands_alone() {
        let graph = file(vec![vec![0, 9], vec![1], vec![1]]);
        assert_eq!(lines(&graph, &["p1"]), ["p1 1!"]);
    }

    #[test]
    fn a_page_has_room_for_a_hostile_graph() {
        let chain = file((1..=1_000).map(|next| if next < 1_000 { vec![next] } else { vec![] }).collect());
        assert_eq!(lines(&chain, &["p999"]).len(), 25);
        let wide =
            file((0..1_000).map(|index| if index == 0 { (1..1_000).collect() } else { vec![] }).collect());
        let names: Vec<String> = (1..1_000).map(|index| format!("p{index}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(lines(&wide, &names).len(), 400);
    }
}
