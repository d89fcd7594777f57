//! The attributes that are no identifiers: flags, names, picture, metadata.

use crate::import::problem::{Hinted, Problems, has_length, no_format, text_of, wrong_type};
use crate::import::schema::Key;
use crate::import::text::is_picture_url;
use crate::import::{Attribute, metadata};
use crate::json::{Kind, RawJson};

/// Adds everything that is wrong with the value of an attribute.
pub(crate) fn check(
    attribute: Attribute,
    value: RawJson<'_>,
    strict: bool,
    problems: &mut Problems,
) {
    match attribute {
        Attribute::EmailVerified | Attribute::PhoneVerified | Attribute::Blocked => {
            if value.as_bool().is_none() {
                problems.add(wrong_type(Key::Set(attribute).path(), "boolean", value));
            }
        }
        Attribute::GivenName | Attribute::FamilyName => check_name(attribute, value, 150, problems),
        // Auth0's API takes 300 and 350 where a page of its documentation says 150 and 300.
        Attribute::Name => check_name(attribute, value, 300, problems),
        Attribute::Nickname => check_name(attribute, value, 350, problems),
        Attribute::Picture => check_picture(value, problems),
        Attribute::UserMetadata | Attribute::AppMetadata => {
            if value.kind() == Kind::Object {
                metadata::check(attribute, value, strict, problems);
            } else {
                problems.add(wrong_type(attribute.name(), "object", value));
            }
        }
    }
}

fn check_name(attribute: Attribute, value: RawJson<'_>, max: usize, problems: &mut Problems) {
    const QUOTES: usize = 2;
    // A text with its escapes is never shorter than what it says, so most names need not be read.
    let len = value.text().len().saturating_sub(QUOTES);
    if value.kind() == Kind::String && (1..=max).contains(&len) {
        return;
    }
    let key = Key::Set(attribute);
    if let Some(text) = text_of(key, value, problems) {
        has_length(key, &text, (1, max), problems);
    }
}

fn check_picture(value: RawJson<'_>, problems: &mut Problems) {
    let key = Key::Set(Attribute::Picture);
    let Some(url) = text_of(key, value, problems) else {
        return;
    };
    if !is_picture_url(&url) {
        let error = no_format(key.path(), "strict-uri", &url);
        problems.add(error.hinted("give a URL that starts with `https://`"));
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::import::Attribute;
    use crate::import::testing::{errors, user};

    #[test]
    fn flags_are_booleans() {
        for name in ["email_verified", "phone_verified", "blocked"] {
            let row = format!(r#"{{"email":"a@b.de","{name}":true}}"#);
            assert!(
                user(&row).attributes.iter().flatten().eq(["true"]),
                "{name}"
            );
        }
        assert_snapshot!(errors(r#"{"email":"a@b.de","email_verified":"true","phone_verified":1,"blocked":null}"#), @r"
        INVALID_TYPE identities[0].profileData.email_verified: Error in identities[0].profileData.email_verified property - Expected type boolean but found type string (give a boolean)
        INVALID_TYPE identities[0].profileData.phone_verified: Error in identities[0].profileData.phone_verified property - Expected type boolean but found type integer (give a boolean)
        INVALID_TYPE identities[0].profileData.blocked: Error in identities[0].profileData.blocked property - Expected type boolean but found type null (leave the property out instead of setting it to null)
        ");
    }

    #[test]
    fn names_have_one_to_so_many_characters() {
        for (name, max) in [
            ("given_name", 150),
            ("family_name", 150),
            ("name", 300),
            ("nickname", 350),
        ] {
            let row = |n: usize| format!(r#"{{"email":"a@b.de","{name}":"{}"}}"#, "é".repeat(n));
            assert!(
                user(&row(max)).attributes.iter().flatten().count() == 1,
                "{name}"
            );
            assert!(errors(&row(max + 1)).starts_with("MAX_LENGTH"), "{name}");
            assert!(errors(&row(0)).starts_with("MIN_LENGTH"), "{name}");
            let escaped = format!(
                r#"{{"email":"a@b.de","{name}":"{}"}}"#,
                "\\u00e9".repeat(max)
            );
            assert!(
                user(&escaped).attributes.iter().flatten().count() == 1,
                "{name}"
            );
        }
        assert_snapshot!(errors(r#"{"email":"a@b.de","name":null,"nickname":["x"]}"#), @r"
        INVALID_TYPE identities[0].profileData.name: Error in identities[0].profileData.name property - Expected type string but found type null (leave the property out instead of setting it to null)
        INVALID_TYPE identities[0].profileData.nickname: Error in identities[0].profileData.nickname property - Expected type string but found type array (give a string)
        ");
    }

    #[test]
    fn pictures_are_urls() {
        let row = r#"{"email":"a@b.de","picture":"https://x.example/a.png"}"#;
        let picture = &user(row).attributes[Attribute::Picture as usize];
        assert_eq!(picture.as_deref(), Some("\"https://x.example/a.png\""));
        assert_snapshot!(errors(r#"{"email":"a@b.de","picture":"/a.png"}"#), @"INVALID_FORMAT identities[0].profileData.picture: Error in identities[0].profileData.picture property - Object didn't pass validation for format strict-uri: /a.png (give a URL that starts with `https://`)");
    }

    #[test]
    fn metadata_are_objects() {
        assert_snapshot!(errors(r#"{"email":"a@b.de","user_metadata":[],"app_metadata":1.5}"#), @r"
        INVALID_TYPE user_metadata: Error in user_metadata property - Expected type object but found type array (give an object)
        INVALID_TYPE app_metadata: Error in app_metadata property - Expected type object but found type number (give an object)
        ");
    }
}
