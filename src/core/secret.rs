//! Secrets that can't be printed, and the sink that masks them everywhere else.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands where a secret was.
const MASK: &str = "***";

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Words in the name of an environment variable that make its value a secret.
const SECRET_WORDS: [&str; 8] =
    ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "PRIVATE_KEY", "CREDENTIAL", "WEBHOOK"];

/// Shorter values are too common in ordinary text to be masked.
const SHORTEST: usize = 8;

/// Prefixes of the tokens of forges; what has such a prefix and looks like one is masked, registered or not.
const PREFIXES: [&str; 5] = ["ghp_", "ghs_", "gho_", "github_pat_", "glpat-"];

/// Characters after its prefix that make a word a token.
const SHORTEST_TOKEN: usize = 16;

/// A token or password. It has no `Display` and no `Debug`, so that it can't reach a log by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value into custody.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the one place that must send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Masks registered secrets in every text that leaves the process, in each form they may have taken.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a secret that contains another is masked whole.
    needles: Vec<String>,
}

impl Redactor {
    /// Registers the value of every variable whose name says that it is a secret.
    pub fn from_environment(variables: &BTreeMap<String, String>) -> Self {
        let secrets = variables
            .iter()
            .filter(|(name, _)| {
                let name = name.to_uppercase();
                SECRET_WORDS.iter().any(|word| name.contains(word))
            })
            .map(|(_, value)| Secret::new(value.clone()));
        Self::of(secrets)
    }

    /// Registers these secrets; ones too short to differ from ordinary text are left out.
    pub fn of(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut forms = BTreeSet::new();
        for Secret(value) in secrets {
            let value = value.trim();
            if value.len() >= SHORTEST {
                forms.insert(value.to_owned());
                forms.insert(utf8_percent_encode(value, RESERVED).to_string());
                forms.insert(STANDARD.encode(value));
                forms.insert(json(value));
                forms.insert(html(value));
            }
        }
        let mut needles: Vec<String> = forms.into_iter().collect();
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        Self { needles }
    }

    /// `text` without any registered secret, and without what looks like a forge's token.
    pub fn redact(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for needle in &self.needles {
            if clean.contains(needle.as_str()) {
                clean = clean.replace(needle.as_str(), MASK);
            }
        }
        mask_tokens(clean)
    }

    /// `bytes` without any secret, where they are text.
    pub fn redact_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(bytes) {
            Ok(text) => self.redact(&text).into_bytes(),
            Err(error) => error.into_bytes(),
        }
    }
}

/// `text` without what looks like a forge's token.
fn mask_tokens(text: String) -> String {
    if !PREFIXES.iter().any(|prefix| text.contains(prefix)) {
        return text;
    }
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    // All prefixes begin alike, so one pass finds them; no word boundary is asked for, as escapes like `\n` end in one.
    for (start, _) in text.match_indices('g') {
        let length = text.get(start..).map_or(0, token_length);
        if start >= done && length > 0 {
            clean.push_str(text.get(done..start).unwrap_or_default());
            clean.push_str(MASK);
            done = start + length;
        }
    }
    clean.push_str(text.get(done..).unwrap_or_default());
    clean
}

/// Bytes of the token that `text` begins with, 0 if there is none.
fn token_length(text: &str) -> usize {
    let Some((prefix, rest)) =
        PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix).map(|rest| (prefix, rest)))
    else {
        return 0;
    };
    let is_gitlab = prefix.ends_with('-');
    let is_part =
        |next: char| next.is_ascii_alphanumeric() || next == '_' || (is_gitlab && matches!(next, '-' | '.'));
    let end = rest.find(|next| !is_part(next)).unwrap_or(rest.len());
    // The full stop of a sentence is none of the token's.
    let token = rest.get(..end).unwrap_or_default().trim_end_matches('.');
    if token.len() >= SHORTEST_TOKEN { prefix.len() + token.len() } else { 0 }
}

/// `value` as it stands inside a JSON string.
fn json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted.trim_matches('"').to_owned()
}

/// `value` as it stands in HTML text.
fn html(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::Redactor;

    #[test]
    fn secrets_are_masked_in_every_form() {
        let variables = BTreeMap::from([
            ("GITHUB_TOKEN".to_owned(), "gh\"s <tok> en/12".to_owned()),
            ("HOME".to_owned(), "/home/someone".to_owned()),
        ]);
        let redactor = Redactor::from_environment(&variables);
        let forms = [
            "gh\"s <tok> en/12".to_owned(),
            "gh%22s%20%3Ctok%3E%20en%2F12".to_owned(),
            STANDARD.encode("gh\"s <tok> en/12"),
            "gh\\\"s <tok> en/12".to_owned(),
            "gh&quot;s &lt;tok&gt; en/12".to_owned(),
        ];
        for form in forms {
            assert_eq!(redactor.redact(&format!("a {form} b")), "a *** b", "{form}");
        }
        assert_eq!(redactor.redact("/home/someone"), "/home/someone");
    }

    #[test]
    fn tokens_of_forges_are_masked_though_nobody_registered_them() {
        let redactor = Redactor::default();
        let body = "0123456789abcDEF";
        for prefix in super::PREFIXES {
            let token = format!("{prefix}{body}");
            assert_eq!(redactor.redact(&token), "***");
            assert_eq!(redactor.redact(&format!("gé {token}, {token}g.")), "gé ***, ***.", "{prefix}");
            assert_eq!(redactor.redact(&format!("\"a\\n{token}\"")), "\"a\\n***\"", "{prefix}");
            assert_eq!(redactor.redact(&format!("https://x:{token}@h/")), "https://x:***@h/", "{prefix}");
            let short = format!("{prefix}0123456789abcDE é");
            assert_eq!(redactor.redact(&short), short);
        }
        assert_eq!(redactor.redact(&format!("glpat-{body}.01.0a-b_c.")), "***.");
        assert_eq!(redactor.redact(&format!("ghp_ghp_{body}")), "***");
        assert_eq!(redactor.redact(&format!("ghp_short ghp_{body}-x")), "ghp_short ***-x");
        assert_eq!(redactor.redact("the prefix ghp_ alone"), "the prefix ghp_ alone");
    }

    #[test]
    fn short_values_are_left_alone() {
        let variables = BTreeMap::from([("A_TOKEN".to_owned(), "true".to_owned())]);
        assert_eq!(Redactor::from_environment(&variables).redact("true"), "true");
    }
}
