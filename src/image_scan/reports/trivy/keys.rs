//! The keys of Trivy's report: those that are read one by one, and those that are known and not read.

/// Keys of a result.
pub(crate) const RESULT: &[&str] = &[
    "Target",
    "Class",
    "Type",
    "Packages",
    "MisconfSummary",
    "ExperimentalModifiedFindings",
    "Vulnerabilities",
    "Misconfigurations",
    "Secrets",
    "Licenses",
    "CustomResources",
];

/// Keys that Trivy writes and that are not read, by the struct of ours in whose place they stand.
const UNREAD: &[(&str, &[&str])] = &[
    ("Document", &["ReportID", "ArtifactID", "BOM", "alertsByPackage"]),
    ("Item", &["ReportID", "ArtifactID", "BOM", "alertsByPackage"]),
    (
        "Metadata",
        &[
            "Size",
            "DiffIDs",
            "ImageConfig",
            "Reference",
            "Layers",
            "RepoURL",
            "Branch",
            "Tags",
            "Commit",
            "CommitMsg",
            "Author",
            "Committer",
        ],
    ),
    ("System", &["Supplier", "Extended", "extended"]),
    ("Scanner", &["Server"]),
    (
        "Package",
        &[
            "Arch",
            "SrcName",
            "SrcVersion",
            "SrcRelease",
            "SrcEpoch",
            "Maintainer",
            "Modularitylabel",
            "BuildInfo",
            "Repository",
            "Layer",
            "Digest",
            "InstalledFiles",
            "AnalyzedBy",
        ],
    ),
    ("Layer", &["Size", "CreatedBy"]),
    ("Identifier", &["UID", "BOMRef"]),
    (
        "Vulnerability",
        &[
            "SeveritySource",
            "DataSource",
            "Fingerprint",
            "Custom",
            "Description",
            "CweIDs",
            "VendorSeverity",
            "CVSS",
            "References",
            "PublishedDate",
            "LastModifiedDate",
        ],
    ),
    ("Misconfiguration", &["Type", "Description", "Namespace", "Query", "References", "Traces"]),
    ("Lines", &["EndLine", "Resource", "Provider", "Service", "Code", "Occurrences", "RenderedCause"]),
    ("Summary", &["Failures", "Exceptions"]),
    ("FoundSecret", &["EndLine", "Code", "Offset"]),
    ("Licence", &["Text", "Confidence"]),
    ("Resource", &[]),
];

/// The keys of a struct that Trivy writes and that are not read.
pub(crate) fn unread(name: &'static str) -> &'static [&'static str] {
    UNREAD.iter().find(|(known, _)| *known == name).map_or(&[], |(_, keys)| keys)
}
