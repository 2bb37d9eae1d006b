//! What a program or an image is made of: the components and what leads to what, for bills of materials and pages.

use serde_json::Value;

use super::ecosystem::Ecosystem;
use super::finding::Location;

/// What was looked at, and everything that it is made of.
///
/// No part of `report.json`: a bill of an image has tens of thousands of lines, and has formats of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bill {
    /// The files that were read, in the order of their paths; for an image, its targets.
    pub files: Vec<BilledFile>,
    /// Paths of files that list components as well and that were not read, because nobody knows their formats: the bill is incomplete.
    pub not_read: Vec<String>,
    /// The reports of scanners that were read, whole, with every key that nobody here knows: what is written in their form again loses
    /// nothing.
    pub documents: Vec<Value>,
}

/// A file and the components that it lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BilledFile {
    /// Its path, as reports write it.
    pub path: String,
    /// The program that writes such files, as GitLab and GitHub name it: `npm`, `cargo`, `pip`.
    pub package_manager: String,
    /// Its components.
    pub components: Vec<Component>,
    /// For each component, the indexes of those it depends on; shorter than `components` where the last ones depend on nothing.
    pub dependencies: Vec<Vec<usize>>,
}

/// A package that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Where it is published.
    pub ecosystem: Ecosystem,
    /// Its name there.
    pub name: String,
    /// Its exact version; empty where the file gives none.
    pub version: String,
    /// Its package URL.
    pub purl: String,
    /// Where it stands.
    pub location: Location,
    /// `runtime`, `optional`, `build` or `dev`.
    pub scope: &'static str,
    /// `registry`, `git`, `path`, `project` or `other`.
    pub origin: &'static str,
    /// Whether the project itself asks for it.
    pub is_direct: bool,
    /// Its licence, as its publisher writes it.
    pub license: Option<String>,
    /// Checksums, each as `algorithm:hexadecimal digits` or in the form of subresource integrity.
    pub integrity: Vec<String>,
    /// Address of the source that it comes from, where that is not the public registry.
    pub source: String,
}
