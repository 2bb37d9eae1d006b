//! Damaged copies of files, as disks, networks, merges and attackers make them.
//!
//! `DEVOPS_MUTATIONS` sets how many copies a test makes, and `DEVOPS_MUTATIONS_SEED` which ones. `scripts/mutations` makes many.

#![expect(clippy::indexing_slicing, reason = "is only for tests")]

/// How a file is damaged: a name, and what makes the damaged copy of a file that is not empty.
pub type Way = (&'static str, fn(&mut Random, &[u8]) -> Vec<u8>);

/// Numbers that are the same in every run with the same seed.
pub struct Random(u64);

impl Random {
    /// Numbers that the environment chooses.
    pub fn seeded() -> Self {
        let seed: Option<u64> = number("DEVOPS_MUTATIONS_SEED");
        Self(seed.map_or(0x9e37_79b9_7f4a_7c15, |seed| seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// A number below this one; 0 where it is 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end.max(1) as u64).unwrap_or_default()
    }
}

/// How many copies a test makes.
pub fn amount(usual: usize) -> usize {
    number("DEVOPS_MUTATIONS").unwrap_or(usual)
}

fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Makes damaged copies of a file in these ways by turns and gives each with how it was damaged; returns how many there were.
pub fn copies(whole: &[u8], ways: &[Way], usual: usize, mut take: impl FnMut(&str, &[u8])) -> usize {
    let mut random = Random::seeded();
    let amount = amount(usual);
    for (round, (how, damage)) in (0..amount).zip(ways.iter().cycle()) {
        take(&format!("round {round}: {how}"), &damage(&mut random, whole));
    }
    amount
}

/// How any file is damaged.
pub const BYTES: &[Way] = &[
    ("a bit flipped", |random, bytes| {
        let mut bytes = bytes.to_vec();
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
        bytes
    }),
    ("cut off", |random, bytes| bytes[..random.below(bytes.len())].to_vec()),
    ("bytes removed", |random, bytes| {
        let (start, end) = part(random, bytes);
        [&bytes[..start], &bytes[end..]].concat()
    }),
    ("a NUL more", |random, bytes| inserted(random, bytes, "\0")),
    ("zeros", |random, bytes| {
        let mut bytes = bytes.to_vec();
        let (start, end) = part(random, &bytes);
        bytes[start..end].fill(0);
        bytes
    }),
    ("two bytes swapped", |random, bytes| {
        let mut bytes = bytes.to_vec();
        let (one, other) = (random.below(bytes.len()), random.below(bytes.len()));
        bytes.swap(one, other);
        bytes
    }),
    ("a block over another", |random, bytes| {
        let (start, end) = part(random, bytes);
        let other = random.below(bytes.len() - (end - start) + 1);
        let mut copy = bytes.to_vec();
        copy[other..other + end - start].copy_from_slice(&bytes[start..end]);
        copy
    }),
    ("a block twice in a row", |random, bytes| {
        let (start, end) = part(random, bytes);
        [&bytes[..end], &bytes[start..]].concat()
    }),
];

/// How a text is damaged.
pub const TEXT: &[Way] = &[
    BYTES[0],
    BYTES[1],
    BYTES[2],
    ("a line removed", |random, text| {
        on_lines(text, |lines| {
            lines.remove(random.below(lines.len()));
        })
    }),
    ("lines removed", |random, text| {
        on_lines(text, |lines| {
            let at = random.below(lines.len());
            let end = (at + 2 + random.below(12)).min(lines.len());
            lines.drain(at..end);
        })
    }),
    ("a line twice", |random, text| {
        on_lines(text, |lines| {
            let at = random.below(lines.len());
            lines.insert(at, lines[at]);
        })
    }),
    ("two lines swapped", |random, text| {
        on_lines(text, |lines| {
            let (one, other) = (random.below(lines.len()), random.below(lines.len()));
            lines.swap(one, other);
        })
    }),
    ("two blocks swapped", |random, text| {
        on_lines(text, |lines| {
            let length = 1 + random.below(8);
            let (one, other) = (random.below(lines.len()), random.below(lines.len()));
            if one + length <= other && other + length <= lines.len() {
                for line in 0..length {
                    lines.swap(one + line, other + line);
                }
            } else {
                lines.rotate_left(one);
            }
        })
    }),
    ("lines of elsewhere pasted", |random, text| {
        on_lines(text, |lines| {
            let start = random.below(lines.len());
            let end = (start + 1 + random.below(12)).min(lines.len());
            let pasted = lines[start..end].to_vec();
            let at = random.below(lines.len());
            lines.splice(at..at, pasted);
        })
    }),
    ("a word in another case", |random, text| {
        let mut bytes = text.to_vec();
        let at = random.below(bytes.len());
        let start = (at..bytes.len()).find(|at| bytes[*at].is_ascii_alphabetic()).unwrap_or(at);
        let is_whole = random.below(2) == 0;
        for byte in bytes[start..].iter_mut().take_while(|byte| byte.is_ascii_alphabetic()) {
            *byte ^= 0x20;
            if !is_whole {
                break;
            }
        }
        bytes
    }),
    ("a bracket less", |random, text| {
        let mut bytes = text.to_vec();
        let places: Vec<usize> =
            (0..bytes.len()).filter(|at| b"[]{}()<>\"',:".contains(&bytes[*at])).collect();
        if let Some(at) = places.get(random.below(places.len())) {
            bytes.remove(*at);
        }
        bytes
    }),
    ("a byte order mark within", |random, text| inserted(random, text, "\u{feff}")),
    ("a NUL within", |random, text| inserted(random, text, "\0")),
    ("a quotation mark more", |random, text| inserted(random, text, "\"")),
    ("a line break more", |random, text| inserted(random, text, "\n")),
    ("a comment sign more", |random, text| inserted(random, text, "#")),
    ("a space more", |random, text| inserted(random, text, " ")),
    ("line ends of Windows", |_, text| ended(text, |_| true)),
    ("line ends of Windows here and there", |random, text| ended(text, |_| random.below(3) == 0)),
    (CONFLICT, |random, text| {
        on_lines(text, |lines| {
            let at = random.below(lines.len());
            let end = (at + 1 + random.below(6)).min(lines.len());
            lines.insert(end, b">>>>>>> topic");
            lines.insert(end, b"=======");
            lines.insert(at, b"<<<<<<< HEAD");
        })
    }),
    ("the text twice", |_, text| text.repeat(2)),
    ("the end twice", |random, text| {
        let at = random.below(text.len());
        [text, &text[at..]].concat()
    }),
];

/// The way to damage a text by a merge that failed.
pub const CONFLICT: &str = "a conflict";

/// A part of at most 64 bytes.
fn part(random: &mut Random, bytes: &[u8]) -> (usize, usize) {
    let start = random.below(bytes.len());
    (start, (start + 1 + random.below(64)).min(bytes.len()))
}

fn inserted(random: &mut Random, bytes: &[u8], what: &str) -> Vec<u8> {
    let at = random.below(bytes.len());
    [&bytes[..at], what.as_bytes(), &bytes[at..]].concat()
}

fn on_lines(text: &[u8], change: impl FnOnce(&mut Vec<&[u8]>)) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    change(&mut lines);
    lines.join(&b'\n')
}

/// A text with carriage returns at the end of some of its lines.
fn ended(text: &[u8], mut is_changed: impl FnMut(usize) -> bool) -> Vec<u8> {
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    let lines: Vec<Vec<u8>> = lines
        .map(|(number, line)| if is_changed(number) { [line, b"\r"].concat() } else { line.to_vec() })
        .collect();
    lines.join(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::{BYTES, TEXT, copies};

    #[test]
    fn every_way_damages_any_file() {
        for whole in ["x", "a\n", "{\"a\": [1,\n2]}\n"] {
            for ways in [BYTES, TEXT] {
                let mut damaged = 0;
                let count = copies(whole.as_bytes(), ways, 2_000, |_, copy| {
                    damaged += usize::from(copy != whole.as_bytes());
                });
                assert!(damaged * 3 > count, "{damaged} of {count}");
            }
        }
    }
}
