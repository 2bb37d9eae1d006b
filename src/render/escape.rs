//! Foreign text made safe for each channel a report is written to, one type a channel.
//!
//! A [`Page`] takes literals of ours, numbers and these types only, so unescaped text does not compile.

use std::fmt;
use std::marker::PhantomData;

use devops_core::escape::{log, terminal, terminal_line};

/// What may stand in a page of kind `K`.
pub(super) trait Safe<K>: fmt::Display {}

impl<K> Safe<K> for &'static str {}
impl<K> Safe<K> for u64 {}
impl<K> Safe<K> for usize {}
impl<K> Safe<K> for Number {}
impl<K> Safe<K> for Page<K> {}

/// Text of one kind that only safe pieces get into.
pub(super) struct Page<K> {
    text: String,
    kind: PhantomData<K>,
}

impl<K> Page<K> {
    /// An empty page.
    pub(super) fn new() -> Self {
        Self { text: String::new(), kind: PhantomData }
    }

    /// Appends a piece.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "pieces are made on the spot; a borrow would only add noise"
    )]
    pub(super) fn put(&mut self, piece: impl Safe<K>) -> &mut Self {
        self.text.push_str(&piece.to_string());
        self
    }

    /// Length in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

impl<K> fmt::Display for Page<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// A number with thousands separators.
pub(super) struct Number(pub(super) usize);

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&devops_core::words::number(self.0 as u64))
    }
}

/// Declares a piece of escaped text and the kind of page it fits.
macro_rules! escaped {
    ($(#[$about:meta])* $name:ident for $kind:ty, $escape:expr) => {
        $(#[$about])*
        pub(super) struct $name(String);

        impl $name {
            /// Escapes `text`.
            pub(super) fn of(text: &str) -> Self {
                let escape: fn(&str) -> String = $escape;
                Self(escape(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl Safe<$kind> for $name {}
    };
}

/// Pages of workflow commands.
pub(super) struct Commands;
/// Pages of Markdown, in the subset that GitHub and GitLab share.
pub(super) struct Summary;
/// Pages of XML 1.0.
pub(super) struct Markup;

escaped! {
    /// What stands after the second `::` of a workflow command.
    GhData for Commands, |text| github_data(&terminal(text))
}
escaped! {
    /// The value of a workflow command's property.
    GhProperty for Commands, |text| github_data(&terminal_line(text)).replace(':', "%3A").replace(',', "%2C")
}
escaped! {
    /// One line of Markdown that is only text: no markup, no link, no mention, no cell border.
    Markdown for Summary, markdown
}
escaped! {
    /// One table cell of Markdown that is only text, but for code in paired back-ticks.
    MarkdownCell for Summary, cell
}
escaped! {
    /// A fenced block whose fence is longer than any in the text.
    MarkdownBlock for Summary, fenced
}
escaped! {
    /// The target of a link, which the host made of percent-encoded parts.
    MarkdownLink for Summary, link
}
escaped! {
    /// Text or an attribute's value in XML 1.0.
    Xml for Markup, xml
}

/// A runner that does not know the command looks for one of the old form, `##[name]`, in the rest of the line.
fn github_data(text: &str) -> String {
    log(text).replace('%', "%25").replace('\n', "%0A")
}

fn markdown(text: &str) -> String {
    let text = without_references(&terminal_line(text));
    let mut safe = String::with_capacity(text.len() + 16);
    if begins_a_block(&text) {
        safe.push('\\');
    }
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // Inside a word it is never emphasis, and names are full of it.
            '_' if before.is_alphanumeric()
                && characters.peek().is_some_and(|next| next.is_alphanumeric()) =>
            {
                safe.push('_');
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '{' | '}' | '$' | '#' => {
                safe.push('\\');
                safe.push(character);
            }
            _ => safe.push(character),
        }
        before = character;
    }
    safe
}

/// Whether a line that starts like this is a list, a rule or the underline of a heading.
fn begins_a_block(text: &str) -> bool {
    let mut characters = text.chars();
    let (first, second) = (characters.next(), characters.next().unwrap_or(' '));
    match first {
        Some('-') => matches!(second, ' ' | '-'),
        Some('+') => second == ' ',
        Some('=') => matches!(second, ' ' | '='),
        _ => false,
    }
}

/// Odd pieces between back-ticks are code, which hosts read neither for markup nor for mentions.
fn cell(text: &str) -> String {
    let line = terminal_line(text);
    let pieces: Vec<&str> = line.split('`').collect();
    // The border of a cell is found before code is, so a backslash would be read even inside code.
    let is_odd = line.contains('\\') || pieces.len().is_multiple_of(2);
    if is_odd || pieces.iter().skip(1).step_by(2).any(|code| code.trim().is_empty()) {
        return markdown(text);
    }
    let piece = |(index, piece): (usize, &&str)| match index % 2 {
        1 => format!("`{}`", piece.replace('|', "\\|")),
        _ => markdown(piece),
    };
    pieces.iter().enumerate().map(piece).collect()
}

/// Breaks what a host turns into a link or a mention after it has read the markup: `@name`, `#12`, `https://`, `www.`.
fn without_references(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        safe.push(character);
        let next = characters.peek().copied().unwrap_or(' ');
        let is_reference = match character {
            '@' => next.is_alphanumeric(),
            '#' | '!' => next.is_ascii_digit(),
            ':' => next == '/',
            '.' => safe.len() >= 4 && safe.to_ascii_lowercase().ends_with("www."),
            _ => false,
        };
        if is_reference {
            safe.push('\u{200b}');
        }
    }
    safe
}

fn fenced(text: &str) -> String {
    let text = terminal(&text.lines().collect::<Vec<_>>().join("\n"));
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}

fn link(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_whitespace() && !character.is_control())
        .map(|character| match character {
            '(' => "%28".to_owned(),
            ')' => "%29".to_owned(),
            '<' => "%3C".to_owned(),
            '>' => "%3E".to_owned(),
            '|' => "%7C".to_owned(),
            '\\' => "%5C".to_owned(),
            _ => character.to_string(),
        })
        .collect()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Characters XML 1.0 can't hold are among the hidden ones, which have stand-ins.
fn xml(text: &str) -> String {
    html(&terminal(&text.lines().collect::<Vec<_>>().join("\n")))
}

#[cfg(test)]
mod tests {
    use super::{GhData, GhProperty, Markdown, MarkdownBlock, MarkdownCell, Xml};

    #[test]
    fn workflow_commands_keep_their_shape() {
        assert_eq!(GhData::of("a\n::error::b %0A").to_string(), "a%0A\\::error::b %250A");
        assert_eq!(GhProperty::of("a:b,c\nd").to_string(), "a%3Ab%2Cc d");
        assert_eq!(GhData::of("a ##[add-mask]b").to_string(), "a ##\\[add-mask]b");
    }

    #[test]
    fn markdown_is_only_text() {
        assert_eq!(
            Markdown::of("a|b `c` *d* <e> x_y _z_").to_string(),
            r"a\|b \`c\` \*d\* &lt;e&gt; x_y \_z\_"
        );
        assert_eq!(Markdown::of("[a](http://b)\n# c").to_string(), "\\[a\\](http:\u{200b}//b) \\# c");
        assert_eq!(Markdown::of("---").to_string(), r"\---");
        assert_eq!(Markdown::of("- a").to_string(), r"\- a");
        assert_eq!(Markdown::of("+").to_string(), r"\+");
        assert_eq!(Markdown::of("== b").to_string(), r"\== b");
        assert_eq!(Markdown::of("-3 % of a-b").to_string(), "-3 % of a-b");
        assert_eq!(Markdown::of("@ops see #12").to_string(), "@\u{200b}ops see \\#\u{200b}12");
    }

    #[test]
    fn code_in_a_cell_stays_code() {
        assert_eq!(MarkdownCell::of("run `a|b @c` *now*").to_string(), r"run `a\|b @c` \*now\*");
        assert_eq!(MarkdownCell::of("`a").to_string(), r"\`a");
        assert_eq!(MarkdownCell::of("``a``").to_string(), r"\`\`a\`\`");
    }

    #[test]
    fn a_fence_can_not_be_closed_from_inside() {
        assert_eq!(MarkdownBlock::of("a\n````\nb").to_string(), "`````text\na\n````\nb\n`````");
    }

    #[test]
    fn xml_holds_only_what_it_may() {
        assert_eq!(
            Xml::of("a\u{0}<b>&\"'\u{ffff}").to_string(),
            "a\u{fffd}&lt;b&gt;&amp;&quot;&#39;\u{fffd}"
        );
    }
}
