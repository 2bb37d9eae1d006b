//! Against the `git` program, in repositories made for it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use self::program::git;
use super::base::find;
use super::failure::{Failure, Reason};
use super::{Change, Repository, between, parse};

#[path = "../../tests/it/git.rs"]
mod program;

/// A repository in a folder of its own.
struct Sample(tempfile::TempDir);

impl Sample {
    fn new() -> Self {
        let sample = Self(tempfile::tempdir().unwrap());
        sample.git(&["init", "--quiet", "--initial-branch=main"]);
        sample
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments)
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Commits all there is and gives the commit's name.
    fn commit(&self) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    fn open(&self) -> Repository {
        Repository::discover(self.path()).unwrap()
    }

    fn clone(&self, flags: &[&str]) -> Self {
        let clone = Self(tempfile::tempdir().unwrap());
        let url = format!("file://{}", self.path().display());
        let line: Vec<&str> = ["clone", "--quiet"]
            .into_iter()
            .chain(flags.iter().copied())
            .chain([url.as_str(), "."])
            .collect();
        clone.git(&line);
        clone
    }
}

fn base(sample: &Sample, revision: &str) -> Result<String, Failure> {
    find(sample.open(), &[revision.to_owned()])?.start.map(|start| start.to_string())
}

fn reason(sample: &Sample, revision: &str) -> Reason {
    base(sample, revision).unwrap_err().reason
}

/// What changed between two commits, by us.
fn change(sample: &Sample, old: &str, new: &str) -> Change {
    let repository = sample.open();
    let id = |name: &str| repository.inner.rev_parse_single(name).unwrap().detach();
    between(&repository, id(old), id(new)).unwrap()
}

/// What changed between two commits, by the diff that the program writes.
fn told(sample: &Sample, flags: &[&str], old: &str, new: &str) -> Change {
    let line: Vec<&str> = ["diff"].into_iter().chain(flags.iter().copied()).chain([old, new]).collect();
    let text = sample.git(&line);
    let (change, troubles) = parse(text.as_bytes());
    assert!(troubles.is_empty(), "{troubles:?}\n{text}");
    assert_eq!(change.is_none(), text.trim().is_empty());
    change.unwrap_or_default()
}

/// Asserts that we see what the program sees, whatever the form of its diff.
fn agree(sample: &Sample, old: &str, new: &str) -> Change {
    let ours = change(sample, old, new);
    for flags in [&["-M", "-U0"][..], &["-M"], &["-M", "-U20", "--no-prefix"], &["-M", "-U1", "--binary"]] {
        assert_eq!(told(sample, flags, old, new), ours, "git diff {flags:?} {old} {new}");
    }
    let text = sample.git(&["diff", "-M", "--numstat", "-z", old, new]);
    let mut words = text.split('\0').filter(|word| !word.is_empty());
    let mut counts = BTreeMap::new();
    while let Some(word) = words.next() {
        let parts: Vec<&str> = word.splitn(3, '\t').collect();
        let path = if parts[2].is_empty() { words.nth(1).unwrap() } else { parts[2] };
        counts.insert(path.to_owned(), format!("{} {}", parts[0], parts[1]));
    }
    let touched = ours.added.keys().chain(&ours.deleted).chain(&ours.binary);
    let told: BTreeMap<String, String> = touched
        .map(|path| {
            let added: u64 =
                ours.added.get(path).into_iter().flatten().map(|lines| lines.end() - lines.start() + 1).sum();
            let count =
                ours.removed.get(path).map_or("- -".to_owned(), |removed| format!("{added} {removed}"));
            (path.clone(), count)
        })
        .collect();
    assert_eq!(told, counts);
    ours
}

#[test]
fn everything_a_change_can_do_is_seen() {
    let sample = Sample::new();
    let text: String = (1..40).map(|number| format!("line {number} of the file\n")).collect();
    for path in
        ["kept.rs", "moved.rs", "edited.rs", "gone.rs", "sub/same.rs", "with space.rs", "ü/\"q\"\\\t.rs"]
    {
        sample.write(path, format!("{path}\n{text}"));
    }
    sample.write("image.png", b"\x89PNG\0\0\0");
    sample.write("old.png", b"\x89PNG\0\0\x01");
    sample.write("empty.rs", "");
    sample.write("crlf.rs", "a\r\nb\r\nc\r\n");
    sample.write("open.rs", "a\nb");
    let old = sample.commit();
    let here = sample.path();
    std::fs::rename(here.join("moved.rs"), here.join("sub/renamed.rs")).unwrap();
    std::fs::rename(here.join("sub/same.rs"), here.join("same.rs")).unwrap();
    std::fs::remove_file(here.join("gone.rs")).unwrap();
    std::fs::remove_file(here.join("old.png")).unwrap();
    sample.write("sub/renamed.rs", format!("moved.rs\n{text}one more\n").replace("line 7 ", "line seven "));
    sample.write("edited.rs", format!("first\nedited.rs\n{text}").replace("line 20 of the file\n", ""));
    sample.write("with space.rs", text.replace("line 3 ", "line three "));
    sample.write("ü/\"q\"\\\t.rs", text.replace("line 9 ", "line nine "));
    sample.write("image.png", b"\x89PNG\0\0\x02");
    sample.write("crlf.rs", "a\r\nx\r\nc\r\n");
    sample.write("open.rs", "a\nb\n");
    sample.write("new.rs", "fn main() {}\n");
    sample.write("nothing.rs", "");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(here.join("kept.rs"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("new.rs", here.join("link")).unwrap();
        std::fs::remove_file(here.join("empty.rs")).unwrap();
        std::os::unix::fs::symlink("new.rs", here.join("empty.rs")).unwrap();
    }
    let new = sample.commit();
    let seen = agree(&sample, &old, &new);
    assert_eq!(seen.renamed["moved.rs"], "sub/renamed.rs");
    assert_eq!(seen.renamed["sub/same.rs"], "same.rs");
    assert_eq!(seen.added["sub/renamed.rs"], [8..=8, 41..=41]);
    assert_eq!(seen.added["edited.rs"], [1..=1]);
    assert_eq!(seen.added["open.rs"], [2..=2]);
    assert_eq!(seen.added["new.rs"], [1..=1]);
    assert_eq!(seen.added["nothing.rs"], []);
    assert_eq!(seen.added["ü/\"q\"\\\t.rs"].len(), 1, "the first line is gone, the ninth is new");
    assert!(seen.deleted.contains("gone.rs") && seen.deleted.contains("old.png"));
    assert!(seen.binary.contains("image.png") && seen.binary.contains("old.png"));
    agree(&sample, &new, &old);
    assert_eq!(change(&sample, &new, &new), Change::default());
}

/// A generator of numbers that is the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// Lines few enough that many are the same.
    fn line(&mut self) -> String {
        let words =
            ["}", "{", "", "    x", "    y", "fn a() {", "fn b() {", "    return", "// one", "// two"];
        if self.below(4) == 0 {
            format!("    call({})", self.below(1000))
        } else {
            words[self.below(words.len())].to_owned()
        }
    }

    fn edit(&mut self, lines: &mut Vec<String>) {
        for _ in 0..=self.below(5) {
            let at = self.below(lines.len() + 1);
            match self.below(4) {
                0 if at < lines.len() => lines[at] = self.line(),
                1 if at < lines.len() => {
                    lines.remove(at);
                }
                2 => {
                    let block: Vec<String> = lines.iter().skip(at).take(self.below(6)).cloned().collect();
                    let to = self.below(lines.len() + 1);
                    lines.splice(to..to, block);
                }
                _ => {
                    let line = self.line();
                    lines.insert(at, line);
                }
            }
        }
    }
}

#[test]
fn random_changes_are_seen_as_the_program_sees_them() {
    let sample = Sample::new();
    let mut numbers = Numbers(7);
    let mut files: Vec<Vec<String>> = (0..12).map(|_| (0..40).map(|_| numbers.line()).collect()).collect();
    let write = |files: &[Vec<String>]| {
        for (index, lines) in files.iter().enumerate() {
            let end = if index % 4 == 0 { "" } else { "\n" };
            sample.write(&format!("f{index}.rs"), lines.join("\n") + end);
        }
        sample.commit()
    };
    let mut old = write(&files);
    let mut seen = 0;
    for _ in 0..30 {
        for lines in &mut files {
            numbers.edit(lines);
        }
        let new = write(&files);
        let ours = change(&sample, &old, &new);
        assert_eq!(told(&sample, &["-U0"], &old, &new), ours, "{old} {new}");
        assert_eq!(told(&sample, &["-U3"], &old, &new), ours, "{old} {new}");
        seen += ours.added.len();
        old = new;
    }
    assert!(seen >= 300, "{seen} changes");
}

/// Length of the longest common subsequence, the slow way.
fn common(old: &[&str], new: &[&str]) -> usize {
    let mut row = vec![0; new.len() + 1];
    for one in old {
        let mut corner = 0;
        for (index, other) in new.iter().enumerate() {
            let above = row[index + 1];
            row[index + 1] = if one == other { corner + 1 } else { above.max(row[index]) };
            corner = above;
        }
    }
    row[new.len()]
}

#[test]
fn the_lines_of_a_change_are_the_fewest() {
    let mut numbers = Numbers(11);
    for _ in 0..400 {
        let mut lines: Vec<String> = (0..numbers.below(30)).map(|_| numbers.line()).collect();
        let before = lines.join("\n") + "\n";
        numbers.edit(&mut lines);
        let after = lines.join("\n") + "\n";
        let (added, removed) = super::change::lines(before.as_bytes(), after.as_bytes());
        let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
        let is_added = |index: usize| added.iter().any(|range| range.contains(&(index as u64 + 1)));
        let kept: Vec<&str> =
            (0..new.len()).filter(|index| !is_added(*index)).map(|index| new[index]).collect();
        let mut rest = old.iter();
        assert!(
            kept.iter().all(|line| rest.any(|other| other == line)),
            "what stays was there, in this order"
        );
        assert_eq!(kept.len() as u64 + removed, old.len() as u64);
        assert_eq!(kept.len(), common(&old, &new), "{before:?} {after:?}");
    }
}

#[test]
fn the_base_is_where_the_change_left() {
    let sample = Sample::new();
    sample.write("a", "1\n");
    let root = sample.commit();
    sample.git(&["switch", "--quiet", "-c", "topic"]);
    sample.write("b", "1\n");
    sample.commit();
    sample.git(&["switch", "--quiet", "main"]);
    sample.write("a", "2\n");
    let tip = sample.commit();
    sample.git(&["tag", "-a", "-m", "x", "v1"]);
    sample.git(&["switch", "--quiet", "topic"]);
    assert_eq!(base(&sample, "main").unwrap(), root);
    assert_eq!(base(&sample, "refs/heads/main").unwrap(), root);
    assert_eq!(base(&sample, "v1").unwrap(), root, "an annotated tag");
    assert_eq!(base(&sample, &tip).unwrap(), root);
    assert_eq!(base(&sample, &tip[..12]).unwrap(), root);
    assert_eq!(reason(&sample, "nosuch"), Reason::UnknownRevision);
    assert_eq!(reason(&sample, &"1".repeat(40)), Reason::UnknownRevision);
    assert_eq!(reason(&sample, "main..topic"), Reason::UnknownRevision);
    assert_eq!(reason(&sample, ""), Reason::UnknownRevision);
    // The target merged into the change: it begins at the target's tip, and the target's lines are not its own.
    sample.git(&["merge", "--quiet", "-m", "x", "main"]);
    let known = find(sample.open(), &["nosuch".to_owned(), "main".to_owned()]).unwrap();
    assert_eq!(known.id(), tip);
    let start = known.start.unwrap();
    let change = between(&known.repository, start, known.repository.head().unwrap()).unwrap();
    assert_eq!(change.added.keys().collect::<Vec<_>>(), ["b"]);
    sample.git(&["checkout", "--quiet", "--orphan", "other"]);
    sample.commit();
    assert_eq!(reason(&sample, "main"), Reason::Unrelated);
}

/// A target and a change to it, merged the way a host does for a pull request.
fn pull_request() -> (Sample, String) {
    let sample = Sample::new();
    for number in 0..4 {
        sample.write("a", format!("{number}\n"));
        sample.commit();
    }
    sample.git(&["switch", "--quiet", "-c", "topic", "HEAD~2"]);
    sample.write("b", "1\n");
    sample.commit();
    sample.write("b", "1\n2\n");
    sample.commit();
    sample.git(&["switch", "--quiet", "--detach", "main"]);
    sample.git(&["merge", "--quiet", "--no-ff", "-m", "x", "topic"]);
    sample.git(&["update-ref", "refs/pull/1/merge", "HEAD"]);
    let tip = sample.git(&["rev-parse", "main"]).trim().to_owned();
    (sample, tip)
}

/// A checkout of the merge, with this depth.
fn checkout(origin: &Sample, depth: &str) -> Sample {
    let checkout = Sample::new();
    let url = format!("file://{}", origin.path().display());
    checkout.git(&[
        "fetch",
        "--quiet",
        "--depth",
        depth,
        &url,
        "+refs/pull/1/merge:refs/remotes/pull/1/merge",
    ]);
    checkout.git(&["checkout", "--quiet", "--detach", "refs/remotes/pull/1/merge"]);
    checkout
}

#[test]
fn a_checkout_of_depth_two_knows_the_base_of_a_merge() {
    let (origin, tip) = pull_request();
    let deep = checkout(&origin, "2");
    let merge = deep.git(&["rev-parse", "HEAD"]).trim().to_owned();
    assert_eq!(base(&deep, &format!("{merge}^1")).unwrap(), tip);
    assert_eq!(reason(&deep, "refs/remotes/origin/main"), Reason::Shallow);
    let shallow = checkout(&origin, "1");
    let failure = base(&shallow, &format!("{merge}^1")).unwrap_err();
    assert_eq!(failure.reason, Reason::Shallow);
    assert!(failure.help().contains("fetch-depth: 0") && failure.help().contains("GIT_DEPTH: 0"));
    let known = change(&deep, &tip, &merge);
    assert_eq!(known.added, BTreeMap::from([("b".to_owned(), vec![1..=2])]));
}

#[test]
fn a_shallow_clone_is_named_where_history_ends() {
    let (origin, _) = pull_request();
    let clone = origin.clone(&["--depth", "1", "--no-single-branch"]);
    clone.git(&["checkout", "--quiet", "--detach", "origin/topic"]);
    assert_eq!(reason(&clone, "origin/main"), Reason::Shallow);
    clone.git(&["fetch", "--quiet", "--unshallow"]);
    assert!(base(&clone, "origin/main").is_ok());
}

#[test]
fn objects_that_a_partial_clone_left_out_are_named() {
    let (origin, _) = pull_request();
    origin.git(&["checkout", "--quiet", "topic"]);
    origin.write("a", "topic\n");
    origin.commit();
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let clone = origin.clone(&[filter, "--branch", "topic"]);
        let failure = base(&clone, "origin/main").unwrap_err();
        assert_eq!(failure.reason, Reason::MissingObjects, "{filter}: {failure:?}");
        assert!(failure.message.contains("partial clone"), "{failure:?}");
    }
}

#[test]
fn worktrees_submodules_and_sparse_checkouts_are_read() {
    let (origin, tip) = pull_request();
    origin.write("sub/go.mod", "module example.com/x\n");
    origin.write("sub/deep/x.go", "package x\n");
    origin.commit();
    let other = tempfile::tempdir().unwrap();
    let tree = other.path().join("tree");
    origin.git(&["worktree", "add", "--quiet", "--detach", tree.to_str().unwrap(), "topic"]);
    let repository = Repository::discover(&tree).unwrap();
    assert_eq!(repository.root().unwrap(), tree.canonicalize().unwrap());
    assert_eq!(repository.tracked_files().unwrap(), ["a", "b"]);
    let outer = Sample::new();
    outer.git(&["submodule", "--quiet", "add", &format!("file://{}", origin.path().display()), "lib"]);
    let first = outer.commit();
    git(&outer.path().join("lib"), &["checkout", "--quiet", &tip]);
    let second = outer.commit();
    let seen = agree(&outer, &first, &second);
    assert_eq!(seen.added["lib"], [1..=1]);
    let inner = Repository::discover(&outer.path().join("lib")).unwrap();
    assert_eq!(inner.tracked_files().unwrap(), ["a"]);
    assert_eq!(outer.open().tracked_files().unwrap(), [".gitmodules"]);
    let sparse = origin.clone(&["--sparse"]);
    assert!(!sparse.path().join("sub").exists());
    let repository = sparse.open();
    assert_eq!(repository.tracked_files().unwrap(), ["a", "b", "sub/deep/x.go", "sub/go.mod"]);
    assert_eq!(
        repository.go_modules().unwrap(),
        [("sub/go.mod".to_owned(), b"module example.com/x\n".to_vec())]
    );
    let edited = |repository: &Repository| repository.edited(["a", "b", "sub/go.mod"].into_iter()).unwrap();
    assert_eq!(edited(&repository), [""; 0]);
    sparse.write("b", "edited\n");
    assert_eq!(edited(&repository), ["b"]);
}

#[test]
fn files_are_read_as_a_commit_has_them() {
    let sample = Sample::new();
    sample.write("ci/devops.toml", "one\n");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("ci/devops.toml", sample.path().join("devops.toml")).unwrap();
        std::os::unix::fs::symlink("../../outside", sample.path().join("ci/outside")).unwrap();
        std::os::unix::fs::symlink("round", sample.path().join("round")).unwrap();
    }
    sample.commit();
    sample.write("ci/devops.toml", "two\n");
    let repository = sample.open();
    let blob = |path: &str| {
        let bytes = repository.blob(repository.head().unwrap(), path).unwrap();
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    };
    assert_eq!(blob("ci/devops.toml").as_deref(), Some("one\n"));
    assert_eq!(blob("nosuch"), None);
    assert_eq!(blob("ci"), None);
    if cfg!(unix) {
        assert_eq!(blob("devops.toml").as_deref(), Some("one\n"));
        assert_eq!((blob("ci/outside"), blob("round")), (None, None));
    }
    assert_eq!(repository.path_of(&sample.path().join("ci/new.toml")).as_deref(), Some("ci/new.toml"));
    assert_eq!(repository.path_of(Path::new("/devops.toml")), None);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(".", sample.path().join("around")).unwrap();
        std::os::unix::fs::symlink("ci", sample.path().join("other")).unwrap();
        sample.commit();
        let path = |path: &str| repository.path_of(&sample.path().join(path)).unwrap();
        assert_eq!(path("around/ci/../devops.toml"), "around/devops.toml");
        assert_eq!(path("other/devops.toml"), "other/devops.toml");
        let repository = sample.open();
        let blob = |path: &str| repository.blob(repository.head().unwrap(), path).unwrap();
        assert_eq!(blob("other/devops.toml").unwrap(), b"two\n");
        assert_eq!(blob("around/around/ci/devops.toml").unwrap(), b"two\n");
    }
}

#[test]
fn a_folder_without_a_repository_and_one_without_a_commit_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let absent = Repository::discover(folder.path()).map(|_| ()).unwrap_err();
    assert_eq!(absent.reason, Reason::NotARepository);
    let gone = Repository::discover(&folder.path().join("nosuch")).map(|_| ()).unwrap_err();
    assert_eq!(gone.reason, Reason::NotARepository);
    assert_eq!(reason(&Sample::new(), "main"), Reason::NoCommit);
    let other = tempfile::tempdir().unwrap();
    git(other.path(), &["init", "--quiet", "--object-format=sha256"]);
    let unreadable = Repository::discover(other.path()).map(|_| ()).unwrap_err();
    assert_eq!(unreadable.reason, Reason::Unreadable, "{unreadable:?}");
}

#[test]
fn other_forms_of_a_diff_are_read() {
    let lines = |text: &str| -> BTreeMap<String, Vec<RangeInclusive<u64>>> {
        let (change, troubles) = parse(text.as_bytes());
        assert!(troubles.is_empty(), "{troubles:?}");
        change.unwrap_or_default().added
    };
    let one = |path: &str, line: u64| BTreeMap::from([(path.to_owned(), vec![line..=line])]);
    assert_eq!(
        lines("--- a.txt\t2026-01-01 00:00:00\n+++ b.txt\t2026-01-02\n@@ -1 +1 @@\n-x\n+y\n"),
        one("b.txt", 1)
    );
    assert_eq!(
        lines(
            "diff -ru old/s/a new/s/a\r\n--- old/s/a\r\n+++ new/s/a\r\n@@ -1,2 +1,2 @@\r\n \r\n-x\r\n+y\r\n"
        ),
        one("s/a", 2)
    );
    assert_eq!(
        lines(
            "Index: a\n====\n--- a\t(revision 1)\n+++ a\t(working copy)\n@@ -1 +1,2 @@ fn x\n x\n\\ No newline at end of file\n+y\n"
        ),
        one("a", 2)
    );
    assert_eq!(
        lines(
            "From 1\nSubject: x\n\n---\n a | 2 +-\n\ndiff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n--- x\n+++ y\n-- \n2.39.5\n"
        ),
        one("a", 1)
    );
    assert_eq!(lines("diff --git i/a b w/a b\n--- i/a b\t\n+++ w/a b\t\n@@ -0,0 +1 @@\n+y\n"), one("a b", 1));
    assert_eq!(lines("--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+y\n"), one("n", 1));
    assert_eq!(lines(""), BTreeMap::new());
}

#[test]
fn what_is_no_whole_diff_is_told() {
    let head = "diff --git a/a b/a\n--- a/a\n+++ b/a\n";
    for (text, line, what) in [
        (format!("{head}@@ -1,2 +1,2 @@\n a\n-b\n"), 6, "cut off"),
        (format!("{head}@@ -1 +1 @@\n-a\n+b\n+c\n"), 7, "not part of a hunk"),
        (format!("{head}@@ -1 +1 @\n-a\n"), 4, "is invalid"),
        (head.to_owned(), 1, "cut off"),
        ("diff --git a/a b/a\n".to_owned(), 1, "cut off"),
        ("diff --git a/a b/c\nrename from a\n".to_owned(), 1, "cut off"),
        ("diff --cc a\n@@@ -1 -1 +1 @@@\n++a\n".to_owned(), 1, "merge"),
        ("@@ -1 +1 @@\n-a\n+b\n".to_owned(), 1, "not part of a file"),
        ("hello\n".to_owned(), 0, "not a unified diff"),
        (format!("{head}@@ -9 +9 @@\n-a\n+b\n@@ -1 +1 @@\n-a\n+b\n"), 7, "the previous one"),
        (format!("{head}@@ -1 +1 @@\n-a\n+b\n{head}@@ -1 +1 @@\n-a\n+b\n"), 7, "occurs twice"),
    ] {
        let (_, troubles) = parse(text.as_bytes());
        let first = troubles.kept().first().unwrap_or_else(|| panic!("no trouble: {text}"));
        assert!(first.at.line == line && first.what.contains(what), "{text}: {first:?}");
    }
}

#[test]
fn a_cut_within_a_hunk_or_a_header_is_told() {
    let text = "diff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n@@ -1,3 +1,4 @@\n x\n-y\n+z\n+z\n \n\
                diff --git a/b b/c\nsimilarity index 90%\nrename from b\nrename to c\n--- a/b\n+++ b/c\n@@ -7 +7 @@\n-x\n+y\n";
    let whole = text.find("diff --git a/b").unwrap();
    for cut in 1..text.len() {
        let (change, troubles) = parse(&text.as_bytes()[..cut]);
        // Where the last line of a hunk has begun, nothing shows that more was meant to come; the line counts.
        let is_boundary = (whole - 2..=whole).contains(&cut) || cut >= text.len() - 2;
        assert!(is_boundary || !troubles.is_empty(), "{cut}: {change:?}\n{}", &text[..cut]);
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        parse(bytes.as_slice());
    }

    #[test]
    fn no_words_break_the_reader(words in proptest::collection::vec(0_usize..16, 0..40)) {
        let known = [
            "diff --git a/a b/a\n", "--- a/a\n", "+++ b/a\n", "@@ -1,2 +1,2 @@\n", "+x\n", "-x\n", " x\n", "\n", "rename from a\n",
            "rename to b\n", "Binary files a and b differ\n", "\\ No newline\n", "@@ -0,0 +18446744073709551615,2 @@\n",
            "--- \"a\\\n", "diff --git \"a\\3\n", "GIT binary patch\n",
        ];
        let text: String = words.into_iter().map(|word| known[word]).collect();
        parse(text.as_bytes());
    }
}

#[test]
fn what_lies_in_a_submodule_is_tracked_and_in_another_repository() {
    let origin = Sample::new();
    origin.write("build/lock", "x\n");
    origin.commit();
    let sample = Sample::new();
    sample.write(".gitignore", "build/\nlib/\n");
    sample.git(&[
        "submodule",
        "--quiet",
        "add",
        "--force",
        &format!("file://{}", origin.path().display()),
        "lib",
    ]);
    sample.commit();
    sample.write("build/lock", "y\n");
    let repository = sample.open();
    let head = repository.head().unwrap();
    let ignored = super::Ignored::of(&repository).unwrap();
    for (path, is_folder, expected) in [
        ("lib", true, false),
        ("lib/build", true, false),
        ("lib/build/lock", false, false),
        ("build", true, true),
    ] {
        assert_eq!(ignored.holds(path, is_folder).unwrap(), expected, "{path}");
    }
    assert_eq!(repository.blob(head, "lib/build/lock").unwrap(), None);
    assert_eq!(repository.files_below(head, "lib/build").unwrap(), None);
    assert_eq!(repository.leads(head, "lib/build/lock").unwrap(), repository.id_at(head, "lib").unwrap());
}
