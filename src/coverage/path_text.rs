//! Paths as text: one form for all machines, and the pieces of it.

/// Each way to take something off the front of a path: the front and the end, the longest end first.
pub(super) fn ends(path: &str) -> impl Iterator<Item = (&str, &str)> {
    path.match_indices('/').filter_map(|(index, _)| Some((path.get(..index)?, path.get(index + 1..)?)))
}

/// The name of a file without its folders.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a path of [`normal`] form starts at a root or a drive.
pub(super) fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.get(1..3) == Some(":/") || path.get(1..) == Some(":")
}

/// A path below a folder.
pub(super) fn join(folder: &str, path: &str) -> String {
    match folder {
        "" | "." => path.to_owned(),
        "/" => format!("/{path}"),
        _ => format!("{folder}/{path}"),
    }
}

/// A path with `/`, without `.`, `..` and doubled slashes, with its drive in lower case; folders have no `/` at their end.
pub(super) fn normal(path: &str) -> String {
    let path = path.trim().replace('\\', "/");
    let path = path.strip_prefix("file://").unwrap_or(&path);
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if path.starts_with('/') {
        return format!("/{joined}");
    }
    match joined.split_once(':') {
        Some((drive, rest)) if drive.len() == 1 => format!("{}:{rest}", drive.to_ascii_lowercase()),
        _ => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn paths_have_one_form() {
        for (path, expected) in [
            ("C:\\a\\.\\b\\..\\c", "c:/a/c"),
            ("file:///w/a//b/", "/w/a/b"),
            ("../a", "../a"),
            ("/", "/"),
            ("", ""),
            (".", ""),
        ] {
            assert_eq!(normal(path), expected, "{path}");
        }
    }
}
