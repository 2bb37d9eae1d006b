//! What GitHub does with deployments and statuses, as far as its documentation says.

use serde_json::{Value, json};

use super::fake::{Memory, Request, form, text};

pub(crate) fn answer(memory: &mut Memory, request: &Request) -> (u16, Value) {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let query = form(query);
    let parts: Vec<&str> = path.trim_start_matches("/api/v3").split('/').skip(1).collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["repos", "org", "webshop", "deployments"]) => {
            let wanted = |one: &&Value| {
                ["sha", "ref", "environment", "task"]
                    .iter()
                    .all(|key| query[*key].is_null() || query[*key] == one[*key])
            };
            (200, memory.deployments.iter().rev().filter(wanted).cloned().collect())
        }
        ("POST", ["repos", "org", "webshop", "deployments"]) => {
            let id = memory.deployments.len() as u64 + 1;
            let mut made = request.body.clone();
            made["id"] = id.into();
            made["sha"] = request.body["ref"].clone();
            memory.deployments.push(made.clone());
            (201, made)
        }
        ("GET", ["repos", "org", "webshop", "deployments", id, "statuses"]) => {
            let id: u64 = id.parse().expect("a number");
            if !memory.deployments.iter().any(|one| one["id"] == id) {
                return (404, json!({ "message": "Not Found" }));
            }
            let all = memory.statuses.iter().rev().filter(|(of, _)| *of == id);
            (200, all.map(|(_, status)| status.clone()).collect())
        }
        ("POST", ["repos", "org", "webshop", "deployments", id, "statuses"]) => {
            memory.statuses.push((id.parse().expect("a number"), request.body.clone()));
            (201, request.body.clone())
        }
        ("GET", ["repos", "org", "webshop", "commits", _, "statuses"]) => {
            (200, memory.commit_statuses.iter().rev().cloned().collect())
        }
        ("POST", ["repos", "org", "webshop", "statuses", _]) => {
            memory.commit_statuses.push(request.body.clone());
            (201, request.body.clone())
        }
        _ => (404, json!({ "message": format!("Not Found: {} {path}", request.method) })),
    }
}

/// A deployment as GitHub makes it for a job with an `environment:` key, with the status it adds.
pub(crate) fn made_by_github(memory: &mut Memory, sha: &str, run: &str) {
    let id = memory.deployments.len() as u64 + 1;
    memory.deployments.push(json!({
        "id": id, "sha": sha, "ref": "main", "task": "deploy", "environment": "production", "payload": "",
    }));
    let log_url = format!("https://github.com/org/webshop/actions/runs/{run}/job/5");
    memory.statuses.push((id, json!({ "state": "in_progress", "description": "", "log_url": log_url })));
    assert_eq!(text(&memory.deployments[0], "task"), "deploy");
}
