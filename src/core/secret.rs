//! Secrets that can't be printed, and the sink that masks them everywhere else.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::rule::RULE_IDS;

/// What stands where a secret was.
const MASK: &str = "***";

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Texts in the name of an environment variable that make its value a secret.
const SECRET_TEXTS: [&str; 8] =
    ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "PRIVATE_KEY", "CREDENTIAL", "WEBHOOK"];

/// Words of a name that make its value a secret, if the name has at least one more word.
const SECRET_WORDS: [&str; 7] = ["PASS", "PWD", "PASSPHRASE", "PAT", "AUTH", "KEY", "DSN"];

/// Texts in a name that do the same as [`SECRET_WORDS`].
const CONNECTIONS: [&str; 2] = ["CONNECTION_STRING", "CONNECTIONSTRING"];

/// Words of a name that say that what [`SECRET_WORDS`] and [`CONNECTIONS`] mean is no secret: `CACHE_KEY`, `PUBLIC_KEY`.
const PUBLIC_WORDS: [&str; 3] = ["PROJECT", "PUBLIC", "CACHE"];

/// Shorter values are too common in ordinary text to be masked.
const SHORTEST: usize = 8;

/// Digits of the hashes that reports show whole: fingerprints, SHA-1, SHA-256, SHA-512.
const HASHES: [usize; 4] = [32, 40, 64, 128];

/// A family of tokens that is known by its looks, registered or not.
struct Look {
    /// How its tokens begin.
    prefix: &'static str,
    /// Whether a character can follow.
    is_part: fn(u8) -> bool,
    /// How many characters follow at least.
    least: usize,
    /// Whether exactly as many follow, and a token stands alone.
    is_exact: bool,
}

const fn look(prefix: &'static str, is_part: fn(u8) -> bool, least: usize) -> Look {
    Look { prefix, is_part, least, is_exact: false }
}

const fn exact(prefix: &'static str, is_part: fn(u8) -> bool, least: usize) -> Look {
    Look { prefix, is_part, least, is_exact: true }
}

/// The families. No word boundary is asked for before most of them, because escapes such as `\n` end in a letter.
const LOOKS: [Look; 39] = [
    // GitHub, https://docs.github.com/en/authentication: personal, installation, OAuth, user and refresh tokens.
    look("ghp_", is_word, 16),
    look("ghs_", is_word, 16),
    look("gho_", is_word, 16),
    look("ghu_", is_word, 16),
    look("ghr_", is_word, 16),
    look("github_pat_", is_word, 16),
    // GitLab, https://docs.gitlab.com/security/tokens/#token-prefixes.
    look("glpat-", is_dotted, 16),
    look("gloas-", is_dotted, 16),
    look("gldt-", is_dotted, 16),
    look("glrt-", is_dotted, 16),
    look("glrtr-", is_dotted, 16),
    look("glcbt-", is_dotted, 16),
    look("glptt-", is_dotted, 16),
    look("glft-", is_dotted, 16),
    look("glimt-", is_dotted, 16),
    look("glagent-", is_dotted, 16),
    look("glwt-", is_dotted, 16),
    look("glsoat-", is_dotted, 16),
    look("glffct-", is_dotted, 16),
    look("_gitlab_session=", is_word, 16),
    look("GR1348941", is_dashed, 16),
    // npm, https://docs.npmjs.com/about-access-tokens, and PyPI, https://pypi.org/help/#apitoken.
    look("npm_", is_letter, 36),
    look("pypi-", is_dashed, 32),
    // Slack, https://api.slack.com/concepts/token-types.
    look("xoxa-", is_dashed, 16),
    look("xoxb-", is_dashed, 16),
    look("xoxc-", is_dashed, 16),
    look("xoxd-", is_dashed, 16),
    look("xoxe-", is_dashed, 16),
    look("xoxe.xoxb-", is_dashed, 16),
    look("xoxe.xoxp-", is_dashed, 16),
    look("xoxo-", is_dashed, 16),
    look("xoxp-", is_dashed, 16),
    look("xoxr-", is_dashed, 16),
    look("xoxs-", is_dashed, 16),
    look("xapp-", is_dashed, 16),
    // AWS, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: ids of access keys.
    exact("AKIA", is_capital, 16),
    exact("ASIA", is_capital, 16),
    exact("ABIA", is_capital, 16),
    exact("ACCA", is_capital, 16),
];

fn is_letter(next: u8) -> bool {
    next.is_ascii_alphanumeric()
}

fn is_word(next: u8) -> bool {
    next.is_ascii_alphanumeric() || next == b'_'
}

fn is_dashed(next: u8) -> bool {
    is_word(next) || next == b'-'
}

fn is_dotted(next: u8) -> bool {
    is_dashed(next) || next == b'.'
}

fn is_capital(next: u8) -> bool {
    next.is_ascii_uppercase() || next.is_ascii_digit()
}

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

/// A text that is masked, in one of its forms.
#[derive(Clone)]
struct Needle {
    form: String,
    /// The variables that hold it.
    names: BTreeSet<String>,
}

/// Masks registered secrets in every text that leaves the process, in each form they may have taken.
#[derive(Clone)]
pub struct Redactor {
    /// In the order of their first bytes.
    needles: Vec<Needle>,
    /// How something can begin that is masked.
    starts: Starts,
}

impl Default for Redactor {
    fn default() -> Self {
        Self::of([])
    }
}

impl Redactor {
    /// Registers the value of every variable whose name says that it is a secret, and every password in an address.
    pub fn from_environment(variables: &BTreeMap<String, String>) -> Self {
        let mut forms = Forms::default();
        // The name of a commit is public, whatever the variable is called that holds it as well.
        let commits: BTreeSet<&str> = variables
            .iter()
            .filter(|(name, value)| name.ends_with("_SHA") && is_hash(value))
            .map(|(_, value)| value.as_str())
            .collect();
        for (name, value) in variables {
            if is_secret(name) && !commits.contains(value.as_str()) {
                forms.add_value(name, value);
            }
            forms.add_passwords(name, value);
        }
        forms.into()
    }

    /// Registers these secrets; ones too short to differ from ordinary text are left out.
    pub fn of(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut forms = Forms::default();
        for Secret(value) in secrets {
            forms.add_value("", &value);
        }
        forms.into()
    }

    /// The same, which also masks the passwords in the addresses among these values.
    #[must_use]
    pub fn and_passwords<'a>(self, values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms = Forms(self.needles.into_iter().map(|needle| (needle.form, needle.names)).collect());
        values.into_iter().for_each(|value| forms.add_passwords("", value));
        forms.into()
    }

    /// The same without the secrets that a report shows anyway, because they are hashes of its own.
    #[must_use]
    pub fn sparing(&self, is_shown: impl Fn(&str) -> bool) -> Self {
        let mut spared = self.clone();
        spared.needles.retain(|needle| !(is_hash(&needle.form) && is_shown(&needle.form)));
        spared
    }

    /// `text` without any registered secret, and without what looks like a token.
    pub fn redact(&self, text: &str) -> String {
        self.redact_naming(text, &mut |_| {})
    }

    /// The same; `name` gets the names of the variables whose values were masked.
    pub fn redact_naming<'a>(&'a self, text: &str, name: &mut impl FnMut(&'a str)) -> String {
        let (mut clean, mut end) = (String::new(), 0);
        for start in self.starts.places(text.as_bytes()) {
            let length = self.length(text, start, name);
            if length == 0 {
                continue;
            }
            // What begins inside of what is masked makes that longer.
            if start >= end {
                clean.push_str(text.get(end..start).unwrap_or_default());
                clean.push_str(MASK);
            }
            end = end.max(start + length);
        }
        clean.push_str(text.get(end..).unwrap_or_default());
        clean
    }

    /// JSON without any secret, which is still JSON: a secret that begins or ends within an escape is masked string by string.
    pub fn redact_json(&self, text: &str) -> String {
        let clean = self.redact(text);
        let is_json = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
        if clean == text || is_json(&clean) {
            return clean;
        }
        match serde_json::from_str::<Value>(text) {
            Ok(value) => format!("{:#}\n", self.redact_value(value)),
            Err(_) => clean,
        }
    }

    /// A value with every string redacted.
    fn redact_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => self.redact(&text).into(),
            Value::Array(items) => items.into_iter().map(|item| self.redact_value(item)).collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(name, value)| (self.redact(&name), self.redact_value(value)))
                .collect(),
            other => other,
        }
    }

    /// The bytes of a file of this name without any secret, where they are text.
    pub fn redact_file(&self, name: &str, bytes: Vec<u8>) -> Vec<u8> {
        let is_json = Path::new(name).extension().is_some_and(|ending| ending == "json" || ending == "sarif");
        match String::from_utf8(bytes) {
            Ok(text) if is_json => self.redact_json(&text).into_bytes(),
            Ok(text) => self.redact(&text).into_bytes(),
            Err(error) => error.into_bytes(),
        }
    }

    /// Bytes of the longest secret or token that begins at `start`, 0 if there is none.
    fn length<'a>(&'a self, text: &str, start: usize, name: &mut impl FnMut(&'a str)) -> usize {
        let (before, rest) = text.as_bytes().split_at_checked(start).unwrap_or_default();
        let start = rest.get(..START).unwrap_or_default();
        let from = self.needles.partition_point(|needle| needle.start() < start);
        let needles = self.needles.iter().skip(from).take_while(|needle| needle.start() == start);
        let mut length = token_length(before, rest);
        for needle in needles {
            let form = needle.form.as_bytes();
            if rest.starts_with(form) && !is_part_of_hash(before, rest, form) {
                length = length.max(form.len());
                needle.names.iter().for_each(|found| name(found));
            }
        }
        length
    }
}

impl Needle {
    fn start(&self) -> &[u8] {
        self.form.as_bytes().get(..START).unwrap_or_default()
    }
}

/// The forms of all secrets.
#[derive(Default)]
struct Forms(BTreeMap<String, BTreeSet<String>>);

impl Forms {
    /// Adds a value and, where it has several, its lines.
    fn add_value(&mut self, name: &str, value: &str) {
        self.add(name, value);
        // Keys stand in variables with line breaks or with `\n`.
        let lines = if value.contains("\\n") { Cow::Owned(value.replace("\\n", "\n")) } else { value.into() };
        lines.lines().for_each(|line| self.add(name, line));
    }

    /// Adds the passwords in the addresses that a value holds.
    fn add_passwords(&mut self, name: &str, value: &str) {
        for (start, separator) in value.match_indices("://") {
            let rest = value.get(start + separator.len()..).unwrap_or_default();
            let end = rest.find(|next: char| matches!(next, '/' | '?' | '#') || next.is_whitespace());
            let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let Some((user, password)) =
                authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'))
            else {
                continue;
            };
            self.add(name, &format!(":{password}@"));
            // A name that is its own password, as in `postgres:postgres`, is a word that reports need.
            if user != password {
                self.add(name, password);
                self.add(name, &percent_decode_str(password).decode_utf8_lossy());
            }
        }
    }

    /// Adds every form of a text that is long enough, and is no word of ours.
    fn add(&mut self, name: &str, text: &str) {
        let text = text.trim();
        if text.len() < SHORTEST || RULE_IDS.iter().any(|id| id.contains(text)) {
            return;
        }
        let forms = [
            text.to_owned(),
            utf8_percent_encode(text, RESERVED).to_string(),
            STANDARD.encode(text),
            json(text),
            html(text),
            html(text).replace("&#39;", "&apos;"),
        ];
        for form in forms {
            let names = self.0.entry(form).or_default();
            if !name.is_empty() {
                names.insert(name.to_owned());
            }
        }
    }
}

impl From<Forms> for Redactor {
    fn from(Forms(forms): Forms) -> Self {
        let needles: Vec<Needle> = forms.into_iter().map(|(form, names)| Needle { form, names }).collect();
        let mut starts = Starts::default();
        let forms = needles.iter().map(|needle| needle.form.as_bytes());
        for text in forms.chain(LOOKS.iter().map(|look| look.prefix.as_bytes())) {
            starts.add(text);
        }
        Self { needles, starts }
    }
}

/// Four bytes with which something can begin that is masked, as two pairs that are looked up in tables: this finds in one pass
/// what has to be compared, however many things there are to find.
#[derive(Clone)]
struct Starts {
    first: Pairs,
    second: Pairs,
}

/// A set of pairs of bytes, of which seven bits each count: it may hold more than was added, and never less.
type Pairs = Box<[bool]>;

/// Bytes by which something is found that may be masked; nothing that is has fewer.
const START: usize = 4;

/// Pairs of seven bits.
const PAIRS: usize = 1 << 14;

impl Default for Starts {
    fn default() -> Self {
        let none = || vec![false; PAIRS].into_boxed_slice();
        Self { first: none(), second: none() }
    }
}

impl Starts {
    /// Adds the beginning of a text.
    fn add(&mut self, text: &[u8]) {
        if let [a, b, c, d, ..] = *text {
            for (pairs, place) in [(&mut self.first, pair(a, b)), (&mut self.second, pair(c, d))] {
                if let Some(is_there) = pairs.get_mut(place) {
                    *is_there = true;
                }
            }
        }
    }

    /// Where something that was added can begin.
    fn places(&self, text: &[u8]) -> impl Iterator<Item = usize> {
        let has = |pairs: &Pairs, place: usize| pairs.get(place).copied().unwrap_or_default();
        text.windows(START).enumerate().filter_map(move |(place, start)| match *start {
            [a, b, c, d] if has(&self.first, pair(a, b)) && has(&self.second, pair(c, d)) => Some(place),
            _ => None,
        })
    }
}

/// The place of a pair in a table.
fn pair(first: u8, second: u8) -> usize {
    usize::from(first & 0x7f) << 7 | usize::from(second & 0x7f)
}

/// Whether the name of a variable says that its value is a secret.
fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    if SECRET_TEXTS.iter().any(|text| name.contains(text)) {
        return true;
    }
    let words: Vec<&str> = name.split(['_', '-']).filter(|word| !word.is_empty()).collect();
    let has = |all: &[&str]| words.iter().any(|word| all.contains(word));
    let is_named =
        words.len() > 1 && has(&SECRET_WORDS) || CONNECTIONS.iter().any(|text| name.contains(text));
    is_named && !has(&PUBLIC_WORDS)
}

/// Bytes of the token that `rest` begins with, 0 if there is none.
fn token_length(before: &[u8], rest: &[u8]) -> usize {
    let lengths = LOOKS.iter().map(|look| {
        let Some(rest) = rest.strip_prefix(look.prefix.as_bytes()) else { return 0 };
        let end = rest.iter().position(|next| !(look.is_part)(*next)).unwrap_or(rest.len());
        // The full stop of a sentence is none of the token's.
        let token = rest.get(..end).unwrap_or_default();
        let dots = token.iter().rev().take_while(|next| **next == b'.').count();
        let length = token.len() - dots;
        let stands_alone = !before.last().is_some_and(|last| (look.is_part)(*last)) && length == look.least;
        let is_token = if look.is_exact { stands_alone } else { length >= look.least };
        if is_token { look.prefix.len() + length } else { 0 }
    });
    lengths.max().unwrap_or_default()
}

/// Whether a text is a whole hash.
fn is_hash(text: &str) -> bool {
    HASHES.contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Whether `form`, with which `rest` begins, is a part of a hash by chance.
fn is_part_of_hash(before: &[u8], rest: &[u8], form: &[u8]) -> bool {
    if !form.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let longest = HASHES.iter().copied().max().unwrap_or_default() + 1;
    let left = before.iter().rev().take(longest).take_while(|digit| digit.is_ascii_hexdigit()).count();
    let right = rest.iter().take(longest).take_while(|digit| digit.is_ascii_hexdigit()).count();
    left + right > form.len() && HASHES.contains(&(left + right))
}

/// `value` as it stands inside a JSON string.
fn json(value: &str) -> String {
    let quoted = Value::from(value).to_string();
    // One quotation mark on each side: the value may have its own beside them.
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(&quoted).to_owned()
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
    use std::collections::{BTreeMap, BTreeSet};

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::{LOOKS, Redactor};

    fn of(variables: &[(&str, &str)]) -> Redactor {
        let variables: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Redactor::from_environment(&variables)
    }

    #[test]
    fn a_secret_that_ends_within_an_escape_leaves_json_whole() {
        for (secret, text, expected) in [
            ("hunter2\\", "a hunter2\"b", "a hunter2\"b"),
            ("nhunter22", "a\nhunter22 nhunter22", "a\nhunter22 ***"),
            ("hunter2\\", "a hunter2\\\" hunter2\"b", "a ***\" hunter2\"b"),
        ] {
            let redactor = of(&[("TOKEN", secret)]);
            let json = serde_json::json!({ "text": text, "list": [text, 1] }).to_string();
            let clean: serde_json::Value = serde_json::from_str(&redactor.redact_json(&json)).unwrap();
            assert_eq!(clean, serde_json::json!({ "text": expected, "list": [expected, 1] }), "{secret}");
        }
    }

    #[test]
    fn a_secret_with_quotation_marks_leaves_json_whole() {
        for secret in ["\"; hunter2 \"", "\"\"hunter2\"\"", "hunter2\\", "\\\"hunter2\\\""] {
            let redactor = of(&[("TOKEN", secret)]);
            let text = serde_json::json!([format!("a {secret}b"), secret]).to_string();
            let clean = redactor.redact(&text);
            let read: Vec<String> = serde_json::from_str(&clean).unwrap_or_else(|_| panic!("{clean}"));
            assert_eq!(read, ["a ***b", "***"], "{secret}");
        }
    }

    #[test]
    fn secrets_are_masked_in_every_form() {
        let redactor = of(&[("GITHUB_TOKEN", "gh\"s <tok> 'en/12"), ("HOME", "/home/someone")]);
        let forms = [
            "gh\"s <tok> 'en/12".to_owned(),
            "gh%22s%20%3Ctok%3E%20%27en%2F12".to_owned(),
            STANDARD.encode("gh\"s <tok> 'en/12"),
            "gh\\\"s <tok> 'en/12".to_owned(),
            "gh&quot;s &lt;tok&gt; &#39;en/12".to_owned(),
            "gh&quot;s &lt;tok&gt; &apos;en/12".to_owned(),
        ];
        for form in forms {
            assert_eq!(redactor.redact(&format!("a {form} b")), "a *** b", "{form}");
        }
        assert_eq!(redactor.redact("/home/someone"), "/home/someone");
    }

    #[test]
    fn names_that_say_so_make_secrets() {
        let value = "s3cret-value";
        let secret = [
            "A_TOKEN",
            "MY_SECRET",
            "PGPASSWORD",
            "X_PASSWD",
            "API_KEY",
            "PRIVATE_KEY",
            "A_CREDENTIALS",
            "WEBHOOK",
            "SOME_PASS",
            "MY_PWD",
            "GPG_PASSPHRASE",
            "DEPLOY_PAT",
            "SERVICE_AUTH",
            "npm_config__auth",
            "SSH_KEY",
            "signing-key",
            "SENTRY_DSN",
            "STORAGE_CONNECTION_STRING",
            "ConnectionStrings__Main",
            "PROJECT_TOKEN",
        ];
        for name in secret {
            assert_eq!(of(&[(name, value)]).redact(value), "***", "{name}");
        }
        let plain = [
            "PWD",
            "OLDPWD",
            "COMPASS",
            "PASS",
            "KEY",
            "_KEY",
            "PATH",
            "GIT_AUTHOR_NAME",
            "MONKEY_NAME",
            "KEYBOARD_LAYOUT",
            "PUBLIC_KEY",
            "CACHE_KEY",
            "CI_PROJECT_KEY",
            "NEXT_PUBLIC_SENTRY_DSN",
            "PROJECT_CONNECTION_STRING",
            "BYPASS_ALL",
        ];
        for name in plain {
            assert_eq!(of(&[(name, value)]).redact(value), value, "{name}");
        }
    }

    #[test]
    fn of_an_address_the_password_is_a_secret_whatever_its_name() {
        for (value, text, clean) in [
            (
                "postgres://u:s3cr3tpass@db/x",
                "postgres://u:s3cr3tpass@db/x s3cr3tpass",
                "postgres://u***db/x ***",
            ),
            ("amqp://a:first-one@h, amqp://b:second-one@h", "first-one second-one", "*** ***"),
            ("https://u:s3cr%2Ft%40pass@h", "s3cr/t@pass s3cr%2Ft%40pass", "*** ***"),
            ("https://:only-word@h", "only-word", "***"),
            (
                "postgres://postgres:postgres@db",
                "postgres at postgres:postgres@db",
                "postgres at postgres***db",
            ),
            ("https://u:short@h", "short", "short"),
            ("https://h:8080/some/@scope", "8080/some/ h:8080/some/@scope", "8080/some/ h:8080/some/@scope"),
            ("https://long-user@h", "long-user", "long-user"),
        ] {
            assert_eq!(of(&[("DATABASE_URL", value)]).redact(text), clean, "{value}");
            assert_eq!(
                of(&[("A_KEY", "s3cret-value")]).and_passwords([value]).redact(text),
                clean,
                "{value}"
            );
        }
    }

    #[test]
    fn each_line_of_a_long_value_is_a_secret() {
        for value in [
            "first-line-abcdef\nsecond-line-abcdef\r\nshort\n",
            "first-line-abcdef\\nsecond-line-abcdef\\nshort",
        ] {
            let redactor = of(&[("SSH_KEY", value)]);
            assert_eq!(
                redactor.redact("second-line-abcdef, first-line-abcdef short"),
                "***, *** short",
                "{value}"
            );
            assert_eq!(redactor.redact(value.trim()), "***", "{value}");
        }
    }

    #[test]
    fn words_and_hashes_of_reports_stay_whole() {
        let hash = "0123456789abcdef0123456789abcdef01234567";
        let redactor = of(&[
            ("A_KEY", "test-failed"),
            ("B_KEY", "duplicate"),
            ("C_KEY", "89abcdef0123"),
            ("D_KEY", hash),
            ("GITHUB_SHA", hash),
            ("E_KEY", "fedcba9876543210fedcba9876543210"),
        ]);
        let text = format!("test-failed report-duplicate {hash} {}", hash.repeat(2).split_at(64).0);
        assert_eq!(redactor.redact(&text), text);
        assert_eq!(redactor.redact("89abcdef0123 x89abcdef0123x 089abcdef0123"), "*** x***x 0***");
        let fingerprint = "fedcba9876543210fedcba9876543210";
        assert_eq!(redactor.redact(fingerprint), "***");
        assert_eq!(redactor.sparing(|shown| shown == fingerprint).redact(fingerprint), fingerprint);
    }

    #[test]
    fn whoever_asks_learns_the_names() {
        let redactor = of(&[("A_KEY", "same-value-1"), ("B_KEY", "same-value-1"), ("C_KEY", "other-value")]);
        let mut names = BTreeSet::new();
        assert_eq!(redactor.redact_naming("a same-value-1", &mut |name| _ = names.insert(name)), "a ***");
        assert_eq!(names, BTreeSet::from(["A_KEY", "B_KEY"]));
    }

    #[test]
    fn secrets_that_overlap_are_masked_whole() {
        let redactor = of(&[("A_KEY", "abcdefgh"), ("B_KEY", "fghijklmnop"), ("C_KEY", "abcdefghij")]);
        assert_eq!(redactor.redact("é abcdefghijklmnop é abcdefgh"), "é *** é ***");
    }

    #[test]
    fn tokens_are_masked_though_nobody_registered_them() {
        let redactor = Redactor::default();
        for look in &LOOKS {
            let (prefix, body) =
                (look.prefix, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123".split_at(look.least).0);
            let token = format!("{prefix}{body}");
            assert_eq!(redactor.redact(&token), "***");
            assert_eq!(redactor.redact(&format!("gé {token}, {token}.")), "gé ***, ***.", "{prefix}");
            assert_eq!(redactor.redact(&format!("\"a\\n{token}\"")), "\"a\\n***\"", "{prefix}");
            assert_eq!(redactor.redact(&format!("https://x:{token}@h/")), "https://x:***@h/", "{prefix}");
            let short = format!("{prefix}{} é", body.split_at(look.least - 1).0);
            assert_eq!(redactor.redact(&short), short);
        }
        let body = "0123456789abcDEF";
        assert_eq!(redactor.redact(&format!("glpat-{body}.01.0a-b_c.")), "***.");
        assert_eq!(redactor.redact(&format!("ghp_ghp_{body}")), "***");
        assert_eq!(redactor.redact(&format!("ghp_short ghp_{body}-x")), "ghp_short ***-x");
        for plain in [
            "the prefix ghp_ alone",
            "global-configuration-of-everything",
            "npm_config_user_agent_of_this_very_long_name_0123456789",
            "XAKIA0123456789ABCDEF",
            "AKIA0123456789ABCDEF0",
        ] {
            assert_eq!(redactor.redact(plain), plain);
        }
    }

    #[test]
    fn short_values_are_left_alone() {
        assert_eq!(of(&[("A_TOKEN", "true"), ("PRIMARY_KEY", "id")]).redact("true id"), "true id");
    }
}
