//! Row errors in words: one constructor for each message, Auth0's own text where it is known.
//! Values are echoed cut short, and never where they may be a secret. The codes are in `codes.rs`.

use crate::import::codes::Code;
use crate::json::{self, Fault};
use crate::row::RowError;

/// Characters of a value that a message may repeat.
const ECHO_CHARS: usize = 100;

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
    at(Code::InvalidValue, &path, &format!("{fault}"))
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
