//! Which files are source code: those of a language that a coverage tool could say something about.

/// Endings of files of source code. Documentation, configuration, markup, styles and data have none of them.
const SOURCE: &[&str] = &[
    "adb", "bash", "c", "cc", "cljc", "clj", "cljs", "cpp", "cr", "cs", "cts", "cxx", "d", "dart", "erl",
    "ex", "f", "f90", "fs", "go", "groovy", "hs", "java", "jl", "js", "jsx", "kt", "lua", "m", "mjs", "ml",
    "mm", "mts", "nim", "cjs", "pas", "php", "pl", "pm", "ps1", "psm1", "py", "r", "rb", "rs", "scala", "sh",
    "sol", "svelte", "swift", "ts", "tsx", "v", "vb", "vue", "zig",
];

/// What the end of a file's name says it is.
pub(super) fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    name.rsplit_once('.').map(|(_, end)| end).filter(|end| !end.is_empty())
}

/// Whether this is a file of source code, in whatever language; declarations and settings that are written in one are none.
pub(super) fn is_source(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_configuration = name.starts_with('.') || name.contains(".config.") || name.contains(".d.");
    let is_known = |end: &str| SOURCE.contains(&end.to_ascii_lowercase().as_str());
    !is_configuration && extension(name).is_some_and(is_known)
}

/// Whether a path looks like a test, which is seldom measured itself.
pub(super) fn is_test(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_folder =
        |part: &str| matches!(part, "test" | "tests" | "spec" | "specs" | "__tests__" | "testing" | "e2e");
    folders.split('/').any(is_folder)
        || stem.starts_with("test_")
        || stem == "conftest"
        || ["_test", "_tests", "_spec", ".test", ".spec", "Test", "Tests", "Spec", "IT"]
            .iter()
            .any(|end| stem.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::is_source;

    #[test]
    fn documents_settings_and_data_are_no_source() {
        for path in ["a.rs", "src/a.KT", "b/c.tsx", "run.sh", "x.y.py"] {
            assert!(is_source(path), "{path}");
        }
        for path in [
            "README.md",
            "a.toml",
            "b.yaml",
            "data.json",
            "x.sql",
            "jest.config.js",
            "types.d.ts",
            ".eslintrc.js",
            "Makefile",
            "style.css",
            "a.",
            "page.html",
            "build.gradle.kts",
            "x.pyi",
            "a.proto",
        ] {
            assert!(!is_source(path), "{path}");
        }
    }
}
