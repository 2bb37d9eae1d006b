//! Reads that leave a digest behind.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use devops_core::Input;
use devops_core::digest::hexadecimal;

/// Hashes and counts what is read through it, so that a streamed file leaves its [`Input`] record behind.
pub struct HashingReader<R> {
    inner: R,
    digest: Sha256,
    bytes: u64,
}

impl<R: Read> HashingReader<R> {
    /// Reads through `inner`.
    pub fn new(inner: R) -> Self {
        Self { inner, digest: Sha256::new(), bytes: 0 }
    }

    /// The record of what was read, once all of it was.
    pub fn finish(self, path: impl Into<String>) -> Input {
        Input { path: path.into(), bytes: self.bytes, sha256: hexadecimal(&self.digest.finalize()) }
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.digest.update(buffer.get(..count).unwrap_or_default());
        self.bytes += count as u64;
        Ok(count)
    }
}
