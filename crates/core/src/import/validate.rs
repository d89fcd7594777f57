//! The check of a row of an import. Steps, each of which adds what it finds wrong and goes on:
//! 1. the text is JSON (else nothing more can be said), and an object;
//! 2. each member, in the order of the row: known properties are checked and kept, others are sorted out;
//! 3. what only an export writes differently (flat keys) is put in place;
//! 4. what the row as a whole lacks or has twice.

use std::borrow::Cow;

use crate::import::codes::Code;
use crate::import::dotted::Dotted;
use crate::import::email::is_email;
use crate::import::problem::{
    Hinted, Problems, additional, at, echo, forbidden, invalid_json, invalid_value, missing,
    no_format, no_match, plain, too_long, too_short, wrong_type,
};
use crate::import::schema::{self, Key};
use crate::import::text::{
    has_username_chars, has_white_space, is_phone_number, is_picture_url, lower_case,
};
use crate::import::{Attribute, Credentials, NewUser, Rules, custom_hash, metadata, mfa};
use crate::json::{self, Kind, Member, RawJson, unescape};
use crate::password::bcrypt::is_password_hash;
use crate::row::RowError;
use crate::secret::Secret;

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

/// Returns a text without the white space that JSON allows around a value.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\n', '\r', '\t'])
}

/// Returns a checked value as canonical text.
pub(crate) fn canonical_text(value: RawJson<'_>, is_canonical: bool) -> Cow<'_, str> {
    if is_canonical {
        return Cow::Borrowed(value.text());
    }
    let mut out = String::with_capacity(value.text().len());
    json::canonical(value.text(), &mut out);
    Cow::Owned(out)
}

/// Checks the credentials of a row of any kind; what is right goes into `into`.
pub(crate) fn credential(
    key: Key,
    value: RawJson<'_>,
    is_canonical: bool,
    into: &mut Credentials,
    problems: &mut Problems,
) {
    match key {
        Key::CustomPasswordHash => custom_hash::check(value, problems),
        Key::MfaFactors => mfa::check(value, problems),
        _ => password_hash(value, problems),
    }
    let secret = Some(Secret::new(
        canonical_text(value, is_canonical).into_owned(),
    ));
    match key {
        Key::CustomPasswordHash => into.custom_password_hash = secret,
        Key::MfaFactors => into.mfa_factors = secret,
        _ => into.password_hash = secret,
    }
}

fn password_hash(value: RawJson<'_>, problems: &mut Problems) {
    let path = Key::PasswordHash.path();
    let hint = "give a bcrypt hash of cost 10 that starts with `$2a$10$` or `$2b$10$`; \
                other hashes go into `custom_password_hash`";
    match value.as_str() {
        None => problems.add(wrong_type(path, "string", value)),
        Some(text) if is_password_hash(&text) => {}
        Some(_) => problems.add(no_match(path, schema::PASSWORD_HASH_PATTERN).hinted(hint)),
    }
}

/// Returns the error of a row with both kinds of password hash.
pub(crate) fn two_hashes() -> RowError {
    plain(Code::NotPassed, "Data matches schema from 'not'")
        .hinted("`password_hash` and `custom_password_hash` exclude one another: keep one of them")
}

struct Reader<'a, 'r> {
    row: &'a str,
    is_canonical: bool,
    rules: &'r Rules,
    user: NewUser<'a>,
    credentials: Credentials,
    /// Bits of the properties that the row has, and of those that it has under a readable title.
    seen: u32,
    titled: u32,
    /// Names that nothing is known about, and where the first of them stands.
    unknown: Vec<Cow<'a, str>>,
    unknown_at: usize,
    user_metadata: Dotted<'a>,
    app_metadata: Dotted<'a>,
    problems: Problems,
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

    // Step 2: members

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

    fn known(&mut self, key: Key, value: RawJson<'a>) {
        if self.titled & key.bit() != 0 {
            self.given_twice(key.name());
        }
        self.seen |= key.bit();
        match key {
            Key::UserId => self.user_id(value),
            Key::Email => self.email(value),
            Key::Username => self.username(value),
            Key::PhoneNumber => self.phone_number(value),
            Key::PasswordHash | Key::CustomPasswordHash | Key::MfaFactors => {
                let (into, problems) = (&mut self.credentials, &mut self.problems);
                credential(key, value, self.is_canonical, into, problems);
            }
            Key::Set(attribute) => self.attribute(attribute, value),
        }
    }

    /// Sorts out a name that is no property as it stands.
    #[cold]
    fn other(&mut self, name: Cow<'a, str>, value: RawJson<'a>) {
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

    fn given_twice(&mut self, name: &str) {
        let message = "the row has this property under its name and under a readable title";
        self.problems
            .add(at(Code::InvalidValue, name, message).hinted("keep one of the two"));
    }

    /// Returns a text, or adds that the value is none.
    fn text(&mut self, key: Key, value: RawJson<'a>) -> Option<Cow<'a, str>> {
        let text = value.as_str();
        if text.is_none() {
            self.problems.add(wrong_type(key.path(), "string", value));
        }
        text
    }

    /// Returns whether a text has at least `min` and at most `max` characters, or adds that it has not.
    fn has_length(&mut self, key: Key, text: &str, min: usize, max: usize) -> bool {
        if text.len() <= max && (min == 1 && !text.is_empty()) {
            return true;
        }
        let chars = text.chars().count();
        if chars < min {
            self.problems.add(too_short(key.path(), chars, min));
        } else if chars > max {
            self.problems.add(too_long(key.path(), chars, max));
        }
        (min..=max).contains(&chars)
    }

    fn user_id(&mut self, value: RawJson<'a>) {
        let Some(given) = self.text(Key::UserId, value) else {
            return;
        };
        if !self.has_length(Key::UserId, &given, 1, schema::USER_ID_CHARS) {
            return;
        }
        if has_white_space(&given) {
            let error = no_match(Key::UserId.path(), schema::USER_ID_PATTERN);
            self.problems.add(error.hinted("remove the white space"));
        }
        let prefix = self.rules.strategy.as_str();
        let rest = given
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('|'));
        let id = match (rest, &given) {
            (Some(rest), _) if !self.rules.keep_prefix && !self.rules.strict => {
                self.user.notes.prefix_stripped = true;
                let len = rest.len();
                cut_to_last(given, len)
            }
            _ => given,
        };
        if id.is_empty() {
            let hint = "an id must have something behind its prefix";
            self.problems
                .add(too_short(Key::UserId.path(), 0, 1).hinted(hint));
        }
        self.user.id = Some(id);
    }

    fn email(&mut self, value: RawJson<'a>) {
        let Some(given) = self.text(Key::Email, value) else {
            return;
        };
        let email = lower_case(given);
        if !is_email(&email) {
            let given = value.as_str().unwrap_or_default();
            let error = no_format(Key::Email.path(), "email", &given);
            self.problems
                .add(error.hinted("give an address like `name@example.com`"));
        }
        self.user.email = Some(email);
    }

    fn username(&mut self, value: RawJson<'a>) {
        let Some(given) = self.text(Key::Username, value) else {
            return;
        };
        let username = lower_case(given);
        let rules = self.rules.username;
        // A connection without usernames says nothing about their length, and what a row has must not get lost.
        let (min, max) = if rules.allowed {
            (rules.min, rules.max)
        } else {
            (1, schema::USERNAME_CHARS)
        };
        let fits = self.has_length(Key::Username, &username, min, max);
        if fits && self.rules.strategy.is_database() {
            let path = Key::Username.path();
            if is_email(&username) {
                let hint = "a username must not be an e-mail address: use `email`";
                self.problems.add(forbidden(path).hinted(hint));
            } else if !has_username_chars(&username) {
                let hint = "use letters a to z, digits and @ ` ^ $ ! - # . + ' ~ _";
                self.problems
                    .add(no_match(path, schema::USERNAME_PATTERN).hinted(hint));
            }
        }
        self.user.username = Some(username);
    }

    fn phone_number(&mut self, value: RawJson<'a>) {
        let Some(phone) = self.text(Key::PhoneNumber, value) else {
            return;
        };
        if !is_phone_number(&phone) {
            let error = no_match(Key::PhoneNumber.path(), schema::PHONE_PATTERN);
            self.problems
                .add(error.hinted("write it as `+493012345678`, digits only"));
        }
        self.user.phone_number = Some(phone);
    }

    fn attribute(&mut self, attribute: Attribute, value: RawJson<'a>) {
        self.check_attribute(attribute, value);
        self.user.attributes[attribute as usize] = Some(canonical_text(value, self.is_canonical));
    }

    fn check_attribute(&mut self, attribute: Attribute, value: RawJson<'a>) {
        match attribute {
            Attribute::EmailVerified | Attribute::PhoneVerified | Attribute::Blocked => {
                if value.as_bool().is_none() {
                    let path = Key::Set(attribute).path();
                    self.problems.add(wrong_type(path, "boolean", value));
                }
            }
            Attribute::GivenName | Attribute::FamilyName => self.name(attribute, value, 150),
            // The API takes 300 and 350 where a page of the documentation says 150 and 300.
            Attribute::Name => self.name(attribute, value, 300),
            Attribute::Nickname => self.name(attribute, value, 350),
            Attribute::Picture => self.picture(value),
            Attribute::UserMetadata | Attribute::AppMetadata => self.metadata(attribute, value),
        }
    }

    fn name(&mut self, attribute: Attribute, value: RawJson<'a>, max: usize) {
        let key = Key::Set(attribute);
        // The text with its escapes is never shorter than what it says, so most names need not be read.
        if value.kind() == Kind::String && (3..=max + 2).contains(&value.text().len()) {
            return;
        }
        if let Some(text) = self.text(key, value) {
            self.has_length(key, &text, 1, max);
        }
    }

    fn picture(&mut self, value: RawJson<'a>) {
        let key = Key::Set(Attribute::Picture);
        let Some(url) = self.text(key, value) else {
            return;
        };
        if !is_picture_url(&url) {
            let error = no_format(key.path(), "strict-uri", &url);
            self.problems
                .add(error.hinted("give a URL that starts with `https://`"));
        }
    }

    fn metadata(&mut self, attribute: Attribute, value: RawJson<'_>) {
        if value.kind() == Kind::Object {
            metadata::check(attribute, value, self.rules.strict, &mut self.problems);
        } else {
            self.problems
                .add(wrong_type(attribute.name(), "object", value));
        }
    }

    // Steps 3 and 4: the row as a whole

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

    fn put_together(&mut self, attribute: Attribute, dotted: &Dotted<'_>) {
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
                self.metadata(attribute, RawJson::trusted(&object));
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

    fn additional(&mut self) {
        /// Names that the hint speaks about.
        const HINTED_NAMES: usize = 3;
        let sentence = |name: &Cow<'_, str>| match schema::nearest(name) {
            _ if schema::is_export_only(name) => {
                format!("`{name}` is set by the system: remove it")
            }
            Some(known) => format!("`{}`: did you mean `{known}`?", echo(name)),
            None => format!(
                "put `{}` into `app_metadata` or `user_metadata`",
                echo(name)
            ),
        };
        let hints: Vec<_> = self
            .unknown
            .iter()
            .take(HINTED_NAMES)
            .map(sentence)
            .collect();
        let error = additional("", self.unknown.iter().map(AsRef::as_ref)).hinted(hints.join("; "));
        self.problems.stand_at(self.unknown_at);
        self.problems.add(error);
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

fn has(seen: u32, key: Key) -> bool {
    seen & key.bit() != 0
}

/// Returns the last `len` bytes of a text, borrowed if it is.
fn cut_to_last(text: Cow<'_, str>, len: usize) -> Cow<'_, str> {
    let start = text.len() - len;
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..]),
        Cow::Owned(text) => Cow::Owned(text[start..].to_owned()),
    }
}
