//! What build tools, runtimes, runners and shells print when they break off, whatever was measured before.
//!
//! A line that one of them prints for nothing else is enough. Words that a healthy program may print as well, such as `error: …`,
//! count where nothing is measured behind them, because what breaks off measures nothing more.

/// What a line says about the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// The run broke off here.
    Broken,
    /// The run broke off here if nothing is measured behind this line.
    Doubtful,
}

/// Whole lines.
const WHOLE: [&str; 15] = [
    "FAIL",
    "FAILED",
    "Killed",
    "Aborted",
    "Terminated",
    "Hangup",
    "Bus error",
    "Segmentation fault",
    "Illegal instruction",
    "Floating point exception",
    "Trace/breakpoint trap",
    "Build FAILED.",
    "// * Errors *",
    "Process terminated.",
    "Stack overflow.",
];

/// What lines start with.
const STARTS: [&str; 62] = [
    // cargo and rustc
    "error[E",
    "error: aborting due to",
    "error: bench failed",
    "error: build failed",
    "error: could not compile",
    "error: failed to run custom build command",
    "error: linking with ",
    "error: process didn't exit successfully",
    "error: test failed",
    "process didn't exit successfully: ",
    "fatal runtime error: ",
    "memory allocation of ",
    // go
    "FAIL\t",
    "--- FAIL:",
    "panic: ",
    "fatal error: ",
    "signal: ",
    "[signal SIG",
    "*** Test killed",
    // make, ninja, CMake, Bazel
    "ninja: build stopped",
    "ninja: error:",
    "CMake Error",
    "collect2: error:",
    "ERROR: Build did NOT complete successfully",
    "FAILED: Build did NOT complete successfully",
    "The following tests FAILED:",
    "Errors while running CTest",
    // the JVM, Gradle, Maven, sbt and JMH
    "BUILD FAILED",
    "FAILURE: Build failed",
    "[INFO] BUILD FAILURE",
    "Exception in thread \"",
    "# A fatal error has been detected by the Java Runtime Environment",
    "<failure>",
    "<forked VM failed",
    // node and its package managers
    "npm ERR!",
    "npm error ",
    "ELIFECYCLE",
    "FATAL ERROR: ",
    "error Command failed with exit code",
    "triggerUncaughtException",
    "[UnhandledPromiseRejection",
    // Python, .NET, Ruby, Dart, PHP, Elixir, Swift
    "Traceback (most recent call last)",
    "Fatal Python error: ",
    "Unhandled exception",
    "Unhandled Exception",
    "rake aborted!",
    "PHP Fatal error: ",
    // C and C++
    "terminate called ",
    "terminating due to uncaught exception",
    "terminating with uncaught exception",
    "libc++abi: ",
    "Assertion failed: ",
    "*** stack smashing detected ***",
    "double free or corruption",
    "free(): ",
    "malloc(): ",
    "SUMMARY: AddressSanitizer",
    // shells and hosts
    "Segmentation fault (core dumped)",
    "##[error]",
    "Error: Process completed with exit code",
    "ERROR: Job failed",
    "timeout: sending signal",
];

/// First words after which the line may be anything.
const DOUBTFUL: [&str; 15] = [
    "error:", "Error:", "ERROR:", "ERROR", "[ERROR]", "[error]", "fatal:", "Fatal:", "FATAL:", "FATAL",
    "Fatal", "E:", "Uncaught", "**", "Node.js",
];

/// What shells say behind the name of a script, a line or a process.
const OF_SHELLS: [&str; 10] = [
    "Segmentation fault",
    "Killed",
    "Aborted",
    "Bus error",
    "Illegal instruction",
    "Floating point exception",
    "core dumped",
    "command not found",
    "not found",
    "No such file or directory",
];

/// What a line says about the run; `None` where it says nothing.
pub(super) fn sign(line: &str) -> Option<Sign> {
    let text = line.trim();
    let first = text.split_whitespace().next()?;
    let is_broken = WHOLE.contains(&text)
        || STARTS.iter().any(|start| text.starts_with(start))
        || is_panic(text)
        || text.contains("\tpanic: ")
        || is_exit(text)
        || is_of_make(first, text)
        || is_of_a_compiler(text)
        || is_of_ruby(text)
        || is_of_a_shell(first, text)
        || is_of_a_checker(first, text);
    if is_broken {
        return Some(Sign::Broken);
    }
    let is_exception = ["Error:", "Exception:"].iter().any(|end| first.ends_with(end));
    (DOUBTFUL.contains(&first) || is_exception).then_some(Sign::Doubtful)
}

/// `thread 'main' panicked at …`, with or without a number of the thread.
fn is_panic(text: &str) -> bool {
    text.strip_prefix("thread '")
        .is_some_and(|rest| rest.contains(" panicked at ") || rest.ends_with(" has overflowed its stack"))
}

/// `exit status 2`, as go prints it; nothing for 0.
fn is_exit(text: &str) -> bool {
    let code = ["exit status ", "exit code "].iter().find_map(|start| text.strip_prefix(start));
    code.is_some_and(|code| code != "0" && code.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `make[1]: *** [Makefile:3: bench] Error 1`.
fn is_of_make(first: &str, text: &str) -> bool {
    first.ends_with(':') && first.contains("make") && text.contains(": *** ")
}

/// `src/sum.cpp:3:14: error: …` and `Program.cs(3,5): error CS0103: …`.
fn is_of_a_compiler(text: &str) -> bool {
    [": error: ", ": fatal error: ", "): error "].iter().any(|mark| {
        text.split_once(mark).is_some_and(|(place, _)| {
            place.ends_with(|last: char| last.is_ascii_digit()) && place.contains([':', '('])
        })
    })
}

/// ``bench.rb:3:in `block in <main>': no (RuntimeError)``, behind a table that it may have interrupted.
fn is_of_ruby(text: &str) -> bool {
    let is_raised =
        text.contains(".rb:") && text.contains(":in ") && text.ends_with(')') && text.contains("': ");
    is_raised || text.contains(": [BUG] ")
}

/// `bash: line 3: 4711 Killed  ./bench`, `./run.sh: line 3: ./bench: No such file or directory`, `sh: 1: x: not found`.
fn is_of_a_shell(first: &str, text: &str) -> bool {
    let is_shell = first.ends_with(':')
        && (first.ends_with("sh:") || text.get(first.len()..).is_some_and(|rest| rest.starts_with(" line ")));
    (is_shell && OF_SHELLS.iter().any(|words| text.contains(words)))
        || text.contains("Segmentation fault (core dumped)")
        || text.contains("Assertion `") && text.ends_with("' failed.")
}

/// `==123==ERROR: AddressSanitizer: …`, and what valgrind says of a program that a signal ended.
fn is_of_a_checker(first: &str, text: &str) -> bool {
    first.starts_with("==")
        && (first.ends_with("==ERROR:") || text.contains("Process terminating with default action of signal"))
}

#[cfg(test)]
mod tests {
    use super::{Sign, sign};

    #[test]
    fn what_ends_a_run_is_known() {
        for line in [
            "thread 'main' panicked at benches/a.rs:1:1:",
            "thread 'main' (4711) panicked at benches/a.rs:1:1:",
            "thread 'main' has overflowed its stack",
            "error: bench failed, to rerun pass `--bench a`",
            "  process didn't exit successfully: `a --bench` (signal: 11, SIGSEGV: invalid memory reference)",
            "error[E0425]: cannot find value `x` in this scope",
            "error: could not compile `x` (bench \"b\") due to 1 previous error",
            "BenchmarkB-2   \tpanic: runtime error: invalid memory address or nil pointer dereference",
            "panic: runtime error: index out of range [3] with length 3",
            "FAIL\tshop [build failed]",
            "exit status 2",
            "signal: killed",
            "make: *** [Makefile:2: bench] Error 1",
            "gmake[2]: *** [all] Error 2",
            "a.cpp:3:5: error: expected ';'",
            "Program.cs(3,5): error CS0103: The name 'x' does not exist",
            "bench.rb:1:in `block (2 levels) in <main>': no (RuntimeError)",
            "a  0.1   0.2   bench.rb:1:in 'block in <main>': no (RuntimeError)",
            "bench.rb:3: [BUG] Segmentation fault at 0x0",
            "Traceback (most recent call last):",
            "Unhandled exception. System.Exception: no",
            "bash: line 1:  4711 Killed                  ./bench",
            "./run.sh: line 3:  4711 Segmentation fault      (core dumped) ./bench",
            "sh: 1: hyperfine: not found",
            "Segmentation fault (core dumped)",
            "bench: a.c:3: main: Assertion `x == 1' failed.",
            "==4711==ERROR: AddressSanitizer: heap-use-after-free",
            "==4711== Process terminating with default action of signal 11 (SIGSEGV)",
            "[INFO] BUILD FAILURE",
            "FAILURE: Build failed with an exception.",
            "terminate called after throwing an instance of 'std::runtime_error'",
            "##[error]Process completed with exit code 1.",
        ] {
            assert_eq!(sign(line), Some(Sign::Broken), "{line}");
        }
    }

    #[test]
    fn what_a_healthy_program_may_print_is_doubtful_or_nothing() {
        for line in [
            "error: no such key",
            "Node.js v20.20.2",
            "[ERROR] no",
            "** (RuntimeError) no",
            "TypeError: x is not a function",
            "Error: boom",
            "fatal: not a repository",
        ] {
            assert_eq!(sign(line), Some(Sign::Doubtful), "{line}");
        }
        for line in [
            "",
            "PASS",
            "ok  \tshop\t1.2s",
            "warning: unused variable: `x`",
            "a.cpp:3:5: warning: unused variable",
            "exit status 0",
            "error handling          time:   [1.0 ns 1.1 ns 1.2 ns]",
            "Finished `bench` profile [optimized] target(s) in 0.96s",
            "test errors ... bench:   1,234 ns/iter (+/- 3)",
            "error_paths::parse bad:\"Error\"",
            "rescue.rb:3: warning: unused",
            "make: Nothing to be done for 'bench'.",
        ] {
            assert_eq!(sign(line), None, "{line}");
        }
    }
}
