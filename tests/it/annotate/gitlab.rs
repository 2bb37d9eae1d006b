//! What GitLab does with deployments, as far as its documentation says.

use serde_json::{Value, json};

use super::fake::{Memory, Request, form};

pub(crate) fn answer(memory: &mut Memory, request: &Request) -> (u16, Value) {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let query = form(query);
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["api", "v4", "projects", "77", "deployments"]) => {
            let wanted = |one: &&Value| one["environment"] == query["environment"];
            (200, memory.deployments.iter().rev().filter(wanted).cloned().collect())
        }
        ("POST", ["api", "v4", "projects", "77", "deployments"]) => {
            let id = memory.deployments.len() as u64 + 1;
            let mut made = request.body.clone();
            made["id"] = id.into();
            made["created_at"] = "2026-11-23T12:00:01.000Z".into();
            made["deployable"] = Value::Null;
            memory.deployments.push(made.clone());
            (201, made)
        }
        ("PUT", ["api", "v4", "projects", "77", "deployments", id]) => {
            let id: u64 = id.parse().expect("a number");
            let one = memory.deployments.iter_mut().find(|one| one["id"] == id).expect("it is there");
            if !one["deployable"].is_null() {
                return (403, json!({ "message": "403 Forbidden" }));
            }
            if one["status"] == request.body["status"] {
                return (400, json!({ "message": "400 Bad request - cannot transition" }));
            }
            one["status"] = request.body["status"].clone();
            (200, one.clone())
        }
        _ => (404, json!({ "message": "404 Project Not Found" })),
    }
}
