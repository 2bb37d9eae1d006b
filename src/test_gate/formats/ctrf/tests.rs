use serde_json::{Value, json};

use super::FORMAT;
use super::types::Rule;
use crate::formats::checks::{counts, holds_in_a_row, read, survives};

const SAMPLE: &str = r#"{"reportFormat": "CTRF", "specVersion": "1.0.0", "reportId": "b64ef229-f53f-4ff4-9401-c015ee28e9b5", "timestamp": "2026-01-31T12:00:00Z",
  "results": {"tool": {"name": "vitest", "version": "4"},
    "summary": {"tests": 6, "passed": 2, "failed": 1, "skipped": 1, "pending": 1, "other": 1, "flaky": 1, "suites": 2, "start": 1, "stop": 2},
    "tests": [
      {"name": "cart adds", "status": "passed", "duration": 12, "suite": ["src/cart.test.ts", "cart"], "filePath": "src/cart.test.ts"},
      {"name": "cart fails", "status": "failed", "duration": 3, "message": "1 == 2", "trace": "Error: 1 == 2\n    at src/cart.test.ts:7:3", "filePath": "src/cart.test.ts", "line": 5, "retries": 1,
       "retryAttempts": [{"attempt": 1, "status": "failed", "duration": 1}]},
      {"name": "shaky", "status": "passed", "duration": 1, "flaky": true, "retries": 1, "retryAttempts": [{"attempt": 1, "status": "failed", "message": "once"}], "extra": {"a": [1]}},
      {"name": "skips", "status": "skipped", "duration": 0}, {"name": "waits", "status": "pending", "duration": 0},
      {"name": "to do", "status": "other", "rawStatus": "todo", "duration": 0}],
    "environment": {"appName": "shop", "buildNumber": 7, "healthy": true}}}"#;

#[test]
fn tests_and_their_attempts_are_read() {
    let reading = read(&FORMAT, SAMPLE.as_bytes());
    assert_eq!(counts(&reading), [1, 1, 1, 0, 2, 1]);
    assert_eq!((reading.suites, reading.run_errored), (2, 0));
    assert_eq!(reading.notes, ["1 test of status `other` counts as not run"]);
    let (failed, flaky) = (&reading.problems[0], &reading.problems[1]);
    assert_eq!((failed.attempts, failed.message.as_str()), (2, "1 == 2"));
    assert_eq!(failed.location.as_ref().unwrap().to_string(), "src/cart.test.ts:7");
    assert_eq!(failed.rerun.as_deref(), Some("npx vitest run src/cart.test.ts -t 'cart fails'"));
    assert_eq!((flaky.attempts, flaky.message.as_str()), (2, "once"));
    let broken = read(&FORMAT, SAMPLE.replace("\"todo\"", "\"timedOut\"").as_bytes());
    assert_eq!(counts(&broken), [1, 1, 1, 1, 2, 0]);
    let claims = read(&FORMAT, SAMPLE.replace("\"failed\": 1", "\"failed\": 2").as_bytes());
    assert_eq!(claims.run_errored, 1);
}

/// A document that uses every field of the schema.
fn full() -> Value {
    let attachment = json!({"attachmentId": "a", "name": "n", "contentType": "c", "path": "p", "extra": {}});
    let delta = json!({"current": 1.5, "baseline": 1, "change": -1});
    let metrics = |names: &[&str]| -> Value {
        names.iter().map(|name| ((*name).to_owned(), delta.clone())).collect::<serde_json::Map<_, _>>().into()
    };
    let mut insights = metrics(&[
        "passRate",
        "failRate",
        "flakyRate",
        "averageRunDuration",
        "p95RunDuration",
        "averageTestDuration",
    ]);
    insights["runsAnalyzed"] = json!(3);
    insights["extra"] = json!({});
    let mut known = metrics(&["passRate", "failRate", "flakyRate", "averageTestDuration", "p95TestDuration"]);
    known["executedInRuns"] = json!(3);
    known["extra"] = json!({});
    let attempt = json!({"attempt": 1, "attemptId": "a", "status": "failed", "duration": 1, "message": "m", "trace": "t", "line": 1,
        "snippet": "s", "stdout": ["o"], "stderr": ["e"], "start": 1, "stop": 2, "attachments": [attachment], "extra": {}});
    let test = json!({"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "testId": "t", "executionId": "e", "name": "n", "status": "passed", "duration": 1,
        "start": 1, "stop": 2, "suite": ["a", "b"], "message": "m", "trace": "t", "snippet": "s", "ai": "a", "line": 1, "rawStatus": "ok",
        "tags": ["t"], "labels": {"a": "b", "c": 1, "d": true, "e": ["f", 1.5, false]}, "type": "unit", "filePath": "f", "retries": 1,
        "retryAttempts": [attempt], "flaky": true, "stdout": [], "stderr": [], "threadId": "t", "browser": "b", "device": "d",
        "screenshot": "s", "attachments": [attachment], "parameters": {"a": null}, "steps": [{"name": "s", "status": "other", "extra": {}}],
        "insights": known, "extra": {"a": {"b": []}}});
    json!({"reportFormat": "CTRF", "specVersion": "1.0.0", "reportId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "runId": "r",
        "timestamp": "2026-01-31T12:00:00.5+01:00", "generatedBy": "g", "extra": {}, "insights": insights,
        "baseline": {"reportId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "timestamp": "2026-01-31T12:00:00Z", "source": "s", "buildNumber": 1,
            "buildName": "b", "buildUrl": "https://example.org:8080/a?b=%20c#d", "commit": "c", "extra": {}},
        "results": {"tool": {"name": "t", "version": "1", "extra": {}}, "extra": {},
            "summary": {"tests": 1, "passed": 1, "failed": 0, "skipped": 0, "pending": 0, "other": 0, "flaky": 1, "suites": 1, "start": 1,
                "stop": 2, "duration": 1, "extra": {}},
            "tests": [test],
            "environment": {"reportName": "r", "appName": "a", "appVersion": "1", "buildId": "b", "buildName": "b", "buildNumber": 1, "buildUrl": "u",
                "repositoryName": "r", "repositoryUrl": "u", "commit": "c", "branchName": "b", "osPlatform": "o", "osRelease": "o", "osVersion": "o",
                "testEnvironment": "t", "shardId": "s", "healthy": true, "extra": {}}}})
}

/// Every way to a value in a document.
fn ways(value: &Value, way: &str, found: &mut Vec<String>) {
    found.push(way.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| ways(value, &format!("{way}/{key}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| ways(item, &format!("{way}/{index}"), found));
        }
        _ => {}
    }
}

/// Documents that differ from `full` in one place.
fn changed() -> Vec<Value> {
    let full = full();
    let mut found = Vec::new();
    ways(&full, "", &mut found);
    let others = [
        json!(null),
        json!(true),
        json!(""),
        json!("x"),
        json!("CTRF"),
        json!("2.10.0"),
        json!("passed"),
        json!("2026-02-29T12:00:00Z"),
        json!("http://x"),
        json!(0),
        json!(1),
        json!(-1),
        json!(2.0),
        json!(1.5),
        json!(1e300),
        json!([]),
        json!([1]),
        json!(["x"]),
        json!([null]),
        json!([[]]),
        json!({}),
        json!({"x": 1}),
        json!({"name": "n", "status": "passed"}),
        json!({"passed": null}),
    ];
    let mut documents = vec![full.clone()];
    for way in found {
        for other in &others {
            let mut document = full.clone();
            *document.pointer_mut(&way).unwrap() = other.clone();
            documents.push(document);
        }
        let (parent, key) = way.rsplit_once('/').unwrap_or_default();
        let mut document = full.clone();
        if let Some(Value::Object(fields)) = document.pointer_mut(parent) {
            fields.remove(key);
            documents.push(document);
        }
        let mut document = full.clone();
        if let Some(Value::Object(fields)) = document.pointer_mut(&way) {
            fields.insert("unheardOf".to_owned(), json!(1));
            documents.push(document);
        }
        let mut document = full.clone();
        if let Some(value @ Value::Object(_)) = document.pointer_mut(&way) {
            // A list of the values of an object is no object.
            *value = value.as_object().unwrap().values().cloned().collect();
            documents.push(document);
        }
    }
    documents
}

fn is_accepted(document: &Value) -> bool {
    read(&FORMAT, document.to_string().as_bytes()).troubles.is_empty()
}

/// The public schema, where it is there.
fn schema() -> Option<Value> {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let corpus = std::env::var_os("DEVOPS_CORPUS").map(std::path::PathBuf::from);
    let folder = corpus.map_or_else(|| root.join("../shared/schemas"), |corpus| corpus.join("../schemas"));
    let Ok(text) = std::fs::read_to_string(folder.join("ctrf.schema.json")) else {
        assert!(std::env::var_os("DEVOPS_CORPUS_REQUIRED").is_none(), "the schema of CTRF is required");
        crate::skipped::skipped("schemas");
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn just_what_the_schema_accepts_is_accepted() {
    let Some(schema) = schema() else { return };
    let validator = jsonschema::options().build(&schema).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for document in changed() {
        let expected = validator.is_valid(&document);
        assert_eq!(is_accepted(&document), expected, "{document}");
        if expected { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted > 300 && refused > 2_000, "{accepted} {refused}");
}

#[test]
fn times_and_addresses_are_those_of_the_schema() {
    let schema = json!({"type": "object", "properties": {"time": {"format": "date-time"}, "address": {"format": "uri"}}});
    let validator = jsonschema::draft7::new(&schema).unwrap();
    for time in [
        "2026-01-31T12:00:00Z",
        "2026-01-31t12:00:00.123z",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2024-02-29T23:59:60Z",
        "2024-02-29T12:59:60Z",
        "2024-02-29T22:59:60-01:00",
        "2024-02-29T24:00:00Z",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00+0100",
        "2026-01-31T12:00:00.Z",
        "2026-1-31T12:00:00Z",
        "2026-01-31T12:00:00+01:00",
        "T",
        "",
        "20260131T120000Z",
        "2026-01-31T12:00:0éZ",
        "-026-01-31T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-01-31T12:60:00Z",
    ] {
        let expected = validator.is_valid(&json!({ "time": time }));
        assert_eq!(<super::types::DateTime as Rule>::holds(time), expected, "{time}");
    }
    for address in [
        "https://example.org/a/b?c=d#e",
        "example.org",
        "/a",
        "mailto:a@example.org",
        "http://[::1]:80/",
        "http://[x]/",
        "http://a b/",
        "a:b:c",
        "http://x:y/",
        "http://x:80",
        "http://x/%20",
        "http://x/%2",
        "http://x/%zz",
        "1a:b",
        ":",
        "a:",
        "urn:isbn:1",
        "http://x/[1]",
        "http://x/#a#b",
        "http://x/é",
        "http://a@b@c/",
        "http://x/\\",
        "http://x/\"",
        "http://x/{a}",
        "file:///a/b",
        "http://",
    ] {
        let expected = validator.is_valid(&json!({ "address": address }));
        assert_eq!(<super::types::Uri as Rule>::holds(address), expected, "{address}");
    }
}

#[test]
fn tests_count_where_a_reporter_bends_the_schema() {
    for (word, other, what) in [
        (
            r#"["src/cart.test.ts", "cart"]"#,
            r#""src/cart.test.ts > cart""#,
            "a `suite` that is not a list, e.g. in 1 test",
        ),
        (
            r#""duration": 12"#,
            r#""duration": 12.5"#,
            "a time that is not a whole number of milliseconds, e.g. in 1 test",
        ),
        (r#""attempt": 1,"#, "", "an attempt without its number in `attempt`, e.g. in 2 tests"),
    ] {
        let reading = read(&FORMAT, SAMPLE.replace(word, other).as_bytes());
        assert_eq!(counts(&reading), [1, 1, 1, 0, 2, 1]);
        assert_eq!(reading.troubles.kept()[0].what, format!("the schema of CTRF does not allow {what}"));
    }
}

#[test]
fn what_holds_for_every_format() {
    holds_in_a_row(&FORMAT, SAMPLE);
    survives(&FORMAT, SAMPLE);
    let twice = SAMPLE.replacen('{', "{\"specVersion\": \"1.0.0\", ", 1);
    assert!(!read(&FORMAT, twice.as_bytes()).troubles.is_empty());
}
