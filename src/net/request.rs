//! A request as a value: built once, printed by a plan and sent by a run.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Read.
    Get,
    /// Read the head of what would be read.
    Head,
    /// Add.
    Post,
    /// Replace.
    Put,
}

impl Method {
    /// The word of HTTP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
        }
    }
}

/// A request without its credential, which is added while sending, so that the value can be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// What it asks for.
    pub method: Method,
    /// The whole address, query included.
    pub url: String,
    /// What it sends, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

impl Request {
    /// A request that only reads.
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: Method::Get, url: url.into(), body: None }
    }

    /// A request that adds something; fields of the body that are null are left out.
    pub fn post(url: impl Into<String>, body: Value) -> Self {
        Self { method: Method::Post, url: url.into(), body: Some(without_nulls(body)) }
    }

    /// A request that replaces something; fields of the body that are null are left out.
    pub fn put(url: impl Into<String>, body: Value) -> Self {
        Self { method: Method::Put, url: url.into(), body: Some(without_nulls(body)) }
    }
}

/// The same without the fields of its own that are null: servers read those as a wish, not as silence.
fn without_nulls(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    body
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method.as_str(), self.url)
    }
}

/// A text as one part of a path or a query.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Request, encode};

    #[test]
    fn a_request_is_printed_as_it_is_sent() {
        let request = Request::post("https://h/api/deployments", json!({ "ref": "main", "url": null }));
        assert_eq!(request.to_string(), "POST https://h/api/deployments");
        assert_eq!(
            serde_json::to_value(&request).unwrap(),
            json!({ "method": "POST", "url": "https://h/api/deployments", "body": { "ref": "main" } })
        );
        assert_eq!(
            serde_json::to_value(Request::get("https://h/")).unwrap(),
            json!({ "method": "GET", "url": "https://h/" })
        );
    }

    #[test]
    fn a_part_of_a_path_cannot_leave_its_place() {
        assert_eq!(encode("org/web shop?"), "org%2Fweb%20shop%3F");
    }
}
