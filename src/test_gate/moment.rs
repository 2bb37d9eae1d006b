//! Whether a report says when it was written: no two runs then write the same bytes.

/// Whether a date with a time of day stands in these bytes, such as `2026-11-23T10:11`, or a number of milliseconds since 1970.
pub(super) fn is_in(bytes: &[u8]) -> bool {
    let mut starts = bytes.iter().enumerate().filter(|(index, byte)| {
        let before = index.checked_sub(1).and_then(|before| bytes.get(before));
        matches!(byte, b'1' | b'2')
            && !before.is_some_and(|before| before.is_ascii_alphanumeric() || matches!(before, b'.' | b'-'))
    });
    starts.any(|(index, _)| {
        let rest = bytes.get(index..).unwrap_or_default();
        is_date(rest) || is_milliseconds(rest)
    })
}

fn is_date(bytes: &[u8]) -> bool {
    let pattern = b"dddd-dd-ddTdd:dd";
    bytes.len() >= pattern.len()
        && pattern.iter().zip(bytes).all(|(pattern, byte)| match pattern {
            b'd' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b't' | b' ' | b'_'),
            other => other == byte,
        })
}

/// Whether a number of thirteen digits begins here that is a moment between 2017 and 2033.
fn is_milliseconds(bytes: &[u8]) -> bool {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits == 13 && matches!(bytes, [b'1', b'5'..=b'9', ..])
}

#[cfg(test)]
mod tests {
    use super::is_in;

    #[test]
    fn moments_are_found() {
        for text in [
            "timestamp=\"2026-11-23T10:11:12\"",
            "\"start\": 1764000000000,",
            "2026-11-23 10:11",
            "x 1764000000000",
        ] {
            assert!(is_in(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "2026-11-23",
            "time=\"0.1764000000000\"",
            "17640000000001",
            "1764000000",
            "id-1764000000000",
            "12:00:00",
        ] {
            assert!(!is_in(text.as_bytes()), "{text}");
        }
    }
}
