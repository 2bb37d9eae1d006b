//! Which system it is, by the files that say so, and its name in OSV.

use super::super::Extract;
use super::{Claim, DAMAGED, Release, damaged};
use devops_core::{Ecosystem, Error};

/// The largest file that is read as one of these, in bytes; real ones have a few hundred.
pub(super) const LARGEST: u64 = 1 << 20;

/// The files that may say which system it is, the first ones first.
const PLACES: [&str; 13] = [
    "etc/os-release",
    "usr/lib/os-release",
    "etc/lsb-release",
    "etc/alpine-release",
    "etc/almalinux-release",
    "etc/rocky-release",
    "etc/oracle-release",
    "etc/fedora-release",
    "etc/centos-release",
    "etc/redhat-release",
    "usr/lib/redhat-release",
    "etc/system-release",
    "etc/debian_version",
];

/// Whether a file may say which system it is: the names above and similar ones, anywhere, because links lead to them.
pub(super) fn is_of_release(name: &str) -> bool {
    let is_known = PLACES.iter().filter_map(|place| place.rsplit('/').next()).any(|known| known == name);
    is_known || name.starts_with("os-release") || name.ends_with("-release")
}

/// The distributions that are known: `ID` of os-release, the ecosystem, and whether OSV has records about it.
const FAMILIES: [(&str, Ecosystem, bool); 35] = [
    ("almalinux", Ecosystem::ALMALINUX, true),
    ("alpaquita", Ecosystem::ALPAQUITA, true),
    ("alpine", Ecosystem::ALPINE, true),
    ("amzn", Ecosystem::new("Amazon Linux", "rpm"), false),
    ("arch", Ecosystem::new("Arch Linux", "alpm"), false),
    ("azurelinux", Ecosystem::AZURE_LINUX, true),
    ("centos", Ecosystem::new("CentOS", "rpm"), false),
    ("chainguard", Ecosystem::CHAINGUARD, true),
    ("debian", Ecosystem::DEBIAN, true),
    ("echo", Ecosystem::ECHO, true),
    ("fedora", Ecosystem::new("Fedora", "rpm"), false),
    ("mageia", Ecosystem::MAGEIA, true),
    ("mariner", Ecosystem::AZURE_LINUX, true),
    ("minimos", Ecosystem::MINIMOS, true),
    ("ol", Ecosystem::new("Oracle Linux", "rpm"), false),
    ("openeuler", Ecosystem::OPENEULER, true),
    ("opensuse", Ecosystem::OPENSUSE, true),
    ("opensuse-leap", Ecosystem::OPENSUSE, true),
    ("opensuse-leap-micro", Ecosystem::OPENSUSE, true),
    ("opensuse-microos", Ecosystem::OPENSUSE, true),
    ("opensuse-tumbleweed", Ecosystem::OPENSUSE, true),
    ("openwrt", Ecosystem::new("OpenWrt", "opkg"), false),
    ("photon", Ecosystem::PHOTON_OS, true),
    ("rhel", Ecosystem::RED_HAT, true),
    ("rocky", Ecosystem::ROCKY_LINUX, true),
    ("sl-micro", Ecosystem::SUSE, true),
    ("sle-hpc", Ecosystem::SUSE, true),
    ("sle-micro", Ecosystem::SUSE, true),
    ("sle-micro-rancher", Ecosystem::SUSE, true),
    ("sled", Ecosystem::SUSE, true),
    ("sles", Ecosystem::SUSE, true),
    ("sles_sap", Ecosystem::SUSE, true),
    ("suse-microos", Ecosystem::SUSE, true),
    ("ubuntu", Ecosystem::UBUNTU, true),
    ("wolfi", Ecosystem::WOLFI, true),
];

/// Debian's code names, for releases that have no number yet.
const DEBIAN_NAMES: [(&str, &str); 10] = [
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
    ("sid", "unstable"),
    ("unstable", "unstable"),
];

/// What one file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Said {
    id: String,
    version: String,
    name: String,
    codename: String,
    version_text: String,
}

/// Which system the files below a root (empty, or ending with a slash) describe, and what each of them says. `at` gives the file that
/// a path leads to.
pub(super) fn read<'a>(
    at: &dyn Fn(&str) -> Option<(String, &'a Extract)>,
) -> Result<(Option<Release>, Vec<Claim>), Error> {
    let mut release: Option<Release> = None;
    let mut claims = Vec::new();
    for place in PLACES {
        let Some((path, extract)) = at(place) else { continue };
        if extract.reader == DAMAGED {
            return Err(damaged(&path, extract));
        }
        let Some(said) = said(place, &extract.bytes) else { continue };
        claims.push(Claim { id: said.id.clone(), version: said.version.clone(), by: path.clone() });
        if release.is_none() {
            release = Some(of(said, path));
        }
    }
    Ok((release, claims))
}

/// The packages that state the release in their version, with the `ID` of the distribution.
const PACKAGES: [(&str, &str); 15] = [
    ("almalinux-release", "almalinux"),
    ("alpine-release", "alpine"),
    ("azurelinux-release", "azurelinux"),
    ("base-files", "debian"),
    ("centos-release", "centos"),
    ("centos-stream-release", "centos"),
    ("fedora-release-common", "fedora"),
    ("mageia-release-common", "mageia"),
    ("mariner-release", "mariner"),
    ("openSUSE-release", "opensuse-leap"),
    ("oraclelinux-release", "ol"),
    ("photon-release", "photon"),
    ("redhat-release", "rhel"),
    ("rocky-release", "rocky"),
    ("sles-release", "sles"),
];

/// What a package says about the release.
pub(super) fn claim_of(name: &str, version: &str) -> Option<Claim> {
    let (_, id) = PACKAGES.iter().find(|(known, _)| *known == name)?;
    let version = version.split_once(':').map_or(version, |(_, version)| version);
    let number: String =
        version.chars().take_while(|character| character.is_ascii_digit() || *character == '.').collect();
    Some(Claim { id: (*id).to_owned(), version: number, by: format!("the package {name} {version}") })
}

/// What contradicts the release, as a sentence.
pub(super) fn contradiction(release: &Release, claim: &Claim) -> Option<String> {
    let is_known = |id: &str| FAMILIES.iter().any(|(known, ..)| *known == id);
    let differs = if release.id == claim.id {
        let [own, other] =
            [&release.version, &claim.version].map(|version| significant(&release.id, version));
        !own.is_empty() && !other.is_empty() && own != other
    } else {
        // Others that descend from them keep these files and packages.
        let is_of_descendants = ["debian", "rhel", "fedora", "alpine", "centos"].contains(&claim.id.as_str());
        !is_of_descendants && is_known(&claim.id) && is_known(&release.id)
    };
    let version = if claim.version.is_empty() { String::new() } else { format!(" {}", claim.version) };
    differs
        .then(|| format!("{} says {}, {} says {}{version}", release.path, release.name, claim.by, claim.id))
}

/// The part of a version that tells releases apart.
fn significant(id: &str, version: &str) -> String {
    let parts = match id {
        "alpine" | "ubuntu" | "opensuse-leap" | "sles" => 2,
        _ => 1,
    };
    version.split('.').take(parts).collect::<Vec<_>>().join(".")
}

/// What a file says; none where it says nothing.
fn said(place: &str, bytes: &[u8]) -> Option<Said> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let name = place.rsplit('/').next().unwrap_or(place);
    let said = match name {
        "os-release" => {
            of_assignments(text, ["ID", "VERSION_ID", "PRETTY_NAME", "VERSION_CODENAME", "VERSION"])
        }
        "lsb-release" => of_assignments(
            text,
            ["DISTRIB_ID", "DISTRIB_RELEASE", "DISTRIB_DESCRIPTION", "DISTRIB_CODENAME", ""],
        ),
        "alpine-release" => {
            let version = text.trim();
            Said {
                id: "alpine".to_owned(),
                version: version.to_owned(),
                name: format!("Alpine Linux {version}"),
                ..Said::default()
            }
        }
        "debian_version" => {
            let version = text.trim();
            let has_number = version.starts_with(|first: char| first.is_ascii_digit());
            let codename = version.split('/').next().unwrap_or_default();
            Said {
                id: "debian".to_owned(),
                version: if has_number { version.to_owned() } else { String::new() },
                name: format!("Debian {version}"),
                codename: if has_number { String::new() } else { codename.to_owned() },
                ..Said::default()
            }
        }
        _ => of_sentence(text.lines().next().unwrap_or_default().trim()),
    };
    (!said.id.is_empty()).then_some(said)
}

/// What a file of assignments says, of which a shell takes the last one of a name.
fn of_assignments(text: &str, keys: [&str; 5]) -> Said {
    let mut found: [String; 5] = Default::default();
    for line in text.lines() {
        let Some((key, value)) = line.trim().split_once('=') else { continue };
        for (slot, _) in found.iter_mut().zip(keys).filter(|(_, known)| *known == key && !known.is_empty()) {
            *slot = unquoted(value);
        }
    }
    let [id, version, name, codename, version_text] = found;
    Said { id: id.to_ascii_lowercase(), version, name, codename, version_text }
}

/// A value as a shell reads it: without quotes, and without the backslashes before what they escape.
fn unquoted(value: &str) -> String {
    let mut text = String::new();
    let mut quote = None;
    let mut characters = value.trim().chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None | Some('"'), '\\') => text.extend(characters.next()),
            // What follows a word is no part of the value.
            (None, ' ' | '\t' | ';') => break,
            _ => text.push(character),
        }
    }
    text
}

/// What a line such as `Rocky Linux release 9.4 (Blue Onyx)` says.
fn of_sentence(line: &str) -> Said {
    let Some((name, rest)) = line.split_once(" release ") else { return Said::default() };
    let version = rest.split_whitespace().next().unwrap_or_default();
    let id = match name.trim_end_matches(" Server").trim_end_matches(" Linux") {
        "AlmaLinux" => "almalinux",
        "Rocky" => "rocky",
        "Red Hat Enterprise" => "rhel",
        "CentOS" | "CentOS Stream" => "centos",
        "Fedora" => "fedora",
        "Oracle" => "ol",
        "Amazon" => "amzn",
        "Mageia" => "mageia",
        other => {
            return Said {
                id: other.to_ascii_lowercase().replace(' ', "-"),
                version: version.to_owned(),
                name: line.to_owned(),
                ..Said::default()
            };
        }
    };
    Said { id: id.to_owned(), version: version.to_owned(), name: line.to_owned(), ..Said::default() }
}

/// The release that a file describes.
fn of(said: Said, path: String) -> Release {
    let ecosystem = ecosystem(&said);
    let name = match (said.name.as_str(), said.version.as_str()) {
        ("", "") => said.id.clone(),
        ("", version) => format!("{} {version}", said.id),
        (name, _) => name.to_owned(),
    };
    let version = match (said.id.as_str(), said.version.as_str()) {
        ("debian", "") => number_of_debian(&said.codename).unwrap_or_default().to_owned(),
        (_, version) => version.to_owned(),
    };
    Release { id: said.id, version, name, ecosystem, path }
}

/// The number of a release of Debian by its code name.
fn number_of_debian(codename: &str) -> Option<&'static str> {
    let codename = codename.split('/').next().unwrap_or_default();
    DEBIAN_NAMES.iter().find(|(name, _)| *name == codename).map(|(_, number)| *number)
}

/// The name in OSV; none where OSV has none.
fn ecosystem(said: &Said) -> Option<Ecosystem> {
    let (_, family, is_of_osv) = FAMILIES.iter().find(|(id, ..)| *id == said.id)?;
    if !is_of_osv {
        return None;
    }
    let family = *family;
    let version = said.version.as_str();
    let (major, minor) = version.split_once('.').unwrap_or((version, ""));
    match said.id.as_str() {
        "debian" if version.is_empty() => family.of_release(number_of_debian(&said.codename)?),
        "ubuntu" => {
            let is_long = minor == "04" && major.parse::<u32>().is_ok_and(|year| year % 2 == 0);
            family.of_release(&format!("{version}{}", if is_long { ":LTS" } else { "" }))
        }
        "alpine" => {
            let is_edge = version.contains("_alpha") || version == "edge" || said.name.ends_with(" edge");
            let minor = minor.split('.').next().unwrap_or_default();
            family.of_release(&if is_edge { "edge".to_owned() } else { format!("v{major}.{minor}") })
        }
        "rhel" if !major.is_empty() => family.of_release(&format!("enterprise_linux:{major}")),
        "photon" => family.of_release(version),
        "wolfi" | "chainguard" | "minimos" | "echo" => Some(family),
        "openeuler" => {
            // `22.03 (LTS-SP3)`
            let text = said.version_text.replace([' ', '(', ')'], "-").replace("--", "-");
            family.of_release(if text.is_empty() { version } else { text.trim_end_matches('-') })
        }
        "opensuse-tumbleweed" | "opensuse-microos" => family.of_release("Tumbleweed"),
        "opensuse-leap" | "opensuse" => family.of_release(&format!("Leap {version}")),
        "opensuse-leap-micro" => family.of_release(&format!("Leap Micro {version}")),
        "sl-micro" => family.of_release(&format!("Linux Micro {version}")),
        "sle-micro" | "sle-micro-rancher" | "suse-microos" => {
            family.of_release(&format!("Linux Enterprise Micro {version}"))
        }
        "sles" | "sled" | "sles_sap" | "sle-hpc" => {
            let product = match said.id.as_str() {
                "sled" => "Desktop",
                "sles_sap" => "Server for SAP Applications",
                "sle-hpc" => "High Performance Computing",
                _ => "Server",
            };
            // From release 16 on there are no service packs.
            let is_of_packs = major.parse::<u32>().is_ok_and(|major| major < 16);
            let release = match minor {
                "" | "0" if is_of_packs => major.to_owned(),
                pack if is_of_packs => format!("{major} SP{pack}"),
                _ => version.to_owned(),
            };
            family.of_release(&format!("Linux Enterprise {product} {release}"))
        }
        _ => family.of_release(major),
    }
}

/// The ecosystem of packages of a release, also where OSV has none.
pub(super) fn family(release: &Release) -> Option<Ecosystem> {
    if release.ecosystem.is_some() {
        return release.ecosystem;
    }
    let known = FAMILIES.iter().find(|(id, ..)| *id == release.id).map(|(_, family, _)| *family)?;
    known.of_release(&release.version).or(Some(known))
}

#[cfg(test)]
mod tests {
    use super::super::super::{Extract, Kind};
    use super::{is_of_release, read};

    /// `ID`, `VERSION_ID` and the name in OSV, as some files describe them.
    fn described(files: &[(&str, &str)]) -> Option<(String, String, &'static str)> {
        let extracts: Vec<(&str, Extract)> = files
            .iter()
            .map(|(path, text)| {
                let bytes = text.as_bytes().to_vec();
                (*path, Extract { kind: Kind::Release, reader: "release".to_owned(), bytes })
            })
            .collect();
        let at = |place: &str| {
            extracts
                .iter()
                .find(|(path, _)| *path == place)
                .map(|(path, extract)| ((*path).to_owned(), extract))
        };
        let release = read(&at).unwrap().0?;
        Some((release.id, release.version, release.ecosystem.map_or("", devops_core::Ecosystem::name)))
    }

    #[test]
    fn distributions_have_the_names_of_osv() {
        for (text, id, version, expected) in [
            ("ID=debian\nVERSION_ID=\"12\"\n", "debian", "12", "Debian:12"),
            (
                "ID=debian\nVERSION_CODENAME=trixie\nPRETTY_NAME=\"Debian GNU/Linux trixie/sid\"\n",
                "debian",
                "13",
                "Debian:13",
            ),
            ("ID=debian\n", "debian", "", ""),
            ("ID=ubuntu\nVERSION_ID='22.04'\n", "ubuntu", "22.04", "Ubuntu:22.04:LTS"),
            ("ID=ubuntu\nVERSION_ID=23.04\n", "ubuntu", "23.04", "Ubuntu:23.04"),
            ("ID=ubuntu\nVERSION_ID=22.10\n", "ubuntu", "22.10", "Ubuntu:22.10"),
            ("ID=alpine\nVERSION_ID=3.20.3\n", "alpine", "3.20.3", "Alpine:v3.20"),
            (
                "ID=alpine\nVERSION_ID=3.21.0_alpha20240606\nPRETTY_NAME=\"Alpine Linux edge\"\n",
                "alpine",
                "3.21.0_alpha20240606",
                "Alpine:edge",
            ),
            ("ID=\"almalinux\"\nVERSION_ID=\"9.4\"\n", "almalinux", "9.4", "AlmaLinux:9"),
            ("ID=rocky\nVERSION_ID=8.10\n", "rocky", "8.10", "Rocky Linux:8"),
            ("ID=rhel\nVERSION_ID=9.4\n", "rhel", "9.4", "Red Hat:enterprise_linux:9"),
            ("ID=sles\nVERSION_ID=15.5\n", "sles", "15.5", "SUSE:Linux Enterprise Server 15 SP5"),
            ("ID=sles\nVERSION_ID=15\n", "sles", "15", "SUSE:Linux Enterprise Server 15"),
            ("ID=sles\nVERSION_ID=16.0\n", "sles", "16.0", "SUSE:Linux Enterprise Server 16.0"),
            ("ID=sl-micro\nVERSION_ID=6.0\n", "sl-micro", "6.0", "SUSE:Linux Micro 6.0"),
            ("ID=opensuse-leap\nVERSION_ID=15.6\n", "opensuse-leap", "15.6", "openSUSE:Leap 15.6"),
            (
                "ID=opensuse-tumbleweed\nVERSION_ID=20240101\n",
                "opensuse-tumbleweed",
                "20240101",
                "openSUSE:Tumbleweed",
            ),
            ("ID=wolfi\nVERSION_ID=20230201\n", "wolfi", "20230201", "Wolfi"),
            ("ID=photon\nVERSION_ID=5.0\n", "photon", "5.0", "Photon OS:5.0"),
            ("ID=mageia\nVERSION_ID=9\n", "mageia", "9", "Mageia:9"),
            (
                "ID=\"openEuler\"\nVERSION_ID=\"22.03\"\nVERSION=\"22.03 (LTS-SP3)\"\n",
                "openeuler",
                "22.03",
                "openEuler:22.03-LTS-SP3",
            ),
            ("ID=azurelinux\nVERSION_ID=3.0\n", "azurelinux", "3.0", "Azure Linux:3"),
            ("ID=mariner\nVERSION_ID=2.0\n", "mariner", "2.0", "Azure Linux:2"),
            ("ID=fedora\nVERSION_ID=40\n", "fedora", "40", ""),
            ("ID=kali\nID_LIKE=debian\nVERSION_ID=2024.1\n", "kali", "2024.1", ""),
            ("\u{feff}# a comment\r\nID=debian # x\r\nVERSION_ID=\"12\"\r\n", "debian", "12", "Debian:12"),
            ("ID=debian\nID=alpine\nVERSION_ID=3.20.0\n", "alpine", "3.20.0", "Alpine:v3.20"),
            ("ID=debian\nVERSION_ID=\"12/../13\"\n", "debian", "12/../13", ""),
        ] {
            let expected = (id.to_owned(), version.to_owned(), expected);
            assert_eq!(described(&[("etc/os-release", text)]), Some(expected), "{text}");
        }
    }

    #[test]
    fn older_files_are_read_where_there_is_no_os_release() {
        for (files, id, version, expected) in [
            (vec![("usr/lib/os-release", "ID=debian\nVERSION_ID=12\n")], "debian", "12", "Debian:12"),
            (
                vec![("etc/os-release", ""), ("usr/lib/os-release", "ID=debian\nVERSION_ID=12\n")],
                "debian",
                "12",
                "Debian:12",
            ),
            (vec![("etc/alpine-release", "3.5.2\n")], "alpine", "3.5.2", "Alpine:v3.5"),
            (vec![("etc/debian_version", "7.11\n")], "debian", "7.11", "Debian:7"),
            (vec![("etc/debian_version", "bookworm/sid\n")], "debian", "12", "Debian:12"),
            (
                vec![
                    ("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=12.04\n"),
                    ("etc/debian_version", "wheezy/sid\n"),
                ],
                "ubuntu",
                "12.04",
                "Ubuntu:12.04:LTS",
            ),
            (
                vec![("etc/redhat-release", "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n")],
                "rhel",
                "6.10",
                "Red Hat:enterprise_linux:6",
            ),
            (
                vec![("etc/redhat-release", "Rocky Linux release 9.4 (Blue Onyx)\n")],
                "rocky",
                "9.4",
                "Rocky Linux:9",
            ),
            (
                vec![("etc/redhat-release", "AlmaLinux release 9.4 (Seafoam Ocelot)\n")],
                "almalinux",
                "9.4",
                "AlmaLinux:9",
            ),
            (
                vec![("etc/redhat-release", "CentOS Linux release 7.9.2009 (Core)\n")],
                "centos",
                "7.9.2009",
                "",
            ),
            (vec![("etc/system-release", "Amazon Linux release 2 (Karoo)\n")], "amzn", "2", ""),
        ] {
            let expected = (id.to_owned(), version.to_owned(), expected);
            assert_eq!(described(&files), Some(expected), "{files:?}");
        }
        for files in [vec![], vec![("etc/os-release", "x")], vec![("etc/redhat-release", "nothing\n")]] {
            assert_eq!(described(&files), None, "{files:?}");
        }
    }

    #[test]
    fn files_are_taken_by_name() {
        for name in
            ["os-release", "os-release-container", "abc-etc-os-release", "redhat-release", "debian_version"]
        {
            assert!(is_of_release(name), "{name}");
        }
        assert!(!is_of_release("release"));
    }
}
