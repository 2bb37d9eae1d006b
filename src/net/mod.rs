//! HTTP with deadlines, retries by class and redaction; for promote, annotate and nothing else.
