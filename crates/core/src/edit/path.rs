//! The paths of an edit: `name`, `user_metadata.plan`, `app_metadata.limits.per_day`. A `\` before a dot makes it part of a
//! key.

use super::{EditError, METADATA};
use crate::api::{Refusal, quoted};
use crate::job::{EditOptions, Setting};
use crate::json::{self, MAX_DEPTH};

/// One value to be set, or removed where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) keys: Vec<String>,
    pub(super) value: Option<String>,
}

/// Root attributes that are true or false, and so cannot be removed.
const FLAGS: [&str; 3] = ["blocked", "email_verified", "phone_verified"];
/// Root attributes that are texts.
const TEXTS: [&str; 5] = ["given_name", "family_name", "name", "nickname", "picture"];
/// What tells one user from another.
const IDENTIFIERS: [&str; 4] = ["user_id", "email", "username", "phone_number"];

/// Reads `PATH=VALUE`: a value that is JSON is what it says, any other is a text.
pub fn read_setting(text: &str) -> Result<Setting, EditError> {
    let Some((path, value)) = text.split_once('=').filter(|(path, _)| !path.is_empty()) else {
        return Err(
            EditError::new(format!("`{text}` sets nothing: `PATH=VALUE` is expected"))
                .hinted("for example `user_metadata.plan=pro`; `--unset PATH` removes"),
        );
    };
    let json = match json::check(value) {
        Ok(checked) if checked.faults.is_empty() => {
            let mut out = String::with_capacity(value.len());
            json::canonical(value, &mut out);
            out
        }
        _ => quoted(value),
    };
    Ok(Setting {
        path: path.to_owned(),
        json,
    })
}

/// Reads what is to be set and removed.
pub(super) fn changes(options: &EditOptions) -> Result<Vec<Change>, EditError> {
    let set = options.set.iter().map(|Setting { path, json }| {
        Ok(Change {
            keys: keys(path)?,
            value: Some(json.clone()).filter(|json| json != "null"),
        })
    });
    let unset = options.unset.iter().map(|path| {
        Ok(Change {
            keys: keys(path)?,
            value: None,
        })
    });
    let changes: Vec<Change> = set.chain(unset).collect::<Result<_, _>>()?;
    if changes.is_empty() {
        return Err(EditError::new("an update needs something to set or unset"));
    }
    Ok(changes)
}

fn keys(path: &str) -> Result<Vec<String>, EditError> {
    let no_path = |problem: &str| EditError::new(format!("`{path}` is no path: {problem}"));
    let mut keys = vec![String::new()];
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        match (character, keys.last_mut()) {
            ('.', _) => keys.push(String::new()),
            ('\\', Some(key)) => key.push(
                characters
                    .next()
                    .ok_or_else(|| no_path("nothing stands behind the `\\` at its end"))?,
            ),
            ('[' | ']', _) => {
                return Err(
                    no_path("an element of an array cannot be changed by itself")
                        .hinted("set the whole array: `user_metadata.tags=[\"a\",\"b\"]`"),
                );
            }
            (other, Some(key)) => key.push(other),
            (_, None) => {}
        }
    }
    if keys.iter().any(String::is_empty) {
        return Err(no_path("a key is missing"));
    }
    if keys.len() > MAX_DEPTH as usize {
        return Err(no_path("it has too many keys"));
    }
    Ok(keys)
}

/// Returns the path of keys.
pub(super) fn shown(keys: &[String]) -> String {
    let escaped = |key: &String| key.replace('\\', "\\\\").replace('.', "\\.");
    keys.iter().map(escaped).collect::<Vec<_>>().join(".")
}

/// Checks that every path may be changed, and no two of them the same.
pub(super) fn check_changes(changes: &[Change]) -> Result<(), EditError> {
    for (index, change) in changes.iter().enumerate() {
        check(change)?;
        let clash = changes[..index].iter().find(|other| {
            other.keys.starts_with(&change.keys) || change.keys.starts_with(&other.keys)
        });
        if let Some(other) = clash {
            let (one, other) = (shown(&other.keys), shown(&change.keys));
            return Err(EditError::new(if one == other {
                format!("`{one}` is changed twice")
            } else {
                format!("`{one}` and `{other}` cannot both be changed: one lies inside the other")
            }));
        }
    }
    Ok(())
}

fn check(change: &Change) -> Result<(), EditError> {
    let path = shown(&change.keys);
    let root = change.keys.first().map_or("", String::as_str);
    if METADATA.contains(&root) {
        return Ok(());
    }
    if IDENTIFIERS.contains(&root) {
        return Err(
            EditError::new(format!("`{path}` cannot be changed for many users at once"))
                .hinted("it tells one user from another: change it user by user"),
        );
    }
    if root == "password" {
        return Err(
            EditError::new("`password` cannot be changed for many users at once")
                .hinted("many users with one password are no secret: change it user by user"),
        );
    }
    if !FLAGS.contains(&root) && !TEXTS.contains(&root) {
        let names = [FLAGS.as_slice(), &TEXTS].concat().join(", ");
        return Err(
            EditError::new(format!("`{path}` cannot be changed")).hinted(format!(
                "what can be: {names}, and what is below user_metadata and app_metadata"
            )),
        );
    }
    if change.keys.len() > 1 {
        return Err(EditError::new(format!(
            "`{path}` cannot be changed: nothing lies below `{root}`"
        )));
    }
    if FLAGS.contains(&root) && change.value.is_none() {
        return Err(EditError::new(format!("`{root}` cannot be removed"))
            .hinted(format!("set it to false: `{root}=false`")));
    }
    Ok(())
}

/// Returns why the API would not take the values.
pub(super) fn refused(refusal: Refusal, changes: &[Change]) -> EditError {
    let is_bare = |change: &&Change| {
        let is_text = TEXTS.contains(&change.keys[0].as_str());
        is_text
            && change
                .value
                .as_deref()
                .is_some_and(|json| !json.starts_with('"'))
    };
    let message = refusal
        .message
        .strip_prefix("Payload validation error: ")
        .map(|rest| format!("a value cannot be set: {}", rest.trim_end_matches('.')));
    let error = EditError::new(message.unwrap_or(refusal.message));
    match changes.iter().find(is_bare) {
        Some(Change { keys, value }) => {
            let value = value.as_deref().unwrap_or_default();
            error.hinted(format!(
                "a text that looks like JSON stands in quotes: `{}=\"{value}\"`",
                keys[0]
            ))
        }
        None => error,
    }
}
