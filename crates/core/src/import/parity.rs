//! The rules against the published import schema (`testdata/import-schema.json`): what it names we know, what it forbids
//! we refuse, and with the code that belongs to it.

use serde_json::{Map, Value, json};

use super::codes::Code;
use super::schema::Key;
use super::{testing, validate};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../../testdata/import-schema.json")).unwrap()
}

/// Validates a row that has a good address besides what is given.
fn codes(mut row: Value) -> Vec<Code> {
    let members: &mut Map<String, Value> = row.as_object_mut().unwrap();
    members.entry("email").or_insert(json!("a@example.com"));
    match validate(&row.to_string(), &testing::strict()) {
        Ok(_) => vec![],
        Err(errors) => errors.into_iter().map(|error| error.code).collect(),
    }
}

/// One value of each JSON type.
fn values() -> [(&'static str, Value); 6] {
    [
        ("string", json!("x")),
        ("boolean", json!(true)),
        ("integer", json!(7)),
        ("object", json!({})),
        ("array", json!([])),
        ("null", Value::Null),
    ]
}

/// A way down into a row: member names, and `[]` for the first element.
type Way = Vec<String>;

/// Returns a row that holds `value` at the end of the way, and nothing else on it.
fn row_with(way: &[String], value: Value) -> Value {
    way.iter()
        .rev()
        .fold(value, |inner, step| match step.as_str() {
            "[]" => json!([inner]),
            name => json!({ name: inner }),
        })
}

/// Visits every schema below `schema`, with the way to it.
fn visit(schema: &Value, way: &Way, each: &mut impl FnMut(&Way, &Value)) {
    each(way, schema);
    let below = |step: &str| [way.as_slice(), &[step.to_owned()]].concat();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        visit(property, &below(name), each);
    }
    if schema.get("items").is_some() {
        visit(&schema["items"], &below("[]"), each);
    }
}

fn visit_all(mut each: impl FnMut(&Way, &Value)) -> usize {
    let mut visited = 0;
    visit(&schema(), &vec![], &mut |way, schema| {
        visited += 1;
        each(way, schema);
    });
    visited
}

#[test]
fn the_properties_are_the_published_ones() {
    let published = schema();
    let mut names: Vec<&str> = published["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut known: Vec<&str> = Key::ALL.into_iter().map(Key::name).collect();
    names.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, names);
}

#[test]
fn every_other_type_is_refused_everywhere() {
    let visited = visit_all(|way, schema| {
        let Some(wanted) = schema["type"].as_str().filter(|_| !way.is_empty()) else {
            return;
        };
        for (kind, value) in values() {
            if kind != wanted {
                let found = codes(row_with(way, value));
                assert!(
                    found.contains(&Code::InvalidType),
                    "{way:?} as {kind}: {found:?}"
                );
            }
        }
    });
    assert!(
        visited > 40,
        "the schema has some fifty parts, not {visited}"
    );
}

#[test]
fn enumerations_take_their_values_and_no_other() {
    let mut enumerations = 0;
    visit_all(|way, schema| {
        let Some(allowed) = schema["enum"].as_array() else {
            return;
        };
        enumerations += 1;
        let found = codes(row_with(way, json!("nonsense")));
        assert!(found.contains(&Code::EnumMismatch), "{way:?}: {found:?}");
        for value in allowed {
            // Alone on their way they lack much, and some fit no algorithm; but none is unknown.
            let found = codes(row_with(way, value.clone()));
            assert!(
                !found.contains(&Code::InvalidType),
                "{way:?} {value}: {found:?}"
            );
            if way.last().is_some_and(|name| name == "algorithm") {
                assert!(
                    !found.contains(&Code::EnumMismatch),
                    "{way:?} {value}: {found:?}"
                );
            }
        }
    });
    assert_eq!(enumerations, 7);
}

#[test]
fn closed_objects_take_nothing_else() {
    let mut closed = 0;
    visit_all(|way, schema| {
        if schema["additionalProperties"] == json!(false) {
            closed += 1;
            let found = codes(row_with(way, json!({"zzz": 1})));
            assert!(
                found.contains(&Code::ObjectAdditionalProperties),
                "{way:?}: {found:?}"
            );
        }
    });
    assert_eq!(closed, 6);
}

#[test]
fn what_is_required_is_asked_for() {
    visit_all(|way, schema| {
        if schema["required"].is_array() && !way.is_empty() {
            let found = codes(row_with(way, json!({})));
            assert!(found.contains(&Code::ObjectRequired), "{way:?}: {found:?}");
        }
    });
    let rules_ask_for_an_address = codes(json!({"email": null}));
    assert_eq!(rules_ask_for_an_address, [Code::InvalidType]);
}
