//! Nothing that others write is executed, or forges a command, an output, an annotation or an element of a page: hostile payloads in
//! every input and in every text of a report, on both hosts, on both streams and in every format.
//!
//! The judges are readers of the hosts' documented grammar (`logs`) and of our own files (`documents`). Each test takes a sample;
//! `scripts/hostile` takes thousands.

mod documents;
mod holds;
mod inputs;
mod logs;
mod payloads;
mod reports;
mod trial;
