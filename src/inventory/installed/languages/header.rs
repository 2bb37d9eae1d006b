//! Fields by name with a colon, as e-mails, Python's metadata, manifests of Java and descriptions of R have them.

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name, as it is spelled.
    pub(super) name: String,
    /// What follows the colon, with what continues it, without white space around it.
    pub(super) value: String,
    /// The line of its name, from 1.
    pub(super) line: u64,
}

/// The fields of a text up to its first empty line. A line that starts with white space continues the one before, joined by `joint`;
/// a line without a colon is ignored, as the tools do.
pub(super) fn fields(text: &str, joint: &str) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for (line, content) in (1..).zip(lines(text)) {
        if content.is_empty() {
            break;
        }
        if content.starts_with([' ', '\t']) {
            if let Some(field) = fields.last_mut() {
                let rest =
                    if joint.is_empty() { content.get(1..).unwrap_or_default() } else { content.trim() };
                field.value.push_str(joint);
                field.value.push_str(rest);
            }
        } else if let Some((name, value)) = content.split_once(':') {
            fields.push(Field {
                name: name.trim_end().to_owned(),
                value: value.trim_start().to_owned(),
                line,
            });
        }
    }
    for field in &mut fields {
        field.value.truncate(field.value.trim_end().len());
    }
    fields
}

/// Whether a text has the empty line that ends its fields.
pub(super) fn is_ended(text: &str) -> bool {
    lines(text).any(str::is_empty)
        && (text.contains("\n\n") || text.contains("\r\n\r\n") || text.contains("\r\r"))
}

/// The first field of a name, whatever its case.
pub(super) fn first<'a>(fields: &'a [Field], name: &str) -> Option<&'a Field> {
    fields.iter().find(|field| field.name.eq_ignore_ascii_case(name) && !field.value.is_empty())
}

/// Lines that end with a line feed, a carriage return or both.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

#[cfg(test)]
mod tests {
    use super::{fields, first, is_ended};

    #[test]
    fn fields_end_at_the_empty_line_and_may_be_continued() {
        let text = "Name: a\r\nversion : 1.0 \nLicense: MIT\n and\n\tmore\nno field\n\nVersion: 2\n";
        let read = fields(text, " ");
        assert_eq!(first(&read, "Version").map(|field| (field.value.as_str(), field.line)), Some(("1.0", 2)));
        assert_eq!(first(&read, "License").unwrap().value, "MIT and more");
        assert_eq!(read.len(), 3);
        assert_eq!(first(&fields("A: b\n c\n", ""), "a").unwrap().value, "bc");
        assert!(is_ended("a: b\n\n") && is_ended("a: b\r\n\r\n") && !is_ended("a: b\n"));
    }
}
