//! The check of a row of an import. Steps, each of which adds what it finds wrong and goes on:
//! 1. the text is JSON (else nothing more can be said), and an object;
//! 2. each member, in the order of the row: known properties are checked and kept, others are sorted out;
//! 3. what only an export writes differently (flat keys) is put in place;
//! 4. what the row as a whole lacks or has twice.

use std::borrow::Cow;

use crate::import::credentials::{credential, two_hashes};
use crate::import::dotted::Dotted;
use crate::import::problem::{Hinted, Problems, invalid_json, invalid_value, missing, wrong_type};
use crate::import::schema::Key;
use crate::import::text::{canonical_text, trim};
use crate::import::{Attribute, Credentials, NewUser, Rules, attributes, identifiers};
use crate::json::{self, Kind, Member, RawJson, unescape};
use crate::row::RowError;

/// Checks a row of an import, and returns what it sets, or everything that is wrong with it.
pub fn validate<'a>(row: &'a str, rules: &Rules) -> Result<NewUser<'a>, Vec<RowError>> {
    let checked = json::check(row).map_err(|fault| vec![invalid_json(&fault)])?;
    let mut reader = Reader::new(row, checked.canonical, rules);
    for fault in &checked.faults {
        reader.problems.stand_at(fault.offset);
        reader.problems.add(invalid_value(row, fault));
    }
    let object = RawJson::trusted(trim(row));
    if object.kind() == Kind::Object {
        for member in object.members() {
            reader.member(member);
        }
        reader.finish();
    } else {
        reader.problems.add(wrong_type("", "object", object));
    }
    reader.into_result()
}

pub(super) struct Reader<'a, 'r> {
    row: &'a str,
    is_canonical: bool,
    pub(super) rules: &'r Rules,
    pub(super) user: NewUser<'a>,
    credentials: Credentials,
    /// Bits of the properties that the row has.
    pub(super) seen: u32,
    /// Bits of the properties that the row has under a readable title.
    pub(super) titled: u32,
    /// Names that nothing is known about, and where the first of them stands.
    pub(super) unknown: Vec<Cow<'a, str>>,
    pub(super) unknown_at: usize,
    pub(super) user_metadata: Dotted<'a>,
    pub(super) app_metadata: Dotted<'a>,
    pub(super) problems: Problems,
}

impl<'a, 'r> Reader<'a, 'r> {
    fn new(row: &'a str, is_canonical: bool, rules: &'r Rules) -> Self {
        Self {
            row,
            is_canonical,
            rules,
            user: NewUser::default(),
            credentials: Credentials::default(),
            seen: 0,
            titled: 0,
            unknown: Vec::new(),
            unknown_at: 0,
            user_metadata: Dotted::default(),
            app_metadata: Dotted::default(),
            problems: Problems::default(),
        }
    }

    fn into_result(mut self) -> Result<NewUser<'a>, Vec<RowError>> {
        if !self.problems.is_empty() {
            return Err(self.problems.into_errors());
        }
        if !self.credentials.is_empty() {
            self.user.credentials = Some(self.credentials);
        }
        Ok(self.user)
    }

    /// Step 2.
    fn member(&mut self, member: Member<'a>) {
        self.problems
            .stand_at(member.key.as_ptr() as usize - self.row.as_ptr() as usize);
        let quoted = member.key;
        let name = quoted
            .get(1..quoted.len().saturating_sub(1))
            .unwrap_or_default();
        match Key::of(name.as_bytes()) {
            Some(key) => self.known(key, member.value),
            None => self.other(unescape(quoted), member.value),
        }
    }

    pub(super) fn known(&mut self, key: Key, value: RawJson<'a>) {
        if self.titled & key.bit() != 0 {
            self.given_twice(key.name());
        }
        self.seen |= key.bit();
        match key {
            Key::UserId => {
                let found = identifiers::user_id(value, self.rules, &mut self.problems);
                (self.user.id, self.user.notes.prefix_stripped) = found;
            }
            Key::Email => self.user.email = identifiers::email(value, &mut self.problems),
            Key::Username => {
                self.user.username = identifiers::username(value, self.rules, &mut self.problems);
            }
            Key::PhoneNumber => {
                self.user.phone_number = identifiers::phone_number(value, &mut self.problems);
            }
            Key::PasswordHash | Key::CustomPasswordHash | Key::MfaFactors => {
                let (into, problems) = (&mut self.credentials, &mut self.problems);
                credential(key, value, self.is_canonical, into, problems);
            }
            Key::Set(attribute) => {
                attributes::check(attribute, value, self.rules.strict, &mut self.problems);
                let text = canonical_text(value, self.is_canonical);
                self.user.attributes[attribute as usize] = Some(text);
            }
        }
    }

    /// Steps 3 and 4: the row as a whole.
    fn finish(&mut self) {
        let user_metadata = std::mem::take(&mut self.user_metadata);
        let app_metadata = std::mem::take(&mut self.app_metadata);
        self.put_together(Attribute::UserMetadata, &user_metadata);
        self.put_together(Attribute::AppMetadata, &app_metadata);
        if !self.unknown.is_empty() {
            self.additional();
        }
        self.problems.stand_at(usize::MAX);
        self.required();
        if has(self.seen, Key::PasswordHash) && has(self.seen, Key::CustomPasswordHash) {
            self.problems.add(two_hashes());
        }
    }

    /// Adds the property without which a user of the connection's strategy cannot be.
    fn required(&mut self) {
        let (key, hint) = match self.rules.strategy.as_str() {
            "auth0" | "email" => (Key::Email, "every row needs an e-mail address"),
            "sms" => (
                Key::PhoneNumber,
                "users of this connection sign in with a phone number",
            ),
            _ => (
                Key::UserId,
                "the identity provider gave each user of this connection an id",
            ),
        };
        if !has(self.seen, key) {
            self.problems.add(missing("", key.name()).hinted(hint));
        }
    }
}

pub(super) fn has(seen: u32, key: Key) -> bool {
    seen & key.bit() != 0
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;
    use crate::import::testing::{errors, lines, rules, set, strategy, strict, user};

    const BASIC: &str = r#"{"email":"john.doe@contoso.com","email_verified":false,"app_metadata":{"roles":["admin"],"plan":"premium"},"user_metadata":{"theme":"light"}}"#;

    #[test]
    fn takes_auth0s_example() {
        let found = user(BASIC);
        assert_eq!(found.email.as_deref(), Some("john.doe@contoso.com"));
        assert_eq!(
            (found.id.as_deref(), found.credentials.is_none()),
            (None, true)
        );
        assert_eq!(found.notes, crate::import::Notes::default());
        assert_eq!(
            set(&found),
            [
                ("email_verified", "false"),
                ("user_metadata", r#"{"theme":"light"}"#),
                ("app_metadata", r#"{"roles":["admin"],"plan":"premium"}"#)
            ]
        );
    }

    #[test]
    fn a_canonical_row_is_borrowed_and_another_made_canonical() {
        let found = user(BASIC);
        assert!(
            found
                .attributes
                .iter()
                .flatten()
                .all(|text| matches!(text, Cow::Borrowed(_)))
        );
        let found = user(
            " {\"em\\u0061il\" : \"a@b.de\", \"user_metadata\":{ \"a\": 1.50, \"b\":\"\\/\" } }\n",
        );
        assert_eq!(set(&found), [("user_metadata", r#"{"a":1.50,"b":"/"}"#)]);
    }

    #[test]
    fn all_problems_are_told_at_once_in_the_order_of_the_row() {
        let row = r#"{"name":7,"emial":"x","user_metadata":{"a":1e999},"email":"nobody","given_name":"","password_hash":"secret"}"#;
        assert_snapshot!(errors(row), @r"
        INVALID_TYPE identities[0].profileData.name: Error in identities[0].profileData.name property - Expected type string but found type integer (give a string)
        OBJECT_ADDITIONAL_PROPERTIES: Additional properties not allowed: emial (`emial`: did you mean `email`?)
        INVALID_VALUE user_metadata.a: Error in user_metadata.a property - a number is too large to be represented at byte 43 (give the number as a string)
        INVALID_FORMAT identities[0].profileData.email: Error in identities[0].profileData.email property - Object didn't pass validation for format email: nobody (give an address like `name@example.com`)
        MIN_LENGTH identities[0].profileData.given_name: Error in identities[0].profileData.given_name property - String is too short (0 chars), minimum 1 (leave the property out if there is no value)
        PATTERN passwordHash: Error in passwordHash property - String does not match pattern ^\$2[ab]?\$10+\$[./A-Za-z0-9]{53}$ (give a bcrypt hash of cost 10 that starts with `$2a$10$` or `$2b$10$`; other hashes go into `custom_password_hash`)
        ");
    }

    #[test]
    fn text_that_is_no_json_is_one_error() {
        assert_snapshot!(errors(r#"{"email":"a@b.de",}"#), @"INVALID_JSON: The row is not valid JSON: expected a key in double quotes at byte 18 (byte 0 is the first byte of the row)");
        assert_snapshot!(errors(""), @"INVALID_JSON: The row is not valid JSON: the text ends in the middle of a value at byte 0 (byte 0 is the first byte of the row)");
    }

    #[test]
    fn a_row_is_an_object() {
        for (row, found) in [
            ("1", "integer"),
            ("1.0", "integer"),
            ("-1.5", "number"),
            ("null", "null"),
            ("[]", "array"),
            (" \"x\"", "string"),
        ] {
            let expected = format!("INVALID_TYPE: Expected type object but found type {found}");
            assert!(errors(row).starts_with(&expected), "{row}");
        }
    }

    #[test]
    fn faults_of_value_have_their_path() {
        let row = r#"{"email":"a@b.de","user_metadata":{"x":["\ud800"]},"email":"c@d.de"}"#;
        assert_snapshot!(errors(row), @r"
        INVALID_VALUE user_metadata.x[0]: Error in user_metadata.x[0] property - half of a surrogate pair stands alone in a string at byte 41 (remove the character)
        INVALID_VALUE email: Error in email property - the same key stands twice in one object at byte 51 (keep one of the two)
        ");
    }

    #[test]
    fn each_strategy_needs_its_own_identifier() {
        assert_snapshot!(errors("{}"), @"OBJECT_REQUIRED: Missing required property: email (every row needs an e-mail address)");
        let missing = |name: &str| lines(validate("{}", &strategy(name)).unwrap_err());
        assert_snapshot!(missing("sms"), @"OBJECT_REQUIRED: Missing required property: phone_number (users of this connection sign in with a phone number)");
        assert!(missing("email").contains("property: email"));
        assert!(missing("google-oauth2").contains("property: user_id"));
        assert!(validate(r#"{"phone_number":"+491"}"#, &strategy("sms")).is_ok());
        assert!(validate(r#"{"user_id":"1"}"#, &strategy("samlp")).is_ok());
    }

    #[test]
    fn hashes_exclude_one_another_and_are_kept_apart() {
        let hash =
            r#""password_hash":"$2b$10$C9hB01.YxRSTcn/ZOOo4j.TW7xCKKFKBSF.C7E0xiUwumqIDqWUXG""#;
        let custom = r#""custom_password_hash":{"algorithm":"ldap","hash":{"value":"{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="}}"#;
        assert_snapshot!(errors(&format!(r#"{{"email":"a@b.de",{hash},{custom}}}"#)), @"NOT_PASSED: Data matches schema from 'not' (`password_hash` and `custom_password_hash` exclude one another: keep one of them)");
        let row = format!(r#"{{"email":"a@b.de", {hash} }}"#);
        let found = user(&row);
        assert_eq!(
            found.credentials.as_ref().unwrap().to_json().expose(),
            &format!("{{{hash}}}")
        );
        assert!(!format!("{found:?}").contains("$2b$"));
    }

    #[test]
    fn a_hostile_row_has_few_errors_and_no_quadratic_cost() {
        let many: String = (0..100_000)
            .map(|i| format!(r#""user_metadata.k{i}":1,"k{i}":1,"#))
            .collect();
        let found = errors(&format!(r#"{{{many}"name":1}}"#));
        assert!(found.len() < 5000 && found.contains("k19,…"));
        let equal: String = (0..1000).map(|_| r#""email":1,"#).collect();
        assert!(errors(&format!(r#"{{{equal}"name":1}}"#)).lines().count() <= 50);
    }

    fn jsonish() -> impl Strategy<Value = String> {
        let keys = Key::ALL.map(Key::name);
        let token = prop_oneof![
            proptest::sample::select(keys.to_vec()).prop_map(|key| format!("\"{key}\":")),
            proptest::sample::select(vec![
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                "\"Email\":",
                "\"user_metadata.a\":",
                "\"a@b.de\"",
                "\"+49\"",
                "null",
                "true",
                "1e999",
                "-1.50",
                "\"\\ud800\"",
                "\"\\u0061\"",
                "\"x\"",
                " ",
                "\"hash\":",
                "\"value\":",
                "\"algorithm\":\"md5\"",
                "\"totp\":",
                "\"secret\":",
            ])
            .prop_map(str::to_owned),
            ".{0,3}",
        ];
        proptest::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #[test]
        fn never_panics_and_never_refuses_without_a_reason(body in jsonish()) {
            for row in [body.clone(), format!("{{\"email\":\"a@b.de\",{body}}}")] {
                for rules in [rules(), strict(), strategy("sms")] {
                    prop_assert!(validate(&row, &rules).map_or_else(|errors| !errors.is_empty(), |_| true));
                }
                let _ = crate::import::validate_restore(&row);
                prop_assert!(json::check(&crate::import::masked(&row)).is_ok());
            }
        }

        #[test]
        fn a_row_says_the_same_when_it_is_canonical(
            id in "[a-z|]{1,9}", local in "[A-Za-zäÖ]{1,9}", name in "\\PC{1,9}", space in "[ \n\t]{0,2}", n in any::<f64>(),
        ) {
            let mut quoted = String::new();
            json::push_string(&mut quoted, &name);
            let quoted = quoted.replace('e', "\\u0065").replace('/', "\\/");
            let row = format!("{space}{{\"user_id\":{space}\"{id}\",\"em\\u0061il\":\"{local}@b.de\",{space}\"name\":{quoted},\"user_metadata\":{{{quoted}:{space}[{n:?},{quoted}]}}}}");
            let mut canonical = String::new();
            json::canonical(&row, &mut canonical);
            let found = validate(&row, &rules());
            prop_assume!(n.is_finite());
            prop_assert!(found.is_ok());
            prop_assert_eq!(found, validate(&canonical, &rules()));
        }
    }
}
