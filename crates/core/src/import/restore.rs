//! Rows of a restore: full profiles, kept as they are. Lenient on purpose: a user that the source tenant had must not get
//! lost, so only types are checked, and `null` is a value.

use std::borrow::Cow;

use crate::clock::Timestamp;
use crate::import::credentials::{credential, credential_key, two_hashes};
use crate::import::problem::{
    Hinted, Problems, invalid_json, invalid_value, missing, no_format, no_match, too_long,
    too_small, wrong_type,
};
use crate::import::schema::{self, Key};
use crate::import::text::{lower_case, trim};
use crate::import::{Credentials, RestoredUser};
use crate::json::{self, Kind, Member, RawJson};
use crate::row::RowError;

const USER_ID_PATTERN: &str = r"^[^|]+\|.+$";

/// Checks a row of a restore, and returns what it holds, or everything that is wrong with it.
pub fn validate_restore(row: &str) -> Result<RestoredUser<'_>, Vec<RowError>> {
    let checked = json::check(row).map_err(|fault| vec![invalid_json(&fault)])?;
    let mut reader = Reader {
        is_canonical: checked.canonical,
        ..Reader::default()
    };
    for fault in &checked.faults {
        reader.problems.stand_at(fault.offset);
        reader.problems.add(invalid_value(row, fault));
    }
    let object = RawJson::trusted(trim(row));
    if object.kind() == Kind::Object {
        for member in object.members() {
            reader
                .problems
                .stand_at(member.key.as_ptr() as usize - row.as_ptr() as usize);
            reader.member(&member.name(), member.value);
        }
        reader.finish();
    } else {
        reader.problems.add(wrong_type("", "object", object));
    }
    reader.into_result(object)
}

#[derive(Default)]
struct Reader<'a> {
    is_canonical: bool,
    user_id: Option<Cow<'a, str>>,
    has_user_id: bool,
    connection: Option<Cow<'a, str>>,
    provider: Option<Cow<'a, str>>,
    email: Option<Cow<'a, str>>,
    username: Option<Cow<'a, str>>,
    phone_number: Option<Cow<'a, str>>,
    credentials: Credentials,
    problems: Problems,
}

impl<'a> Reader<'a> {
    fn member(&mut self, name: &str, value: RawJson<'a>) {
        if let Some(key) = credential_key(name) {
            let (into, problems) = (&mut self.credentials, &mut self.problems);
            credential(key, value, self.is_canonical, into, problems);
            return;
        }
        if value.is_null() {
            return;
        }
        match name {
            "user_id" => self.user_id(value),
            "email" => self.email(value),
            "username" => self.username = self.text(name, value).map(lower_case),
            "phone_number" => self.phone_number = self.text(name, value),
            "given_name" | "family_name" | "name" | "nickname" | "picture" | "last_ip" => {
                self.text(name, value);
            }
            "email_verified" | "phone_verified" | "blocked" => self.kind(name, value, Kind::Bool),
            "user_metadata" | "app_metadata" => self.kind(name, value, Kind::Object),
            "multifactor" => self.kind(name, value, Kind::Array),
            "identities" => self.identities(value),
            "logins_count" => self.count(name, value),
            "created_at"
            | "updated_at"
            | "last_login"
            | "last_password_reset"
            | "password_set_date"
            | "multifactor_last_modified" => self.date(name, value),
            _ => {}
        }
    }

    fn text(&mut self, name: &str, value: RawJson<'a>) -> Option<Cow<'a, str>> {
        let text = value.as_str();
        if text.is_none() {
            self.problems.add(wrong_type(path(name), "string", value));
        }
        text
    }

    fn kind(&mut self, name: &str, value: RawJson<'_>, kind: Kind) {
        if value.kind() != kind {
            self.problems
                .add(wrong_type(path(name), kind.name(), value));
        }
    }

    fn user_id(&mut self, value: RawJson<'a>) {
        self.has_user_id = true;
        let Some(id) = self.text("user_id", value) else {
            return;
        };
        let chars = id.chars().count();
        if chars > schema::USER_ID_CHARS {
            let error = too_long(path("user_id"), chars, schema::USER_ID_CHARS);
            self.problems.add(error.hinted("ids cannot be longer"));
        }
        self.user_id = Some(id);
    }

    fn email(&mut self, value: RawJson<'a>) {
        let Some(email) = self.text("email", value) else {
            return;
        };
        if email.is_empty() {
            return;
        }
        if !email.contains('@') {
            let error = no_format(path("email"), "email", &email);
            self.problems
                .add(error.hinted("an e-mail address has an `@`"));
        }
        self.email = Some(lower_case(email));
    }

    fn count(&mut self, name: &str, value: RawJson<'_>) {
        match (value.kind(), value.as_i64()) {
            (Kind::Number, Some(n)) if n < 0 => self.problems.add(too_small(path(name), value, 0)),
            (Kind::Number, Some(_)) => {}
            _ => self.problems.add(wrong_type(path(name), "integer", value)),
        }
    }

    fn date(&mut self, name: &str, value: RawJson<'a>) {
        let Some(date) = self.text(name, value) else {
            return;
        };
        if Timestamp::parse(&date).is_none() {
            let error = no_format(path(name), "date-time", &date);
            self.problems
                .add(error.hinted("write it as `2023-01-25T17:48:16.543Z`"));
        }
    }

    fn identities(&mut self, value: RawJson<'a>) {
        if value.kind() != Kind::Array {
            self.problems.add(wrong_type("identities", "array", value));
            return;
        }
        for (i, identity) in value.elements().enumerate() {
            if identity.kind() != Kind::Object {
                self.problems
                    .add(wrong_type(&format!("identities[{i}]"), "object", identity));
                continue;
            }
            for Member { key, value } in identity.members() {
                self.identity_member(i, &json::unescape(key), value);
            }
        }
    }

    fn identity_member(&mut self, i: usize, name: &str, value: RawJson<'a>) {
        let text = value.as_str();
        // Some providers number their users.
        let fits = match name {
            "connection" | "provider" => text.is_some(),
            "user_id" => text.is_some() || value.kind() == Kind::Number,
            _ => true,
        };
        if !fits && !value.is_null() {
            self.problems.add(wrong_type(
                &format!("identities[{i}].{name}"),
                "string",
                value,
            ));
        }
        match name {
            "connection" if i == 0 => self.connection = text,
            "provider" if i == 0 => self.provider = text.filter(|text| !text.is_empty()),
            _ => {}
        }
    }

    fn finish(&mut self) {
        self.problems.stand_at(usize::MAX);
        if !self.has_user_id {
            let hint = "a restore needs full profiles with their ids; import rows without ids without `restore`";
            self.problems.add(missing("", "user_id").hinted(hint));
        }
        if self
            .user_id
            .as_deref()
            .is_some_and(|id| !self.has_strategy(id))
        {
            let hint = "give the id its prefix, for example `auth0|`, or the row its `identities`";
            self.problems
                .add(no_match(path("user_id"), USER_ID_PATTERN).hinted(hint));
        }
        if self.credentials.password_hash.is_some()
            && self.credentials.custom_password_hash.is_some()
        {
            self.problems.add(two_hashes());
        }
    }

    fn has_strategy(&self, id: &str) -> bool {
        let prefixed = id
            .split_once('|')
            .is_some_and(|(prefix, rest)| !prefix.is_empty() && !rest.is_empty());
        prefixed || (self.provider.is_some() && !id.is_empty())
    }

    fn into_result(self, row: RawJson<'a>) -> Result<RestoredUser<'a>, Vec<RowError>> {
        let Self {
            is_canonical,
            user_id,
            has_user_id: _,
            connection,
            provider,
            email,
            ..
        } = self;
        let Some(user_id) = user_id.filter(|_| self.problems.is_empty()) else {
            return Err(self.problems.into_errors());
        };
        let prefix = || match user_id.split_once('|') {
            Some((prefix, _)) if !prefix.is_empty() => Cow::Owned(prefix.to_owned()),
            _ => Cow::Borrowed("auth0"),
        };
        Ok(RestoredUser {
            connection,
            strategy: provider.unwrap_or_else(prefix),
            email,
            username: self.username,
            phone_number: self.phone_number,
            profile: profile(row, is_canonical, self.credentials.is_empty()),
            credentials: (!self.credentials.is_empty()).then_some(self.credentials),
            user_id,
        })
    }
}

/// Returns where Auth0's internal record has an attribute.
fn path(name: &str) -> &str {
    match Key::of(name.as_bytes()) {
        Some(key) => key.path(),
        None => name,
    }
}

/// Returns the row without its credentials, canonical; borrows when there is nothing to do.
fn profile<'a>(row: RawJson<'a>, is_canonical: bool, is_bare: bool) -> Cow<'a, str> {
    if is_canonical && is_bare {
        return Cow::Borrowed(row.text());
    }
    let mut out = String::with_capacity(row.text().len());
    out.push('{');
    for member in row
        .members()
        .filter(|member| credential_key(&member.name()).is_none())
    {
        if out.len() > 1 {
            out.push(',');
        }
        json::canonical(member.key, &mut out);
        out.push(':');
        json::canonical(member.value.text(), &mut out);
    }
    out.push('}');
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::import::testing::lines;

    const FULL: &str = r#"{"email":"Ann@Example.com","created_at":"2023-01-25T17:48:16.647Z","identities":[{"provider":"google-oauth2","connection":"google","isSocial":true,"user_id":12},{"provider":"auth0"}],"user_id":"x|1","username":"Ann","phone_number":"+491","picture":null,"logins_count":3,"custom":1.50,"user_metadata":{"a.b":"\n"}}"#;

    fn errors(row: &str) -> String {
        lines(validate_restore(row).unwrap_err())
    }

    #[test]
    fn a_profile_is_kept_as_it_is() {
        let found = validate_restore(FULL).unwrap();
        assert!(matches!(found.profile, Cow::Borrowed(text) if text == FULL));
        assert_eq!(
            (found.user_id.as_ref(), found.strategy.as_ref()),
            ("x|1", "google-oauth2")
        );
        assert_eq!(found.connection.as_deref(), Some("google"));
        assert_eq!(found.email.as_deref(), Some("ann@example.com"));
        assert_eq!(
            (found.username.as_deref(), found.phone_number.as_deref()),
            (Some("ann"), Some("+491"))
        );
        assert!(found.credentials.is_none());
        assert_eq!(
            format!("{found:?}"),
            format!("RestoredUser({} bytes)", FULL.len())
        );
    }

    #[test]
    fn spaces_and_credentials_are_taken_out_of_the_profile() {
        let row = r#" { "user_id" : "auth0|1", "mfa_factors":[{"totp":{"secret":"ABC"}}], "k\u0065y": "\/", "n": 1e2 } "#;
        let found = validate_restore(row).unwrap();
        assert_eq!(found.profile, r#"{"user_id":"auth0|1","key":"/","n":1e2}"#);
        assert_eq!(
            found.credentials.unwrap().to_json().expose(),
            r#"{"mfa_factors":[{"totp":{"secret":"ABC"}}]}"#
        );
        let only = validate_restore(
            r#"{"user_id":"auth0|1","password_hash":"$2b$10$C9hB01.YxRSTcn/ZOOo4j.TW7xCKKFKBSF.C7E0xiUwumqIDqWUXG"}"#,
        );
        assert_eq!(only.unwrap().profile, r#"{"user_id":"auth0|1"}"#);
    }

    #[test]
    fn the_strategy_is_the_providers_or_the_prefix() {
        let strategy = |row: &'static str| validate_restore(row).unwrap().strategy;
        assert_eq!(strategy(r#"{"user_id":"sms|1"}"#), "sms");
        assert_eq!(strategy(r#"{"user_id":"sms|1","identities":[]}"#), "sms");
        assert_eq!(
            strategy(r#"{"user_id":"1","identities":[{"provider":"samlp"}]}"#),
            "samlp"
        );
        assert_eq!(
            strategy(r#"{"user_id":"|1","identities":[{"provider":"ad"}]}"#),
            "ad"
        );
    }

    #[test]
    fn an_id_is_needed() {
        assert_snapshot!(errors("{}"), @"OBJECT_REQUIRED: Missing required property: user_id (a restore needs full profiles with their ids; import rows without ids without `restore`)");
        assert_snapshot!(errors(r#"{"user_id":"1"}"#), @r"PATTERN identities[0].profileData.user_id: Error in identities[0].profileData.user_id property - String does not match pattern ^[^|]+\|.+$ (give the id its prefix, for example `auth0|`, or the row its `identities`)");
        assert!(errors(r#"{"user_id":null}"#).starts_with("OBJECT_REQUIRED"));
        let long = format!(r#"{{"user_id":"auth0|{}"}}"#, "1".repeat(250));
        assert!(errors(&long).starts_with("MAX_LENGTH"));
    }

    #[test]
    fn types_are_checked_and_null_is_a_value() {
        assert_snapshot!(errors(r#"{"user_id":"a|1","email":"ann","name":1,"blocked":"x","app_metadata":[],"identities":[1,{"provider":2,"user_id":[]}],"logins_count":-1,"last_login":"yesterday","multifactor":"x","created_at":5}"#), @r"
        INVALID_FORMAT identities[0].profileData.email: Error in identities[0].profileData.email property - Object didn't pass validation for format email: ann (an e-mail address has an `@`)
        INVALID_TYPE identities[0].profileData.name: Error in identities[0].profileData.name property - Expected type string but found type integer (give a string)
        INVALID_TYPE identities[0].profileData.blocked: Error in identities[0].profileData.blocked property - Expected type boolean but found type string (give a boolean)
        INVALID_TYPE app_metadata: Error in app_metadata property - Expected type object but found type array (give an object)
        INVALID_TYPE identities[0]: Error in identities[0] property - Expected type object but found type integer (give an object)
        INVALID_TYPE identities[1].provider: Error in identities[1].provider property - Expected type string but found type integer (give a string)
        INVALID_TYPE identities[1].user_id: Error in identities[1].user_id property - Expected type string but found type array (give a string)
        MINIMUM logins_count: Error in logins_count property - Value -1 is less than minimum 0 (give at least 0)
        INVALID_FORMAT last_login: Error in last_login property - Object didn't pass validation for format date-time: yesterday (write it as `2023-01-25T17:48:16.543Z`)
        INVALID_TYPE multifactor: Error in multifactor property - Expected type array but found type string (give an array)
        INVALID_TYPE created_at: Error in created_at property - Expected type string but found type integer (give a string)
        ");
        let nulls = r#"{"user_id":"a|1","email":null,"blocked":null,"identities":null,"last_login":null,"username":null}"#;
        assert!(validate_restore(nulls).unwrap().email.is_none());
    }

    #[test]
    fn what_an_import_would_refuse_is_kept() {
        let row = r#"{"user_id":"auth0|a b","email":"nobody@localhost","username":"Ann Smith the very long one","app_metadata":{"email":"x"},"name":"","unknown":[]}"#;
        assert_eq!(validate_restore(row).unwrap().profile, row);
        assert!(
            validate_restore(r#"{"user_id":"a|1","email":""}"#)
                .unwrap()
                .email
                .is_none()
        );
    }

    #[test]
    fn credentials_and_json_are_checked_as_in_an_import() {
        assert!(errors("{").starts_with("INVALID_JSON"));
        assert!(
            errors("7").starts_with("INVALID_TYPE: Expected type object but found type integer")
        );
        assert!(
            errors(r#"{"user_id":"a|1","user_id":"a|1"}"#).starts_with("INVALID_VALUE user_id")
        );
        assert!(
            errors(r#"{"user_id":"a|1","password_hash":"x"}"#).starts_with("PATTERN passwordHash")
        );
    }
}
