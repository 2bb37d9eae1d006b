//! Standard output and standard error: the only place that prints.
//!
//! Nearly all that is printed has words of others in it, also usage errors and panics. It is printed without secrets, and so that
//! a host that reads the log takes no command from it.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::common::Common;
use super::context::{Context, environment};
use devops_ci::{Host, shield};
use devops_core::escape::{terminal, terminal_line};
use devops_core::{Error, Exit, Redactor};

/// Prints text for people on standard output, in colour where that is wanted.
pub fn print(context: &Context, common: &Common, text: &str) {
    let stdout = anstream::AutoStream::new(io::stdout().lock(), common.color.into());
    write(stdout, &context.for_log(text));
}

/// Prints the answer to a question, in which there are words of others.
pub fn print_answer(text: &str, context: &Context) -> Exit {
    write(anstream::stdout().lock(), &context.for_log(text));
    Exit::Pass
}

/// Prints the answer to a question, such as a page or a script, in which all words are our own: what other programs read has no
/// shield around it.
pub fn print_page(text: &str) -> Exit {
    write(anstream::stdout().lock(), text);
    Exit::Pass
}

/// Prints commands for the host. Their renderer has escaped what is foreign in them.
pub(super) fn print_commands(text: &str) {
    write(io::stdout().lock(), text);
}

/// Prints on standard error what went wrong, where, and what to do; returns the exit that stands for it. Without a context, the
/// environment decides how.
pub fn print_error(error: &Error, context: Option<&Context>) -> Exit {
    print_trouble(&picture(error), context);
    error.kind().exit()
}

/// Prints why clap refused a command line, or what it answers to `--help`.
pub(super) fn print_refusal(error: &clap::Error, context: &Context) {
    if !error.use_stderr() {
        // Somebody who stopped reading is no reason to fail.
        let _ = error.print();
        return;
    }
    // Without clap's colours, because nobody can tell them from those of a hostile argument.
    let text = terminal(&error.to_string());
    let text = match text.strip_prefix("error: ") {
        Some(rest) => {
            let style = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::BrightRed.into()));
            format!("{style}error{style:#}: {rest}")
        }
        None => text,
    };
    print_trouble(&text, Some(context));
}

/// Prints panics as errors of ours, because their messages can quote what was read.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        print_error(&internal_error(panic.payload(), &place), None);
        let backtrace = std::backtrace::Backtrace::capture();
        if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
            print_trouble(&terminal(&backtrace.to_string()), None);
        }
    }));
}

/// A panic as an error.
fn internal_error(payload: &dyn Any, place: &str) -> Error {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("panicked");
    Error::bug(format!("internal error at {place}: {text}"))
}

/// Prints on standard error.
fn print_trouble(text: &str, context: Option<&Context>) {
    let text = match context {
        Some(context) => context.for_log(text),
        None => {
            let environment: BTreeMap<String, String> = environment();
            let text = Redactor::from_environment(&environment).redact(text);
            shield(Host::detect(&environment), &text)
        }
    };
    write(anstream::stderr().lock(), &text);
}

/// Writes all of a text; somebody who stopped reading is no reason to fail.
fn write(mut stream: impl Write, text: &str) {
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

/// The error as rustc would draw it: message, place with its line and a caret, help.
fn picture(error: &Error) -> String {
    let renderer = Renderer::styled();
    let help = terminal(error.help_text());
    let title = match error.place() {
        Some(_) => terminal_line(error.message()),
        None => terminal_line(&error.to_string()),
    };
    let place = error.place().map(|place| (place, terminal_line(&place.path), terminal_line(&place.label)));
    // The source is shown as it is, because the span counts its bytes; the renderer has stand-ins for what moves the cursor.
    let mut group = Level::ERROR.primary_title(title).elements(place.as_ref().map(|(place, path, label)| {
        Snippet::source(place.text.as_str())
            .path(path.as_str())
            .annotation(AnnotationKind::Primary.span(place.span.clone()).label(label.as_str()))
    }));
    if !help.is_empty() {
        group = group.element(Level::HELP.message(help));
    }
    format!("{}\n", renderer.render(&[group]))
}

#[cfg(test)]
mod tests {
    use super::{internal_error, picture};
    use devops_core::{Error, Place};

    #[test]
    fn an_error_has_no_control_characters_of_others() {
        let text = "a\u{1b}[31m\u{ad}b\r";
        let place =
            Place { path: text.to_owned(), text: text.to_owned(), span: 0..1, label: text.to_owned() };
        for error in [
            Error::usage(text).help(text),
            Error::configuration(text).help(text).pointing(place),
            internal_error(&text, text),
            internal_error(&text.to_owned(), text),
        ] {
            let drawn = devops_core::escape::log(&picture(&error));
            let plain = anstream::adapter::strip_str(&drawn).to_string();
            assert!(!plain.contains(['\u{1b}', '\r', '\u{ad}']), "{plain:?}");
            assert!(plain.contains("[31m"), "what others wrote is shown, not obeyed: {plain:?}");
        }
    }
}
