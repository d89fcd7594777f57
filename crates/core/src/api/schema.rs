//! Schemas of request bodies, and the sentence for the first thing in a body that does not fit.
//! The words are those of z-schema, which Auth0's API validates with; secrets are never repeated.

use std::borrow::Cow;

use crate::import::{is_email, is_phone_number};
use crate::json::{self, Fault, Kind, RawJson};

/// What a body may contain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema {
    pub(crate) properties: &'static [Property],
    pub(crate) required: &'static [&'static str],
    /// Put after the names of properties that are not allowed.
    pub(crate) advice: &'static str,
}

/// One property of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    /// Auth0's own description, which its messages repeat; without a full stop.
    pub(crate) description: &'static str,
    pub(crate) rule: Rule,
    /// Whether `null` is allowed too.
    pub(crate) nullable: bool,
}

impl Property {
    pub(crate) const fn new(name: &'static str, rule: Rule, description: &'static str) -> Self {
        Self {
            name,
            description,
            rule,
            nullable: false,
        }
    }

    pub(crate) const fn or_null(self) -> Self {
        Self {
            nullable: true,
            ..self
        }
    }
}

/// What a property's value must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    Bool,
    Object,
    /// An array of strings.
    Texts,
    /// A string of so many characters.
    Text {
        min: usize,
        max: usize,
    },
    /// A secret of so many bytes, never repeated in a message.
    Secret {
        max: usize,
    },
    Email,
    Phone,
    Uri,
    /// A string of at most `max` characters without white space.
    NoSpace {
        max: usize,
    },
    /// A string that `test` accepts, of at most `max` characters.
    Pattern {
        pattern: &'static str,
        test: fn(&str) -> bool,
        max: usize,
    },
    Choice(&'static [&'static str]),
}

/// A text that is no JSON at all, in hapi's words.
pub const INVALID_JSON: &str = "Invalid request payload JSON format";

/// Checks a body as it came and returns it in canonical form; an absent one counts as `{}`.
pub(crate) fn check_body(text: &str, schema: &Schema) -> Result<String, String> {
    let body = canonical_body(text)?;
    check(RawJson::trusted(&body), schema)?;
    Ok(body)
}

/// Returns a body in canonical form, or why it is no JSON that can be stored.
pub(crate) fn canonical_body(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Ok("{}".to_owned());
    }
    let checked = json::check(text).map_err(|_| INVALID_JSON.to_owned())?;
    if let Some(fault) = checked.faults.first() {
        return Err(unstorable(text, fault));
    }
    let mut body = String::with_capacity(text.len());
    json::canonical(text, &mut body);
    Ok(body)
}

fn unstorable(text: &str, fault: &Fault) -> String {
    violation(
        &fault.kind.to_string(),
        &json::path_at(text, fault.offset),
        "",
    )
}

/// Returns the sentence for a value that does not fit.
pub(crate) fn violation(problem: &str, path: &str, description: &str) -> String {
    match (path, description) {
        ("", _) => format!("Payload validation error: '{problem}'."),
        (path, "") => format!("Payload validation error: '{problem}' on property {path}."),
        _ => format!("Payload validation error: '{problem}' on property {path} ({description})."),
    }
}

fn check(body: RawJson<'_>, schema: &Schema) -> Result<(), String> {
    if body.kind() != Kind::Object {
        return Err(violation(&wrong_type("object", body), "", ""));
    }
    if let Some(missing) = schema.required.iter().find(|name| body.get(name).is_none()) {
        return Err(violation(
            &format!("Missing required property: {missing}"),
            "",
            "",
        ));
    }
    let known = |name: &str| {
        schema
            .properties
            .iter()
            .find(|property| property.name == name)
    };
    let unknown: Vec<Cow<'_, str>> = body
        .members()
        .map(|m| m.name())
        .filter(|name| known(name).is_none())
        .collect();
    if !unknown.is_empty() {
        let names: Vec<&str> = unknown
            .iter()
            .take(ECHO_NAMES)
            .map(|name| echo(name))
            .collect();
        let names = names.join(",");
        return Err(violation(
            &format!(
                "Additional properties not allowed: {names}{}",
                schema.advice
            ),
            "",
            "",
        ));
    }
    for member in body.members() {
        if let Some(property) = known(&member.name()) {
            check_value(member.value, property)?;
        }
    }
    Ok(())
}

fn check_value(value: RawJson<'_>, property: &Property) -> Result<(), String> {
    if property.nullable && value.is_null() {
        return Ok(());
    }
    let refuse = |problem: &str| Err(violation(problem, property.name, property.description));
    let expected = match property.rule {
        Rule::Bool => Kind::Bool,
        Rule::Object => Kind::Object,
        Rule::Texts => Kind::Array,
        _ => Kind::String,
    };
    if value.kind() != expected {
        return refuse(&wrong_type(expected.name(), value));
    }
    if let Rule::Texts = property.rule {
        let odd = value
            .elements()
            .enumerate()
            .find(|(_, element)| element.kind() != Kind::String);
        return odd.map_or(Ok(()), |(at, element)| {
            let path = format!("{}[{at}]", property.name);
            Err(violation(&wrong_type("string", element), &path, ""))
        });
    }
    match value
        .as_str()
        .and_then(|text| text_problem(&text, property.rule))
    {
        Some(problem) => refuse(&problem),
        None => Ok(()),
    }
}

/// Says what is wrong with a text, if anything.
fn text_problem(text: &str, rule: Rule) -> Option<String> {
    // z-schema appends the value; Auth0 leaves it off.
    let mismatch = |pattern: &str| format!("String does not match pattern {pattern}");
    let format = |name: &str| {
        format!(
            "Object didn't pass validation for format {name}: {}",
            echo(text)
        )
    };
    match rule {
        Rule::Bool | Rule::Object | Rule::Texts => None,
        Rule::Text { min, max } => length_problem(text.chars().count(), min, max),
        Rule::Secret { max } => length_problem(text.len(), 1, max),
        Rule::Email => (!is_email(text)).then(|| format("email")),
        Rule::Phone => (!is_phone_number(text)).then(|| mismatch(r"^\+[0-9]{1,15}$")),
        Rule::Uri => (!is_uri(text)).then(|| format("strict-uri")),
        Rule::NoSpace { max } => length_problem(text.chars().count(), 0, max).or_else(|| {
            text.chars()
                .any(char::is_whitespace)
                .then(|| mismatch(r"^\S*$"))
        }),
        Rule::Pattern { pattern, test, max } => length_problem(text.chars().count(), 0, max)
            .or_else(|| (!test(text)).then(|| mismatch(pattern))),
        Rule::Choice(choices) => {
            (!choices.contains(&text)).then(|| format!("No enum match for: {}", echo(text)))
        }
    }
}

fn length_problem(length: usize, min: usize, max: usize) -> Option<String> {
    if length < min {
        Some(format!(
            "String is too short ({length} chars), minimum {min}"
        ))
    } else if length > max {
        Some(format!(
            "String is too long ({length} chars), maximum {max}"
        ))
    } else {
        None
    }
}

/// Returns whether a text is a URI with a scheme and something behind it, as validator.js's strict form asks.
fn is_uri(text: &str) -> bool {
    let scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    clean
        && text
            .split_once(':')
            .is_some_and(|(before, rest)| scheme(before) && rest.len() > 2)
}

/// Characters of a value that a message repeats.
const ECHO_CHARS: usize = 100;
/// Names that a message lists.
const ECHO_NAMES: usize = 20;

fn echo(text: &str) -> &str {
    text.char_indices()
        .nth(ECHO_CHARS)
        .map_or(text, |(end, _)| &text[..end])
}

pub(crate) fn wrong_type(expected: &str, found: RawJson<'_>) -> String {
    let whole = |text: &str| {
        text.parse::<f64>()
            .is_ok_and(|number| number.fract() == 0.0)
    };
    let found = match found.kind() {
        Kind::Number if whole(found.text()) => "integer",
        kind => kind.name(),
    };
    format!("Expected type {expected} but found type {found}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: Schema = Schema {
        properties: &[
            Property::new(
                "connection",
                Rule::Text { min: 1, max: 300 },
                "Name of the connection",
            ),
            Property::new("email", Rule::Email, "The user's email"),
            Property::new("phone", Rule::Phone, "").or_null(),
            Property::new("password", Rule::Secret { max: 4 }, "Initial password"),
            Property::new("picture", Rule::Uri, "A URI"),
            Property::new("realms", Rule::Texts, "Realms"),
            Property::new("format", Rule::Choice(&["csv", "json"]), ""),
        ],
        required: &["connection"],
        advice: "",
    };

    fn refusal(body: &str) -> String {
        check_body(body, &SCHEMA).unwrap_err()
    }

    /// The first is quoted from real answers of Auth0.
    #[test]
    fn says_what_auth0_says() {
        assert_eq!(
            refusal(r#"{"connection":"x","email":"ann"}"#),
            "Payload validation error: 'Object didn't pass validation for format email: ann' \
             on property email (The user's email)."
        );
        assert_eq!(
            refusal(r#"{"connection":"x","token_dialect":1,"b":2}"#),
            "Payload validation error: 'Additional properties not allowed: token_dialect,b'."
        );
        assert_eq!(
            refusal(""),
            "Payload validation error: 'Missing required property: connection'."
        );
        assert_eq!(
            refusal(r#"{"connection":"x","phone":"1"}"#),
            r"Payload validation error: 'String does not match pattern ^\+[0-9]{1,15}$' on property phone."
        );
        assert_eq!(
            refusal(r#"{"connection":1.0}"#),
            "Payload validation error: 'Expected type string but found type integer' \
             on property connection (Name of the connection)."
        );
        assert_eq!(
            refusal(r#"{"connection":"x","realms":["a",null]}"#),
            "Payload validation error: 'Expected type string but found type null' on property realms[1]."
        );
        assert_eq!(
            refusal(r#"{"connection":"x","format":"xml"}"#),
            "Payload validation error: 'No enum match for: xml' on property format."
        );
    }

    #[test]
    fn never_repeats_a_password() {
        let said = refusal(r#"{"connection":"x","password":"hunter2"}"#);
        assert_eq!(
            said,
            "Payload validation error: 'String is too long (7 chars), maximum 4' \
             on property password (Initial password)."
        );
    }

    #[test]
    fn refuses_what_is_no_json_or_cannot_be_stored() {
        assert_eq!(
            refusal("{\"connection\":"),
            "Invalid request payload JSON format"
        );
        assert_eq!(
            refusal("[]"),
            "Payload validation error: 'Expected type object but found type array'."
        );
        assert_eq!(
            refusal(r#"{"connection":"a\u0000"}"#),
            "Payload validation error: 'a string holds U+0000, which cannot be stored' on property connection."
        );
        assert_eq!(
            refusal(r#"{"connection":"a","picture":"no uri"}"#),
            "Payload validation error: 'Object didn't pass validation for format strict-uri: no uri' \
             on property picture (A URI)."
        );
    }

    #[test]
    fn keeps_numbers_as_they_were_written() {
        let body = check_body("{ \"connection\" : \"x\", \"phone\": null }", &SCHEMA);
        assert_eq!(body.as_deref(), Ok(r#"{"connection":"x","phone":null}"#));
    }
}
