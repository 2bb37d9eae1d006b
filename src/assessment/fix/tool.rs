//! The package managers: what updates a package in the lockfile, and what gives it a version that a dependent refuses.

/// A command that moves a package to a version that everybody admits; none where there is none for it.
pub(super) fn update(
    tool: &str,
    is_workspace: bool,
    name: &str,
    spec: &str,
    version: &str,
) -> Option<String> {
    Some(match tool {
        "cargo" => format!("cargo update -p {spec} --precise {version}"),
        "npm" => format!("npm update {name}"),
        "yarn" => format!("yarn up --recursive {name}"),
        // Without a workspace, `--recursive` does nothing, and in one nothing is done without it.
        "pnpm" if is_workspace => format!("pnpm update --recursive --depth Infinity {name}"),
        "pnpm" => format!("pnpm update --depth Infinity {name}"),
        "bun" => format!("bun update {name}"),
        "uv" => format!("uv lock --upgrade-package {name}=={version}"),
        "poetry" => format!("poetry update {name}"),
        "pdm" => format!("pdm update {name}"),
        "pipenv" => format!("pipenv upgrade {name}=={version}"),
        "go" if name == "stdlib" => format!("go get toolchain@go{version}"),
        "go" => format!("go get {name}@v{version}"),
        "composer" => format!("composer update {name} --with {name}:{version}"),
        "bundler" => format!("bundle update --conservative {name}"),
        "mix" => format!("mix deps.update {name}"),
        "pub" => format!("dart pub upgrade {name}"),
        "cocoapods" => format!("pod update {name}"),
        // What a Dockerfile runs where no newer base image has it.
        "apt" => format!("apt-get update && apt-get install --only-upgrade {name}"),
        "apk" => format!("apk upgrade {name}"),
        "dnf" => format!("dnf upgrade {name}"),
        "nuget" => format!("dotnet add package {name} --version {version}"),
        _ => return None,
    })
}

/// The command that takes a changed manifest into the lockfile.
pub(super) fn install(tool: &str, spec: &str) -> Option<String> {
    Some(match tool {
        "cargo" => format!("cargo update -p {spec}"),
        "npm" | "yarn" | "pnpm" | "bun" | "composer" => format!("{tool} install"),
        "uv" | "poetry" | "pdm" | "pipenv" => format!("{tool} lock"),
        "pip" => "pip install -r requirements.txt".to_owned(),
        "go" => "go mod tidy".to_owned(),
        "bundler" => "bundle install".to_owned(),
        "mix" => "mix deps.get".to_owned(),
        "pub" => "dart pub get".to_owned(),
        "cocoapods" => "pod install".to_owned(),
        "nuget" => "dotnet restore".to_owned(),
        _ => return None,
    })
}

/// What to write so that a package has a version that a dependent refuses; none where the package manager can't.
pub(super) fn overriding(tool: &str, key: &str, version: &str) -> Option<String> {
    Some(match tool {
        "npm" | "bun" => format!("add `\"overrides\": {{\"{key}\": \"{version}\"}}` to package.json"),
        "yarn" => format!("add `\"resolutions\": {{\"{key}\": \"{version}\"}}` to package.json"),
        "pnpm" => format!(
            "add `\"{key}\": \"{version}\"` below `overrides` in pnpm-workspace.yaml (before pnpm 10: below `pnpm.overrides` in package.json)"
        ),
        "uv" => format!("add `override-dependencies = [\"{key}>={version}\"]` below `[tool.uv]`"),
        "pdm" => format!("add `{key} = \">={version}\"` below `[tool.pdm.resolution.overrides]`"),
        "cargo" => format!("give a fork of `{key}` with the fix below `[patch.crates-io]`"),
        "go" => format!("add `replace {key} => {key} v{version}` to go.mod"),
        "maven" => format!("set `{key}` to {version} below `<dependencyManagement>`"),
        "gradle" => format!("add a constraint `{key}:{version}` to the build file"),
        "nuget" => format!("add `{key}` {version} as a direct reference"),
        "mix" => format!("add `{{:{key}, \"~> {version}\", override: true}}` to mix.exs"),
        "pub" => format!("add `{key}: {version}` below `dependency_overrides` in pubspec.yaml"),
        _ => return None,
    })
}
