//! The names of files in a diff: quoted or not, with a prefix or without.

/// What stands for a side that is not there.
const NOTHING: &str = "/dev/null";

/// What the lines about a file say it is called.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Both sides in the line that begins a file of git's, with prefixes.
    pub(super) git: Option<(String, String)>,
    /// Of `--- `, with prefix.
    pub(super) old: Option<String>,
    /// Of `+++ `, with prefix.
    pub(super) new: Option<String>,
    /// Of `rename from`.
    pub(super) from: Option<String>,
    /// Of `rename to` and `copy to`.
    pub(super) to: Option<String>,
}

impl Names {
    /// Those behind `diff --git `.
    pub(super) fn of_git(text: &str) -> Self {
        Self { git: pair(text, " "), ..Self::default() }
    }

    /// Those of `Binary files a/x and b/x differ`.
    pub(super) fn binary(&mut self, text: &str) {
        let sides = pair(text, " and ").or_else(|| {
            let (old, new) = text.split_once(" and ")?;
            Some((unquoted(old), unquoted(new)))
        });
        (self.git, self.old, self.new) = (sides.clone(), None, None);
        if let Some((old, new)) = sides.filter(|(old, new)| old == NOTHING || new == NOTHING) {
            (self.old, self.new) = (Some(old), Some(new));
        }
    }

    /// The old and the new path without prefixes; none of both where they can't be told.
    pub(super) fn paths(&self, is_new: bool, is_deleted: bool) -> Option<(Option<String>, Option<String>)> {
        if let Some(to) = &self.to {
            return Some((self.from.clone().or_else(|| Some(to.clone())), Some(to.clone())));
        }
        let (old, new) = if let (Some(old), Some(new)) = (&self.old, &self.new) {
            (old.as_str(), new.as_str())
        } else {
            let (old, new) = self.git.as_ref()?;
            (if is_new { NOTHING } else { old }, if is_deleted { NOTHING } else { new })
        };
        match (old, new) {
            (NOTHING, NOTHING) => None,
            (NOTHING, new) => Some((None, Some(self.bare(new)?))),
            (old, NOTHING) => Some((Some(self.bare(old)?), None)),
            (old, new) => {
                let (old, new) = bare_pair(old, new).unwrap_or((old, new));
                Some((Some(old.to_owned()), Some(new.to_owned())))
            }
        }
    }

    /// One side without its prefix, which the line of git's shows.
    fn bare(&self, name: &str) -> Option<String> {
        let bare = match &self.git {
            Some((old, new)) if old == new => name,
            Some(_) => name.split_once('/').map_or(name, |(_, rest)| rest),
            None => name.strip_prefix("a/").or_else(|| name.strip_prefix("b/")).unwrap_or(name),
        };
        (!bare.is_empty()).then(|| bare.to_owned())
    }
}

/// Both names without prefixes, where they are the same name then.
fn bare_pair<'a>(old: &'a str, new: &'a str) -> Option<(&'a str, &'a str)> {
    if old == new {
        return Some((old, new));
    }
    let (old, new) = (old.split_once('/')?.1, new.split_once('/')?.1);
    (old == new && !old.is_empty()).then_some((old, new))
}

/// Two names with something between them, each quoted or not; unquoted ones with spaces are told apart by being the same.
fn pair(text: &str, between: &str) -> Option<(String, String)> {
    if text.starts_with('"') {
        let length = quoted_length(text)?;
        let (old, rest) = text.split_at_checked(length)?;
        return Some((unquoted(old), unquoted(rest.strip_prefix(between)?)));
    }
    if text.ends_with('"') {
        let (old, new) = text.split_once(&format!("{between}\""))?;
        return Some((old.to_owned(), unquoted(&format!("\"{new}"))));
    }
    let mut splits = text
        .match_indices(between)
        .filter_map(|(index, _)| Some((text.get(..index)?, text.get(index + between.len()..)?)));
    let mut only = splits.clone();
    let same = splits.find(|(old, new)| bare_pair(old, new).is_some());
    let found = same.or_else(|| only.next().filter(|_| only.next().is_none()))?;
    Some((found.0.to_owned(), found.1.to_owned()))
}

/// How long a quoted name is, with its quotes.
fn quoted_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(index + 1),
            _ => {}
        }
    }
    None
}

/// The name in a line that begins with `--- ` or `+++ `: up to a tab, behind which some tools write a time.
pub(super) fn header(text: &str) -> String {
    if text.starts_with('"') {
        let quoted = quoted_length(text).and_then(|length| text.get(..length));
        return unquoted(quoted.unwrap_or(text));
    }
    text.split('\t').next().unwrap_or(text).to_owned()
}

/// A name without its quotes, if it has some.
pub(super) fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let Some(escaped) = rest.next() else { break };
        bytes.push(match escaped {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            b'0'..=b'7' => {
                let mut value = u32::from(escaped - b'0');
                for _ in 0..2 {
                    if let Some(digit) = rest.next_if(|byte| (b'0'..=b'7').contains(byte)) {
                        value = value * 8 + u32::from(digit - b'0');
                    }
                }
                u8::try_from(value & 0xff).unwrap_or_default()
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
