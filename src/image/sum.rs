//! Digests as images name them: `sha256:` and hexadecimal digits.

use std::fmt;
use std::io::{self, Read};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256, Sha512};

use devops_core::digest::hexadecimal;

/// A digest, as `sha256:…` or `sha512:…` in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sum(String);

impl Sum {
    /// Reads a digest; none where it is of an algorithm that is not known, or not whole.
    pub fn read(text: &str) -> Option<Self> {
        let (algorithm, digits) = text.split_once(':')?;
        let length = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => return None,
        };
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (digits.len() == length && digits.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// The digest of bytes, by SHA-256.
    pub fn of(bytes: &[u8]) -> Self {
        Self(format!("sha256:{}", hexadecimal(&Sha256::digest(bytes))))
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Algorithm and digits.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or_default()
    }

    /// Begins to compute a digest by the same algorithm.
    pub(crate) fn hasher(&self) -> Hasher {
        if self.0.starts_with("sha512") {
            Hasher::Sha512(Sha512::new())
        } else {
            Hasher::Sha256(Sha256::new())
        }
    }

    /// Whether bytes have this digest.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finish() == *self
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no digest")))
    }
}

/// A digest that is being computed.
pub(crate) enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Sum {
        Sum(match self {
            Self::Sha256(hasher) => format!("sha256:{}", hexadecimal(&hasher.finalize())),
            Self::Sha512(hasher) => format!("sha512:{}", hexadecimal(&hasher.finalize())),
        })
    }
}

/// Computes the digest of everything that is read through it.
pub(crate) struct Hashed<R> {
    inner: R,
    hasher: Option<Hasher>,
}

impl<R: Read> Hashed<R> {
    /// Reads through `inner`, and computes where a hasher is given.
    pub(crate) fn new(inner: R, hasher: Option<Hasher>) -> Self {
        Self { inner, hasher }
    }

    /// The digest of everything to the end, which is read.
    pub(crate) fn finish(&mut self) -> io::Result<Option<Sum>> {
        if self.hasher.is_some() {
            io::copy(self, &mut io::sink())?;
        }
        Ok(self.hasher.take().map(Hasher::finish))
    }

    /// What it reads from.
    pub(crate) fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(buffer.get(..count).unwrap_or_default());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn digests_are_whole_or_none() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(Sum::read(empty).unwrap().is_of(b""));
        assert_eq!(Sum::of(b"").text(), empty);
        for text in [
            "",
            "sha256",
            "sha256:",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
            &empty[..70],
            &empty.to_uppercase(),
        ] {
            assert_eq!(Sum::read(text), None, "{text}");
        }
    }
}
