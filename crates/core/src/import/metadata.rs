//! Keys of `user_metadata` and `app_metadata`; their values are free.

use crate::import::Attribute;
use crate::import::problem::{Hinted, Problems, echo, forbidden};
use crate::json::{MAX_DEPTH, RawJson, unescape};

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
        let keys = value
            .members()
            .filter(|member| is_forbidden_key(member.key));
        let names: Vec<String> = keys.map(|member| format!("`{}`", member.name())).collect();
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

/// Returns whether `app_metadata` must not have a key, given with its quotes.
fn is_forbidden_key(quoted: &str) -> bool {
    match quoted.as_bytes() {
        [b'"', plain @ .., b'"'] if !plain.contains(&b'\\') => is_forbidden(plain),
        _ => is_forbidden(unescape(quoted).as_bytes()),
    }
}

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

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::import::testing::{errors, lines, strict, user};
    use crate::import::validate;

    #[test]
    fn app_metadata_must_not_have_auth0s_own_keys() {
        assert_snapshot!(errors(r#"{"email":"a@b.de","app_metadata":{"plan":1,"clientID":2,"em\u0061il":3}}"#), @"NOT_PASSED app_metadata: Error in app_metadata property - Data matches schema from 'not' (remove `clientID`, `email`: Auth0 keeps these names for itself)");
        let keys = [
            "__tenant",
            "_id",
            "blocked",
            "clientID",
            "created_at",
            "email_verified",
            "email",
            "globalClientID",
            "global_client_id",
            "identities",
            "lastIP",
            "lastLogin",
            "loginsCount",
            "metadata",
            "multifactor_last_modified",
            "multifactor",
            "updated_at",
            "user_id",
        ];
        for key in keys {
            let row = |attribute| format!(r#"{{"email":"a@b.de","{attribute}":{{"{key}":1}}}}"#);
            assert!(
                errors(&row("app_metadata")).starts_with("NOT_PASSED"),
                "{key}"
            );
            user(&row("user_metadata"));
        }
        user(r#"{"email":"a@b.de","app_metadata":{"x":{"email":1}}}"#);
    }

    #[test]
    fn dots_and_dollars_in_keys_are_refused_only_in_strict_mode() {
        let row = r#"{"email":"a@b.de","user_metadata":{"a.b":1,"c":[{"$d":2}]}}"#;
        user(row);
        assert_snapshot!(lines(validate(row, &strict()).unwrap_err()), @"NOT_PASSED user_metadata: Error in user_metadata property - Data matches schema from 'not' (rename `a.b`, `$d`: keys must not contain `.` or `$`)");
    }
}
