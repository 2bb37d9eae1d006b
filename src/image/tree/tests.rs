//! Layers against a naive model: a full tree of the image, changed entry by entry.

use std::collections::BTreeMap;
use std::io::Cursor;

use proptest::prelude::*;

use super::Tree;
use crate::layer::{Layer, read};
use crate::paths::{ancestors, clean, join, name, parent, resolve};
use crate::tar::Tar;
use crate::tar::tests::{Kind, Written, archive};
use devops_inventory::installed::{Content, Entry, Extract, Kind as ExtractKind};

/// Takes every file whole.
#[expect(clippy::unnecessary_wraps, reason = "what takes from files may fail")]
fn take(_: Entry<'_>, content: &mut dyn Content) -> Result<Option<Extract>, devops_core::Error> {
    let bytes = content.whole(1 << 20).unwrap().unwrap().into_owned();
    Ok(Some(Extract { kind: ExtractKind::Program, reader: String::new(), bytes }))
}

fn layer(entries: &[Written]) -> Option<Layer> {
    let read = |with_paths| {
        let mut tar = Tar::new(Cursor::new(archive(entries)));
        read(&mut tar, "layer", &take, with_paths).ok()
    };
    let layer = read(false)?;
    if layer.is_vague { read(true) } else { Some(layer) }
}

/// What stands at a path of the naive tree.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Folder,
    File(Vec<u8>),
    Link(Vec<u8>),
}

type Naive = BTreeMap<Vec<u8>, Node>;

/// A layer that was unpacked alone, what it takes away, and the folders that it empties.
type Unpacked = (Naive, Vec<Vec<u8>>, Vec<Vec<u8>>);

/// Removes a path and what is below it.
fn remove(tree: &mut Naive, path: &[u8]) {
    tree.remove(path);
    remove_below(tree, path);
}

fn remove_below(tree: &mut Naive, path: &[u8]) {
    let mut below = path.to_vec();
    if !below.is_empty() {
        below.push(b'/');
    }
    tree.retain(|other, _| !other.starts_with(&below) || (below.is_empty() && other.is_empty()));
}

/// Unpacks a layer alone, into an empty folder, as runtimes do; whiteouts stay apart. None where they refuse it.
fn unpack(entries: &[Written]) -> Option<Unpacked> {
    let (mut own, mut gone, mut opaque) = (Naive::new(), Vec::new(), Vec::new());
    for entry in entries {
        let path = clean(entry.name.as_bytes()).ok()?;
        if path.is_empty() {
            continue;
        }
        let placed = |own: &Naive, path: &[u8]| {
            let link = |path: &[u8]| match own.get(path) {
                Some(Node::Link(target)) => Some(target.clone()),
                _ => None,
            };
            let links: BTreeMap<Vec<u8>, Vec<u8>> =
                own.keys().filter_map(|path| Some((path.clone(), link(path)?))).collect();
            let mut folder = resolve(parent(path), true, |path| links.get(path).map(Vec::as_slice)).ok()?;
            join(&mut folder, name(path));
            Some(folder)
        };
        let path = placed(&own, &path)?;
        if name(&path) == b".wh..wh..opq" {
            opaque.push(parent(&path).to_vec());
            continue;
        }
        if let Some(hidden) = name(&path).strip_prefix(b".wh.") {
            if hidden.starts_with(b".wh.") {
                continue;
            }
            if matches!(hidden, b"" | b"." | b"..") {
                return None;
            }
            let mut path = parent(&path).to_vec();
            join(&mut path, hidden);
            gone.push(path);
            continue;
        }
        for folder in ancestors(&path).skip(1) {
            // A file in the place of a folder makes unpacking fail; here the folder wins, so that nothing is overlooked.
            if own.get(folder).is_none_or(|node| *node != Node::Folder) {
                own.insert(folder.to_vec(), Node::Folder);
            }
        }
        let node = match &entry.kind {
            Kind::Folder => {
                if own.get(&path) != Some(&Node::Folder) {
                    own.insert(path, Node::Folder);
                }
                continue;
            }
            Kind::File(bytes) => Node::File(bytes.clone()),
            Kind::Symlink(target) => Node::Link(target.clone().into_bytes()),
            Kind::HardLink(target) => {
                let target = placed(&own, &clean(target.as_bytes()).ok()?)?;
                own.get(&target).cloned().unwrap_or(Node::File(Vec::new()))
            }
        };
        remove(&mut own, &path);
        own.insert(path, node);
    }
    Some((own, gone, opaque))
}

/// The tree of all layers on each other.
fn naive(layers: &[Vec<Written>]) -> Option<Naive> {
    let mut tree = Naive::new();
    for entries in layers {
        let (own, gone, opaque) = unpack(entries)?;
        for path in &gone {
            remove(&mut tree, path);
        }
        for folder in &opaque {
            remove_below(&mut tree, folder);
        }
        // Folders first, so that what is below them finds them.
        for (path, node) in own {
            let is_folder = node == Node::Folder;
            if !(is_folder && tree.get(&path) == Some(&Node::Folder)) {
                remove(&mut tree, &path);
                tree.insert(path, node);
            }
        }
    }
    Some(tree)
}

fn names() -> impl Strategy<Value = String> {
    let part = prop_oneof![Just("a"), Just("b"), Just("c")];
    prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/"))
}

fn entries() -> impl Strategy<Value = Written> {
    let name = prop_oneof![
        8 => names(),
        2 => (names(), "[abc]").prop_map(|(folder, name)| format!("{folder}/.wh.{name}")),
        1 => "[abc]".prop_map(|name| format!(".wh.{name}")),
        1 => names().prop_map(|folder| format!("{folder}/.wh..wh..opq")),
        1 => Just(".wh..wh..opq".to_owned()),
    ];
    let kind = prop_oneof![
        4 => "[xyz]".prop_map(|text| Kind::File(text.into_bytes())),
        3 => Just(Kind::Folder),
        2 => prop_oneof![names(), names().prop_map(|name| format!("/{name}")), names().prop_map(|name| format!("../{name}"))]
            .prop_map(Kind::Symlink),
    ];
    (name, kind).prop_map(|(name, kind)| Written { name, kind, mode: 0o644 })
}

/// How many sequences are compared: a sample, or as many as the variable says.
fn cases() -> u32 {
    std::env::var("DEVOPS_LAYERS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn layers_leave_what_a_full_tree_leaves(sequence in prop::collection::vec(prop::collection::vec(entries(), 0..8), 1..5)) {
        let expected = naive(&sequence);
        let layers: Option<Vec<Layer>> = sequence.iter().map(|entries| layer(entries)).collect();
        prop_assert_eq!(expected.is_some(), layers.is_some());
        let (Some(expected), Some(layers)) = (expected, layers) else { return Ok(()) };
        let tree = Tree::new(&layers);
        let files: BTreeMap<Vec<u8>, Vec<u8>> =
            tree.files().map(|(path, _, kept)| (path.to_vec(), kept.extract.bytes.clone())).collect();
        let wanted: BTreeMap<Vec<u8>, Vec<u8>> = expected
            .iter()
            .filter_map(|(path, node)| match node {
                Node::File(bytes) => Some((path.clone(), bytes.clone())),
                _ => None,
            })
            .collect();
        prop_assert_eq!(&files, &wanted);
        let links: BTreeMap<Vec<u8>, Vec<u8>> = expected
            .iter()
            .filter_map(|(path, node)| match node {
                Node::Link(target) => Some((path.clone(), target.clone())),
                _ => None,
            })
            .collect();
        for path in ["a", "b/a", "c/b/a", "a/b", "a/b/c", "c"] {
            let led = resolve(path.as_bytes(), true, |path| links.get(path).map(Vec::as_slice)).ok();
            let found = led.filter(|path| matches!(expected.get(path), Some(Node::File(_))));
            prop_assert_eq!(tree.find(path.as_bytes()).map(|place| place.path), found, "{}", path);
        }
    }
}
