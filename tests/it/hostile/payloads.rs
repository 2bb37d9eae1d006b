//! Hostile texts, made of pieces that mean something to somebody: to a runner, a shell, a terminal, a page, a parser.

/// What a payload would leave behind if anything ran it.
pub(super) const TRACE: &str = "left-by-a-payload";

/// How many payloads each test takes, if it is not a sample: `scripts/hostile` says.
fn wanted() -> Option<usize> {
    std::env::var("DEVOPS_HOSTILE").ok().map(|amount| amount.parse().expect("a number of payloads"))
}

/// The ways in which a payload is tried: all of them for a sample; of thousands of payloads, each in turn.
pub(super) fn tried<T>(ways: impl IntoIterator<Item = T>, index: usize) -> Vec<T> {
    let mut ways: Vec<T> = ways.into_iter().collect();
    if wanted().is_some() { vec![ways.swap_remove(index % ways.len())] } else { ways }
}

/// The payloads, always the same ones: the first of many are those of few.
pub(super) fn payloads() -> Vec<String> {
    let mut numbers = Numbers(0x0dd5_c0de);
    let whole = COMMANDS.iter().chain(FILES).map(|piece| (*piece).to_owned());
    let mixed = std::iter::repeat_with(|| payload(&mut numbers));
    whole.chain(mixed).take(wanted().unwrap_or(100)).collect()
}

/// The payloads for tests that run a binary for each; of a sample only some from everywhere.
pub(super) fn some_payloads() -> Vec<String> {
    let step = if wanted().is_some() { 1 } else { 12 };
    payloads().into_iter().step_by(step).collect()
}

fn payload(numbers: &mut Numbers) -> String {
    let kinds = [COMMANDS, FILES, SHELL, MARKUP, CONTROL, HIDDEN, PLAIN];
    let mut text = String::new();
    for _ in 0..1 + numbers.below(7) {
        let kind = kinds[numbers.below(kinds.len())];
        let piece = numbers.of(kind);
        match numbers.below(8) {
            // A reader that ignores what it can't see finds the word all the same.
            0 => text.extend(piece.chars().flat_map(|character| [character, '\u{ad}'])),
            1 => text.push_str(&format!("\n{piece}")),
            2 => text.push_str(&format!("\n \t{piece}\r\n")),
            3 => text.push_str(&format!("{piece} ")),
            _ => text.push_str(piece),
        }
    }
    text
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn of<'a>(&mut self, pieces: &[&'a str]) -> &'a str {
        pieces[self.below(pieces.len())]
    }
}

const COMMANDS: &[&str] = &[
    "::error file=a.rs,line=1,title=forged::forged",
    "##[error]forged",
    "##[stop-commands]0123456789abcdef",
    "::stop-commands::0123456789abcdef",
    "##[add-mask]e",
    "::add-mask::e",
    "x ##[set-output name=verdict;]pass",
    "::set-output name=verdict::pass",
    "  \t::warning::forged",
    "\u{a0}::notice title=a::forged",
    "##[group]forged",
    "::group::forged",
    "::endgroup::",
    "::debug::forged",
    "::save-state name=a::b",
    "::set-env name=PATH::/tmp",
    "##[set-env name=LD_PRELOAD;]/tmp/x.so",
    "::add-path::/tmp",
    "::add-matcher::.github/matcher.json",
    "::remove-matcher owner=eslint::",
    "::echo::on",
    "##[command]rm -rf /",
    "##[section]forged",
    "##vso[task.setvariable variable=verdict]pass",
    "##teamcity[buildStatus status='SUCCESS']",
    "section_start:1700000000:forged\r\u{1b}[0KForged",
    "section_end:1700000000:forged\r\u{1b}[0K",
    "section_start:1700000000:forged[collapsed=true]\r\u{1b}[0KForged",
    "a\r::error::forged",
    "a\u{85}::error::forged",
    "a\u{2028}::error::forged",
    "\u{feff}::error::forged",
    "\u{ad}::error::forged",
    "#\u{ad}#[error]forged",
    "#\u{200d}#\u{2060}[add-mask]e",
    "\u{1b}[0m::error::forged",
    "#\u{1b}[1m#[error]forged",
    "%0A::error::forged%0D%0A",
    "::error::a%0A::stop-commands::x",
    "::ERROR::forged",
    "::error",
    "##[",
    "::",
];

const FILES: &[&str] = &[
    "\nverdict=pass\n",
    "\nVERDICT=pass\nTEST_GATE_VERDICT=pass\n",
    "verdict<<EOF\npass\nEOF\n",
    "\nEOF\nPATH=/tmp\n",
    "\nend-0\nverdict=pass\n",
    "BASH_ENV=/tmp/x",
];

const SHELL: &[&str] = &[
    "$(touch left-by-a-payload)",
    "`touch left-by-a-payload`",
    ";touch left-by-a-payload;",
    "| touch left-by-a-payload",
    "&& touch left-by-a-payload #",
    "\ntouch left-by-a-payload\n",
    "'; touch left-by-a-payload; '",
    "\"; touch left-by-a-payload; \"",
    "${{ secrets.GITHUB_TOKEN }}",
    "${PATH}",
    "%PATH%",
    "-c touch left-by-a-payload",
];

const MARKUP: &[&str] = &[
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</script><script>alert(1)//",
    "</style>",
    "</title>",
    "</details>",
    "</pre>",
    "</td></tr><tr><td>forged",
    "<svg onload=alert(1)>",
    "<!--",
    "-->",
    "]]>",
    "<![CDATA[",
    "<?x?>",
    "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>&b;",
    "</testcase><testcase name=\"forged\"/>",
    "\" onmouseover=\"alert(1)\" x=\"",
    "' onmouseover='alert(1)' x='",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "[forged](http://evil.example)",
    "![forged](http://evil.example/x.png)",
    "<http://evil.example>",
    "https://evil.example/?q=1",
    "www.evil.example",
    "someone@evil.example",
    "[forged]: http://evil.example",
    "[^1]: forged",
    "@ops",
    "@ops/team please approve",
    "#12",
    "!12",
    "org/project#12",
    "| forged | forged |\n| --- | --- |\n| a | b |",
    "|",
    "\\|",
    "\\",
    "`",
    "``",
    "```",
    "```\n# forged\n```",
    "~~~",
    "\n# forged\n",
    "\nforged\n===\n",
    "\n---\n",
    "\n- [x] forged\n",
    "\n> forged\n",
    "\n1. forged\n",
    "**forged**",
    "__forged__",
    "~~forged~~",
    "<br>",
    "$$\\href{http://evil.example}{x}$$",
    "$`x`$",
    ":tada:",
    "\",\"verdict\":\"pass",
    "\\u0000\\n\\\"",
    "{{7*7}}",
];

const CONTROL: &[&str] = &[
    "\u{1b}[31m",
    "\u{1b}[2K\u{1b}[1A",
    "\u{1b}[8m",
    "\u{1b}]0;forged\u{7}",
    "\u{1b}]8;;http://evil.example\u{7}forged\u{1b}]8;;\u{7}",
    "\u{1b}",
    "\u{9b}31m",
    "\u{8}\u{8}\u{8}",
    "\r",
    "\n",
    "\r\n",
    "\n\n\n",
    "\u{b}",
    "\u{c}",
    "\t",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
];

const HIDDEN: &[&str] = &[
    "\u{ad}",
    "\u{34f}",
    "\u{61c}",
    "\u{115f}",
    "\u{1160}",
    "\u{17b4}",
    "\u{180e}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}gnp.exe",
    "\u{2060}",
    "\u{2066}",
    "\u{206f}",
    "\u{3164}",
    "\u{fe00}",
    "\u{fe0f}",
    "\u{feff}",
    "\u{ffa0}",
    "\u{fff9}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{1d173}",
    "\u{e0001}",
    "\u{e0069}\u{e0067}\u{e006e}\u{e006f}\u{e0072}\u{e0065}",
    "\u{e007f}",
    "\u{e0100}",
    "\u{e01ef}",
];

const PLAIN: &[&str] = &[
    "a",
    " ",
    "shop.CartTest",
    "é",
    "日本語",
    "src/a.rs:1:2",
    "0",
    "-",
    "--",
    "=",
    ":",
    "/",
    "../..",
    "\u{202f}",
];

#[test]
fn payloads_are_the_same_in_every_run() {
    assert_eq!(payloads(), payloads());
    assert!(some_payloads().len() > 8 && SHELL.iter().any(|piece| piece.contains(TRACE)));
}
