//! What a JSON payload may contain, declared as constants, and z-schema's sentences when it does not: Auth0 checks
//! with z-schema, and clients match on its words. The first problem is told, the object's own before its members'.

use serde_json::{Map, Value};

use super::error::ApiError;

/// An object's members. Others are refused.
pub(crate) struct Schema(pub(crate) &'static [Property]);

/// One member. `about` is Auth0's own description without its full stop; messages quote it.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) about: &'static str,
}

/// What a value may be.
pub(crate) enum Kind {
    Integer {
        min: i64,
        max: i64,
    },
    Text {
        min: usize,
        max: usize,
        shape: Shape,
    },
    /// An object with known members.
    Record(&'static Schema),
    Array {
        min: usize,
        max: usize,
        of: &'static Self,
    },
}

/// How a text must look.
pub(crate) enum Shape {
    Free,
    OneOf(&'static [&'static str]),
    /// A pattern as the message quotes it, and the check.
    Pattern(&'static str, fn(&str) -> bool),
}

impl Property {
    /// A member that may be left out.
    pub(crate) const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            required: false,
            about,
        }
    }

    /// A member that must be there.
    pub(crate) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }
}

impl Kind {
    /// A text of so many characters.
    pub(crate) const fn text(min: usize, max: usize) -> Self {
        Self::Text {
            min,
            max,
            shape: Shape::Free,
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Integer { .. } => "integer",
            Self::Text { .. } => "string",
            Self::Record(_) => "object",
            Self::Array { .. } => "array",
        }
    }
}

/// One broken rule: z-schema's sentence and where it applies (`fields[0].name`; empty for the payload itself).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) sentence: String,
    pub(crate) path: String,
    pub(crate) about: &'static str,
}

impl Violation {
    /// Returns what Auth0 says: `'…' on property limit (Limit the number of records).`
    pub(crate) fn text(&self) -> String {
        let Self {
            sentence,
            path,
            about,
        } = self;
        match (path.is_empty(), about.is_empty()) {
            (true, _) => format!("'{sentence}'."),
            (false, true) => format!("'{sentence}' on property {path}."),
            (false, false) => format!("'{sentence}' on property {path} ({about})."),
        }
    }
}

impl From<Violation> for ApiError {
    fn from(violation: Violation) -> Self {
        Self::invalid_body(format!("Payload validation error: {}", violation.text()))
    }
}

/// Where a value stands, for messages.
#[derive(Clone, Copy)]
struct At<'a> {
    path: &'a str,
    about: &'static str,
}

impl At<'_> {
    fn violation(self, sentence: String) -> Violation {
        Violation {
            sentence,
            path: self.path.to_owned(),
            about: self.about,
        }
    }
}

impl Schema {
    /// Returns the first rule that a payload breaks.
    pub(crate) fn check(&self, payload: &Map<String, Value>) -> Result<(), Violation> {
        self.check_at(
            payload,
            At {
                path: "",
                about: "",
            },
        )
    }

    fn check_at(&self, object: &Map<String, Value>, at: At<'_>) -> Result<(), Violation> {
        let extra: Vec<&str> = object
            .keys()
            .map(String::as_str)
            .filter(|key| self.0.iter().all(|p| p.name != *key))
            .collect();
        if !extra.is_empty() {
            return Err(at.violation(format!(
                "Additional properties not allowed: {}",
                extra.join(",")
            )));
        }
        if let Some(missing) = self
            .0
            .iter()
            .find(|p| p.required && !object.contains_key(p.name))
        {
            return Err(at.violation(format!("Missing required property: {}", missing.name)));
        }
        for property in self.0 {
            let Some(value) = object.get(property.name) else {
                continue;
            };
            let dot = if at.path.is_empty() { "" } else { "." };
            let path = format!("{}{dot}{}", at.path, property.name);
            property.kind.check(
                value,
                At {
                    path: &path,
                    about: property.about,
                },
            )?;
        }
        Ok(())
    }
}

impl Kind {
    fn check(&self, value: &Value, at: At<'_>) -> Result<(), Violation> {
        match (self, value) {
            (Self::Integer { min, max }, Value::Number(_)) if is_integer(value) => {
                check_range(value, *min, *max).map_err(|sentence| at.violation(sentence))
            }
            (Self::Text { min, max, shape }, Value::String(text)) => {
                check_text(text, *min, *max, shape).map_err(|sentence| at.violation(sentence))
            }
            (Self::Record(schema), Value::Object(object)) => schema.check_at(object, at),
            (Self::Array { min, max, of }, Value::Array(items)) => {
                check_count(items.len(), *min, *max).map_err(|sentence| at.violation(sentence))?;
                items.iter().enumerate().try_for_each(|(index, item)| {
                    of.check(
                        item,
                        At {
                            path: &format!("{}[{index}]", at.path),
                            about: "",
                        },
                    )
                })
            }
            _ => {
                let (expected, found) = (self.type_name(), type_of(value));
                Err(at.violation(format!("Expected type {expected} but found type {found}")))
            }
        }
    }
}

/// To JavaScript 5.0 is an integer, too.
fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn check_range(value: &Value, min: i64, max: i64) -> Result<(), String> {
    let number = value.as_f64().unwrap_or_default();
    if number < min as f64 {
        Err(format!("Value {value} is less than minimum {min}"))
    } else if number > max as f64 {
        Err(format!("Value {value} is greater than maximum {max}"))
    } else {
        Ok(())
    }
}

fn check_text(text: &str, min: usize, max: usize, shape: &Shape) -> Result<(), String> {
    let chars = text.chars().count();
    match shape {
        _ if chars < min => Err(format!(
            "String is too short ({chars} chars), minimum {min}"
        )),
        _ if chars > max => Err(format!("String is too long ({chars} chars), maximum {max}")),
        Shape::OneOf(values) if !values.contains(&text) => {
            Err(format!("No enum match for: {text}"))
        }
        Shape::Pattern(pattern, fits) if !fits(text) => {
            Err(format!("String does not match pattern {pattern}"))
        }
        _ => Ok(()),
    }
}

fn check_count(count: usize, min: usize, max: usize) -> Result<(), String> {
    if count < min {
        Err(format!("Array is too short ({count}), minimum {min}"))
    } else if count > max {
        Err(format!("Array is too long ({count}), maximum {max}"))
    } else {
        Ok(())
    }
}

/// Returns the name that z-schema has for a value's type.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) if is_integer(value) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ITEM: Schema = Schema(&[Property::new("name", Kind::text(1, 5), "").required()]);
    const SCHEMA: Schema = Schema(&[
        Property::new(
            "format",
            Kind::Text {
                min: 0,
                max: 9,
                shape: Shape::OneOf(&["csv"]),
            },
            "Format of the file",
        ),
        Property::new(
            "limit",
            Kind::Integer {
                min: 1,
                max: i64::MAX,
            },
            "Limit the number of records",
        ),
        Property::new(
            "fields",
            Kind::Array {
                min: 0,
                max: 2,
                of: &Kind::Record(&ITEM),
            },
            "",
        ),
    ]);

    fn told(payload: Value) -> String {
        SCHEMA
            .check(payload.as_object().unwrap())
            .map_or_else(|v| v.text(), |()| "fine".to_owned())
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
