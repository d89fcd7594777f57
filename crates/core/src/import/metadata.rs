//! Keys of `user_metadata` and `app_metadata`; their values are free.

use crate::import::Attribute;
use crate::import::problem::{Hinted, Problems, echo, forbidden};
use crate::json::{MAX_DEPTH, RawJson};

/// Keys that one hint names.
const NAMED_KEYS: usize = 5;

/// Adds what is wrong with the keys of a metadata object.
pub(crate) fn check(
    attribute: Attribute,
    value: RawJson<'_>,
    strict: bool,
    problems: &mut Problems,
) {
    if attribute == Attribute::AppMetadata {
        let is_forbidden = |name: &str| is_forbidden(name.as_bytes());
        let keys = value
            .members()
            .map(|m| m.name())
            .filter(|name| is_forbidden(name));
        let names: Vec<String> = keys.map(|name| format!("`{name}`")).collect();
        if !names.is_empty() {
            let hint = format!(
                "remove {}: Auth0 keeps these names for itself",
                names.join(", ")
            );
            problems.add(forbidden(attribute.name()).hinted(hint));
        }
    }
    if strict {
        let mut names = Vec::new();
        dotted_keys(value, 0, &mut names);
        if !names.is_empty() {
            let hint = format!(
                "rename {}: keys must not contain `.` or `$`",
                names.join(", ")
            );
            problems.add(forbidden(attribute.name()).hinted(hint));
        }
    }
}

/// Returns whether `app_metadata` must not have such a key.
fn is_forbidden(name: &[u8]) -> bool {
    matches!(
        name,
        b"__tenant"
            | b"_id"
            | b"blocked"
            | b"clientID"
            | b"created_at"
            | b"email_verified"
            | b"email"
            | b"globalClientID"
            | b"global_client_id"
            | b"identities"
            | b"lastIP"
            | b"lastLogin"
            | b"loginsCount"
            | b"metadata"
            | b"multifactor_last_modified"
            | b"multifactor"
            | b"updated_at"
            | b"user_id"
    )
}

fn dotted_keys(value: RawJson<'_>, depth: u32, names: &mut Vec<String>) {
    // Deeper values are a fault by themselves.
    if depth > MAX_DEPTH || names.len() == NAMED_KEYS {
        return;
    }
    for member in value.members() {
        let name = member.name();
        if name.contains(['.', '$']) && names.len() < NAMED_KEYS {
            names.push(format!("`{}`", echo(&name)));
        }
        dotted_keys(member.value, depth + 1, names);
    }
    for element in value.elements() {
        dotted_keys(element, depth + 1, names);
    }
}
