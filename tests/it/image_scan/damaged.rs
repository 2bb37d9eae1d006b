//! Flipped bytes and cuts, anywhere in an image or a cache: an error, or the same list. `DEVOPS_EVERY_BYTE=1` tries every byte.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::built::{Image, Packing};
use super::scan::{OLD, debian, idna, scan_in};

/// How many bytes of a file are tried.
const TRIES: usize = 8;

/// The packages with a vulnerability, as the findings name them; none where there is an error.
fn found(folder: &Path, arguments: &[&str]) -> Option<Vec<String>> {
    let (finished, report) = scan_in(folder, arguments);
    if finished.code == Some(3) {
        return None;
    }
    let findings =
        report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == "advisory");
    let mut titles: Vec<String> = findings.map(|finding| finding["title"].to_string()).collect();
    titles.push(format!("exit {:?}", finished.code));
    Some(titles)
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Damages every file below a path in turn; what was not an error and had another list.
fn shorter(folder: &Path, damaged: &str, arguments: &[&str]) -> String {
    let expected = found(folder, arguments).expect("the image is read");
    assert_eq!(expected.len(), 3, "{expected:?}");
    let is_all = std::env::var_os("DEVOPS_EVERY_BYTE").is_some();
    let mut wrong = String::new();
    let mut errors = 0;
    for path in files(&folder.join(damaged)) {
        let whole = std::fs::read(&path).unwrap();
        let step = if is_all { 1 } else { (whole.len() / TRIES).max(1) };
        // Not always the same place of a block.
        let places = (0..whole.len()).step_by(step).map(|place| (place + place % 37).min(whole.len() - 1));
        for place in places {
            let mut flipped = whole.clone();
            flipped[place] ^= 1 << (place % 8);
            for (how, bytes) in [("flipped", flipped.as_slice()), ("cut", &whole[..place])] {
                std::fs::write(&path, bytes).unwrap();
                match found(folder, arguments) {
                    None => errors += 1,
                    Some(list) if list == expected => {}
                    Some(list) => {
                        let _ = writeln!(wrong, "{} {how} at {place}: {list:?}", path.display());
                    }
                }
            }
        }
        std::fs::write(&path, whole).unwrap();
    }
    assert!(errors > 0 || damaged == "cache", "nothing was damaged");
    wrong
}

fn image() -> Image {
    Image::of(&[debian(OLD), idna("3.2")])
}

#[test]
fn a_damaged_archive_is_an_error_or_the_same_list() {
    let folder = tempfile::tempdir().unwrap();
    image().saved().write_archive(&folder.path().join("image"));
    let wrong = shorter(folder.path(), "image", &["--image", "image", "--verify-digests"]);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_damaged_layout_is_an_error_or_the_same_list() {
    for packing in [Packing::Gzip, Packing::Zstd] {
        let folder = tempfile::tempdir().unwrap();
        image().packed(packing).layout().write_folder(&folder.path().join("image"));
        let wrong = shorter(folder.path(), "image", &["--image", "image"]);
        assert!(wrong.is_empty(), "{packing:?}\n{wrong}");
    }
}

#[test]
fn a_damaged_cache_is_no_other_list() {
    let folder = tempfile::tempdir().unwrap();
    image().packed(Packing::Gzip).layout().write_folder(&folder.path().join("image"));
    let arguments = ["--image", "image", "--cache", "cache"];
    scan_in(folder.path(), &arguments);
    let wrong = shorter(folder.path(), "cache", &arguments);
    assert!(wrong.is_empty(), "{wrong}");
}
