//! What is known of layers, kept for other runs in a folder that the pipeline's own cache may carry between machines.
//!
//! An entry is named after the digest of the layer's bytes and the release that read it, and begins with the digest of its own bytes:
//! one that was cut off is none. It is kept only where the bytes of the layer had their digest.

use std::path::{Path, PathBuf};

use super::layer::Layer;
use super::sum::Sum;
use devops_core::Error;

/// Most bytes of an entry.
const MOST_BYTES: u64 = 1 << 30;
/// What an entry begins with.
const MAGIC: &str = "devops-action layer\n";

/// A folder with what is known of layers.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    /// What read them: another release may take other things from the same files.
    reader: String,
}

impl Store {
    /// A folder, which is made when something is kept; `reader` names the program with its version and build.
    pub fn new(folder: &Path, reader: &str) -> Self {
        Self { folder: folder.to_owned(), reader: reader.to_owned() }
    }

    /// What is known of a layer; none where nothing is, or nothing that can be read.
    pub(crate) fn get(&self, digest: &Sum) -> Option<Layer> {
        let bytes = devops_files::read_itself(&self.path(digest), MOST_BYTES).ok()?;
        let rest = bytes.strip_prefix(self.head(digest).as_bytes())?;
        let (sum, rest) = rest.split_at_checked(Sum::of(b"").text().len())?;
        let body = rest.strip_prefix(b"\n")?;
        if sum != Sum::of(body).text().as_bytes() {
            return None;
        }
        postcard::from_bytes(body).ok()
    }

    /// Keeps what is known of a layer.
    ///
    /// # Errors
    /// Where the folder can't be written.
    pub(crate) fn put(&self, digest: &Sum, layer: &Layer) -> Result<(), Error> {
        let path = self.path(digest);
        let unwritable = |error| Error::unwritable(&path, error);
        let body = postcard::to_allocvec(layer).map_err(|error| unwritable(std::io::Error::other(error)))?;
        let mut bytes = format!("{}{}\n", self.head(digest), Sum::of(&body)).into_bytes();
        bytes.extend(body);
        std::fs::create_dir_all(&self.folder).map_err(unwritable)?;
        devops_files::replace(&path, &bytes)
    }

    fn head(&self, digest: &Sum) -> String {
        format!("{MAGIC}{}\n{digest}\n", self.reader)
    }

    fn path(&self, digest: &Sum) -> PathBuf {
        let (_, digits) = digest.parts();
        let reader = Sum::of(self.reader.as_bytes());
        let release = reader.parts().1.get(..16).unwrap_or_default();
        self.folder.join(format!("{digits}-{release}.layer"))
    }
}

#[cfg(test)]
mod tests {
    use super::Store;
    use crate::{Layer, Sum};

    #[test]
    fn what_is_kept_comes_back_or_nothing_does() {
        let folder = tempfile::tempdir().unwrap();
        let digest = Sum::of(b"layer");
        let layer =
            Layer { present: vec![2, 5], opaque: vec![b"a".to_vec()], entries: 3, ..Layer::default() };
        let store = Store::new(folder.path(), "image-scan 1");
        assert_eq!(store.get(&digest), None);
        store.put(&digest, &layer).unwrap();
        assert_eq!(store.get(&digest), Some(layer));
        assert_eq!(store.get(&Sum::of(b"other")), None);
        assert_eq!(Store::new(folder.path(), "image-scan 2").get(&digest), None);
        let path = store.path(&digest);
        let bytes = std::fs::read(&path).unwrap();
        // Another layer's entry under this name.
        std::fs::copy(&path, store.path(&Sum::of(b"other"))).unwrap();
        assert_eq!(store.get(&Sum::of(b"other")), None);
        for end in 0..bytes.len() {
            std::fs::write(&path, &bytes[..end]).unwrap();
            assert_eq!(store.get(&digest), None);
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(store.get(&digest), None, "{at}");
        }
    }
}
