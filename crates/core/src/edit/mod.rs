//! Bulk edits: what one edit makes of each user whom it meets.
//!
//! ```text
//! options → Edit (checked once) → for each user: a body of `PATCH /users/{id}` → its rules → unchanged | changed | deleted
//! ```
//! The rules are those of the API; only a path below a key of the metadata is more than the API has, and is merged here.

mod diff;
mod draft;
mod path;

use std::borrow::Cow;

use crate::api::{ObjectText, Refusal, UserPatch};
use crate::clock::Timestamp;
use crate::connection::Connection;
use crate::import::codes::Code;
use crate::job::{EditAction, EditOptions};
use crate::json::{Kind, RawJson};
use crate::row::RowError;
use crate::user::Profile;

pub use diff::{Difference, differences};
pub use draft::EditDraft;
pub use path::read_setting;
use path::{Change, check_changes, shown};

/// An edit that makes no sense: what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EditError {
    pub message: String,
    pub hint: Option<String>,
}

impl EditError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hinted(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// An edit that was checked.
pub struct Edit(Work);

enum Work {
    Delete,
    Change {
        changes: Vec<Change>,
        /// What is asked of every user alike; `None` if it depends on what a user has.
        patch: Option<UserPatch>,
    },
}

/// What becomes of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The user is as the edit wants all to be.
    Unchanged,
    Changed(Profile),
    Deleted,
}

/// The roots below which a path may go on.
const METADATA: [&str; 2] = ["user_metadata", "app_metadata"];

impl Edit {
    /// Checks what is asked.
    pub fn new(options: &EditOptions) -> Result<Self, EditError> {
        // To a search a blank query means everybody; here it is a variable that was empty.
        if options
            .query
            .as_ref()
            .is_some_and(|query| query.trim().is_empty())
        {
            return Err(EditError::new("the query is blank")
                .hinted("whoever means everybody says so: `all` instead of a query"));
        }
        let blocked = |value: &str| {
            vec![Change {
                keys: vec!["blocked".to_owned()],
                value: Some(value.to_owned()),
            }]
        };
        if options.action != EditAction::Update
            && !(options.set.is_empty() && options.unset.is_empty())
        {
            let action = options.action.as_str();
            return Err(EditError::new(format!(
                "`{action}` sets and unsets nothing: the action for that is `update`"
            )));
        }
        let changes = match options.action {
            EditAction::Delete => return Ok(Self(Work::Delete)),
            EditAction::Block => blocked("true"),
            EditAction::Unblock => blocked("false"),
            EditAction::Update => path::changes(options)?,
        };
        check_changes(&changes)?;
        // Whatever is wrong with a value is wrong for every user.
        let nobody = Profile::from_canonical("{}".to_owned());
        let body = body(&changes, &nobody).map_err(|error| EditError::new(error.message))?;
        let patch = UserPatch::parse(&body).map_err(|refusal| path::refused(refusal, &changes))?;
        let is_deep = changes.iter().any(|change| change.keys.len() > 2);
        Ok(Self(Work::Change {
            patch: (!is_deep).then_some(patch),
            changes,
        }))
    }

    /// Returns what becomes of a user of the connection, or why it cannot be.
    pub fn apply(
        &self,
        profile: &Profile,
        connection: &Connection,
        now: Timestamp,
    ) -> Result<Outcome, RowError> {
        let Work::Change { changes, patch } = &self.0 else {
            return Ok(Outcome::Deleted);
        };
        let own;
        let patch = match patch {
            Some(patch) => patch,
            None => {
                own = UserPatch::parse(&body(changes, profile)?).map_err(row_error)?;
                &own
            }
        };
        patch.check(connection).map_err(row_error)?;
        let after = patch.apply(profile, connection, now).map_err(row_error)?;
        Ok(if is_same(profile, &after) {
            Outcome::Unchanged
        } else {
            Outcome::Changed(after)
        })
    }
}

/// Returns what the API would be sent for the user.
fn body(changes: &[Change], profile: &Profile) -> Result<String, RowError> {
    let mut out = ObjectText::default();
    for change in changes {
        match change.keys.as_slice() {
            [root] if METADATA.contains(&root.as_str()) => {
                out.raw(root, change.value.as_deref().unwrap_or("{}"));
            }
            [root] => out.raw(root, change.value.as_deref().unwrap_or("null")),
            _ => {}
        }
    }
    for root in METADATA {
        let below = changes
            .iter()
            .filter(|change| change.keys.len() > 1 && change.keys[0] == root);
        let members = metadata(below, profile.raw().get(root))?;
        // An empty object would clear all.
        if !members.is_empty() {
            let mut object = ObjectText::default();
            for (key, value) in &members {
                object.raw(key, value.as_deref().unwrap_or("null"));
            }
            out.raw(root, &object.finish());
        }
    }
    Ok(out.finish())
}

type Member<'a> = (&'a str, Option<Cow<'a, str>>);

/// Returns the keys of the metadata that change, each with its whole new value, or none if it is removed.
fn metadata<'a>(
    changes: impl Iterator<Item = &'a Change>,
    existing: Option<RawJson<'a>>,
) -> Result<Vec<Member<'a>>, RowError> {
    let mut members: Vec<Member<'a>> = Vec::new();
    for change in changes {
        let (key, rest) = (change.keys[1].as_str(), &change.keys[2..]);
        let known = members.iter().position(|(known, _)| *known == key);
        let before = match known {
            Some(at) => members[at].1.as_deref().map(RawJson::trusted),
            None => existing.and_then(|object| object.get(key)),
        };
        let after = with(before, rest, change.value.as_deref()).map_err(|depth| RowError {
            code: Code::InvalidType,
            message: format!("`{}` is no object", shown(&change.keys[..2 + depth])),
            path: Some(shown(&change.keys)),
            hint: Some("remove it first, or set it as a whole".to_owned()),
        })?;
        let after = after.map(Cow::Owned);
        match known {
            Some(at) => members[at].1 = after,
            // Below what is not there, there is nothing to be removed.
            None if before.is_none() && after.is_none() && !rest.is_empty() => {}
            None => members.push((key, after)),
        }
    }
    Ok(members)
}

/// Returns a value after a change below it; the error is how far down something stands that is no object.
fn with(
    existing: Option<RawJson<'_>>,
    keys: &[String],
    value: Option<&str>,
) -> Result<Option<String>, usize> {
    let Some((key, rest)) = keys.split_first() else {
        return Ok(value.map(str::to_owned));
    };
    match existing.map(|json| (json, json.kind())) {
        None | Some((_, Kind::Null | Kind::Object)) if value.is_some() => {}
        Some((_, Kind::Object)) => {}
        Some(_) if value.is_some() => return Err(0),
        existing => return Ok(existing.map(|(json, _)| json.text().to_owned())),
    }
    let mut out = ObjectText::default();
    let mut is_found = false;
    for member in existing.into_iter().flat_map(RawJson::members) {
        if !member.is(key) {
            out.raw(&member.name(), member.value.text());
            continue;
        }
        is_found = true;
        if let Some(new) = with(Some(member.value), rest, value).map_err(|depth| depth + 1)? {
            out.raw(key, &new);
        }
    }
    if !is_found && let Some(new) = with(None, rest, value)? {
        out.raw(key, &new);
    }
    Ok(Some(out.finish()))
}

/// Returns whether nothing changed but the time: who is not blocked need not be unblocked, and empty metadata is none.
fn is_same(before: &Profile, after: &Profile) -> bool {
    fn told(profile: &Profile) -> impl Iterator<Item = (&str, &str)> {
        let told = |(key, value): &(&str, &str)| {
            !matches!(
                (*key, *value),
                ("\"updated_at\"", _)
                    | ("\"blocked\"", "false")
                    | ("\"user_metadata\"" | "\"app_metadata\"", "{}")
            )
        };
        let members = profile.raw().members();
        members
            .map(|member| (member.key, member.value.text()))
            .filter(told)
    }
    told(before).eq(told(after))
}

fn row_error(refusal: Refusal) -> RowError {
    let code = match refusal.code {
        "operation_not_supported" => Code::OperationNotSupported,
        _ => Code::InvalidValue,
    };
    RowError {
        code,
        message: refusal.message,
        path: None,
        hint: None,
    }
}

#[cfg(test)]
mod tests;
