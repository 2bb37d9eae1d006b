//! Which repository and which of its commits decide, on both hosts: attacks stay red, and what is harmless stays green.

use std::path::Path;

use super::world::{ALL, APP, Environment, HEADS, LAX, MERGE, STRICT, World, copy};

/// Whose policy is expected to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expected {
    /// The target's newest commit.
    Target,
    /// A commit that the change has in common with the target.
    Commit(String),
    /// Nobody's: the change may only make the gates stricter.
    Unknown,
}

/// Runs the gates where a change wants to pass, and asserts that it can't, by the policy that is expected.
fn stays_red(
    world: &World,
    folder: &str,
    flags: &[&str],
    environment: &Environment,
    expected: &Expected,
    what: &str,
) {
    let target = world.target();
    for judged in world.judge(folder, flags, environment) {
        let what = format!("{what}, {}: {:?}", judged.gate, judged.finished);
        // Without the target's `frozen-db` the database is too old, and in the place of a submodule there is none.
        if judged.gate == "dep-scan" && judged.finished.code == Some(3) {
            continue;
        }
        // Where a committed link leads elsewhere, nothing is read there.
        if judged.finished.code == Some(2) && judged.finished.stderr.contains("leads out of the workspace") {
            continue;
        }
        assert_eq!(judged.finished.code, Some(1), "{what}");
        match expected {
            Expected::Target => assert_eq!(judged.policy(), Some(target.as_str()), "{what}"),
            Expected::Commit(commit) => assert_eq!(judged.policy(), Some(commit.as_str()), "{what}"),
            Expected::Unknown => assert!(judged.is_unknown() && judged.policy().is_none(), "{what}"),
        }
    }
}

/// Runs the gates where the target allows what a change brings, and asserts that nothing keeps it from passing.
fn stays_green(world: &World, folder: &str, flags: &[&str], environment: &Environment, what: &str) {
    for judged in world.judge(folder, flags, environment) {
        let what = format!("{what}, {}: {:?}", judged.gate, judged.finished);
        assert_eq!(judged.finished.code, Some(0), "{what}");
        assert!(!judged.is_unknown(), "{what}");
    }
}

const IN_APP: [&str; 2] = ["--working-directory", APP];

/// A way in which a host runs a change.
struct Situation {
    name: &'static str,
    /// Checks the change out in `runner` and gives the environment of the job.
    set_up: fn(&World) -> Environment,
}

/// The ways in which the host names the newest commit of the target.
const SITUATIONS: [Situation; 11] = [
    Situation {
        name: "pull request",
        set_up: |world| {
            world.checkout_merge();
            world.pull_request()
        },
    },
    Situation {
        name: "pull request of depth two",
        set_up: |world| {
            let merge = world.id("origin", "refs/pull/7/merge");
            world.checkout("runner", "origin", &[MERGE], "2", &merge);
            world.pull_request()
        },
    },
    Situation {
        name: "pull request whose head is checked out",
        set_up: |world| {
            world.checkout_head();
            world.pull_request()
        },
    },
    Situation {
        name: "pull request with all references, whose head is checked out without an event",
        set_up: |world| {
            let head = world.id("origin", "topic");
            world.checkout("runner", "origin", &[HEADS, MERGE], ALL, &head);
            let mut environment = world.pull_request();
            environment.retain(|(name, _)| *name != "GITHUB_EVENT_PATH");
            environment
        },
    },
    Situation {
        name: "pull_request_target whose head is checked out",
        set_up: |world| {
            world.checkout_head();
            world.pull_request_target()
        },
    },
    Situation {
        name: "review of a pull request",
        set_up: |world| {
            let merge = world.checkout_merge();
            world.github(
                "pull_request_review",
                "refs/pull/7/merge",
                &merge,
                &serde_json::json!({"pull_request": {}}),
            )
        },
    },
    Situation {
        name: "merge queue",
        set_up: |world| {
            let merge = world.checkout_merge();
            let base = world.target();
            let event = serde_json::json!({"merge_group": {"base_sha": base, "head_sha": merge, "base_ref": "refs/heads/main"}});
            world.github(
                "merge_group",
                &format!("refs/heads/gh-readonly-queue/main/pr-7-{base}"),
                &merge,
                &event,
            )
        },
    },
    Situation {
        name: "workflow after a pull request's, which checks its head out",
        set_up: |world| {
            let head = world.checkout_head();
            let event = serde_json::json!({"workflow_run": {"event": "pull_request", "head_sha": head}});
            world.github("workflow_run", "refs/heads/main", &world.target(), &event)
        },
    },
    Situation {
        name: "merge request with the target branch",
        set_up: |world| {
            let head = world.checkout_head();
            world.merge_request("detached", &head)
        },
    },
    Situation {
        name: "merged result",
        set_up: |world| {
            let merge = world.checkout_merge();
            world.merge_request("merged_result", &merge)
        },
    },
    Situation {
        name: "merge train whose target is not in the clone by name",
        set_up: |world| {
            let merge = world.id("origin", "refs/pull/7/merge");
            world.checkout("runner", "origin", &[MERGE], "2", &merge);
            let mut environment = world.merge_request("merge_train", &merge);
            environment.retain(|(name, _)| *name != "CI_MERGE_REQUEST_TARGET_BRANCH_SHA");
            environment
        },
    },
];

#[test]
fn the_policy_is_that_of_the_target_of_today() {
    // Where the change starts: at today's policy, at a weaker one, and before there was one.
    let pasts: [(&[Option<&str>], usize); 3] =
        [(&[Some(STRICT)], 0), (&[Some(LAX), Some(STRICT)], 0), (&[None, Some(STRICT)], 0)];
    for Situation { name, set_up } in SITUATIONS {
        for (target, start) in pasts {
            let world = World::new(target, start, LAX);
            let environment = set_up(&world);
            let what = format!("{name}, target {target:?}");
            stays_red(&world, "runner", &IN_APP, &environment, &Expected::Target, &what);
        }
        let world = World::harmless();
        let environment = set_up(&world);
        stays_green(&world, "runner", &IN_APP, &environment, name);
        // A branch from the time of a stricter policy has the policy of today.
        let world = World::new(&[Some(STRICT), Some(LAX)], 0, LAX);
        let environment = set_up(&world);
        stays_green(&world, "runner", &IN_APP, &environment, name);
    }
}

#[test]
fn what_names_no_change_is_judged_by_its_own_file() {
    let world = World::attack();
    let head = world.checkout_head();
    let push = |name, reference| world.github(name, reference, &head, &serde_json::json!({}));
    let mut situations = vec![
        ("push", push("push", "refs/heads/topic")),
        ("schedule", push("schedule", "refs/heads/topic")),
        ("dispatch", push("workflow_dispatch", "refs/heads/topic")),
        ("tag", push("push", "refs/tags/v1")),
    ];
    for source in ["push", "schedule", "web"] {
        let environment = vec![
            ("GITLAB_CI", "true".to_owned()),
            ("CI_PIPELINE_SOURCE", source.to_owned()),
            ("CI_COMMIT_SHA", head.clone()),
            ("CI_PROJECT_DIR", world.path("runner").display().to_string()),
        ];
        situations.push((source, environment));
    }
    situations.push(("laptop", Vec::new()));
    for (name, environment) in &situations {
        stays_green(&world, "runner", &IN_APP, environment, name);
    }
    // The workflow may say that there is no base.
    stays_green(
        &world,
        "runner",
        &["--working-directory", APP, "--base=none"],
        &world.pull_request(),
        "no base",
    );
}

#[test]
fn a_job_that_checks_out_the_target_alone_is_judged_by_it() {
    let world = World::harmless();
    let target = world.target();
    world.checkout("runner", "origin", &["+refs/heads/main:refs/remotes/origin/main"], "1", &target);
    stays_green(&world, "runner", &IN_APP, &world.pull_request_target(), "pull_request_target");
    let event = serde_json::json!({"workflow_run": {"event": "pull_request", "head_sha": world.id("origin", "topic")}});
    let run = world.github("workflow_run", "refs/heads/main", &target, &event);
    stays_green(&world, "runner", &IN_APP, &run, "workflow_run");
    let event = serde_json::json!({"issue": {"pull_request": {"url": "x"}}});
    let comment = world.github("issue_comment", "refs/heads/main", &target, &event);
    stays_green(&world, "runner", &IN_APP, &comment, "issue_comment");
}

/// Both hosts, with the merge commit checked out.
fn hosts(world: &World) -> [(&'static str, Environment); 2] {
    let merge = world.id("origin", "refs/pull/7/merge");
    [("GitHub", world.pull_request()), ("GitLab", world.merge_request("merged_result", &merge))]
}

/// A repository of the change's own in `evil`, whose every branch is its own commit.
fn evil(world: &World) -> String {
    copy(&world.path("origin/app"), &world.path("evil"));
    world.git("evil", &["init", "--quiet", "--initial-branch=main"]);
    world.write("evil/devops.toml", &super::world::policy(LAX));
    let own = world.commit("evil", "own");
    world.git("evil", &["update-ref", "refs/remotes/origin/main", &own]);
    own
}

#[test]
fn a_change_brings_no_repository_of_plain_files() {
    for git_folder in ["", "nested.git/"] {
        let world = World::attack();
        let own = evil(&world);
        world.git("origin", &["switch", "--quiet", "topic"]);
        let at = format!("origin/app/{git_folder}");
        copy(&world.path("evil/.git/objects"), &world.path(&format!("{at}objects")));
        world.write(&format!("{at}HEAD"), &format!("{own}\n"));
        world.write(
            &format!("{at}config"),
            "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n",
        );
        for name in ["heads/main", "remotes/origin/main"] {
            world.write(&format!("{at}refs/{name}"), &format!("{own}\n"));
        }
        world.commit("origin", "change");
        world.git("origin", &["switch", "--quiet", "main"]);
        world.merge();
        world.checkout_merge();
        for (host, environment) in hosts(&world) {
            let what = format!("plain files in {at} on {host}");
            stays_red(&world, "runner", &IN_APP, &environment, &Expected::Target, &what);
            stays_red(&world, "runner/app", &[], &environment, &Expected::Target, &what);
            // A tag of a commit's name, or no word of the host about the workspace, changes nothing.
            let unnamed: Environment = environment
                .into_iter()
                .filter(|(name, _)| !matches!(*name, "GITHUB_WORKSPACE" | "CI_PROJECT_DIR"))
                .collect();
            stays_red(&world, "runner", &IN_APP, &unnamed, &Expected::Target, &what);
        }
    }
}

#[test]
fn a_submodule_or_an_unpacked_repository_does_not_take_the_place_of_the_target() {
    for way in ["submodule", "old submodule", "unpacked", "unpacked with the change's commit", "file"] {
        let world = World::attack();
        let own = evil(&world);
        world.git("origin", &["switch", "--quiet", "topic"]);
        if way.ends_with("submodule") {
            world.git("origin", &["rm", "-r", "--quiet", "--force", APP]);
            drop(std::fs::remove_dir_all(world.path("origin/app")));
            let url = format!("file://{}", world.path("evil").display());
            world.git("origin", &["submodule", "--quiet", "add", &url, APP]);
            world.git("origin", &["commit", "--quiet", "-m", "x"]);
        }
        world.git("origin", &["switch", "--quiet", "--force", "main"]);
        world.merge();
        world.checkout_merge();
        let app = world.path("runner/app");
        match way {
            "submodule" => drop(world.git("runner", &["submodule", "--quiet", "update", "--init"])),
            "old submodule" => {
                drop(std::fs::remove_dir_all(&app));
                copy(&world.path("evil"), &app);
            }
            "file" => {
                world.git("evil", &["clone", "--quiet", "--bare", ".", "../elsewhere.git"]);
                std::fs::write(app.join(".git"), "gitdir: ../../elsewhere.git\n").unwrap();
            }
            _ => copy(&world.path("evil/.git"), &app.join(".git")),
        }
        if way == "unpacked with the change's commit" {
            let merge = world.id("origin", "refs/pull/7/merge");
            copy(&world.path("runner/.git/objects"), &app.join(".git/objects"));
            std::fs::write(app.join(".git/HEAD"), format!("{merge}\n")).unwrap();
            std::fs::write(app.join(".git/refs/remotes/origin/main"), format!("{own}\n")).unwrap();
        }
        assert!(app.join(".git").exists());
        for (host, environment) in hosts(&world) {
            let what = format!("{way} on {host}");
            stays_red(&world, "runner", &IN_APP, &environment, &Expected::Target, &what);
            stays_red(&world, "runner/app", &[], &environment, &Expected::Target, &what);
        }
        // A pipeline of another host, where the workflow names the base.
        if way.ends_with("submodule") {
            let other = vec![("CI", "true".to_owned())];
            let flags = ["--working-directory", APP, "--base", "origin/main"];
            stays_red(&world, "runner", &flags, &other, &Expected::Target, way);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_leads_to_no_other_repository() {
    let world = World::attack();
    evil(&world);
    world.git("origin", &["switch", "--quiet", "topic"]);
    std::fs::remove_dir_all(world.path("origin/app")).unwrap();
    std::os::unix::fs::symlink("../evil", world.path("origin/app")).unwrap();
    world.commit("origin", "change");
    world.git("origin", &["switch", "--quiet", "main"]);
    world.merge();
    world.checkout_merge();
    assert!(world.path("runner/app/.git").is_dir(), "the link leads to a repository");
    for (host, environment) in hosts(&world) {
        stays_red(&world, "runner", &IN_APP, &environment, &Expected::Target, host);
        // The system knows the folder by its real name only; a shell knows better.
        stays_red(&world, "runner/app", &[], &environment, &Expected::Unknown, host);
        let shell = [environment, vec![("PWD", world.path("runner/app").display().to_string())]].concat();
        stays_red(&world, "runner/app", &[], &shell, &Expected::Target, host);
    }
    // A folder that the workflow names outside of the workspace may have a repository of the change, and this one is none.
    let path = world.path("evil").display().to_string();
    let flags = ["--working-directory", path.as_str()];
    stays_red(&world, "runner", &flags, &world.pull_request(), &Expected::Unknown, "another repository");
}

#[cfg(unix)]
#[test]
fn links_of_the_machine_and_worktrees_are_no_obstacle() {
    let world = World::harmless();
    let merge = world.checkout_merge();
    std::os::unix::fs::symlink(world.path("runner"), world.path("alias")).unwrap();
    for (host, environment) in hosts(&world) {
        stays_green(&world, "alias", &IN_APP, &environment, host);
        let path = world.path("alias/app").display().to_string();
        stays_green(&world, "alias", &["--working-directory", &path], &environment, host);
        let through: Environment = environment
            .into_iter()
            .map(|(name, value)| {
                let is_workspace = matches!(name, "GITHUB_WORKSPACE" | "CI_PROJECT_DIR");
                (name, if is_workspace { world.path("alias").display().to_string() } else { value })
            })
            .collect();
        stays_green(&world, "runner/app", &[], &through, host);
    }
    // Worktrees beside and below the checkout, and a checkout in a folder of the workspace.
    world.git("runner", &["worktree", "add", "--quiet", "--detach", "../tree", &merge]);
    world.git("runner", &["worktree", "add", "--quiet", "--detach", "inner", &merge]);
    for (host, environment) in hosts(&world) {
        let path = world.path("tree/app").display().to_string();
        stays_green(&world, "runner", &["--working-directory", &path], &environment, host);
        stays_green(&world, "runner", &["--working-directory", "inner/app"], &environment, host);
        let above: Environment = environment
            .into_iter()
            .map(|(name, value)| {
                let is_workspace = matches!(name, "GITHUB_WORKSPACE" | "CI_PROJECT_DIR");
                (name, if is_workspace { world.path(".").display().to_string() } else { value })
            })
            .collect();
        stays_green(&world, ".", &["--working-directory", "runner/app"], &above, host);
        stays_green(&world, ".", &["--working-directory", "./runner/../runner/app/"], &above, host);
    }
}

#[test]
fn nothing_of_the_targets_name_is_the_target() {
    for way in ["branch", "tag", "tag of the remote's branch", "tag of the whole name"] {
        for (host, is_github) in [("GitHub", true), ("GitLab", false)] {
            let world = World::attack();
            let head = world.id("origin", "topic");
            world.checkout("runner", "origin", &["+refs/heads/topic:refs/remotes/origin/topic"], ALL, &head);
            let environment = if is_github {
                world.pull_request()
            } else {
                let mut environment = world.merge_request("detached", &head);
                environment.retain(|(name, _)| *name != "CI_MERGE_REQUEST_DIFF_BASE_SHA");
                environment
            };
            let own = {
                world.git("runner", &["commit", "--quiet", "--allow-empty", "-m", "own"]);
                let own = world.id("runner", "HEAD");
                world.git("runner", &["checkout", "--quiet", "--detach", &head]);
                own
            };
            let reference = match way {
                "branch" => "refs/heads/main",
                "tag" => "refs/tags/main",
                "tag of the remote's branch" => "refs/tags/origin/main",
                _ => "refs/tags/refs/remotes/origin/main",
            };
            world.git("runner", &["update-ref", reference, &own]);
            let what = format!("{way} on {host}");
            stays_red(&world, "runner", &IN_APP, &environment, &Expected::Unknown, &what);
            // With the branch itself, also where the workflow names it.
            world.git("runner", &["fetch", "--quiet", "--no-tags", "origin", HEADS]);
            stays_red(&world, "runner", &IN_APP, &environment, &Expected::Target, &what);
            for named in ["origin/main", "main"] {
                let flags = ["--working-directory", APP, "--base", named];
                stays_red(&world, "runner", &flags, &environment, &Expected::Target, &what);
            }
        }
    }
}

#[test]
fn a_fork_whose_branch_is_called_like_the_target_is_not_the_target() {
    let fork = |world: &World| {
        let head = world.id("origin", "topic");
        world.git("origin", &["clone", "--quiet", "--no-local", "--branch=topic", ".", "../fork"]);
        world.git("fork", &["branch", "--quiet", "--force", "main", &head]);
        world.checkout("runner", "fork", &["+refs/heads/main:refs/remotes/origin/main"], ALL, &head);
        world.git("runner", &["remote", "set-url", "origin", "https://example.org/fork/webshop.git"]);
        head
    };
    // A fork that has the target's newest commit in its history, one that does not, and one whose main went on from the change.
    for (way, expected) in
        [("newest", Expected::Target), ("older", Expected::Unknown), ("ahead", Expected::Target)]
    {
        let world = match way {
            "older" => World::new(&[Some(LAX), Some(STRICT)], 0, LAX),
            _ => World::attack(),
        };
        let head = fork(&world);
        if way == "ahead" {
            world.git("runner", &["commit", "--quiet", "--allow-empty", "-m", "x"]);
            world.git("runner", &["update-ref", "refs/remotes/origin/main", "HEAD"]);
            world.git("runner", &["checkout", "--quiet", "--detach", &head]);
        }
        let github = ("GITHUB_REPOSITORY", "org/webshop".to_owned());
        let target = [world.pull_request_target(), vec![github.clone()]].concat();
        stays_red(&world, "runner", &IN_APP, &target, &expected, &format!("pull_request_target, {way}"));
        let unnamed: Environment =
            target.iter().filter(|(name, _)| *name != "GITHUB_EVENT_PATH").cloned().collect();
        stays_red(&world, "runner", &IN_APP, &unnamed, &expected, &format!("without an event, {way}"));
        let pull = [world.pull_request(), vec![github]].concat();
        stays_red(&world, "runner", &IN_APP, &pull, &Expected::Unknown, &format!("pull_request, {way}"));
        let mut request = world.merge_request("detached", &head);
        request.push(("CI_MERGE_REQUEST_PROJECT_PATH", "org/webshop".to_owned()));
        request.push(("CI_MERGE_REQUEST_PROJECT_URL", "https://example.org/org/webshop".to_owned()));
        request.push(("CI_PROJECT_PATH", "fork/webshop".to_owned()));
        // Only the commit that both have in common is the target's.
        let common = world.id("origin", "refs/states/0");
        if way != "older" {
            stays_red(
                &world,
                "runner",
                &IN_APP,
                &request,
                &Expected::Commit(common),
                &format!("GitLab, {way}"),
            );
        }
        // The target repository as a remote of its own.
        let url = format!("file://{}", world.path("origin").display());
        world.git("runner", &["fetch", "--quiet", &url, "+refs/heads/main:refs/remotes/target/main"]);
        world.git("runner", &["remote", "add", "target", "git@example.org:org/webshop.git"]);
        for environment in [&pull, &request, &target] {
            stays_red(
                &world,
                "runner",
                &IN_APP,
                environment,
                &Expected::Target,
                &format!("with a remote, {way}"),
            );
        }
    }
}

#[test]
fn the_target_repository_is_known_by_its_address() {
    let world = World::harmless();
    let head = world.checkout_head();
    for (url, is_target) in [
        ("https://example.org/org/webshop", true),
        ("https://x-access-token:secret@example.org/Org/Webshop.git", true),
        ("git@example.org:org/webshop.git", true),
        ("ssh://git@mirror.example.org:2222/org/webshop.git/", true),
        ("https://example.org/fork/webshop", false),
        ("https://example.org/evil/org/webshop", false),
        ("/srv/org/webshop", false),
    ] {
        world.git("runner", &["remote", "set-url", "origin", url]);
        let mut github = world.pull_request();
        github.push(("GITHUB_REPOSITORY", "org/webshop".to_owned()));
        let mut gitlab = world.merge_request("detached", &head);
        gitlab.retain(|(name, _)| *name != "CI_MERGE_REQUEST_DIFF_BASE_SHA");
        gitlab.push(("CI_MERGE_REQUEST_PROJECT_PATH", "org/webshop".to_owned()));
        for environment in [github, gitlab] {
            if is_target {
                stays_green(&world, "runner", &IN_APP, &environment, url);
            } else {
                stays_red(&world, "runner", &IN_APP, &environment, &Expected::Unknown, url);
            }
        }
    }
}

#[test]
fn replacements_and_grafts_are_not_read() {
    for way in ["commit", "tree", "file", "parents", "grafts"] {
        let world = World::attack();
        let merge = world.checkout_merge();
        let target = world.target();
        let topic = world.id("origin", "topic");
        let object = |revision: &str| world.git("runner", &["rev-parse", revision]).trim().to_owned();
        let replaced = match way {
            "commit" => Some((target.clone(), topic.clone())),
            "tree" => Some((object(&format!("{target}:app")), object(&format!("{topic}:app")))),
            "file" => Some((
                object(&format!("{target}:app/devops.toml")),
                object(&format!("{topic}:app/devops.toml")),
            )),
            "parents" => {
                let tree = format!("{merge}^{{tree}}");
                let other = ["commit-tree", &tree, "-p", &topic, "-p", &target, "-m", "x"];
                Some((merge.clone(), world.git("runner", &other).trim().to_owned()))
            }
            _ => None,
        };
        if let Some((old, new)) = replaced {
            world.git("runner", &["update-ref", &format!("refs/replace/{old}"), &new]);
        } else {
            world.write("runner/.git/info/grafts", &format!("{merge} {topic} {topic}\n{topic}\n"));
        }
        for (host, environment) in hosts(&world) {
            let what = format!("{way} on {host}");
            stays_red(&world, "runner", &IN_APP, &environment, &Expected::Target, &what);
        }
    }
}

#[test]
fn what_is_not_known_is_not_what_the_change_says() {
    let check = |world: &World, folder: &str, environment: &Environment, what: &str| {
        stays_red(world, folder, &IN_APP, environment, &Expected::Unknown, what);
    };
    // A shallow clone of the merge commit, and of the head.
    for (reference, commit) in [(MERGE, "refs/pull/7/merge"), (HEADS, "topic")] {
        let world = World::attack();
        let id = world.id("origin", commit);
        world.checkout("runner", "origin", &[if reference == HEADS { "topic" } else { MERGE }], "1", &id);
        check(&world, "runner", &world.pull_request(), "shallow on GitHub");
        let kind = if reference == MERGE { "merged_result" } else { "detached" };
        check(&world, "runner", &world.merge_request(kind, &id), "shallow on GitLab");
    }
    // No repository at all, as archives are downloaded.
    let world = World::attack();
    world.checkout_head();
    std::fs::remove_dir_all(world.path("runner/.git")).unwrap();
    for (host, environment) in hosts(&world) {
        check(&world, "runner", &environment, &format!("no repository on {host}"));
    }
    // A commit that the host does not name.
    let world = World::attack();
    world.checkout_merge();
    world.git("runner", &["checkout", "--quiet", "--orphan", "other"]);
    world.git("runner", &["commit", "--quiet", "-m", "x"]);
    world.write("runner/app/devops.toml", &super::world::policy(LAX));
    for (host, environment) in hosts(&world) {
        check(&world, "runner", &environment, &format!("another commit on {host}"));
    }
    // The base is the change itself.
    let world = World::attack();
    let head = world.checkout_head();
    world.git("runner", &["update-ref", "refs/remotes/origin/main", &head]);
    let github = world.pull_request();
    check(&world, "runner", &github, "the target is the change on GitHub");
    let mut gitlab = world.merge_request("detached", &head);
    gitlab.retain(|(name, _)| *name != "CI_MERGE_REQUEST_DIFF_BASE_SHA");
    gitlab.push(("CI_MERGE_REQUEST_DIFF_BASE_SHA", head));
    check(&world, "runner", &gitlab, "the target is the change on GitLab");
    for environment in [&github, &gitlab] {
        let flags = ["--working-directory", APP, "--base", "HEAD"];
        stays_red(&world, "runner", &flags, environment, &Expected::Unknown, "named");
    }
}

#[test]
fn the_common_commit_holds_where_no_newer_one_is_known() {
    let world = World::new(&[Some(STRICT), Some(LAX)], 0, LAX);
    let head = world.id("origin", "topic");
    let common = world.id("origin", "refs/states/0");
    world.checkout("runner", "origin", &["+refs/heads/topic:refs/remotes/origin/topic"], ALL, &head);
    let environment = world.merge_request("detached", &head);
    for judged in world.judge("runner", &IN_APP, &environment) {
        assert_eq!(
            (judged.finished.code, judged.policy()),
            (Some(1), Some(common.as_str())),
            "{}",
            judged.gate
        );
        let notes = judged.report["notes"].to_string();
        let command = "git fetch origin +refs/heads/main:refs/remotes/origin/main";
        assert!(notes.contains(command), "{}: {notes}", judged.gate);
    }
    // What the advice says makes today's policy known.
    world.git("runner", &["fetch", "--quiet", "origin", "+refs/heads/main:refs/remotes/origin/main"]);
    stays_green(&world, "runner", &IN_APP, &environment, "after the advice");
    // A clone that is used again and has kept an older commit of the target.
    let world = World::new(&[Some(LAX), Some(STRICT)], 1, LAX);
    let head = world.checkout_head();
    world.git("runner", &["update-ref", "refs/remotes/origin/main", &world.id("origin", "refs/states/0")]);
    let common = Expected::Commit(world.id("origin", "refs/states/1"));
    stays_red(&world, "runner", &IN_APP, &world.merge_request("detached", &head), &common, "a stale branch");
}

#[test]
fn a_file_that_the_workflow_names_outside_of_the_change_holds() {
    let world = World::attack();
    let merge = world.id("origin", "refs/pull/7/merge");
    world.checkout("runner", "origin", &[MERGE], "1", &merge);
    copy(&world.path("runner/app"), &world.path("policy"));
    let named = world.path("policy/devops.toml").display().to_string();
    let flags = ["--working-directory", APP, "--config", named.as_str()];
    for (host, environment) in hosts(&world) {
        for judged in world.judge("runner", &flags, &environment) {
            assert_eq!(judged.finished.code, Some(0), "{host}, {}: {:?}", judged.gate, judged.finished);
        }
        let own = ["--working-directory", APP, "--config", "app/devops.toml"];
        stays_red(&world, "runner", &own, &environment, &Expected::Unknown, host);
    }
    assert!(Path::new(&named).exists());
}
