//! What a name in a query means.

use super::attribute::{Attribute, Class};
use super::print::push_name;

/// Where terms without a field are looked up, each with the case rule of its own.
pub(super) const BARE: [&str; 8] = [
    "email",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "username",
    "user_id",
    "phone_number",
];

/// Attributes that Auth0 has and does not search: nothing is found by them.
const NOT_SEARCHED: [&str; 6] = [
    "picture",
    "last_password_reset",
    "multifactor",
    "blocked_for",
    "guardian_authenticators",
    "organization_id",
];

/// Names that people know from elsewhere, mostly from search engine v2.
const OTHER_NAMES: [(&str, &str); 12] = [
    ("connection", "identities.connection"),
    ("provider", "identities.provider"),
    ("is_social", "identities.isSocial"),
    ("isSocial", "identities.isSocial"),
    ("profileData", "identities.profileData"),
    ("domain", "email.domain"),
    ("id", "user_id"),
    ("phone", "phone_number"),
    ("ip", "last_ip"),
    ("logins", "logins_count"),
    ("verified", "email_verified"),
    ("created", "created_at"),
];

/// Names that are complete; the first ones are suggested first.
const NAMES: [&str; 20] = [
    "email",
    "email.domain",
    "email_verified",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "user_id",
    "username",
    "phone_number",
    "phone_verified",
    "blocked",
    "logins_count",
    "created_at",
    "updated_at",
    "last_login",
    "last_ip",
    "identities.connection",
    "identities.provider",
    "identities.isSocial",
];

/// Names with paths below them.
const ROOTS: [&str; 3] = ["user_metadata", "app_metadata", "identities"];

/// What a name means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    Attribute(Attribute),
    /// An attribute that is there but is not searched.
    NotSearched,
    /// None; this could be meant.
    Unknown(Option<String>),
}

/// Returns what an unescaped name means.
pub(super) fn meaning(path: &str) -> Meaning {
    let root = path.split_once('.').map_or(path, |(root, _)| root);
    let Some(attribute) = Attribute::of_path(path) else {
        return Meaning::Unknown(None);
    };
    if attribute.class() != Class::Metadata || is_searched_path(attribute.keys()) {
        Meaning::Attribute(attribute)
    } else if NOT_SEARCHED.contains(&root) {
        Meaning::NotSearched
    } else {
        Meaning::Unknown(suggestion(path, root))
    }
}

fn is_searched_path(keys: &[String]) -> bool {
    match keys.first().map(String::as_str) {
        Some("user_metadata" | "app_metadata") => true,
        Some("identities") => keys.get(1).is_none_or(|key| key == "profileData"),
        _ => false,
    }
}

fn suggestion(path: &str, root: &str) -> Option<String> {
    let rest = &path[root.len()..];
    let plain = path.strip_suffix(".raw").unwrap_or(path);
    if plain != path && matches!(meaning(plain), Meaning::Attribute(_)) {
        return Some(plain.to_owned());
    }
    if let Some((_, name)) = OTHER_NAMES.iter().find(|(other, _)| *other == path) {
        return Some((*name).to_owned());
    }
    let near = |name: &&&str| is_near(name, path);
    if let Some(name) = NAMES.iter().find(near) {
        return Some((*name).to_owned());
    }
    let mut out = String::new();
    let near_root = |name: &&&str| !rest.is_empty() && is_near(name, root);
    match ROOTS.iter().find(near_root) {
        Some(name) if **name != *root => push_name(&format!("{name}{rest}"), &mut out),
        Some(_) => return None,
        None if path.len() <= 100 => push_name(&format!("user_metadata.{path}"), &mut out),
        None => return None,
    }
    Some(out)
}

/// Returns whether a name may be a slip for another: without case and separators they are the same, or up to two
/// characters, and not more than a third of it, are different.
fn is_near(name: &str, written: &str) -> bool {
    let bare = |text: &str| text.replace(['_', '-'], "").to_lowercase();
    if written.len() > 2 * name.len() {
        return false;
    }
    let (name, written) = (bare(name), bare(written));
    let edits = (name.len() / 3).min(super::fuzzy::MAX_EDITS);
    super::fuzzy::Fuzzy::new(&name, edits).matches(&written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_known_have_suggestions() {
        let suggested = |path| match meaning(path) {
            Meaning::Unknown(suggestion) => suggestion.unwrap_or("none".into()),
            other => panic!("{path}: {other:?}"),
        };
        let all = [
            "emial",
            "Email",
            "familyName",
            "name.raw",
            "connection",
            "country",
            "favorite food",
            "user_metdata.a",
            "userMetadata.a b",
            "identities.foo",
            "created",
            "a..b",
            "",
        ];
        insta::assert_snapshot!(all.map(|path| format!("{path} → {}", suggested(path))).join("\n"), @r#"
        emial → email
        Email → email
        familyName → family_name
        name.raw → name
        connection → identities.connection
        country → user_metadata.country
        favorite food → user_metadata.favorite\ food
        user_metdata.a → user_metadata.a
        userMetadata.a b → user_metadata.a\ b
        identities.foo → none
        created → created_at
        a..b → none
         → none
        "#);
    }

    #[test]
    fn paths_are_attributes() {
        for path in [
            "identities",
            "identities.profileData.a",
            "user_metadata",
            "app_metadata.x.y",
        ] {
            assert!(matches!(meaning(path), Meaning::Attribute(_)), "{path}");
        }
        assert_eq!(meaning("multifactor.x"), Meaning::NotSearched);
    }
}
