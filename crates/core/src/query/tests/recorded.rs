//! 2,000 users and 177 queries with their answers, which Apache Lucene gave by the rules of the language.

use std::collections::HashSet;

use serde_json::Value;

use super::super::{Limits, Matcher, Query};
use crate::packed;

/// The id of a user, the profile, and its packed form.
struct User {
    id: String,
    plain: String,
    packed: String,
}

const USERS: &str = include_str!("../../../../../testdata/search/users.ndjson");
const QUERIES: &str = include_str!("../../../../../testdata/search/queries-a.jsonl");

fn users() -> Vec<User> {
    let of_line = |line: &str| {
        let profile: Value = serde_json::from_str(line).unwrap();
        let plain = profile.to_string();
        let mut text = String::new();
        packed::pack(&plain, &mut text);
        User {
            id: profile["user_id"].as_str().unwrap().to_owned(),
            plain,
            packed: text,
        }
    };
    USERS.lines().map(of_line).collect()
}

/// Returns the ids of those who match; `None` if the query is refused.
fn answer(text: &str, limits: Limits, users: &[User]) -> Option<HashSet<String>> {
    let query = Query::parse(text, limits).ok()?;
    let mut matcher = Matcher::new(&query);
    let mut found = HashSet::new();
    for user in users {
        let is_found = matcher.matches(&user.packed);
        assert_eq!(
            is_found,
            matcher.matches(&user.plain),
            "{text}: {}",
            user.id
        );
        if is_found {
            let needle = query.needle().unwrap_or_default();
            assert!(
                user.packed.contains(needle) && user.plain.contains(needle),
                "{text}"
            );
            found.insert(user.id.clone());
        }
    }
    let canonical = query.to_string();
    let again =
        Query::parse(&canonical, limits).unwrap_or_else(|error| panic!("{canonical}: {error}"));
    assert_eq!(again.expr(), query.expr(), "{canonical}");
    Some(found)
}

fn ids(value: &Value) -> Option<HashSet<String>> {
    let list = value.as_array()?.iter();
    Some(list.map(|id| id.as_str().unwrap().to_owned()).collect())
}

/// Returns how a query was answered: as recorded, or with an alternative where the rules leave a choice.
fn judged(record: &Value, limits: Limits, users: &[User]) -> &'static str {
    let mut expected = ids(&record["expect_ids"]);
    if limits == Limits::None && record.get("lifted_ids").is_some() {
        expected = ids(&record["lifted_ids"]);
    }
    let got = answer(record["q"].as_str().unwrap(), limits, users);
    if got == expected {
        return "same";
    }
    let alternatives = record["also_ok"].as_array().into_iter().flatten();
    let is_choice = record["strict"] == false && alternatives.map(ids).any(|other| other == got);
    assert!(
        is_choice,
        "{}: {} got {:?}",
        record["id"],
        record["q"],
        got.map(|ids| ids.len())
    );
    "another"
}

fn judge_all(limits: Limits) -> Vec<String> {
    let users = users();
    let mut others = Vec::new();
    for line in QUERIES.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        if judged(&record, limits, &users) != "same" {
            others.push(record["q"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!((users.len(), QUERIES.lines().count()), (2000, 177));
    others
}

/// Fields that are not known are refused, not looked up in vain: the only choice that differs from the record.
const OTHERS: [&str; 3] = [
    "connection:\"google-oauth2\"",
    "name.raw:\"jane smith\"",
    "nosuchfield:abc",
];

#[test]
fn answers_are_those_recorded_under_auth0s_limits() {
    assert_eq!(judge_all(Limits::Auth0), OTHERS);
}

#[test]
fn answers_are_those_recorded_without_limits() {
    assert_eq!(judge_all(Limits::None), OTHERS);
}
