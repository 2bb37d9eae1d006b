"""Advisory data for comparisons and trials: records in OSV's form for given packages, and RustSec's advisories in OSV's form.

Everything is a function of its input: the same packages give the same records, byte by byte. Each generated record says by its
construction whether the version that it was made for is affected.
"""

import hashlib
import io
import json
import re
import tarfile
import tomllib
import zipfile

HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
ABOVE, BELOW = "99999.0.0", "0.0.0"


def events(*pairs):
    return [{kind: version} for kind, version in pairs]


def a_range(*pairs, kind="ECOSYSTEM"):
    return {"type": kind, "events": events(*pairs)}


GIT = {"type": "GIT", "repo": "https://git.example.org/x", "events": [{"introduced": "0"}]}


def same_version(ecosystem, version):
    """The version spelled otherwise, which its ecosystem says is the same."""
    if ecosystem == "PyPI":
        return "v" + version
    if ecosystem in ("Maven", "NuGet", "RubyGems", "Packagist") and re.fullmatch(r"\d+(\.\d+)*", version):
        return version + ".0"
    if ecosystem in ("npm", "crates.io", "Go", "Hex", "Pub") and re.fullmatch(r"\d+\.\d+\.\d+", version):
        return version + "+build.1" if ecosystem != "Pub" else version
    return version


def same_name(ecosystem, name):
    """The name spelled otherwise, which its ecosystem says is the same."""
    if ecosystem == "PyPI":
        return name.replace("-", "_").title()
    return name.upper() if ecosystem == "NuGet" else name


# What a record says about the version it is made for: whether that is affected, and what stands in `affected`.
SHAPES = [
    ("fixed later", True, lambda e, v: {"ranges": [a_range(("introduced", "0"), ("fixed", ABOVE))]}),
    ("fixed in it", False, lambda e, v: {"ranges": [a_range(("introduced", "0"), ("fixed", v))]}),
    ("never fixed", True, lambda e, v: {"ranges": [a_range(("introduced", v))]}),
    ("introduced later", False, lambda e, v: {"ranges": [a_range(("introduced", ABOVE))]}),
    ("listed", True, lambda e, v: {"versions": [BELOW, v, ABOVE]}),
    ("not listed", False, lambda e, v: {"versions": [BELOW, ABOVE]}),
    ("listed in another spelling", True, lambda e, v: {"versions": [BELOW, same_version(e, v)]}),
    ("last affected", True, lambda e, v: {"ranges": [a_range(("introduced", "0"), ("last_affected", v))]}),
    ("last affected before", False, lambda e, v: {"ranges": [a_range(("introduced", "0"), ("last_affected", BELOW))]}),
    ("limited above", True, lambda e, v: {"ranges": [a_range(("introduced", "0"), ("limit", ABOVE))]}),
    ("limited to before", False, lambda e, v: {"ranges": [a_range(("introduced", "0"), ("limit", v))]}),
    ("two ranges, the second", True, lambda e, v: {"ranges": [
        a_range(("introduced", BELOW), ("fixed", "0.0.1")), a_range(("introduced", v), ("fixed", ABOVE))]}),
    ("two ranges, none", False, lambda e, v: {"ranges": [
        a_range(("introduced", "0"), ("fixed", v)), a_range(("introduced", ABOVE))]}),
    ("a range of git first", True, lambda e, v: {"ranges": [GIT, a_range(("introduced", "0"), ("fixed", ABOVE))]}),
    ("events out of order", True, lambda e, v: {"ranges": [a_range(("fixed", ABOVE), ("introduced", v))]}),
    ("introduced again", True, lambda e, v: {"ranges": [
        a_range(("introduced", "0"), ("fixed", "0.0.1"), ("introduced", v))]}),
    ("withdrawn", False, lambda e, v: {"ranges": [a_range(("introduced", "0"))]}),
    ("in another spelling of the name", True, lambda e, v: {"ranges": [a_range(("introduced", "0"))]}),
]


def generated(packages, per_package=3):
    """Records about packages `(ecosystem, name, version)` by ecosystem, and what each is made of: `(id, package, version, shape, affected)`."""
    records, facts = {}, []
    for ecosystem, name, version in sorted(set(packages)):
        seed = int.from_bytes(hashlib.sha256(f"{ecosystem} {name} {version}".encode()).digest()[:8], "big")
        for turn in range(per_package):
            number = (seed + turn * 7) % len(SHAPES)
            shape, is_affected, of = SHAPES[number]
            key = hashlib.sha256(f"{ecosystem} {name} {version} {shape}".encode()).hexdigest()[:12]
            kind = "MAL-2026-" if shape == "listed" and ecosystem == "npm" else "GHSA-"
            identifier = f"{kind}{key[:4]}-{key[4:8]}-{key[8:]}"
            spelled = same_name(ecosystem, name) if shape == "in another spelling of the name" else name
            affected = {"package": {"ecosystem": ecosystem, "name": spelled}, **of(ecosystem, version)}
            record = {
                "schema_version": "1.7.0", "id": identifier, "modified": "2026-11-01T00:00:00Z",
                "published": "2026-10-01T00:00:00Z", "summary": f"Generated: {shape}",
                "severity": [{"type": "CVSS_V3", "score": HIGH}], "affected": [affected],
            }
            if shape == "withdrawn":
                record["withdrawn"] = "2026-10-15T00:00:00Z"
            if number % 4 == 0:
                record["aliases"] = [f"CVE-2026-{seed % 90000 + 10000}{turn}"]
            records.setdefault(ecosystem, []).append(record)
            facts.append((identifier, ecosystem, name, version, shape, is_affected))
            if shape == "never fixed":
                # A second record about the same thing; the two are one finding.
                twin = dict(record, id=identifier.replace("GHSA", "OTHER"), aliases=[identifier])
                records[ecosystem].append(twin)
    return records, facts


def zip_of(records):
    """An `all.zip` of records."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in sorted(records, key=lambda record: record["id"]):
            entry = zipfile.ZipInfo(record["id"] + ".json", (2026, 11, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, json.dumps(record))
    return out.getvalue()


def zip_records(path):
    with zipfile.ZipFile(path) as archive:
        return [json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")]


# --- RustSec in OSV's form, as its own exporter writes it: what is neither patched nor unaffected is affected.


def _version(text):
    match = re.fullmatch(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?(?:\+.*)?", text.strip())
    return [int(match[1]), int(match[2] or 0), int(match[3] or 0)], match[4] or "", match[2], match[3]


def _key(bound):
    """Orders bounds; a pre-release stands before its release."""
    numbers, pre = bound
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre[1:].split(".")] if pre else []
    return numbers, not pre, parts


def _interval(requirement):
    """The versions that a requirement admits: from one bound to before another; none for infinity."""
    low, high = ([0, 0, 0], "-0"), None
    for clause in requirement.split(","):
        operator, text = re.fullmatch(r"\s*(>=|<=|>|<|=|\^|~)?\s*(.+?)\s*", clause).groups()
        numbers, pre, minor, patch = _version(text)
        bound, after = (numbers, pre), ([*numbers[:2], numbers[2] + 1], "-0")
        if pre:
            after = (numbers, pre + ".0")
        if operator == ">=":
            low = bound
        elif operator == ">":
            low = after
        elif operator == "<":
            high = bound
        elif operator == "<=":
            high = after
        elif operator == "=":
            low, high = bound, after
        elif operator == "~":
            low = bound
            high = ([numbers[0], numbers[1] + 1, 0], "") if minor else ([numbers[0] + 1, 0, 0], "")
        else:
            low = bound
            at = next((place for place in range(3) if numbers[place]), 2 if patch else 1 if minor else 0)
            high = (numbers[:at] + [numbers[at] + 1] + [0] * (2 - at), "")
    return low, high


def _text(bound):
    return ".".join(map(str, bound[0])) + bound[1]


def rustsec_ranges(safe):
    """The ranges between the versions that requirements admit."""
    intervals = sorted((_interval(one) for one in safe), key=lambda pair: _key(pair[0]))
    ranges, at = [], ([0, 0, 0], "-0")
    for low, high in intervals:
        if at is not None and _key(at) < _key(low):
            ranges.append(a_range(("introduced", _text(at)), ("fixed", _text(low)), kind="SEMVER"))
        if high is None:
            at = None
        elif at is not None and _key(at) < _key(high):
            at = high
    if at is not None:
        ranges.append(a_range(("introduced", _text(at)), kind="SEMVER"))
    return ranges


def rustsec_records(tarball):
    """RustSec's advisories about crates in OSV's form."""
    records = []
    with tarfile.open(tarball) as archive:
        for member in archive:
            if "/crates/" not in member.name or not member.name.endswith(".md"):
                continue
            text = archive.extractfile(member).read().decode()
            front = tomllib.loads(re.search(r"```toml\n(.*?)```", text, re.S)[1])
            about, versions = front["advisory"], front["versions"]
            record = {
                "schema_version": "1.7.0", "id": about["id"], "modified": f"{about['date']}T12:00:00Z",
                "published": f"{about['date']}T12:00:00Z", "aliases": about.get("aliases", []),
                "summary": next((line[2:] for line in text.splitlines() if line.startswith("# ")), about["id"]),
                "affected": [{
                    "package": {"ecosystem": "crates.io", "name": about["package"]},
                    "ranges": rustsec_ranges(versions.get("patched", []) + versions.get("unaffected", [])),
                    "database_specific": {"informational": about.get("informational")},
                }],
            }
            if about.get("cvss"):
                kind = "CVSS_V4" if about["cvss"].startswith("CVSS:4") else "CVSS_V3"
                record["severity"] = [{"type": kind, "score": about["cvss"]}]
            if about.get("withdrawn"):
                record["withdrawn"] = f"{about['withdrawn']}T12:00:00Z"
            records.append(record)
    return records
