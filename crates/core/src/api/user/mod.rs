//! Users over the API: what may be sent to make or change one, and the profile that comes of it.
//! Imports have rules of their own, in `crate::import`.

mod create;
mod password;
mod schema;
mod update;

pub use create::UserDraft;
pub use update::UserPatch;

use super::Refusal;
use crate::connection::Connection;
use crate::import::is_username;
use crate::json::{RawJson, unescape};
use crate::query::fold;

/// Returns a string member of a checked body; `null` counts as absent.
fn text<'a>(body: RawJson<'a>, name: &str) -> Option<std::borrow::Cow<'a, str>> {
    body.get(name)
        .filter(|value| !value.is_null())
        .map(|value| unescape(value.text()))
}

/// Returns an e-mail address as users of the connection have it: databases and passwordless connections fold its case.
fn stored_email(email: &str, connection: &Connection) -> String {
    let folds = connection.strategy.email_is_unique() && !connection.is_custom_without_import();
    if folds {
        fold(email).into_owned()
    } else {
        email.to_owned()
    }
}

/// Returns a username as it is stored, or why the connection does not take it.
fn stored_username(username: &str, connection: &Connection) -> Result<String, Refusal> {
    let rules = connection.username_rules();
    if !rules.allowed {
        return Err(Refusal::body(
            "Cannot set username for connection without requires_username",
        ));
    }
    let username = fold(username).into_owned();
    let length = username.chars().count();
    if length < rules.min || length > rules.max {
        let message = format!(
            "Username should have between {} and {} characters",
            rules.min, rules.max
        );
        return Err(Refusal::body(message));
    }
    if !is_username(&username) {
        let message = "Username can only contain letters, digits and @ ` ^ $ ! - # . + ' ~ _, \
                       and it cannot be an email address";
        return Err(Refusal::body(message));
    }
    Ok(username)
}
