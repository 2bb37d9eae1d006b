//! Where distributions keep their databases, and by which names these are found elsewhere.

use super::paragraphs;
use devops_core::Ecosystem;

/// What reads a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Reader {
    /// dpkg's `status` and `status.d`.
    Dpkg,
    /// opkg's `status`, of the same form.
    Opkg,
    /// apk's `installed`.
    Apk,
}

/// A place where a distribution keeps a database.
#[derive(Debug)]
pub(super) struct Place {
    /// Its path from the root.
    pub(super) path: &'static str,
    /// Whether it is a folder, each file of which is a database.
    pub(super) is_folder: bool,
}

/// Shortens the lines of the table.
const fn file(path: &'static str) -> Place {
    Place { path, is_folder: false }
}

/// Every place; a path that ends with another stands before that.
pub(super) const PLACES: [Place; 6] = [
    file("var/lib/dpkg/status"),
    Place { path: "var/lib/dpkg/status.d", is_folder: true },
    file("usr/lib/opkg/status"),
    file("var/lib/opkg/status"),
    file("usr/lib/apk/db/installed"),
    file("lib/apk/db/installed"),
];

/// The folders with lists of the files of packages.
pub(super) const FILE_LISTS: [(Reader, &str); 3] = [
    (Reader::Dpkg, "var/lib/dpkg/info"),
    (Reader::Dpkg, "var/lib/dpkg/status.d"),
    (Reader::Opkg, "usr/lib/opkg/info"),
];

/// The root that a database is of, with a slash at its end; none where it lies in no place that a distribution uses.
pub(super) fn root(path: &str) -> Option<&str> {
    PLACES.iter().find_map(|place| {
        let path = if place.is_folder { path.rsplit_once('/')?.0 } else { path };
        path.strip_suffix(place.path).filter(|root| root.is_empty() || root.ends_with('/'))
    })
}

/// Whether a file lists the files of a package.
pub(super) fn is_file_list(folder: &str, name: &str) -> bool {
    is_in(folder, &["dpkg/info", "opkg/info"]) && name.ends_with(".list")
}

/// Whether a folder is one of some, or ends with one.
fn is_in(folder: &str, ends: &[&str]) -> bool {
    ends.iter().any(|end| folder.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/')))
}

impl Reader {
    /// Every reader.
    const ALL: [Self; 3] = [Self::Dpkg, Self::Opkg, Self::Apk];

    /// The reader of a file, by its name and its folder.
    pub(super) fn of(folder: &str, name: &str) -> Option<Self> {
        match name {
            "status" if is_in(folder, &["dpkg"]) => Some(Self::Dpkg),
            "status" if is_in(folder, &["opkg"]) => Some(Self::Opkg),
            _ if is_in(folder, &["dpkg/status.d"]) => Some(Self::Dpkg),
            "installed" if is_in(folder, &["apk/db"]) => Some(Self::Apk),
            _ => None,
        }
    }

    /// The reader of a name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reader| reader.name() == name)
    }

    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Dpkg => "dpkg",
            Self::Opkg => "opkg",
            Self::Apk => "apk",
        }
    }

    /// The ecosystem of packages whose distribution is not known.
    pub(super) const fn ecosystem(self) -> Ecosystem {
        match self {
            Self::Dpkg => Ecosystem::new("dpkg", "deb"),
            Self::Opkg => Ecosystem::new("opkg", "opkg"),
            Self::Apk => Ecosystem::new("apk", "apk"),
        }
    }

    /// Whether a package of one architecture is listed once only.
    pub(super) const fn lists_once(self) -> bool {
        true
    }

    /// The records of a database as it has them, also of one that is damaged.
    pub(super) fn pieces(self, bytes: &[u8]) -> Vec<&[u8]> {
        match self {
            Self::Dpkg | Self::Opkg | Self::Apk => {
                paragraphs(bytes).map(|paragraph| paragraph.text).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, root};

    #[test]
    fn databases_are_found_by_name_and_place() {
        for (path, reader, expected) in [
            ("var/lib/dpkg/status", Some(Reader::Dpkg), Some("")),
            ("var/lib/dpkg/status.d/base", Some(Reader::Dpkg), Some("")),
            ("srv/chroot/var/lib/dpkg/status", Some(Reader::Dpkg), Some("srv/chroot/")),
            ("opt/dpkg/status", Some(Reader::Dpkg), None),
            ("lib/apk/db/installed", Some(Reader::Apk), Some("")),
            ("usr/lib/apk/db/installed", Some(Reader::Apk), Some("")),
            ("x/lib/apk/db/installed", Some(Reader::Apk), Some("x/")),
            ("usr/lib/opkg/status", Some(Reader::Opkg), Some("")),
            ("srv/mydpkg/status", None, None),
            ("status", None, None),
        ] {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            assert_eq!((Reader::of(folder, name), root(path)), (reader, expected), "{path}");
        }
    }
}
