//! What each registry is asked, and how it answers: one line per registry.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Deserialize;
use serde_json::Value;

use devops_core::Ecosystem;
use devops_net::{Method, encode};

/// Most bytes that an answer in gzip unpacks to.
const UNPACKED: u64 = 64 << 20;

/// A registry.
pub(super) struct Registry {
    /// What it publishes.
    pub(super) ecosystem: Ecosystem,
    /// Where it is.
    pub(super) address: &'static str,
    /// The questions about some versions of a package.
    pub(super) ask: fn(&str, &str, &BTreeSet<String>) -> Vec<Question>,
}

/// A question.
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) url: String,
    /// The version that it is about, where that is only one.
    pub(super) version: Option<String>,
    read: fn(&Reply, &Question) -> Option<BTreeMap<String, Timestamp>>,
}

/// What came back.
pub(super) struct Reply {
    pub(super) body: Vec<u8>,
    pub(super) last_modified: Option<String>,
}

impl Question {
    /// The dates that an answer gives; none where it is not what the registry answers.
    pub(super) fn dates(&self, reply: &Reply) -> Option<BTreeMap<String, Timestamp>> {
        (self.read)(reply, self)
    }

    fn whole(url: String, read: fn(&Reply, &Self) -> Option<BTreeMap<String, Timestamp>>) -> Vec<Self> {
        vec![Self { method: Method::Get, url, version: None, read }]
    }

    fn each(
        versions: &BTreeSet<String>,
        url: impl Fn(&str) -> String,
        read: fn(&Reply, &Self) -> Option<BTreeMap<String, Timestamp>>,
    ) -> Vec<Self> {
        let one = |version: &String| Self {
            method: Method::Get,
            url: url(version),
            version: Some(version.clone()),
            read,
        };
        versions.iter().map(one).collect()
    }

    fn about(&self, published: Option<Timestamp>) -> Option<BTreeMap<String, Timestamp>> {
        Some(BTreeMap::from([(self.version.clone()?, published?)]))
    }
}

/// Every registry that is asked.
pub(super) const REGISTRIES: [Registry; 10] = [
    Registry {
        ecosystem: Ecosystem::NPM,
        address: "https://registry.npmjs.org",
        ask: |base, name, _| Question::whole(format!("{base}/{}", name.replace('/', "%2F")), npm),
    },
    Registry {
        ecosystem: Ecosystem::PYPI,
        address: "https://pypi.org",
        ask: |base, name, versions| {
            Question::each(
                versions,
                |version| format!("{base}/pypi/{}/{}/json", part(name), part(version)),
                pypi,
            )
        },
    },
    Registry {
        ecosystem: Ecosystem::CRATES_IO,
        address: "https://index.crates.io",
        ask: |base, name, _| Question::whole(format!("{base}/{}", index_path(name)), crates_io),
    },
    Registry {
        ecosystem: Ecosystem::GO,
        address: "https://proxy.golang.org",
        ask: |base, name, versions| {
            let url = |version: &str| {
                let version =
                    if version.starts_with('v') { version.to_owned() } else { format!("v{version}") };
                format!("{base}/{}/@v/{}.info", bang(name), bang(&version))
            };
            Question::each(versions, url, |reply, question| {
                #[derive(Deserialize)]
                #[serde(rename_all = "PascalCase")]
                struct Info {
                    time: Timestamp,
                }
                question.about(Some(serde_json::from_slice::<Info>(&reply.body).ok()?.time))
            })
        },
    },
    Registry { ecosystem: Ecosystem::MAVEN, address: "https://repo.maven.apache.org/maven2", ask: maven },
    Registry {
        ecosystem: Ecosystem::NUGET,
        address: "https://api.nuget.org",
        ask: |base, name, versions| {
            let url = |version: &str| {
                let version = version.split('+').next().unwrap_or_default().to_lowercase();
                let name = part(&name.to_lowercase());
                format!("{base}/v3/registration5-gz-semver2/{name}/{}.json", part(&version))
            };
            Question::each(versions, url, nuget)
        },
    },
    Registry {
        ecosystem: Ecosystem::PACKAGIST,
        address: "https://repo.packagist.org",
        ask: |base, name, _| {
            Question::whole(format!("{base}/p2/{}.json", path(&name.to_lowercase())), packagist)
        },
    },
    Registry {
        ecosystem: Ecosystem::RUBYGEMS,
        address: "https://rubygems.org",
        ask: |base, name, _| Question::whole(format!("{base}/api/v1/versions/{}.json", part(name)), rubygems),
    },
    Registry {
        ecosystem: Ecosystem::PUB,
        address: "https://pub.dev",
        ask: |base, name, _| {
            Question::whole(format!("{base}/api/packages/{}", part(name)), |reply, _| {
                listed(&reply.body, &["versions"], "version", "published")
            })
        },
    },
    Registry {
        ecosystem: Ecosystem::HEX,
        address: "https://hex.pm",
        ask: |base, name, _| {
            Question::whole(format!("{base}/api/packages/{}", part(name)), |reply, _| {
                listed(&reply.body, &["releases"], "version", "inserted_at")
            })
        },
    },
];

/// A text as one part of a path; what needs no escape has none, because caches tell the two apart.
fn part(text: &str) -> String {
    ["%2D=-", "%2E=.", "%5F=_", "%7E=~"].iter().fold(encode(text), |text, pair| {
        pair.split_once('=').map_or(text.clone(), |(code, character)| text.replace(code, character))
    })
}

/// A text as a path.
fn path(text: &str) -> String {
    text.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A text as a path in Go's form, where a capital letter is `!` and its small one.
fn bang(text: &str) -> String {
    let plain = text.chars().fold(String::new(), |mut plain, character| {
        if character.is_ascii_uppercase() {
            plain.push('!');
        }
        plain.push(character.to_ascii_lowercase());
        plain
    });
    path(&plain).replace("%21", "!").replace("%2B", "+")
}

/// Where a crate is in the index.
fn index_path(name: &str) -> String {
    let name = part(&name.to_lowercase());
    let first = |count: usize| name.get(..count).unwrap_or_default();
    match name.len() {
        1 => format!("1/{name}"),
        2 => format!("2/{name}"),
        3 => format!("3/{}/{name}", first(1)),
        _ => format!("{}/{}/{name}", first(2), name.get(2..4).unwrap_or_default()),
    }
}

fn maven(base: &str, name: &str, versions: &BTreeSet<String>) -> Vec<Question> {
    let Some((group, artifact)) = name.split_once(':') else { return Vec::new() };
    let folder = format!("{}/{}", path(&group.replace('.', "/")), part(artifact));
    let url = |version: &str| {
        let version = part(version);
        format!("{base}/{folder}/{version}/{}-{version}.pom", part(artifact))
    };
    // Its files have no other date than that of their upload.
    let mut questions = Question::each(versions, url, |reply, question| {
        let time = rfc2822::DateTimeParser::new().parse_timestamp(reply.last_modified.as_deref()?);
        question.about(time.ok())
    });
    for question in &mut questions {
        question.method = Method::Head;
    }
    questions
}

fn npm(reply: &Reply, _: &Question) -> Option<BTreeMap<String, Timestamp>> {
    #[derive(Deserialize)]
    struct Document {
        time: BTreeMap<String, Value>,
    }
    let times = serde_json::from_slice::<Document>(&reply.body).ok()?.time;
    let date = |(version, time): (String, Value)| Some((version, time.as_str()?.parse().ok()?));
    Some(times.into_iter().filter_map(date).collect())
}

/// A release gets files as long as it exists: the newest counts, because it may be the one that is installed.
fn pypi(reply: &Reply, question: &Question) -> Option<BTreeMap<String, Timestamp>> {
    #[derive(Deserialize)]
    struct Document {
        urls: Vec<Upload>,
    }
    #[derive(Deserialize)]
    struct Upload {
        upload_time_iso_8601: Timestamp,
    }
    let files = serde_json::from_slice::<Document>(&reply.body).ok()?.urls;
    question.about(files.iter().map(|file| file.upload_time_iso_8601).max())
}

fn crates_io(reply: &Reply, _: &Question) -> Option<BTreeMap<String, Timestamp>> {
    #[derive(Deserialize)]
    struct Line {
        vers: String,
        pubtime: Option<Timestamp>,
    }
    let mut dates = BTreeMap::new();
    for line in reply.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line: Line = serde_json::from_slice(line).ok()?;
        dates.extend(line.pubtime.map(|time| (line.vers, time)));
    }
    Some(dates)
}

fn nuget(reply: &Reply, question: &Question) -> Option<BTreeMap<String, Timestamp>> {
    #[derive(Deserialize)]
    struct Leaf {
        published: Timestamp,
    }
    let mut unpacked = Vec::new();
    let body = if reply.body.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(reply.body.as_slice()).take(UNPACKED).read_to_end(&mut unpacked).ok()?;
        &unpacked
    } else {
        &reply.body
    };
    let published = serde_json::from_slice::<Leaf>(body).ok()?.published;
    // What is taken from the list is dated 1900.
    question.about((published > Timestamp::UNIX_EPOCH).then_some(published))
}

fn packagist(reply: &Reply, _: &Question) -> Option<BTreeMap<String, Timestamp>> {
    let document: Value = serde_json::from_slice(&reply.body).ok()?;
    let mut dates = BTreeMap::new();
    for versions in document.get("packages")?.as_object()?.values() {
        // What is the same as in the entry before is left out.
        let mut time = None;
        for entry in versions.as_array()? {
            if let Some(value) = entry.get("time") {
                time = value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
            }
            let version = entry.get("version").and_then(Value::as_str);
            dates.extend(version.map(str::to_owned).zip(time));
        }
    }
    Some(dates)
}

/// A version has a gem per platform: the newest counts.
fn rubygems(reply: &Reply, _: &Question) -> Option<BTreeMap<String, Timestamp>> {
    listed(&reply.body, &[], "number", "created_at")
}

/// The dates of a list of objects behind these keys; of several dates of a version, the newest.
fn listed(body: &[u8], keys: &[&str], version: &str, date: &str) -> Option<BTreeMap<String, Timestamp>> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let list = keys.iter().try_fold(&document, |value, key| value.get(key))?;
    let mut dates: BTreeMap<String, Timestamp> = BTreeMap::new();
    for entry in list.as_array()? {
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        if let (Some(version), Some(Ok(time))) = (text(version), text(date).map(str::parse::<Timestamp>)) {
            let known = dates.entry(version.to_owned()).or_insert(time);
            *known = time.max(*known);
        }
    }
    Some(dates)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Write as _;

    use proptest::prelude::{any, proptest};

    use super::{REGISTRIES, Reply};

    /// The addresses that a registry is asked at about `1.0` of a package, and what it makes of this answer.
    fn told(ecosystem: &str, name: &str, version: &str, body: &[u8]) -> (String, String) {
        let registry = REGISTRIES.iter().find(|registry| registry.ecosystem.name() == ecosystem).unwrap();
        let questions = (registry.ask)("https://h", name, &BTreeSet::from([version.to_owned()]));
        let last_modified = Some("Wed, 21 Oct 2015 07:28:00 GMT".to_owned());
        let reply = Reply { body: body.to_vec(), last_modified };
        let dates = questions[0].dates(&reply).unwrap_or_default();
        let date = dates.get(version).map(ToString::to_string).unwrap_or_default();
        (questions[0].url.clone(), date)
    }

    #[test]
    fn each_registry_is_asked_and_understood() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(br#"{"listed": true, "published": "2015-10-21T07:28:00+00:00"}"#).unwrap();
        let packed = packed.finish().unwrap();
        let date = "2015-10-21T07:28:00Z";
        let cases: [(&str, &str, &str, &str, &[u8]); 14] = [
            ("npm", "@a/b", "1.0.0", "@a%2Fb", br#"{"name": "b", "time": {"modified": "2020-01-01T00:00:00Z", "1.0.0": "2015-10-21T07:28:00Z", "unpublished": {}}}"#),
            ("PyPI", "a-b", "1.0", "pypi/a-b/1.0/json", br#"{"urls": [{"upload_time_iso_8601": "2014-10-21T07:28:00.000000Z"}, {"upload_time_iso_8601": "2015-10-21T07:28:00.000000Z"}]}"#),
            ("crates.io", "Serde", "1.0.0", "se/rd/serde", b"{\"name\": \"serde\", \"vers\": \"0.9.0\"}\n{\"vers\": \"1.0.0\", \"pubtime\": \"2015-10-21T07:28:00Z\"}\n"),
            ("crates.io", "syn", "1.0.0", "3/s/syn", b"{\"vers\": \"1.0.0\", \"pubtime\": \"2015-10-21T07:28:00Z\"}"),
            ("Go", "github.com/BurntSushi/toml", "1.0.0+incompatible", "github.com/!burnt!sushi/toml/@v/v1.0.0+incompatible.info", br#"{"Version": "v1.0.0", "Time": "2015-10-21T07:28:00Z"}"#),
            ("Maven", "org.a.b:c-d", "1.0", "org/a/b/c-d/1.0/c-d-1.0.pom", b""),
            ("NuGet", "Newtonsoft.Json", "1.0.0-Beta+x", "v3/registration5-gz-semver2/newtonsoft.json/1.0.0-beta.json", &packed),
            ("NuGet", "A", "1.0", "v3/registration5-gz-semver2/a/1.0.json", br#"{"published": "2015-10-21T07:28:00Z"}"#),
            ("Packagist", "Monolog/monolog", "1.0.0", "p2/monolog/monolog.json", br#"{"minified": "composer/2.0", "packages": {"monolog/monolog": [{"version": "1.0.1", "time": "2015-10-21T07:28:00+00:00"}, {"version": "1.0.0"}]}}"#),
            ("RubyGems", "a_b", "1.0.0", "api/v1/versions/a_b.json", br#"[{"number": "1.0.0", "platform": "ruby", "created_at": "2014-10-21T07:28:00.000Z"}, {"number": "1.0.0", "platform": "java", "created_at": "2015-10-21T07:28:00.000Z"}]"#),
            ("Pub", "a", "1.0.0", "api/packages/a", br#"{"versions": [{"version": "1.0.0", "published": "2015-10-21T07:28:00.000000Z"}]}"#),
            ("Hex", "a", "1.0.0", "api/packages/a", br#"{"releases": [{"version": "1.0.0", "inserted_at": "2015-10-21T07:28:00.000000Z"}]}"#),
            ("npm", "../../x?y", "1.0.0", "..%2F..%2Fx?y", br#"{"time": {"1.0.0": "2015-10-21T07:28:00Z"}}"#),
            ("RubyGems", "../x?y", "1.0.0", "api/v1/versions/..%2Fx%3Fy.json", br#"[{"number": "1.0.0", "created_at": "2015-10-21T07:28:00.000Z"}]"#),
        ];
        for (ecosystem, name, version, place, body) in cases {
            let expected = (format!("https://h/{place}"), date.to_owned());
            assert_eq!(told(ecosystem, name, version, body), expected, "{ecosystem} {name}");
        }
        assert_eq!(told("NuGet", "A", "1.0", br#"{"published": "1900-01-01T00:00:00+00:00"}"#).1, "");
    }

    proptest! {
        #[test]
        fn nothing_breaks_a_reader(name in any::<String>(), version in any::<String>(), body in any::<Vec<u8>>()) {
            for registry in &REGISTRIES {
                for question in (registry.ask)("https://h", &name, &BTreeSet::from([version.clone()])) {
                    let _ = question.dates(&Reply { body: body.clone(), last_modified: Some(version.clone()) });
                }
            }
        }
    }
}
