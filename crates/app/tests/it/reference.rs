//! The pages of `docs/reference`: one is made from the code, the other names tests.
//!
//! `UPDATE_REFERENCE=1 cargo test -p purser reference` writes the page that is made from the code.

use std::collections::BTreeSet;
use std::fs;

use purser_core::import::codes;

use crate::sources::{read, root};

const ERRORS: &str = "docs/reference/errors.md";
const COMPAT: &str = "docs/reference/compat.md";

const ERRORS_HEAD: &str = "\
# Codes of row errors

A row that cannot be imported has one or more errors: a code, a message, and where the trouble lies. They are in
`purser jobs errors`, in the file of `--report`, and in `GET /api/v2/jobs/{id}/errors`.

*Auth0, documented* is in the list of Auth0's documentation. *Auth0, observed* is not, but is sent by Auth0's API or by
the schema validator behind it. *Purser* is for what Auth0 has no word for, or fails the whole job for.

This page is made from `crates/core/src/import/codes.rs`; `UPDATE_REFERENCE=1 cargo test -p purser reference` makes it
anew.

";

#[test]
fn the_page_of_errors_is_the_table_in_the_code() {
    let page = format!("{ERRORS_HEAD}{}", codes::reference());
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(root().join(ERRORS), &page).unwrap();
    }
    let hint = "run `UPDATE_REFERENCE=1 cargo test -p purser reference`, and look at what changed";
    assert!(
        read(ERRORS) == page,
        "{ERRORS} is not what the code says: {hint}"
    );
}

#[test]
fn every_rule_of_the_compatibility_page_has_its_test() {
    let page = read(COMPAT);
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| Rule "));
    let mut seen = BTreeSet::new();
    for row in rows {
        let tests: Vec<&str> = row
            .split('`')
            .filter(|text| text.contains(".rs::"))
            .collect();
        assert!(!tests.is_empty(), "no test: {row}");
        for test in tests {
            check(test);
            seen.insert(test);
        }
    }
    assert!(!seen.is_empty());
}

/// Fails unless `CRATE/…/FILE.rs::NAME` is a test.
fn check(test: &str) {
    let (file, name) = test.split_once("::").unwrap();
    let source = read(&format!("crates/{file}"));
    let head = format!("fn {name}(");
    let mut lines = source
        .lines()
        .rev()
        .skip_while(|line| !line.contains(&head));
    assert!(lines.next().is_some(), "{file} has no function `{name}`");
    let is_test = lines
        .take_while(|line| line.trim_start().starts_with('#'))
        .any(|line| line.contains("test"));
    // A test of the store is a plain function that a list has run on both databases.
    let is_listed = source
        .split_once("on_both_stores!(")
        .and_then(|(_, rest)| rest.split_once(");"))
        .is_some_and(|(list, _)| list.split(',').any(|listed| listed.trim() == name));
    assert!(is_test || is_listed, "`{name}` of {file} is no test");
}
