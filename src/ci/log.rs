//! Text on a host's log, where hosts look for commands.

use devops_core::escape::log;

use super::Host;
use super::outputs::random;

/// Text as it is printed on this host's log, so that the host takes no command from it, whatever it contains.
///
/// The words of commands are broken on every host. GitHub does not look for commands in between as well; alone that would not be
/// enough, because it reads standard output and standard error side by side, and the shield of one may end within the other's.
pub fn shield(host: Host, text: &str) -> String {
    let mut text = log(text);
    if text.is_empty() {
        return text;
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    match host {
        Host::GitHub => {
            let token = format!("stop-{:032x}", random());
            format!("::stop-commands::{token}\n{text}::{token}::\n")
        }
        Host::GitLab | Host::Local => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{Host, shield};

    #[test]
    fn all_text_is_shielded_where_commands_are_read() {
        for text in ["plain\n", "::error::forged", "##[error]forged\n"] {
            let shielded = shield(Host::GitHub, text);
            let lines: Vec<&str> = shielded.lines().collect();
            let [start, _, end] = lines.as_slice() else { panic!("{shielded}") };
            let token = start.strip_prefix("::stop-commands::").unwrap();
            assert!(token.starts_with("stop-") && token.len() == 37, "{token}");
            assert_eq!(*end, format!("::{token}::"));
        }
        assert_ne!(shield(Host::GitHub, "a"), shield(Host::GitHub, "a"), "nobody can know the token");
        assert_eq!(shield(Host::GitHub, ""), "");
    }

    #[test]
    fn words_of_commands_are_broken_on_every_host() {
        for host in [Host::GitHub, Host::GitLab, Host::Local] {
            let text = shield(host, "::error::x\na ##[error]y\r\n\u{1b}[0Ksection_start:1:a\r\u{1b}[0K\n");
            let expected =
                "\\::error::x\na ##\\[error]y\u{fffd}\n\u{fffd}[0Ksection_start:1:a\u{fffd}\u{fffd}[0K\n";
            assert!(text.contains(expected), "{text}");
        }
    }
}
