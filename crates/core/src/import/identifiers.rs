//! What a user is known by: id, e-mail address, username, phone number. Each is checked and brought into the form in
//! which it is compared.

use std::borrow::Cow;

use crate::import::Rules;
use crate::import::email::is_email;
use crate::import::problem::{
    Hinted, Problems, forbidden, has_length, no_format, no_match, text_of, too_short,
};
use crate::import::schema::{self, Key};
use crate::import::text::{has_username_chars, has_white_space, is_phone_number, lower_case};
use crate::json::RawJson;

/// Returns the id without the prefix of the connection's strategy, and whether one was taken off.
pub(crate) fn user_id<'a>(
    value: RawJson<'a>,
    rules: &Rules,
    problems: &mut Problems,
) -> (Option<Cow<'a, str>>, bool) {
    let key = Key::UserId;
    let Some(given) = text_of(key, value, problems) else {
        return (None, false);
    };
    if !has_length(key, &given, (1, schema::USER_ID_CHARS), problems) {
        return (None, false);
    }
    if has_white_space(&given) {
        let error = no_match(key.path(), schema::USER_ID_PATTERN);
        problems.add(error.hinted("remove the white space"));
    }
    if rules.keep_prefix || rules.strict {
        return (Some(given), false);
    }
    let behind_strategy = given.strip_prefix(rules.strategy.as_str());
    let Some(rest) = behind_strategy.and_then(|rest| rest.strip_prefix('|')) else {
        return (Some(given), false);
    };
    if rest.is_empty() {
        let hint = "an id must have something behind its prefix";
        problems.add(too_short(key.path(), 0, 1).hinted(hint));
    }
    let start = given.len() - rest.len();
    let id = match given {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..]),
        Cow::Owned(text) => Cow::Owned(text[start..].to_owned()),
    };
    (Some(id), true)
}

/// Returns the e-mail address in lower case.
pub(crate) fn email<'a>(value: RawJson<'a>, problems: &mut Problems) -> Option<Cow<'a, str>> {
    let email = lower_case(text_of(Key::Email, value, problems)?);
    if !is_email(&email) {
        let given = value.as_str().unwrap_or_default();
        let error = no_format(Key::Email.path(), "email", &given);
        problems.add(error.hinted("give an address like `name@example.com`"));
    }
    Some(email)
}

/// Returns the username in lower case.
pub(crate) fn username<'a>(
    value: RawJson<'a>,
    rules: &Rules,
    problems: &mut Problems,
) -> Option<Cow<'a, str>> {
    let key = Key::Username;
    let username = lower_case(text_of(key, value, problems)?);
    // A connection without usernames says nothing about their length, and what a row has must not get lost.
    let lengths = match rules.username.allowed {
        true => (rules.username.min, rules.username.max),
        false => (1, schema::USERNAME_CHARS),
    };
    let fits = has_length(key, &username, lengths, problems);
    // Other strategies have the usernames that their identity providers gave.
    if !fits || !rules.strategy.is_database() {
        return Some(username);
    }
    if is_email(&username) {
        let hint = "a username must not be an e-mail address: use `email`";
        problems.add(forbidden(key.path()).hinted(hint));
    } else if !has_username_chars(&username) {
        let hint = "use letters a to z, digits and @ ` ^ $ ! - # . + ' ~ _";
        problems.add(no_match(key.path(), schema::USERNAME_PATTERN).hinted(hint));
    }
    Some(username)
}

/// Returns the phone number.
pub(crate) fn phone_number<'a>(
    value: RawJson<'a>,
    problems: &mut Problems,
) -> Option<Cow<'a, str>> {
    let phone = text_of(Key::PhoneNumber, value, problems)?;
    if !is_phone_number(&phone) {
        let error = no_match(Key::PhoneNumber.path(), schema::PHONE_PATTERN);
        problems.add(error.hinted("write it as `+493012345678`, digits only"));
    }
    Some(phone)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::connection::{Strategy, UsernameRules};
    use crate::import::testing::{errors, rules, strategy, user};
    use crate::import::{Rules, validate};

    #[test]
    fn the_prefix_of_the_own_strategy_is_taken_off() {
        let found = |row, rules: &Rules| {
            let user = validate(row, rules).unwrap();
            (
                user.id.map(|id| id.into_owned()),
                user.notes.prefix_stripped,
            )
        };
        let prefixed = r#"{"user_id":"auth0|x","email":"a@b.de"}"#;
        let kept = Rules {
            keep_prefix: true,
            ..rules()
        };
        let strict = Rules {
            strict: true,
            ..rules()
        };
        assert_eq!(found(prefixed, &rules()), (Some("x".to_owned()), true));
        assert_eq!(found(prefixed, &kept), (Some("auth0|x".to_owned()), false));
        assert_eq!(
            found(prefixed, &strict),
            (Some("auth0|x".to_owned()), false)
        );
        let twice = r#"{"user_id":"auth0\u007cauth0|x","email":"a@b.de"}"#;
        assert_eq!(found(twice, &rules()), (Some("auth0|x".to_owned()), true));
        let foreign = r#"{"user_id":"sms|x","email":"a@b.de"}"#;
        assert_eq!(found(foreign, &rules()), (Some("sms|x".to_owned()), false));
        let social = r#"{"user_id":"google-oauth2|1"}"#;
        assert_eq!(
            found(social, &strategy("google-oauth2")),
            (Some("1".to_owned()), true)
        );
    }

    #[test]
    fn ids_are_texts_without_white_space_of_at_most_255_characters() {
        let long = format!(r#"{{"user_id":"{}","email":"a@b.de"}}"#, "é".repeat(256));
        assert_snapshot!(errors(&long), @"MAX_LENGTH identities[0].profileData.user_id: Error in identities[0].profileData.user_id property - String is too long (256 chars), maximum 255 (shorten it to 255 characters)");
        assert!(user(&long.replacen('é', "", 1)).id.is_some());
        assert_snapshot!(errors(r#"{"user_id":"a b","email":"a@b.de"}"#), @r"PATTERN identities[0].profileData.user_id: Error in identities[0].profileData.user_id property - String does not match pattern ^\S*$ (remove the white space)");
        assert_snapshot!(errors(r#"{"user_id":"","email":"a@b.de"}"#), @"MIN_LENGTH identities[0].profileData.user_id: Error in identities[0].profileData.user_id property - String is too short (0 chars), minimum 1 (leave the property out if there is no value)");
        assert_snapshot!(errors(r#"{"user_id":"auth0|","email":"a@b.de"}"#), @"MIN_LENGTH identities[0].profileData.user_id: Error in identities[0].profileData.user_id property - String is too short (0 chars), minimum 1 (an id must have something behind its prefix)");
        assert_snapshot!(errors(r#"{"user_id":17,"email":"a@b.de"}"#), @"INVALID_TYPE identities[0].profileData.user_id: Error in identities[0].profileData.user_id property - Expected type string but found type integer (give a string)");
    }

    #[test]
    fn addresses_are_lower_cased_and_echoed_as_given() {
        assert_eq!(
            user(r#"{"email":"Ann@Example.COM"}"#).email.unwrap(),
            "ann@example.com"
        );
        assert_snapshot!(errors(r#"{"email":"John.Doe1@nonexistingdomain"}"#), @"INVALID_FORMAT identities[0].profileData.email: Error in identities[0].profileData.email property - Object didn't pass validation for format email: John.Doe1@nonexistingdomain (give an address like `name@example.com`)");
        let long = format!(r#"{{"email":"{}"}}"#, "é".repeat(5000));
        let shown = errors(&long);
        assert!(shown.contains(&format!(": {}…", "é".repeat(100))) && shown.len() < 500);
    }

    #[test]
    fn usernames_follow_the_connection() {
        assert_eq!(
            user(r#"{"email":"a@b.de","username":"Ann_9"}"#)
                .username
                .unwrap(),
            "ann_9"
        );
        assert_snapshot!(errors(r#"{"email":"a@b.de","username":"abcdefghijklmnop"}"#), @"MAX_LENGTH identities[0].profileData.username: Error in identities[0].profileData.username property - String is too long (16 chars), maximum 15 (shorten it to 15 characters)");
        assert_snapshot!(errors(r#"{"email":"a@b.de","username":"a b"}"#), @r"PATTERN identities[0].profileData.username: Error in identities[0].profileData.username property - String does not match pattern ^[a-z0-9@`^$!\-#.+'~_]+$ (use letters a to z, digits and @ ` ^ $ ! - # . + ' ~ _)");
        assert_snapshot!(errors(r#"{"email":"a@b.de","username":"ann@b.de"}"#), @"NOT_PASSED identities[0].profileData.username: Error in identities[0].profileData.username property - Data matches schema from 'not' (a username must not be an e-mail address: use `email`)");
        let min = UsernameRules {
            allowed: true,
            min: 3,
            max: 15,
        };
        let short = validate(
            r#"{"email":"a@b.de","username":"é"}"#,
            &Rules {
                username: min,
                ..rules()
            },
        );
        assert_eq!(short.unwrap_err()[0].code.as_str(), "MIN_LENGTH");
    }

    #[test]
    fn a_username_is_kept_where_the_connection_has_none() {
        let none = UsernameRules {
            allowed: false,
            min: 1,
            max: 15,
        };
        let row = r#"{"email":"a@b.de","username":"abcdefghijklmnop"}"#;
        let found = validate(
            row,
            &Rules {
                username: none,
                ..rules()
            },
        )
        .unwrap();
        assert_eq!(found.username.unwrap(), "abcdefghijklmnop");
        let social = Rules {
            strategy: Strategy::new("github"),
            username: none,
            ..rules()
        };
        let row = r#"{"user_id":"1","username":"Ann B."}"#;
        assert_eq!(validate(row, &social).unwrap().username.unwrap(), "ann b.");
    }

    #[test]
    fn phone_numbers_are_e164() {
        let row = r#"{"email":"a@b.de","phone_number":"+493012345678"}"#;
        assert_eq!(user(row).phone_number.unwrap(), "+493012345678");
        assert_snapshot!(errors(r#"{"email":"a@b.de","phone_number":"030 1234"}"#), @r"PATTERN identities[0].profileData.phone_number: Error in identities[0].profileData.phone_number property - String does not match pattern ^\+[0-9]{1,15}$ (write it as `+493012345678`, digits only)");
    }
}
