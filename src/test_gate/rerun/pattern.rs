//! Names of tests as patterns and as words of a shell, so that a runner finds just them and a shell does nothing else.

/// Text as a regular expression that matches just it, in any dialect that runners read.
///
/// Only what has a meaning is escaped: Go takes no other escape, and some read `\<` as the start of a word. Control characters are
/// matched without being named, because a terminal would act on them. What could not be decoded matches anything.
pub(super) fn literal(text: &str) -> String {
    let mut pattern = String::new();
    for character in text.chars() {
        match character {
            // A pattern that starts in this way would be read as an option.
            '-' if pattern.is_empty() => pattern.push_str("[-]"),
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                pattern.push('\\');
                pattern.push(character);
            }
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' => pattern.push_str(r"\s"),
            char::REPLACEMENT_CHARACTER => pattern.push_str(".+"),
            character if character.is_control() => pattern.push('.'),
            character => pattern.push(character),
        }
    }
    pattern
}

/// A pattern that is just this name.
pub(super) fn whole(name: &str) -> String {
    exactly(&[name])
}

/// A pattern that is just one of these names.
pub(super) fn exactly(names: &[&str]) -> String {
    match names {
        [only] => format!("^{}$", literal(only)),
        names => {
            let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
            format!("^({})$", names.join("|"))
        }
    }
}

/// The pattern of a path, for runners that take paths as patterns: a dot that matches anything does no harm, and reads better.
pub(super) fn path(path: &str) -> String {
    literal(path).replace(r"\.", ".")
}

/// Whether a name can be given as it is: a terminal acts on none of its characters, and all of them are known.
pub(super) fn is_sayable(name: &str) -> bool {
    !name.chars().any(|character| character.is_control() || character == char::REPLACEMENT_CHARACTER)
}

/// A word as a shell takes it.
pub(super) fn quote(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-./:=@%+,#".contains(character);
    // At the beginning of a word these are a comment and, in some shells, a command.
    let is_free = word.starts_with(|first: char| !"#=".contains(first));
    if is_free && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Words of a command, each as a shell takes it.
pub(super) fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(quote).collect::<Vec<_>>().join(" ")
}
