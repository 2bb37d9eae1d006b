//! The files of an image: members of an archive, or files of a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::paths;
use super::region::Region;
use super::tar::{Tar, What};
use devops_core::Error;

/// Most members of an archive of an image.
const MOST_MEMBERS: usize = 100_000;

/// Where the files of an image are.
pub(crate) enum Members {
    /// Members of an archive.
    Archive {
        label: String,
        files: BTreeMap<Vec<u8>, Region>,
        /// Links between them, as `docker save` once wrote for layers that are equal.
        links: BTreeMap<Vec<u8>, Vec<u8>>,
    },
    /// Files of a folder.
    Folder(PathBuf),
}

impl Members {
    /// Lists the members of an archive; their contents are not read.
    pub(crate) fn of_archive(path: &Path) -> Result<Self, Error> {
        let whole = Region::open(path)?;
        let label = whole.label().to_owned();
        let damaged = |what: &str| {
            Error::input(format!("{label} can't be read as an image: {what}")).help(
                "expected an archive of `docker save` or `podman save`, an OCI layout, or a root folder; save the image again",
            )
        };
        let mut head = [0; 6];
        let count = whole.read_at(0, &mut head).map_err(|error| Error::unreadable(path, error))?;
        if let Some(compression) = compression(head.get(..count).unwrap_or_default()) {
            return Err(damaged(&format!("the archive is compressed by {compression}; unpack it first")));
        }
        let (mut files, mut links) = (BTreeMap::new(), BTreeMap::new());
        let mut tar = Tar::new(whole.reader());
        while let Some(entry) = tar.next().map_err(|damage| damaged(&damage.to_string()))? {
            let name = String::from_utf8_lossy(&entry.name).into_owned();
            let outside = |_| damaged(&format!("`{name}` leaves the archive"));
            let member = paths::clean(&entry.name).map_err(outside)?;
            if files.contains_key(&member) || links.contains_key(&member) {
                return Err(damaged(&format!("`{name}` is there twice")));
            }
            match entry.what {
                What::File => {
                    let at = tar.source().position();
                    let part = whole.part(&name, at, entry.size).ok_or_else(|| damaged("it is cut off"))?;
                    files.insert(member, part);
                }
                What::Symlink(target) => {
                    links.insert(member, target);
                }
                What::HardLink(target) => {
                    links.insert(member, [b"/", target.as_slice()].concat());
                }
                What::Folder => {}
                What::Sparse | What::Special => {
                    return Err(damaged(&format!("`{name}` is no ordinary file")));
                }
            }
            if files.len() + links.len() > MOST_MEMBERS {
                return Err(damaged(&format!("it has more than {MOST_MEMBERS} members")));
            }
        }
        if !tar.has_end() {
            return Err(damaged("it is cut off"));
        }
        Ok(Self::Archive { label, files, links })
    }

    /// The files of a folder.
    pub(crate) fn of_folder(path: &Path) -> Self {
        Self::Folder(path.to_owned())
    }

    /// A file; none where there is none.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Region>, Error> {
        match self {
            Self::Archive { files, links, .. } => {
                let Ok(path) = paths::clean(name.as_bytes()) else { return Ok(None) };
                let path = paths::resolve(&path, true, |path| links.get(path).map(Vec::as_slice));
                Ok(path.ok().and_then(|path| files.get(&path)).cloned())
            }
            Self::Folder(folder) => {
                let path = folder.join(name);
                if path.exists() { Region::open(&path).map(Some) } else { Ok(None) }
            }
        }
    }

    /// What reports call it.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Archive { label, .. } => label.clone(),
            Self::Folder(folder) => folder.to_string_lossy().into_owned(),
        }
    }
}

/// What packs the bytes of a file, by how they begin.
pub(crate) fn compression(head: &[u8]) -> Option<&'static str> {
    let all: [(&[u8], &str); 5] = [
        (&[0x1f, 0x8b], "gzip"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
        (b"BZh", "bzip2"),
        (&[0xfd, b'7', b'z', b'X', b'Z'], "xz"),
        (&[0x04, 0x22, 0x4d, 0x18], "lz4"),
    ];
    all.into_iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, name)| name)
}
