//! Queries against an evaluator that is slow and plain: it makes a list of all paths of a profile and looks at each.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Attribute, Extractor, Limits, Matcher, OwnedScalar, Query};
use crate::packed;

/// A query, as the evaluator sees it.
#[derive(Debug, Clone)]
enum Ask {
    Term(&'static str, String),
    Wild(&'static str, String),
    Range(&'static str, [&'static str; 2], [bool; 2]),
    Date(&'static str, usize),
    Exists(&'static str),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

const TEXTS: [&str; 12] = [
    "", "a", "A", "ab", "aB", "ba", "é", "É", "a\"b\\", "true", "1", "x@A",
];
const TEXT_FIELDS: [&str; 10] = [
    "name",
    "email",
    "email.domain",
    "user_id",
    "identities.connection",
    "identities.profileData.kay",
    "user_metadata.kay",
    "user_metadata.kay.bee",
    "app_metadata.bee",
    "app_metadata.sea.kay",
];
const FOLDED: [&str; 3] = ["name", "email", "email.domain"];
/// Points in time of profiles, and periods of queries with the number of those inside.
const TIMES: [&str; 4] = [
    "2024-12-31T23:59:59.999Z",
    "2025-01-01T00:00:00.000Z",
    "2025-01-31T12:30:00.500Z",
    "2025-02-01T00:00:00.000Z",
];
const PERIODS: [(&str, [bool; 4]); 7] = [
    ("2025-01", [false, true, true, false]),
    ("2024", [true, false, false, false]),
    ("[2025-01-01 TO *]", [false, true, true, true]),
    ("{2025-01-01 TO *]", [false, false, true, true]),
    ("[* TO 2025-01]", [true, true, true, false]),
    ("[* TO 2025-01}", [true, false, false, false]),
    ("\"2025-01-31T13:30+01:00\"", [false, false, true, false]),
];

impl Ask {
    fn text(&self) -> String {
        let list = |parts: &[Self], operator: &str| {
            let parts: Vec<_> = parts.iter().map(Self::text).collect();
            format!("({})", parts.join(operator))
        };
        match self {
            Self::Term(field, value) => {
                format!(
                    "{field}:\"{}\"",
                    value.replace('\\', "\\\\").replace('"', "\\\"")
                )
            }
            Self::Wild(field, wild) => format!("{field}:{wild}"),
            Self::Range(field, [from, to], [after, before]) => {
                let (open, close) = (
                    if *after { '{' } else { '[' },
                    if *before { '}' } else { ']' },
                );
                format!("{field}:{open}{from} TO {to}{close}")
            }
            Self::Date(field, period) => format!("{field}:{}", PERIODS[*period].0),
            Self::Exists(field) => format!("_exists_:{field}"),
            Self::Not(part) => format!("(NOT {})", part.text()),
            Self::And(parts) => list(parts, " AND "),
            Self::Or(parts) => list(parts, " OR "),
        }
    }

    fn is_true(&self, paths: &[(String, Value)]) -> bool {
        let any =
            |field: &str, test: &dyn Fn(&Value) -> bool| values(field, paths).iter().any(test);
        match self {
            Self::Term(field, wanted) => any(field, &|value| match value {
                Value::String(text) => *text == cased(field, wanted),
                Value::Number(number) => wanted.parse() == Ok(number.as_f64().unwrap()),
                other => wanted.parse().ok() == other.as_bool(),
            }),
            Self::Wild(field, wild) => any(field, &|value| {
                value
                    .as_str()
                    .is_some_and(|text| is_like(&cased(field, wild), text))
            }),
            Self::Range(field, [from, to], [after, before]) => {
                let ends: Option<Vec<f64>> = [from, to]
                    .iter()
                    .map(|end| match **end {
                        "*" => Some(f64::NAN),
                        end => end.parse().ok(),
                    })
                    .collect();
                let is_text_field = TEXT_FIELDS[..5].contains(field);
                any(field, &|value| match (value, &ends) {
                    _ if *from == "*" && *to == "*" => true,
                    (Value::Number(number), Some(ends)) => {
                        let number = number.as_f64().unwrap();
                        let is_after =
                            ends[0].is_nan() || number > ends[0] || (number == ends[0] && !after);
                        is_after
                            && (ends[1].is_nan()
                                || number < ends[1]
                                || (number == ends[1] && !before))
                    }
                    (Value::String(text), ends) if ends.is_none() || is_text_field => {
                        let (from, to) = (cased(field, from), cased(field, to));
                        let is_after = from == "*" || *text > from || (*text == from && !after);
                        is_after && (to == "*" || *text < to || (*text == to && !before))
                    }
                    _ => false,
                })
            }
            Self::Date(field, period) => any(field, &|value| {
                TIMES
                    .iter()
                    .position(|time| value == time)
                    .is_some_and(|time| PERIODS[*period].1[time])
            }),
            Self::Exists(field) => {
                let below = format!("{field}.");
                !values(field, paths).is_empty()
                    || paths.iter().any(|(path, _)| path.starts_with(&below))
            }
            Self::Not(part) => !part.is_true(paths),
            Self::And(parts) => parts.iter().all(|part| part.is_true(paths)),
            Self::Or(parts) => parts.iter().any(|part| part.is_true(paths)),
        }
    }
}

fn cased(field: &str, text: &str) -> String {
    if FOLDED.contains(&field) {
        text.to_lowercase()
    } else {
        text.to_owned()
    }
}

fn values(field: &str, paths: &[(String, Value)]) -> Vec<Value> {
    let name = if field == "email.domain" {
        "email"
    } else {
        field
    };
    let found = paths
        .iter()
        .filter(|(path, _)| path == name)
        .map(|(_, value)| value);
    found
        .filter_map(|value| match (field, value) {
            ("email.domain", Value::String(text)) => {
                Some(json!(text.to_lowercase().rsplit_once('@')?.1))
            }
            ("name" | "email", Value::String(text)) => Some(json!(text.to_lowercase())),
            ("blocked", other) => Some(other.clone()).filter(Value::is_boolean),
            ("logins_count", other) => Some(other.clone()).filter(Value::is_number),
            ("name" | "email" | "email.domain" | "user_id" | "identities.connection", _)
                if !value.is_string() =>
            {
                None
            }
            ("created_at", _) if !TIMES.iter().any(|time| value == time) => None,
            (_, value) => Some(value.clone()),
        })
        .collect()
}

fn is_like(wild: &str, text: &str) -> bool {
    let Some(first) = wild.chars().next() else {
        return text.is_empty();
    };
    let rest = &wild[first.len_utf8()..];
    let mut tails = text.char_indices().map(|(at, _)| &text[at..]).chain([""]);
    match first {
        '*' => tails.any(|tail| is_like(rest, tail)),
        _ => text
            .chars()
            .next()
            .is_some_and(|c| (first == '?' || first == c) && is_like(rest, &text[c.len_utf8()..])),
    }
}

fn flatten(prefix: &str, value: &Value, out: &mut Vec<(String, Value)>) {
    match value {
        Value::Null => {}
        Value::Array(elements) => elements
            .iter()
            .for_each(|element| flatten(prefix, element, out)),
        Value::Object(members) => {
            for (key, value) in members {
                let path = if prefix.is_empty() {
                    key.clone()
                } else {
                    format!("{prefix}.{key}")
                };
                flatten(&path, value, out);
            }
        }
        other => out.push((prefix.to_owned(), other.clone())),
    }
}

fn ask() -> impl Strategy<Value = Ask> {
    let select = prop::sample::select::<&'static str>;
    let text = || select(TEXT_FIELDS.to_vec());
    let metadata = || select(TEXT_FIELDS[5..].to_vec());
    let end = || select(vec!["*", "a", "ab", "É", "1", "0.5", "2"]);
    let number = || select(vec!["*", "0", "1", "2.5", "-1"]);
    let leaf = prop_oneof![
        4 => (text(), select(TEXTS.to_vec())).prop_map(|(field, value)| Ask::Term(field, value.to_owned())),
        1 => (metadata(), select(vec!["1", "1.0", "0", "false", "true", "10e-1"])).prop_map(|(field, value)| Ask::Term(field, value.to_owned())),
        3 => (text(), "[aAbé]?[*?]{1,2}[aBé]?[*]?[b]?").prop_filter("exists", |(_, wild)| wild.contains(|c| c != '*')).prop_map(|(field, wild)| Ask::Wild(field, wild)),
        2 => (text(), end(), end(), any::<[bool; 2]>()).prop_map(|(field, from, to, ends)| Ask::Range(field, [from, to], ends)),
        1 => (Just("logins_count"), number(), number(), any::<[bool; 2]>()).prop_map(|(field, from, to, ends)| Ask::Range(field, [from, to], ends)),
        1 => select(vec!["true", "false"]).prop_map(|value| Ask::Term("blocked", value.to_owned())),
        1 => select(vec!["0", "1", "2.5", "-1"]).prop_map(|value| Ask::Term("logins_count", value.to_owned())),
        1 => (0..PERIODS.len()).prop_map(|period| Ask::Date("created_at", period)),
        2 => select(vec!["name", "email.domain", "blocked", "created_at", "user_metadata", "user_metadata.kay", "user_metadata.kay.bee", "app_metadata.sea", "identities", "identities.profileData", "logins_count"]).prop_map(Ask::Exists),
    ];
    leaf.prop_filter("open ranges of objects", |ask| {
        !matches!(ask, Ask::Range(_, ["*", "*"], _))
    })
    .prop_recursive(3, 12, 7, |inner| {
        prop_oneof![
            inner.clone().prop_map(|part| Ask::Not(part.into())),
            prop::collection::vec(inner.clone(), 2..7).prop_map(Ask::And),
            prop::collection::vec(inner, 2..7).prop_map(Ask::Or),
        ]
    })
}

fn metadata() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(TEXTS.to_vec()).prop_map(Value::from);
    let number = prop::sample::select(vec![json!(0), json!(1), json!(1.0), json!(2.5), json!(-1)]);
    let leaf = prop_oneof![4 => text, 2 => number, 1 => any::<bool>().prop_map(Value::from), 1 => Just(Value::Null)];
    leaf.prop_recursive(4, 16, 3, |inner| {
        let key = prop::sample::select(vec!["kay", "bee", "sea", "kay.bee", "sea.kay", "bee.x", "q\"", "kay.bee.sea"]).prop_map(str::to_owned);
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            2 => prop::collection::btree_map(key, inner, 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn profile() -> impl Strategy<Value = Value> {
    let text = || prop::option::of(prop::sample::select(TEXTS.to_vec()));
    let flat = (
        text(),
        text(),
        text(),
        prop::option::of(any::<bool>()),
        prop::option::of(-1..3),
        prop::option::of(0..TIMES.len()),
    );
    (flat, metadata(), metadata(), text(), metadata(), any::<bool>()).prop_map(|(flat, user, app, connection, data, is_first)| {
        let (name, email, id, blocked, logins, time) = flat;
        let mut identity = json!({"provider": "auth0", "connection": "Username-Password-Authentication", "isSocial": false, "user_id": "1"});
        if let Some(connection) = connection {
            identity["connection"] = connection.into();
        }
        identity["profileData"] = data;
        let user_id = id.map(|id| format!("auth0|{id}"));
        let all = json!({
            "odd": 1, "name": name, "email": email, "user_id": if is_first { user_id } else { id.map(str::to_owned) }, "blocked": blocked, "logins_count": logins,
            "created_at": time.map(|time| TIMES[time]), "identities": [identity], "user_metadata": user, "app_metadata": app,
        });
        let Value::Object(mut members) = all else { unreachable!() };
        if is_first {
            members.shift_remove("odd");
        }
        members.retain(|_, value| !value.is_null());
        Value::Object(members)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn answers_are_those_of_the_plain_evaluator(ask in ask(), profile in profile()) {
        let (text, plain) = (ask.text(), profile.to_string());
        let mut packed_text = String::new();
        packed::pack(&plain, &mut packed_text);
        let mut paths = Vec::new();
        flatten("", &profile, &mut paths);
        let query = Query::parse(&text, Limits::None).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        let mut matcher = Matcher::new(&query);
        let expected = ask.is_true(&paths);
        prop_assert_eq!(matcher.matches(&packed_text), expected, "packed {}", text);
        prop_assert_eq!(matcher.matches(&plain), expected, "plain {}", text);
        if let (true, Some(needle)) = (expected, query.needle()) {
            prop_assert!(packed_text.contains(needle) && plain.contains(needle), "{} {}", text, needle);
        }
    }

    #[test]
    fn values_are_those_at_the_paths(profile in profile()) {
        let names = ["name", "email.domain", "email", "user_id", "user_metadata.kay.bee", "user_metadata.kay", "app_metadata", "logins_count",
            "identities.connection", "identities.profileData.kay", "odd", "blocked", "app_metadata.sea.kay"];
        let attributes: Vec<_> = names.iter().map(|name| Attribute::parse(name).unwrap()).collect();
        let plain = profile.to_string();
        let mut packed_text = String::new();
        packed::pack(&plain, &mut packed_text);
        let mut paths = Vec::new();
        flatten("", &profile, &mut paths);
        let mut extractor = Extractor::new(&attributes);
        for text in [&plain, &packed_text] {
            let mut found = vec![Vec::new(); names.len()];
            extractor.visit(text, &mut |at, value| found[at].push(match value.to_owned() {
                OwnedScalar::Bool(value) => value.to_string(),
                OwnedScalar::Number(value) => value.to_string(),
                OwnedScalar::Text(value) => format!("{value:?}"),
            }));
            for (name, mut found) in names.iter().zip(found) {
                let mut expected: Vec<_> = values(name, &paths).iter().map(|value| match value {
                    Value::Number(number) => number.as_f64().unwrap().to_string(),
                    Value::String(text) => format!("{text:?}"),
                    other => other.to_string(),
                }).collect();
                expected.sort();
                found.sort();
                prop_assert_eq!(found, expected, "{}", name);
            }
        }
    }
}
