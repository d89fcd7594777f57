//! Holds JSON against a schema, and says where it does not fit.

use std::borrow::Cow;

use super::check_text::text_problem;
use super::schema::{Property, Rule, Schema, Telling, violation};
use crate::json::{Kind, RawJson};

/// Where a value stands, for messages.
#[derive(Clone, Copy)]
struct At<'a> {
    path: &'a str,
    description: &'static str,
    telling: Telling,
}

impl At<'_> {
    fn refuse(self, problem: &str) -> Result<(), String> {
        Err(violation(problem, self.path, self.description))
    }
}

pub(super) fn check(body: RawJson<'_>, schema: &Schema, telling: Telling) -> Result<(), String> {
    let at = At {
        path: "",
        description: "",
        telling,
    };
    if body.kind() != Kind::Object {
        return at.refuse(&wrong_type("object", body));
    }
    check_members(body, schema, at)
}

fn check_members(object: RawJson<'_>, schema: &Schema, at: At<'_>) -> Result<(), String> {
    let missing = || missing(object, schema);
    let unknown = || unknown(object, schema, at.telling);
    let in_body_order = at.telling == Telling::BodyOrder;
    let problem = if in_body_order {
        missing().or_else(unknown)
    } else {
        unknown().or_else(missing)
    };
    if let Some(problem) = problem {
        return at.refuse(&problem);
    }
    if in_body_order {
        object
            .members()
            .try_for_each(|member| match schema.find(&member.name()) {
                Some(property) => check_property(member.value, property, at),
                None => Ok(()),
            })
    } else {
        schema
            .properties
            .iter()
            .try_for_each(|property| match object.get(property.name) {
                Some(value) => check_property(value, property, at),
                None => Ok(()),
            })
    }
}

fn missing(object: RawJson<'_>, schema: &Schema) -> Option<String> {
    let missing = schema
        .required
        .iter()
        .find(|name| object.get(name).is_none());
    missing.map(|name| format!("Missing required property: {name}"))
}

fn unknown(object: RawJson<'_>, schema: &Schema, telling: Telling) -> Option<String> {
    let names: Vec<Cow<'_, str>> = object
        .members()
        .map(|m| m.name())
        .filter(|name| schema.find(name).is_none())
        .collect();
    let told: Vec<&str> = names
        .iter()
        .take(telling.names())
        .map(|name| telling.echo(name))
        .collect();
    let (told, advice) = (told.join(","), schema.advice);
    (!names.is_empty()).then(|| format!("Additional properties not allowed: {told}{advice}"))
}

fn check_property(value: RawJson<'_>, property: &Property, at: At<'_>) -> Result<(), String> {
    if property.nullable && value.is_null() {
        return Ok(());
    }
    let dot = if at.path.is_empty() { "" } else { "." };
    let at = At {
        path: &format!("{}{dot}{}", at.path, property.name),
        description: property.description,
        ..at
    };
    check_value(value, &property.rule, at)
}

fn check_value(value: RawJson<'_>, rule: &Rule, at: At<'_>) -> Result<(), String> {
    const TEXT: Rule = Rule::Text {
        min: 0,
        max: usize::MAX,
    };
    let (kind, name) = match rule {
        Rule::Integer { .. } => (Kind::Number, "integer"),
        Rule::Bool => (Kind::Bool, Kind::Bool.name()),
        Rule::Object | Rule::Record(_) => (Kind::Object, Kind::Object.name()),
        Rule::Texts | Rule::Array { .. } => (Kind::Array, Kind::Array.name()),
        _ => (Kind::String, Kind::String.name()),
    };
    let broken = matches!(rule, Rule::Integer { .. }) && !is_whole(value);
    if value.kind() != kind || broken {
        return at.refuse(&wrong_type(name, value));
    }
    let problem = match rule {
        Rule::Record(schema) => return check_members(value, schema, at),
        Rule::Texts => return check_elements(value, &TEXT, at),
        Rule::Array { min, max, of } => match count_problem(value.elements().count(), *min, *max) {
            None => return check_elements(value, of, at),
            problem => problem,
        },
        Rule::Integer { min, max } => range_problem(value, *min, *max),
        _ => value
            .as_str()
            .and_then(|text| text_problem(&text, *rule, at.telling)),
    };
    problem.map_or(Ok(()), |problem| at.refuse(&problem))
}

fn check_elements(array: RawJson<'_>, rule: &Rule, at: At<'_>) -> Result<(), String> {
    array.elements().enumerate().try_for_each(|(index, value)| {
        let at = At {
            path: &format!("{}[{index}]", at.path),
            description: "",
            ..at
        };
        check_value(value, rule, at)
    })
}

fn count_problem(count: usize, min: usize, max: usize) -> Option<String> {
    if count < min {
        Some(format!("Array is too short ({count}), minimum {min}"))
    } else if count > max {
        Some(format!("Array is too long ({count}), maximum {max}"))
    } else {
        None
    }
}

fn range_problem(value: RawJson<'_>, min: i64, max: i64) -> Option<String> {
    let (text, number) = (value.text(), number(value).unwrap_or_default());
    if number < min as f64 {
        Some(format!("Value {text} is less than minimum {min}"))
    } else if number > max as f64 {
        Some(format!("Value {text} is greater than maximum {max}"))
    } else {
        None
    }
}

fn number(value: RawJson<'_>) -> Option<f64> {
    value.text().parse().ok()
}

/// To JavaScript 5.0 is an integer, too.
fn is_whole(value: RawJson<'_>) -> bool {
    number(value).is_some_and(|number| number.fract() == 0.0)
}

/// Says that a value is of another type than expected.
pub fn wrong_type(expected: &str, found: RawJson<'_>) -> String {
    let found = match found.kind() {
        Kind::Number if is_whole(found) => "integer",
        kind => kind.name(),
    };
    format!("Expected type {expected} but found type {found}")
}

#[cfg(test)]
mod tests {
    use crate::api::Telling;
    use crate::api::schema::tests::EXPORT;
    use crate::json::RawJson;
    use serde_json::{Value, json};

    fn told(payload: Value) -> String {
        let told = EXPORT.check(RawJson::trusted(&payload.to_string()), Telling::SchemaOrder);
        told.map_or_else(
            |refusal| refusal.message.replace("Payload validation error: ", ""),
            |()| "fine".to_owned(),
        )
    }

    #[test]
    fn problems_are_told_as_z_schema_does() {
        for (payload, expected) in [
            (json!({"limit": 5.0, "fields": [{"name": "email"}]}), "fine"),
            (
                json!({"foo": 1, "bar": 2}),
                "'Additional properties not allowed: foo,bar'.",
            ),
            (
                json!({"format": "xml"}),
                "'No enum match for: xml' on property format (Format of the file).",
            ),
            (
                json!({"limit": 0}),
                "'Value 0 is less than minimum 1' on property limit (Limit the number of records).",
            ),
            (
                json!({"limit": "1"}),
                "'Expected type integer but found type string' on property limit (Limit the number of records).",
            ),
            (
                json!({"fields": [{}]}),
                "'Missing required property: name' on property fields[0].",
            ),
            (
                json!({"fields": [{"name": "toolong"}]}),
                "'String is too long (7 chars), maximum 5' on property fields[0].name.",
            ),
            (
                json!({"fields": [1, 2, 3]}),
                "'Array is too long (3), maximum 2' on property fields.",
            ),
            (
                json!({"limit": null}),
                "'Expected type integer but found type null' on property limit (Limit the number of records).",
            ),
        ] {
            assert_eq!(told(payload), expected);
        }
    }
}
