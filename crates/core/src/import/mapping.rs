//! Names that are no property of an import as they stand: what only an export has, readable titles, flat keys, and
//! those that nothing is known about.

use std::borrow::Cow;

use crate::import::codes::Code;
use crate::import::dotted::Dotted;
use crate::import::problem::{Hinted, additional, at, echo, invalid_value};
use crate::import::schema::{self, Key};
use crate::import::validate::{Reader, has};
use crate::import::{Attribute, attributes};
use crate::json::{self, RawJson};

impl<'a> Reader<'a, '_> {
    /// Sorts out a name that is no property as it stands.
    #[cold]
    pub(super) fn other(&mut self, name: Cow<'a, str>, value: RawJson<'a>) {
        if let Some(key) = Key::of(name.as_bytes()) {
            // The name was written with escapes.
            self.known(key, value);
        } else if self.rules.strict {
            self.unknown(name);
        } else if schema::is_export_only(&name) {
            self.user.notes.export_attributes_ignored = true;
        } else if let Some(property) = schema::of_title(&name) {
            self.title(&name, property, value);
        } else if !name.split('.').skip(1).any(str::is_empty) && name.starts_with("user_metadata.")
        {
            self.user_metadata.push(self.problems.offset(), name, value);
        } else if !name.split('.').skip(1).any(str::is_empty) && name.starts_with("app_metadata.") {
            self.app_metadata.push(self.problems.offset(), name, value);
        } else {
            self.unknown(name);
        }
    }

    fn unknown(&mut self, name: Cow<'a, str>) {
        if self.unknown.is_empty() {
            self.unknown_at = self.problems.offset();
        }
        self.unknown.push(name);
    }

    fn title(&mut self, title: &str, property: &str, value: RawJson<'a>) {
        self.user.notes.titles_mapped = true;
        let Some(key) = Key::of(property.as_bytes()) else {
            self.user.notes.export_attributes_ignored = true;
            return;
        };
        if self.seen & key.bit() != 0 {
            self.given_twice(title);
        } else {
            self.known(key, value);
            self.titled |= key.bit();
        }
    }

    pub(super) fn given_twice(&mut self, name: &str) {
        let message = "the row has this property under its name and under a readable title";
        self.problems
            .add(at(Code::InvalidValue, name, message).hinted("keep one of the two"));
    }

    /// Makes one object of the flat keys of an attribute.
    pub(super) fn put_together(&mut self, attribute: Attribute, dotted: &Dotted<'_>) {
        let Some((offset, key)) = dotted.first() else {
            return;
        };
        self.problems.stand_at(offset);
        self.user.notes.titles_mapped = true;
        if has(self.seen, Key::Set(attribute)) {
            let message = format!("the row has `{}` as a whole, too", attribute.name());
            let error = at(Code::InvalidValue, &echo(key), &message);
            self.problems
                .add(error.hinted("keep either the object or its members"));
            return;
        }
        match dotted.build() {
            Ok(object) => {
                // Put together, values can lie deeper than they did apart.
                for fault in json::check(&object)
                    .map(|checked| checked.faults)
                    .unwrap_or_default()
                {
                    self.problems.add(invalid_value(&object, &fault));
                }
                let value = RawJson::trusted(&object);
                attributes::check(attribute, value, self.rules.strict, &mut self.problems);
                self.user.attributes[attribute as usize] = Some(Cow::Owned(object));
            }
            Err(errors) => {
                for (offset, error) in errors {
                    self.problems.stand_at(offset);
                    self.problems.add(error);
                }
            }
        }
    }

    /// Adds one error for all the names that nothing is known about.
    pub(super) fn additional(&mut self) {
        /// Names that the hint speaks about.
        const HINTED_NAMES: usize = 3;
        let hints: Vec<_> = self
            .unknown
            .iter()
            .take(HINTED_NAMES)
            .map(|name| advice(name))
            .collect();
        let error = additional("", self.unknown.iter().map(AsRef::as_ref)).hinted(hints.join("; "));
        self.problems.stand_at(self.unknown_at);
        self.problems.add(error);
    }
}

/// Returns what to do about a name that nothing is known about.
fn advice(name: &str) -> String {
    let root = name.split(['.', '[']).next().unwrap_or_default();
    if schema::is_export_only(name) {
        format!("`{name}` is set by the system: remove it")
    } else if root != name && Key::of(root.as_bytes()).is_some() {
        format!("give `{root}` as a whole")
    } else if let Some(known) = schema::nearest(name) {
        format!("`{}`: did you mean `{known}`?", echo(name))
    } else {
        format!(
            "put `{}` into `app_metadata` or `user_metadata`",
            echo(name)
        )
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::import::testing::{errors, lines, set, strict, user};
    use crate::import::validate;

    #[test]
    fn unknown_properties_are_one_error() {
        assert_snapshot!(errors(r#"{"foo":1,"email":"a@b.de","firstName":"A","bar":2,"baz":3}"#), @"OBJECT_ADDITIONAL_PROPERTIES: Additional properties not allowed: foo,firstName,bar,baz (put `foo` into `app_metadata` or `user_metadata`; `firstName`: did you mean `given_name`?; put `bar` into `app_metadata` or `user_metadata`)");
    }

    #[test]
    fn members_of_credentials_are_not_sent_into_metadata() {
        assert_snapshot!(errors(r#"{"email":"a@b.de","custom_password_hash.hash.value":"SECRET","mfa_factors[0].totp.secret":"SECRET"}"#), @"OBJECT_ADDITIONAL_PROPERTIES: Additional properties not allowed: custom_password_hash.hash.value,mfa_factors[0].totp.secret (give `custom_password_hash` as a whole; give `mfa_factors` as a whole)");
    }

    #[test]
    fn attributes_of_an_export_are_ignored() {
        let row = r#"{"email":"a@b.de","identities":[{"x":1}],"created_at":"2020","updated_at":null,"last_login":1,"last_ip":"::1","logins_count":3,"last_password_reset":"","multifactor":[],"multifactor_last_modified":"","identities[0].connection":"c","email_verified":true}"#;
        let found = user(row);
        assert!(found.notes.export_attributes_ignored && !found.notes.titles_mapped);
        assert_eq!(set(&found), [("email_verified", "true")]);
        let refused = lines(validate(row, &strict()).unwrap_err());
        assert_snapshot!(refused, @"OBJECT_ADDITIONAL_PROPERTIES: Additional properties not allowed: identities,created_at,updated_at,last_login,last_ip,logins_count,last_password_reset,multifactor,multifactor_last_modified,identities[0].connection (`identities` is set by the system: remove it; `created_at` is set by the system: remove it; `updated_at` is set by the system: remove it)");
    }

    #[test]
    fn readable_titles_are_mapped() {
        let row = r#"{"Id":"auth0|1","Given Name":"A","Family Name":"B","Nickname":"C","Name":"D","Email":"E@F.de","Email Verified":true,"Picture":"http://p","Connection":"x","Created At":"y","Updated At":"z"}"#;
        let found = user(row);
        let notes = found.notes;
        assert!(notes.titles_mapped && notes.export_attributes_ignored && notes.prefix_stripped);
        assert_eq!(
            (found.id.as_deref(), found.email.as_deref()),
            (Some("1"), Some("e@f.de"))
        );
        assert_eq!(set(&found).len(), 6);
        assert!(lines(validate(row, &strict()).unwrap_err()).starts_with("OBJECT_ADDITIONAL"));
    }

    #[test]
    fn a_title_and_its_property_exclude_one_another() {
        assert_snapshot!(errors(r#"{"Email":"a@b.de","email":"a@b.de"}"#), @"INVALID_VALUE email: Error in email property - the row has this property under its name and under a readable title (keep one of the two)");
        assert_snapshot!(errors(r#"{"name":"x","email":"a@b.de","Name":"y"}"#), @"INVALID_VALUE Name: Error in Name property - the row has this property under its name and under a readable title (keep one of the two)");
    }

    #[test]
    fn dotted_keys_are_put_back() {
        let row = r#"{"email":"a@b.de","user_metadata.address.city":"K","app_metadata.plan":"x","user_metadata.tags":[1],"user_metadata.address.zip":"5"}"#;
        let found = user(row);
        assert!(found.notes.titles_mapped);
        assert_eq!(
            set(&found),
            [
                (
                    "user_metadata",
                    r#"{"address":{"city":"K","zip":"5"},"tags":[1]}"#
                ),
                ("app_metadata", r#"{"plan":"x"}"#)
            ]
        );
        assert!(lines(validate(row, &strict()).unwrap_err()).starts_with("OBJECT_ADDITIONAL"));
    }

    #[test]
    fn dotted_keys_that_do_not_fit_are_errors() {
        assert_snapshot!(errors(r#"{"email":"a@b.de","user_metadata.a":1,"user_metadata.a.b":2,"user_metadata.t[0]":1,"user_metadata..x":1}"#), @r"
        INVALID_VALUE user_metadata.a.b: Error in user_metadata.a.b property - one of the row's keys holds a value where another one needs an object (keep either the object or its members)
        INVALID_VALUE user_metadata.t[0]: Error in user_metadata.t[0] property - an array cannot be put together from its elements (give the whole array under the key before the `[`)
        OBJECT_ADDITIONAL_PROPERTIES: Additional properties not allowed: user_metadata..x (give `user_metadata` as a whole)
        ");
        assert_snapshot!(errors(r#"{"app_metadata":{},"app_metadata.a":1,"email":"a@b.de"}"#), @"INVALID_VALUE app_metadata.a: Error in app_metadata.a property - the row has `app_metadata` as a whole, too (keep either the object or its members)");
        assert_snapshot!(errors(r#"{"app_metadata.email":1,"email":"a@b.de"}"#), @"NOT_PASSED app_metadata: Error in app_metadata property - Data matches schema from 'not' (remove `email`: Auth0 keeps these names for itself)");
    }

    #[test]
    fn a_value_put_too_deep_is_an_error() {
        let nested = format!("{}{}", "[".repeat(60), "]".repeat(60));
        let key = format!("user_metadata{}", ".a".repeat(10));
        assert!(errors(&format!(r#"{{"email":"a@b.de","{key}":{nested}}}"#)).contains("64 levels"));
    }
}
