//! Schemas of request bodies, and the sentence for the first thing in a body that does not fit.
//! The words are those of z-schema, which Auth0's API validates with; secrets are never repeated.

use super::{Refusal, check};
use crate::json::{self, Fault, RawJson};

/// What a body, or an object in it, may contain.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    pub properties: &'static [Property],
    pub required: &'static [&'static str],
    /// Put after the names of properties that are not allowed.
    pub advice: &'static str,
}

impl Schema {
    /// Returns the property called `name`.
    pub fn find(&self, name: &str) -> Option<&'static Property> {
        self.properties
            .iter()
            .find(|property| property.name == name)
    }

    /// Returns the sentence for the first thing in checked JSON that does not fit.
    pub fn check(&self, body: RawJson<'_>, telling: Telling) -> Result<(), Refusal> {
        check::check(body, self, telling).map_err(Refusal::body)
    }
}

/// Which of several problems a message tells, and how much of what was sent it repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// A missing property before those not allowed, then the body's order; repeats the beginning.
    BodyOrder,
    /// Properties not allowed before a missing one, then the schema's order; repeats all of it.
    SchemaOrder,
}

/// Characters of a value that a message repeats.
const ECHO_CHARS: usize = 100;
/// Names that a message lists.
const ECHO_NAMES: usize = 20;

impl Telling {
    pub(super) fn names(self) -> usize {
        match self {
            Self::BodyOrder => ECHO_NAMES,
            Self::SchemaOrder => usize::MAX,
        }
    }

    pub(super) fn echo(self, text: &str) -> &str {
        let end = match self {
            Self::BodyOrder => text.char_indices().nth(ECHO_CHARS),
            Self::SchemaOrder => None,
        };
        end.map_or(text, |(end, _)| &text[..end])
    }
}

/// One property of a body.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    pub name: &'static str,
    /// Auth0's own description, which its messages repeat; without a full stop.
    pub description: &'static str,
    pub rule: Rule,
    /// Whether `null` is allowed too.
    pub nullable: bool,
}

impl Property {
    /// A property that may be left out, but not be `null`.
    pub const fn new(name: &'static str, rule: Rule, description: &'static str) -> Self {
        Self {
            name,
            description,
            rule,
            nullable: false,
        }
    }

    /// One that may be `null`, too.
    pub const fn or_null(self) -> Self {
        Self {
            nullable: true,
            ..self
        }
    }
}

/// What a property's value must be.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    Bool,
    Object,
    /// An object with known members.
    Record(&'static Schema),
    /// An array of strings.
    Texts,
    Array {
        min: usize,
        max: usize,
        of: &'static Self,
    },
    Integer {
        min: i64,
        max: i64,
    },
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
    check::check(RawJson::trusted(&body), schema, Telling::BodyOrder)?;
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
pub fn violation(problem: &str, path: &str, description: &str) -> String {
    match (path, description) {
        ("", _) => format!("Payload validation error: '{problem}'."),
        (path, "") => format!("Payload validation error: '{problem}' on property {path}."),
        _ => format!("Payload validation error: '{problem}' on property {path} ({description})."),
    }
}

#[cfg(test)]
pub(super) mod tests {
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

    const ITEM: Schema = Schema {
        properties: &[Property::new("name", Rule::Text { min: 1, max: 5 }, "")],
        required: &["name"],
        advice: "",
    };
    /// Some of what an export job asks of its body.
    pub(in crate::api) const EXPORT: Schema = Schema {
        properties: &[
            Property::new("format", Rule::Choice(&["csv"]), "Format of the file"),
            Property::new(
                "limit",
                Rule::Integer {
                    min: 1,
                    max: i64::MAX,
                },
                "Limit the number of records",
            ),
            Property::new(
                "fields",
                Rule::Array {
                    min: 0,
                    max: 2,
                    of: &Rule::Record(&ITEM),
                },
                "",
            ),
        ],
        required: &[],
        advice: "",
    };

    /// What one way tells first, the other tells last.
    #[test]
    fn the_first_problem_depends_on_the_telling() {
        let body = r#"{"limit":0,"format":"xml"}"#;
        let said = |telling| {
            EXPORT
                .check(RawJson::trusted(body), telling)
                .unwrap_err()
                .message
        };
        assert!(said(Telling::BodyOrder).contains("on property limit"));
        assert!(said(Telling::SchemaOrder).contains("on property format"));
        let item = RawJson::trusted(r#"{"nme":1}"#);
        let said = |telling| ITEM.check(item, telling).unwrap_err().message;
        assert!(said(Telling::BodyOrder).contains("Missing required property: name"));
        assert!(said(Telling::SchemaOrder).contains("Additional properties not allowed: nme"));
    }
}
