//! Row errors in words: one constructor for each message, Auth0's own text where it is known.
//! Values are echoed cut short, and never where they may be a secret. The codes are in `codes.rs`.

use std::borrow::Cow;

use crate::import::codes::Code;
use crate::import::schema::Key;
use crate::json::{self, Fault, FaultKind, Kind, RawJson};
use crate::row::RowError;

/// Characters of a value that a message may repeat.
const ECHO_CHARS: usize = 100;
/// Names of properties that one message lists.
const ECHO_NAMES: usize = 20;
/// Errors kept of one row; a hostile row could hold millions.
const MAX_ERRORS: usize = 50;

/// Returns the error of a row whose user exists when nothing may be updated.
pub fn duplicated_user() -> RowError {
    let hint = "run the import with `upsert` to update users that exist";
    plain(
        Code::DuplicatedUser,
        "The user already exist and upsert parameter is false",
    )
    .hinted(hint)
}

/// Returns the error of a row that names a user whom an earlier row of the file names.
pub fn already_provided() -> RowError {
    // Literally so: two people quoted it with brackets and bars.
    let message = "A user with this [email|username|user_id] was already provided.";
    let hint = "an earlier row of the file has the same `email`, `username` or `user_id`: merge the two rows";
    plain(Code::DuplicatedUser, message).hinted(hint)
}

/// Returns the error of a row whose hash would replace one that is in use.
pub fn password_hash_defined() -> RowError {
    let message =
        "A custom_password_hash was provided, but the user already has password hash defined.";
    plain(Code::Conflict, message)
        .hinted("remove `custom_password_hash` to update the other attributes")
}

/// Returns the error of a row whose identifier belongs to another user.
pub fn conflict(attribute: &str) -> RowError {
    let code = match attribute {
        "email" => Code::ConflictEmail,
        "username" => Code::ConflictUsername,
        _ => Code::Conflict,
    };
    plain(code, format!("The {attribute} belongs to another user")).hinted(format!(
        "remove `{attribute}` from the row, or change it at the other user"
    ))
}

/// Returns the error of a row for a connection that is not there (any more).
pub fn connection_not_found(name: &str) -> RowError {
    let name = echo(name);
    plain(
        Code::ConnectionNotFound,
        format!("The connection {name} does not exist"),
    )
    .hinted("create the connection, or import into another one")
}

/// Returns the error of a row that is longer than one row may be.
pub fn row_too_large(limit_bytes: u64) -> RowError {
    plain(
        Code::RowTooLarge,
        format!("The row is longer than {limit_bytes} bytes"),
    )
    .hinted("shorten the row, for example its metadata")
}

/// Returns the error of a row whose bytes are not UTF-8; `offset` counts from the start of the row.
pub fn invalid_utf8(offset: u64) -> RowError {
    plain(
        Code::InvalidUtf8,
        format!("The row is not valid UTF-8 at byte {offset}"),
    )
    .hinted("save the file with the encoding UTF-8")
}

/// Returns the error of a row that is no JSON.
pub fn invalid_json(fault: &Fault) -> RowError {
    plain(
        Code::InvalidJson,
        format!("The row is not valid JSON: {fault}"),
    )
    .hinted("byte 0 is the first byte of the row")
}

/// Returns the error of a value that is JSON but cannot be stored.
pub(crate) fn invalid_value(row: &str, fault: &Fault) -> RowError {
    let path = echo(&json::path_at(row, fault.offset));
    let hint = match fault.kind {
        FaultKind::DuplicateKey => "keep one of the two",
        FaultKind::NumberOutOfRange => "give the number as a string",
        FaultKind::TooDeep => "flatten the value",
        _ => "remove the character",
    };
    at(Code::InvalidValue, &path, &fault.to_string()).hinted(hint)
}

/// Returns the error of a value of another type than the schema asks for.
pub(crate) fn wrong_type(path: &str, expected: &str, found: RawJson<'_>) -> RowError {
    let found = type_name(found);
    let hint = match found {
        "null" => "leave the property out instead of setting it to null".to_owned(),
        _ => format!("give {} {expected}", article(expected)),
    };
    at(
        Code::InvalidType,
        path,
        &format!("Expected type {expected} but found type {found}"),
    )
    .hinted(hint)
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

/// Returns the name that Auth0's schema validator has for a value's type: whole numbers are integers.
fn type_name(value: RawJson<'_>) -> &'static str {
    let whole = |text: &str| {
        text.parse::<f64>()
            .is_ok_and(|n| n.is_finite() && n.fract() == 0.0)
    };
    match value.kind() {
        Kind::Number if whole(value.text()) => "integer",
        kind => kind.name(),
    }
}

/// Returns the error of a text that is shorter than `min` characters.
pub(crate) fn too_short(path: &str, chars: usize, min: usize) -> RowError {
    let message = format!("String is too short ({chars} chars), minimum {min}");
    let hint = match chars {
        0 => "leave the property out if there is no value".to_owned(),
        _ => format!("give at least {min} characters"),
    };
    at(Code::MinLength, path, &message).hinted(hint)
}

/// Returns the error of a text that is longer than `max` characters.
pub(crate) fn too_long(path: &str, chars: usize, max: usize) -> RowError {
    let message = format!("String is too long ({chars} chars), maximum {max}");
    at(Code::MaxLength, path, &message).hinted(format!("shorten it to {max} characters"))
}

/// Returns the error of a text that does not match a pattern; the text is left off, as Auth0 leaves it off.
pub(crate) fn no_match(path: &str, pattern: &str) -> RowError {
    at(
        Code::Pattern,
        path,
        &format!("String does not match pattern {pattern}"),
    )
}

/// Returns the error of a text that is not of a named format.
pub(crate) fn no_format(path: &str, format: &str, value: &str) -> RowError {
    let message = format!(
        "Object didn't pass validation for format {format}: {}",
        echo(value)
    );
    at(Code::InvalidFormat, path, &message)
}

/// Returns the error of a secret's setting that is none of the allowed ones; the value is never echoed.
pub(crate) fn no_choice(path: &str, allowed: &[&str]) -> RowError {
    at(Code::EnumMismatch, path, "No enum match for: *****")
        .hinted(format!("use one of {}", allowed.join(", ")))
}

/// Returns the error of an object without a property it needs.
pub(crate) fn missing(path: &str, property: &str) -> RowError {
    at(
        Code::ObjectRequired,
        path,
        &format!("Missing required property: {property}"),
    )
}

/// Returns the error of a value that has what it must not have.
pub(crate) fn forbidden(path: &str) -> RowError {
    at(Code::NotPassed, path, "Data matches schema from 'not'")
}

/// Returns the error of a number below `min`.
pub(crate) fn too_small(path: &str, value: RawJson<'_>, min: u64) -> RowError {
    let message = format!("Value {} is less than minimum {min}", echo(value.text()));
    at(Code::Minimum, path, &message).hinted(format!("give at least {min}"))
}

/// Returns the error of an object with properties that are not allowed.
pub(crate) fn additional<'n>(path: &str, names: impl Iterator<Item = &'n str>) -> RowError {
    let mut listed = names.take(ECHO_NAMES + 1).map(echo).collect::<Vec<_>>();
    if listed.len() > ECHO_NAMES {
        listed[ECHO_NAMES] = "…".to_owned();
    }
    let message = format!("Additional properties not allowed: {}", listed.join(","));
    at(Code::ObjectAdditionalProperties, path, &message)
}

/// Makes an error without a path.
pub(crate) fn plain(code: Code, message: impl Into<String>) -> RowError {
    RowError {
        code,
        message: message.into(),
        path: None,
        hint: None,
    }
}

/// Makes an error of the value at `path`; an empty path is the row itself.
pub(crate) fn at(code: Code, path: &str, message: &str) -> RowError {
    if path.is_empty() {
        return plain(code, message);
    }
    let message = format!("Error in {path} property - {message}");
    RowError {
        code,
        message,
        path: Some(path.to_owned()),
        hint: None,
    }
}

/// Returns a value as a message may repeat it.
pub(crate) fn echo(value: &str) -> String {
    match value.char_indices().nth(ECHO_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// Adds the sentence that says what to do.
pub(crate) trait Hinted {
    fn hinted(self, hint: impl Into<String>) -> Self;
}

impl Hinted for RowError {
    fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Returns the text of a property, or adds that the value is none.
pub(crate) fn text_of<'a>(
    key: Key,
    value: RawJson<'a>,
    problems: &mut Problems,
) -> Option<Cow<'a, str>> {
    let text = value.as_str();
    if text.is_none() {
        problems.add(wrong_type(key.path(), "string", value));
    }
    text
}

/// Returns whether a text has at least `min` and at most `max` characters, or adds that it has not.
pub(crate) fn has_length(
    key: Key,
    text: &str,
    (min, max): (usize, usize),
    problems: &mut Problems,
) -> bool {
    // Bytes are never fewer than characters.
    if text.len() <= max && (text.is_ascii() || min <= 1) && text.len() >= min {
        return true;
    }
    let chars = text.chars().count();
    if chars < min {
        problems.add(too_short(key.path(), chars, min));
    } else if chars > max {
        problems.add(too_long(key.path(), chars, max));
    }
    (min..=max).contains(&chars)
}

/// Collects the errors of one row, to be put in the order of the row's text.
#[derive(Default)]
pub(crate) struct Problems {
    found: Vec<(usize, RowError)>,
    /// How many were added, those not kept included.
    count: usize,
    offset: usize,
}

impl Problems {
    /// Says where in the row the errors that follow belong.
    pub(crate) fn stand_at(&mut self, offset: usize) {
        self.offset = offset;
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn add(&mut self, error: RowError) {
        self.count += 1;
        if self.found.len() < MAX_ERRORS {
            self.found.push((self.offset, error));
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn into_errors(mut self) -> Vec<RowError> {
        self.found.sort_by_key(|(offset, _)| *offset);
        self.found.into_iter().map(|(_, error)| error).collect()
    }
}
