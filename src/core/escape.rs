//! Foreign text made safe for the channels that every room writes to.

/// Foreign text made safe for a terminal: control and direction-changing characters become visible stand-ins.
pub fn terminal(text: &str) -> String {
    let keep_newline = |character: char| character == '\n';
    text.chars()
        .map(|character| match character {
            _ if keep_newline(character) => character,
            '\t' => ' ',
            '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => '\u{fffd}',
            _ if character.is_control() => '\u{fffd}',
            _ => character,
        })
        .collect()
}

/// Foreign text made safe for one line of a terminal: as [`terminal`], with line breaks as spaces.
pub fn terminal_line(text: &str) -> String {
    terminal(&text.lines().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::{terminal, terminal_line};

    #[test]
    fn control_characters_never_reach_a_terminal() {
        assert_eq!(terminal("a\x1b[31mb\nc\u{202e}d"), "a\u{fffd}[31mb\nc\u{fffd}d");
        assert_eq!(terminal_line("a\nb"), "a b");
    }
}
