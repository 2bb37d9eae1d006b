//! Where distributions keep their databases, and by which names these are found elsewhere.

use super::paragraphs;
use super::rpm::{self, Form};
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
    /// rpm's database.
    Rpm(Form),
    /// The list that images without rpm have instead.
    RpmManifest,
    /// What SQLite has not yet written to rpm's database.
    RpmChanges,
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
pub(super) const PLACES: [Place; 16] = [
    file("var/lib/dpkg/status"),
    Place { path: "var/lib/dpkg/status.d", is_folder: true },
    file("usr/lib/opkg/status"),
    file("var/lib/opkg/status"),
    file("usr/lib/apk/db/installed"),
    file("lib/apk/db/installed"),
    file("usr/lib/sysimage/rpm/rpmdb.sqlite"),
    file("usr/lib/sysimage/rpm/Packages.db"),
    file("usr/lib/sysimage/rpm/Packages"),
    // Of images whose `/usr` alone is updated.
    file("usr/share/rpm/rpmdb.sqlite"),
    file("usr/share/rpm/Packages.db"),
    file("usr/share/rpm/Packages"),
    file("var/lib/rpm/rpmdb.sqlite"),
    file("var/lib/rpm/Packages.db"),
    file("var/lib/rpm/Packages"),
    file("var/lib/rpmmanifest/container-manifest-2"),
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
    is_in(folder, &["dpkg/info", "opkg/info"]) && name.strip_suffix(".list").is_some()
}

/// Whether a folder is one of some, or ends with one.
fn is_in(folder: &str, ends: &[&str]) -> bool {
    ends.iter().any(|end| folder.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/')))
}

impl Reader {
    /// Every reader.
    const ALL: [Self; 8] = [
        Self::Dpkg,
        Self::Opkg,
        Self::Apk,
        Self::Rpm(Form::Bdb),
        Self::Rpm(Form::Ndb),
        Self::Rpm(Form::Sqlite),
        Self::RpmManifest,
        Self::RpmChanges,
    ];

    /// The reader of a file, by its name and its folder.
    pub(super) fn of(folder: &str, name: &str) -> Option<Self> {
        match name {
            "status" if is_in(folder, &["dpkg"]) => Some(Self::Dpkg),
            "status" if is_in(folder, &["opkg"]) => Some(Self::Opkg),
            _ if is_in(folder, &["dpkg/status.d"]) => Some(Self::Dpkg),
            "installed" if is_in(folder, &["apk/db"]) => Some(Self::Apk),
            "rpmdb.sqlite" => Some(Self::Rpm(Form::Sqlite)),
            "rpmdb.sqlite-wal" | "rpmdb.sqlite-journal" => Some(Self::RpmChanges),
            "Packages.db" => Some(Self::Rpm(Form::Ndb)),
            "Packages" => Some(Self::Rpm(Form::Bdb)),
            "container-manifest-2" if is_in(folder, &["rpmmanifest"]) => Some(Self::RpmManifest),
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
            Self::Rpm(Form::Bdb) => "rpm-bdb",
            Self::Rpm(Form::Ndb) => "rpm-ndb",
            Self::Rpm(Form::Sqlite) => "rpm-sqlite",
            Self::RpmManifest => "rpm-manifest",
            Self::RpmChanges => "rpm-changes",
        }
    }

    /// The ecosystem of packages whose distribution is not known.
    pub(super) const fn ecosystem(self) -> Ecosystem {
        match self {
            Self::Dpkg => Ecosystem::new("dpkg", "deb"),
            Self::Opkg => Ecosystem::new("opkg", "opkg"),
            Self::Apk => Ecosystem::new("apk", "apk"),
            Self::Rpm(_) | Self::RpmManifest | Self::RpmChanges => Ecosystem::new("rpm", "rpm"),
        }
    }

    /// Whether a package of one architecture is listed once only.
    pub(super) const fn lists_once(self) -> bool {
        !matches!(self, Self::Rpm(_) | Self::RpmManifest | Self::RpmChanges)
    }

    /// Whether a file outside of the places may be such a database, by its first bytes: files of other kinds have these names too.
    pub(super) fn may_be(self, head: &[u8]) -> bool {
        match self {
            Self::Rpm(Form::Bdb) => rpm::is_bdb(head),
            Self::Rpm(Form::Ndb) => rpm::is_ndb(head),
            _ => true,
        }
    }

    /// The records of a database as it has them, also of one that is damaged.
    pub(super) fn pieces(self, bytes: &[u8]) -> Vec<&[u8]> {
        match self {
            Self::Dpkg | Self::Opkg | Self::Apk => {
                paragraphs(bytes).map(|paragraph| paragraph.text).collect()
            }
            Self::Rpm(_) | Self::RpmManifest | Self::RpmChanges => rpm::pieces(bytes).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Reader, root};

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
            ("var/lib/rpm/Packages", Some(Reader::Rpm(Form::Bdb)), Some("")),
            ("usr/lib/sysimage/rpm/Packages.db", Some(Reader::Rpm(Form::Ndb)), Some("")),
            ("x/usr/share/rpm/rpmdb.sqlite", Some(Reader::Rpm(Form::Sqlite)), Some("x/")),
            ("opt/rpmdb.sqlite", Some(Reader::Rpm(Form::Sqlite)), None),
            ("var/lib/rpmmanifest/container-manifest-2", Some(Reader::RpmManifest), Some("")),
        ] {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            assert_eq!((Reader::of(folder, name), root(path)), (reader, expected), "{path}");
        }
    }
}
