//! The symbolic link.

use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::servers::{Paused, Server, expect, promote, until};
use crate::support::{report, run};

/// Every point before the routing changes, then every point after, for a run with all hooks.
const BEFORE: [&str; 5] = ["intend", "start-hook", "health", "before-hook", "switch:staged"];
const AFTER: [&str; 3] = ["switch:pointed", "switch", "verify"];
const HOOKS: &str = "--start-hook=true --before-hook=true --after-hook=true --stop-hook=true";

/// A folder where blue is live.
fn stage() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for colour in ["blue", "green"] {
        std::fs::create_dir(folder.path().join(colour)).unwrap();
    }
    std::os::unix::fs::symlink("blue", folder.path().join("current")).unwrap();
    folder
}

fn live(folder: &Path) -> String {
    let text = std::fs::read_link(folder.join("current")).expect("there is always a live colour");
    assert!(folder.join("current").is_dir(), "the link leads somewhere");
    text.display().to_string()
}

#[test]
fn promotes_repeats_refuses_and_returns() {
    let folder = stage();
    let at = folder.path();
    expect(&mut promote(at, "run --generation 5"), at, 0, "promoted");
    assert_eq!(live(at), "green");
    let details = report(at)["details"].clone();
    assert_eq!((&details["from"], &details["to"]), (&"blue".into(), &"green".into()));
    assert_eq!(details["generation"], 5);
    expect(&mut promote(at, "run --generation 5"), at, 0, "unchanged");
    expect(&mut promote(at, "run --generation 4"), at, 7, "superseded");
    expect(&mut promote(at, "run --generation 4 --to blue"), at, 7, "superseded");
    let finished = run(&mut promote(at, "run --generation 5 --to blue"));
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert_eq!(live(at), "green");
    expect(&mut promote(at, "rollback"), at, 0, "promoted");
    assert_eq!((live(at).as_str(), report(at)["details"]["generation"].as_u64()), ("blue", Some(6)));
    expect(&mut promote(at, "status"), at, 0, "promoted");
    // A second rollback must not return to the colour that was left.
    expect(&mut promote(at, "rollback"), at, 0, "unchanged");
    assert!(report(at)["notes"].to_string().contains("promote run --to green"), "{}", report(at));
    expect(&mut promote(at, "run --to blue"), at, 0, "unchanged");
    expect(&mut promote(at, "rollback"), at, 0, "unchanged");
    assert_eq!(live(at), "blue");
    expect(&mut promote(at, "run --to green"), at, 0, "promoted");
    expect(&mut promote(at, "rollback"), at, 0, "promoted");
    assert_eq!(live(at), "blue");
}

#[test]
fn a_rollback_that_failed_is_tried_again() {
    let folder = stage();
    let at = folder.path();
    expect(&mut promote(at, "run"), at, 0, "promoted");
    expect(&mut promote(at, "rollback --before-hook=false"), at, 1, "unchanged");
    expect(&mut promote(at, "rollback --after-hook=false"), at, 5, "rolled-back");
    assert_eq!(live(at), "green");
    expect(&mut promote(at, "rollback"), at, 0, "promoted");
    assert_eq!(live(at), "blue");
}

#[test]
fn two_links_of_one_name_share_no_journal() {
    let folder = stage();
    let at = folder.path();
    std::fs::create_dir(at.join("other")).unwrap();
    expect(&mut promote(at, "run"), at, 0, "promoted");
    let finished = run(&mut promote(at, "run --symlink-path other/current"));
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(finished.stderr.contains("another link"), "{finished:?}");
    assert!(!at.join("other/current").exists());
    expect(&mut promote(at, "run --symlink-path other/current --state-dir other"), at, 0, "promoted");
    expect(&mut promote(at, "run --symlink-path ./current"), at, 0, "promoted");
}

#[test]
fn a_resume_of_nothing_changes_nothing() {
    let folder = stage();
    let at = folder.path();
    expect(&mut promote(at, "resume"), at, 0, "unchanged");
    assert!(!at.join(".devops/promote-current.json").exists());
    expect(&mut promote(at, "run"), at, 0, "promoted");
    let journal = || std::fs::read(at.join(".devops/promote-current.json")).unwrap();
    let before = journal();
    expect(&mut promote(at, "resume --generation 9"), at, 0, "unchanged");
    assert_eq!((live(at).as_str(), journal()), ("green", before));
}

#[test]
fn the_first_promotion_makes_the_link() {
    let folder = stage();
    let at = folder.path();
    std::fs::remove_file(at.join("current")).unwrap();
    expect(&mut promote(at, "run"), at, 0, "promoted");
    assert_eq!(live(at), "blue");
}

#[test]
fn a_plan_writes_nothing_and_runs_nothing() {
    let folder = stage();
    let at = folder.path();
    let mut command = promote(at, "plan --green-url=http://127.0.0.1:1 --start-hook");
    expect(command.arg("touch ran"), at, 0, "planned");
    let report = report(at);
    let plan = report["details"]["plan"].as_array().unwrap();
    let ids: Vec<&str> = plan.iter().map(|step| step["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["intend", "start-hook", "health", "switch", "verify", "commit"]);
    assert_eq!(plan[3]["writes"][0], "current: blue to green");
    assert_eq!(plan[3]["undo"], "switch back to blue");
    assert!(!at.join(".devops").exists() && !at.join("ran").exists());
    assert_eq!(live(at), "blue");
}

#[test]
fn an_unhealthy_candidate_changes_nothing() {
    let folder = stage();
    let at = folder.path();
    let sick = Server::new(503, "starting");
    let line = format!("run --generation 1 --health-timeout 1 --green-url {}", sick.url());
    let finished = expect(&mut promote(at, &line), at, 1, "unchanged");
    assert_eq!(live(at), "blue", "{finished:?}");
    let finding = &report(at)["findings"][0];
    assert_eq!(finding["rule"], "promotion-unhealthy");
    assert!(finding["detail"].as_str().unwrap().contains("status 503"), "{finding}");
    // Nothing listens: no data is not healthy either.
    expect(&mut promote(at, "run --health-timeout 1 --green-url http://127.0.0.1:1"), at, 1, "unchanged");
    // The same generation may try again once it is healthy.
    sick.answer(200, "ok");
    expect(
        &mut promote(at, &line.replace("timeout 1", "timeout 5").replace("generation 1", "generation 2")),
        at,
        0,
        "promoted",
    );
    assert_eq!(live(at), "green");
}

#[test]
fn no_policy_turns_a_promotion_that_failed_into_success() {
    let folder = stage();
    let at = folder.path();
    expect(&mut promote(at, "run --before-hook=false --fail-on critical"), at, 1, "unchanged");
    expect(&mut promote(at, "run --before-hook=false --mode report"), at, 1, "unchanged");
    let waiver = "[[waiver]]\nrule = \"promotion-hook-failed\"\nreason = \"a test\"\nowner = \"shop\"\nexpires = 2026-12-01\n";
    std::fs::write(at.join("devops.toml"), waiver).unwrap();
    expect(&mut promote(at, "run --before-hook=false"), at, 1, "unchanged");
    assert_eq!(report(at)["verdict"], "pass");
    assert_eq!(live(at), "blue");
}

#[test]
fn a_missing_folder_is_never_made_live() {
    let folder = stage();
    let at = folder.path();
    std::fs::remove_dir(at.join("green")).unwrap();
    expect(&mut promote(at, "run"), at, 1, "unchanged");
    assert_eq!(live(at), "blue");
}

#[test]
fn users_who_get_the_wrong_answer_are_sent_back() {
    let folder = stage();
    let at = folder.path();
    let front = Server::new(200, "I am blue");
    let line = format!("run --verify-url {} --verify-expect {{colour}}", front.url());
    expect(&mut promote(at, &line), at, 5, "rolled-back");
    assert_eq!(live(at), "blue");
    let finding = &report(at)["findings"][0];
    assert_eq!(finding["rule"], "promotion-rolled-back");
    assert!(finding["detail"].as_str().unwrap().contains("does not contain `green`"), "{finding}");
    front.answer(200, "I am green");
    expect(&mut promote(at, &line), at, 0, "promoted");
}

#[test]
fn users_are_sent_back_even_where_the_journal_cannot_be_written() {
    let folder = stage();
    let at = folder.path();
    let mut command = promote(at, "run --after-hook");
    // Where nobody, not even root, can make a file.
    command.arg("mv .devops kept; ln -s /proc .devops; false");
    expect(&mut command, at, 5, "rolled-back");
    assert_eq!(live(at), "blue");
    assert!(report(at)["notes"].to_string().contains("not on record"), "{}", report(at));
}

#[test]
fn silence_goes_back_or_is_held_as_the_policy_says() {
    let folder = stage();
    let at = folder.path();
    let line = "run --verify-timeout 1 --verify-url http://127.0.0.1:1 --generation 1";
    expect(&mut promote(at, line), at, 5, "rolled-back");
    assert_eq!(live(at), "blue");
    expect(&mut promote(at, &format!("{line} --no-data hold")), at, 6, "held");
    assert_eq!(live(at), "green");
    expect(&mut promote(at, "status"), at, 0, "held");
    expect(&mut promote(at, "run"), at, 0, "promoted");
    assert_eq!((live(at).as_str(), report(at)["details"]["generation"].as_u64()), ("green", Some(1)));
}

#[test]
fn hooks_see_the_promotion_and_stop_it_when_they_fail() {
    let folder = stage();
    let at = folder.path();
    let mut command = promote(at, "run --generation 9 --stop-hook");
    command.args(["env > stop", "--before-hook", "echo no way; false"]);
    expect(&mut command, at, 1, "unchanged");
    let finding = &report(at)["findings"][0];
    assert_eq!(finding["rule"], "promotion-hook-failed");
    assert!(finding["detail"].as_str().unwrap().ends_with("no way"), "{finding}");
    let environment = std::fs::read_to_string(at.join("stop")).unwrap();
    for pair in [
        "DEVOPS_COLOUR=green",
        "DEVOPS_FROM=blue",
        "DEVOPS_TO=green",
        "DEVOPS_GENERATION=9",
        "DEVOPS_BINARIES=/",
    ] {
        assert!(environment.lines().any(|line| line.starts_with(pair)), "{pair} in {environment}");
    }
    expect(&mut promote(at, "run --after-hook=false"), at, 5, "rolled-back");
    let mut command = promote(at, "run --hook-timeout 1 --start-hook");
    expect(command.arg("sleep 30"), at, 1, "unchanged");
    assert_eq!(live(at), "blue");
    let mut command = promote(at, "run --stop-hook=false --start-hook");
    // What a hook leaves running does not make the run wait.
    expect(command.arg("sleep 6100 & echo $! > left"), at, 0, "promoted");
    let left: i32 = std::fs::read_to_string(at.join("left")).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(left).unwrap(), Signal::KILL).expect("it is still running");
    assert!(report(at)["notes"].to_string().contains("stop-hook ended with"));
}

#[test]
fn a_kill_between_any_two_steps_is_finished_by_the_next_run() {
    let healthy = Server::new(200, "ok");
    for point in BEFORE.into_iter().chain(AFTER).chain(["after-hook", "commit", "stop-hook"]) {
        let folder = stage();
        let at = folder.path();
        let line = format!("run --generation 7 {HOOKS} --green-url {}", healthy.url());
        Paused::after(point, &mut promote(at, &line)).kill();
        let expected = if BEFORE.contains(&point) { "blue" } else { "green" };
        assert_eq!(live(at), expected, "{point}");
        let state = if matches!(point, "commit" | "stop-hook") { "unchanged" } else { "promoted" };
        // Without the generation or the colour given again.
        let again = if state == "promoted" { "resume" } else { "run --generation 7" };
        expect(&mut promote(at, &format!("{again} {HOOKS}")), at, 0, state);
        assert_eq!(
            (live(at).as_str(), report(at)["details"]["generation"].as_u64()),
            ("green", Some(7)),
            "{point}"
        );
        assert_eq!(
            std::fs::read_dir(at)
                .unwrap()
                .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part"))
                .count(),
            0
        );
    }
}

#[test]
fn a_newer_run_after_a_kill_takes_the_colour_from_the_journal() {
    for point in ["switch:staged", "switch:pointed"] {
        let folder = stage();
        let at = folder.path();
        Paused::after(point, &mut promote(at, "run --generation 7")).kill();
        expect(&mut promote(at, "run --generation 8"), at, 0, "promoted");
        let report = report(at);
        assert_eq!((live(at).as_str(), &report["details"]["from"]), ("green", &"blue".into()), "{point}");
    }
}

#[test]
fn a_kill_on_the_way_back_is_finished_by_the_next_run() {
    let wrong = Server::new(500, "no");
    let line = format!("run --generation 7 --verify-url {}", wrong.url());
    for (point, before) in [("undo-intend", "green"), ("undo-switch", "blue")] {
        let folder = stage();
        let at = folder.path();
        Paused::after(point, &mut promote(at, &line)).kill();
        assert_eq!(live(at), before, "{point}");
        expect(&mut promote(at, &line), at, 5, "rolled-back");
        assert_eq!(live(at), "blue", "{point}");
    }
    // A newer run takes the half-done way back first, and then goes its own way.
    let folder = stage();
    let at = folder.path();
    Paused::after("undo-intend", &mut promote(at, &line)).kill();
    expect(&mut promote(at, "run --generation 8"), at, 0, "promoted");
    assert_eq!(report(at)["details"]["plan"][0]["id"], "recover");
    assert_eq!(live(at), "green");
}

#[test]
fn a_signal_leads_to_a_safe_state_at_every_step() {
    for (index, signal) in [Signal::INT, Signal::TERM, Signal::HUP].into_iter().enumerate() {
        let points = [("intend", 6), ("before-hook", 6), ("switch:staged", 5), ("switch", 5), ("verify", 5)];
        for (point, code) in points {
            let folder = stage();
            let at = folder.path();
            let line = format!("run --generation {} {HOOKS}", index + 1);
            let ended = Paused::after(point, &mut promote(at, &line)).go_on(Some(signal));
            assert_eq!((ended, live(at).as_str()), (Some(code), "blue"), "{point} {signal:?}");
            assert!(!run(&mut promote(at, "status")).stdout.contains("unfinished"), "{point}");
            expect(&mut promote(at, &line), at, 0, "promoted");
        }
        let folder = stage();
        let ended = Paused::after("after-hook", &mut promote(folder.path(), &format!("run {HOOKS}")));
        assert_eq!(ended.go_on(Some(signal)), Some(0), "what is confirmed is committed");
        assert_eq!(live(folder.path()), "green");
    }
}

#[test]
fn a_signal_ends_a_hook_with_all_it_started() {
    let folder = stage();
    let at = folder.path();
    let mut command = promote(at, "run --before-hook");
    command.arg("sleep 6100 & echo $! > pid.part; mv pid.part pid; trap '' TERM; wait; sleep 6100");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until(|| at.join("pid").exists());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(6));
    let pid: i32 = std::fs::read_to_string(at.join("pid")).unwrap().trim().parse().unwrap();
    until(|| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    });
    assert_eq!(live(at), "blue");
    assert_eq!(report(at)["findings"][0]["rule"], "promotion-cancelled");
}

#[test]
fn of_runs_at_once_the_highest_generation_wins() {
    let folder = stage();
    let at = folder.path();
    let mut children = Vec::new();
    for generation in [3, 8, 1, 6, 4, 7, 2, 5] {
        let colour = if generation % 2 == 0 { "green" } else { "blue" };
        let line = format!("run --generation {generation} --to {colour} --report-dir reports/{generation}");
        let mut command = promote(at, &line);
        children.push((generation, command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()));
    }
    while children.iter_mut().any(|(_, child)| child.try_wait().unwrap().is_none()) {
        live(at);
    }
    for (generation, mut child) in children {
        let code = child.wait().unwrap().code();
        assert!(code == Some(0) || (code == Some(7) && generation < 8), "{generation}: {code:?}");
    }
    assert_eq!(live(at), "green");
    expect(&mut promote(at, "status"), at, 0, "promoted");
    assert_eq!(report(at)["details"]["generation"], 8);
}

#[test]
fn a_run_waits_for_the_lock_only_so_long_and_heeds_signals_meanwhile() {
    let folder = stage();
    let at = folder.path();
    let holder = Paused::after("intend", &mut promote(at, "run --generation 1"));
    let finished = run(&mut promote(at, "run --generation 2 --lock-timeout 0 --report-dir other"));
    assert_eq!(finished.code, Some(4), "{finished:?}");
    assert!(finished.stderr.contains("another promotion"), "{finished:?}");
    assert_eq!(holder.go_on(None), Some(0));
    assert_eq!(live(at), "green");
}

#[test]
fn what_nobody_can_judge_is_held_and_what_is_damaged_is_an_error() {
    let folder = stage();
    let at = folder.path();
    std::fs::remove_file(at.join("current")).unwrap();
    std::os::unix::fs::symlink("elsewhere", at.join("current")).unwrap();
    expect(&mut promote(at, "run"), at, 6, "held");
    std::fs::remove_file(at.join("current")).unwrap();
    std::fs::create_dir(at.join("current")).unwrap();
    assert_eq!(run(&mut promote(at, "run")).code, Some(4));
    let folder = stage();
    let at = folder.path();
    std::fs::create_dir(at.join(".devops")).unwrap();
    std::fs::write(at.join(".devops/promote-current.json"), "{\"schema_ver").unwrap();
    assert_eq!(run(&mut promote(at, "run")).code, Some(3));
    assert_eq!(live(at), "blue");
    for line in [
        "",
        "run --verify-url nonsense",
        "run --verify-expect x",
        "run --target haproxy",
        "run --symlink-blue green --symlink-green ./green",
        "rollback --state-dir new",
    ] {
        let finished = run(&mut promote(at, line));
        assert_eq!(finished.code, Some(2), "{line}: {finished:?}");
    }
}

#[test]
fn a_pipeline_numbers_its_runs() {
    let folder = stage();
    let at = folder.path();
    let pipeline = |number: &str, attempt: &str| {
        let mut command = promote(at, "run --host github");
        command.envs([("GITHUB_RUN_ID", number), ("GITHUB_RUN_ATTEMPT", attempt)]);
        command
    };
    expect(&mut pipeline("12", "1"), at, 0, "promoted");
    assert_eq!(report(at)["details"]["owner"], "github-run-12-attempt-1");
    expect(&mut pipeline("11", "9"), at, 7, "superseded");
    expect(&mut pipeline("12", "1"), at, 0, "unchanged");
    expect(&mut promote(at, "rollback"), at, 0, "promoted");
    expect(&mut pipeline("12", "2"), at, 0, "promoted");
}

#[test]
fn the_report_is_the_same_byte_for_byte() {
    let reports: Vec<Vec<u8>> = (0..2)
        .map(|_| {
            let folder = stage();
            expect(&mut promote(folder.path(), "run --after-hook=false"), folder.path(), 5, "rolled-back");
            std::fs::read(folder.path().join("devops-report/report.json")).unwrap()
        })
        .collect();
    assert_eq!(reports[0], reports[1]);
}
