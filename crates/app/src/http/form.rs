//! Urlencoded forms as JSON: `fields[0][name]=email` nests, and texts become what the schema asks for.

use purser_core::api::{Rule, Schema};
use serde_json::{Map, Value};

/// Names deeper than this are taken as they stand; no payload of the API is deeper.
const MAX_DEPTH: usize = 8;

/// Reads a form. A name in brackets nests, a number in brackets makes an array; every value is a text.
pub(crate) fn nested(bytes: &[u8]) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        let path = path(&name);
        insert(&mut members, &path, Value::String(value.into_owned()));
    }
    members
        .into_iter()
        .map(|(name, value)| (name, arrays(value)))
        .collect()
}

/// Turns texts into the booleans, numbers and objects that the schema has in their place, where they can be read so.
pub(crate) fn typed(members: Map<String, Value>, schema: &Schema) -> Map<String, Value> {
    let convert = |(name, value): (String, Value)| {
        let value = match schema.find(&name) {
            Some(property) => typed_value(value, &property.rule),
            None => value,
        };
        (name, value)
    };
    members.into_iter().map(convert).collect()
}

fn typed_value(value: Value, rule: &Rule) -> Value {
    match (rule, value) {
        (Rule::Record(schema), Value::Object(members)) => Value::Object(typed(members, schema)),
        (Rule::Array { of, .. }, Value::Array(items)) => items
            .into_iter()
            .map(|item| typed_value(item, of))
            .collect(),
        (
            Rule::Bool
            | Rule::Integer { .. }
            | Rule::Object
            | Rule::Record(_)
            | Rule::Texts
            | Rule::Array { .. },
            Value::String(text),
        ) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        (_, value) => value,
    }
}

/// A form knows texts only; the words of booleans become booleans, which no text of these bodies is.
pub(crate) fn form_as_json(bytes: &[u8]) -> String {
    let members = nested(bytes)
        .into_iter()
        .map(|(name, value)| (name, booleans(value)));
    Value::Object(members.collect()).to_string()
}

fn booleans(value: Value) -> Value {
    match value {
        Value::String(text) if text == "true" => Value::Bool(true),
        Value::String(text) if text == "false" => Value::Bool(false),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name, booleans(value)))
                .collect(),
        ),
        other => other,
    }
}

/// Splits `fields[0][name]` into its steps.
fn path(name: &str) -> Vec<&str> {
    let Some((first, rest)) = name.split_once('[') else {
        return vec![name];
    };
    let Some(rest) = rest.strip_suffix(']') else {
        return vec![name];
    };
    let steps: Vec<&str> = std::iter::once(first).chain(rest.split("][")).collect();
    if first.is_empty() || steps.len() > MAX_DEPTH {
        vec![name]
    } else {
        steps
    }
}

fn insert(object: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [last] => {
            // `a[]=1` appends.
            let key = if last.is_empty() {
                object.len().to_string()
            } else {
                (*last).to_owned()
            };
            object.insert(key, value);
        }
        [first, rest @ ..] => {
            let inner = object
                .entry(*first)
                .or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// Turns objects whose keys are 0, 1, 2 … into arrays.
fn arrays(value: Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    let is_array = !members.is_empty()
        && members
            .keys()
            .enumerate()
            .all(|(index, key)| *key == index.to_string());
    let inner = members.into_iter().map(|(key, value)| (key, arrays(value)));
    if is_array {
        inner.map(|(_, value)| value).collect()
    } else {
        Value::Object(inner.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn brackets_nest() {
        let form =
            nested(b"limit=5&fields[0][name]=email&fields[1][name]=a%20b&x[]=1&x[]=2&odd[=1");
        assert_eq!(
            Value::Object(form),
            json!({"limit": "5", "fields": [{"name": "email"}, {"name": "a b"}], "x": ["1", "2"], "odd[": "1"})
        );
    }

    #[test]
    fn forms_become_json() {
        let form = b"email=a%40b.example&blocked=true&user_metadata[city]=Bonn";
        let json = r#"{"email":"a@b.example","blocked":true,"user_metadata":{"city":"Bonn"}}"#;
        assert_eq!(form_as_json(form), json);
    }
}
