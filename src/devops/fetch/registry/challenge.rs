//! What a registry wants before it answers: the header `WWW-Authenticate`.

/// A way to prove who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User name and password.
    Basic,
    /// A token from this address, for this service.
    Bearer { realm: String, service: Option<String> },
}

/// The first way that is known among the values of the header; tokens come before passwords.
pub(super) fn challenge(values: &[String]) -> Option<Challenge> {
    let all: Vec<Challenge> = values.iter().flat_map(|value| read(value)).collect();
    let is_bearer = |challenge: &&Challenge| matches!(challenge, Challenge::Bearer { .. });
    all.iter().find(is_bearer).or_else(|| all.first()).cloned()
}

/// Every way that one value offers.
fn read(value: &str) -> Vec<Challenge> {
    let mut found = Vec::new();
    let mut scheme = String::new();
    let mut parameters: Vec<(String, String)> = Vec::new();
    let mut finish = |scheme: &str, parameters: &mut Vec<(String, String)>| {
        let get =
            |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        match scheme {
            "basic" => found.push(Challenge::Basic),
            "bearer" => {
                if let Some(realm) = get("realm") {
                    found.push(Challenge::Bearer { realm, service: get("service") });
                }
            }
            _ => {}
        }
        parameters.clear();
    };
    let mut rest = value.trim_start_matches([' ', ',', '\t']);
    while !rest.is_empty() {
        let end = rest.find([' ', '=', ',']).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if let Some(text) = behind.strip_prefix('=') {
            let (value, behind) = quoted(text);
            parameters.push((word.to_ascii_lowercase(), value));
            rest = behind;
        } else {
            finish(&scheme, &mut parameters);
            scheme = word.to_ascii_lowercase();
            rest = behind;
        }
        rest = rest.trim_start_matches([' ', ',', '\t']);
    }
    finish(&scheme, &mut parameters);
    found
}

/// A value, which may stand in quotes, and what follows it.
fn quoted(text: &str) -> (String, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find([',', ' ']).unwrap_or(text.len()));
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, inner.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(characters.next().map(|(_, character)| character)),
            _ => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Challenge, challenge};

    #[test]
    fn challenges_of_registries_are_read() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        for (value, expected) in [
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a:pull,push""#,
                bearer("https://auth.docker.io/token", Some("registry.docker.io")),
            ),
            (r#"bearer Realm=https://h/t, error="x""#, bearer("https://h/t", None)),
            (r#"Basic realm="Registry""#, Some(Challenge::Basic)),
            (r#"Basic realm="x", Bearer realm="https://h/\"t""#, bearer("https://h/\"t", None)),
            ("Negotiate", None),
            ("Bearer", None),
            ("", None),
        ] {
            assert_eq!(challenge(&[value.to_owned()]), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(text in any::<String>()) {
            let _ = challenge(&[text.clone(), format!("Bearer realm=\"{text}, {text}=")]);
        }
    }
}
