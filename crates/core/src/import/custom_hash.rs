//! `custom_password_hash`: the types of its members, then what the algorithm asks for. Texts in it may be secrets, so
//! none is ever echoed.

use std::borrow::Cow;

use crate::import::codes::Code;
use crate::import::problem::{
    Hinted, Problems, additional, at, forbidden, missing, no_choice, no_match, too_small,
    wrong_type,
};
use crate::json::{Kind, RawJson};
use crate::password::{Algorithm, CustomHash, Digest, Encoded, Encoding, Flaw, FlawKind};
use crate::row::RowError;

const PATH: &str = "custom_password_hash";
const MEMBERS: &str = "algorithm, hash, salt, password, keylen, cost, blockSize, parallelization";
const PASSWORD_ENCODINGS: [&str; 6] = ["ascii", "utf8", "utf16le", "ucs2", "latin1", "binary"];
const POSITIONS: [&str; 2] = ["prefix", "suffix"];

/// Adds everything that is wrong with a `custom_password_hash`.
pub(crate) fn check(value: RawJson<'_>, problems: &mut Problems) {
    let before = problems.count();
    let found = Found::read(value, problems);
    // What the algorithm asks for can be told only of members that are what they should be.
    if problems.count() > before {
        return;
    }
    for flaw in found.into_hash().iter().flat_map(CustomHash::flaws) {
        problems.add(of_flaw(flaw));
    }
}

fn of_flaw(flaw: Flaw) -> RowError {
    let path = if flaw.part.is_empty() {
        PATH.to_owned()
    } else {
        format!("{PATH}.{}", flaw.part)
    };
    let error = match flaw.kind {
        FlawKind::Missing(member) => missing(&path, member),
        FlawKind::Forbidden => forbidden(&path),
        FlawKind::Choice(allowed) => no_choice(&path, allowed),
        FlawKind::Pattern(pattern) => no_match(&path, &pattern),
    };
    error.hinted(flaw.hint)
}

/// The members found so far.
#[derive(Default)]
struct Found<'a> {
    algorithm: Option<Algorithm>,
    value: Option<Cow<'a, str>>,
    encoding: Option<Encoding>,
    digest: Option<Digest>,
    key: Option<Encoded<'a>>,
    salt: Option<Encoded<'a>>,
    keylen: Option<u64>,
}

impl<'a> Found<'a> {
    fn read(raw: RawJson<'a>, problems: &mut Problems) -> Self {
        let mut found = Self::default();
        if !is_object(PATH, raw, problems) {
            return found;
        }
        let mut unknown = Vec::new();
        for member in raw.members() {
            let name = member.name();
            if !found.member(&name, member.value, problems) {
                unknown.push(name);
            }
        }
        for property in ["algorithm", "hash"] {
            if raw.get(property).is_none() {
                problems.add(missing(PATH, property).hinted(format!("add `{property}`")));
            }
        }
        if !unknown.is_empty() {
            let names = unknown.iter().map(AsRef::as_ref);
            problems.add(additional(PATH, names).hinted(format!("the members are {MEMBERS}")));
        }
        found
    }

    /// Takes one member; returns whether it is known.
    fn member(&mut self, name: &str, value: RawJson<'a>, problems: &mut Problems) -> bool {
        match name {
            "algorithm" => {
                let path = "custom_password_hash.algorithm";
                self.algorithm = choice(path, value, &Algorithm::NAMES, Algorithm::parse, problems);
            }
            "hash" => self.hash(value, problems),
            "salt" => self.salt = salt(value, problems),
            "password" => password(value, problems),
            "keylen" => self.keylen = integer("custom_password_hash.keylen", value, 1, problems),
            "cost" => cost(value, problems),
            "blockSize" | "parallelization" => {
                integer(&format!("{PATH}.{name}"), value, 1, problems);
            }
            _ => return false,
        }
        true
    }

    fn hash(&mut self, raw: RawJson<'a>, problems: &mut Problems) {
        let path = "custom_password_hash.hash";
        if !is_object(path, raw, problems) {
            return;
        }
        for member in raw.members() {
            let value = member.value;
            match member.name().as_ref() {
                "value" => self.value = text("custom_password_hash.hash.value", value, problems),
                "encoding" => {
                    let path = "custom_password_hash.hash.encoding";
                    self.encoding =
                        choice(path, value, &Encoding::NAMES, Encoding::parse, problems);
                }
                "digest" => {
                    let path = "custom_password_hash.hash.digest";
                    self.digest = choice(path, value, &Digest::NAMES, Digest::parse, problems);
                }
                "key" => self.key = encoded("custom_password_hash.hash.key", value, problems),
                // Where older documentation had it. Ignored silently, it would cost every password.
                "salt" => problems.add(
                    forbidden("custom_password_hash.hash.salt")
                        .hinted("put `salt` beside `hash`, not into it"),
                ),
                _ => {}
            }
        }
        if raw.get("value").is_none() {
            problems.add(missing(path, "value").hinted("add the hash as `value`"));
        }
    }

    fn into_hash(self) -> Option<CustomHash<'a>> {
        let Self {
            algorithm,
            value,
            encoding,
            digest,
            key,
            salt,
            keylen,
        } = self;
        let (algorithm, value) = (algorithm?, value?);
        Some(CustomHash {
            algorithm,
            value,
            encoding,
            digest,
            key,
            salt,
            keylen,
        })
    }
}

fn salt<'a>(raw: RawJson<'a>, problems: &mut Problems) -> Option<Encoded<'a>> {
    let path = "custom_password_hash.salt.position";
    if let Some(position) = raw.get("position") {
        choice(
            path,
            position,
            &POSITIONS,
            |name| POSITIONS.contains(&name).then_some(()),
            problems,
        );
    }
    encoded("custom_password_hash.salt", raw, problems)
}

fn password(raw: RawJson<'_>, problems: &mut Problems) {
    if !is_object("custom_password_hash.password", raw, problems) {
        return;
    }
    if let Some(encoding) = raw.get("encoding") {
        let path = "custom_password_hash.password.encoding";
        let known = |name: &str| PASSWORD_ENCODINGS.contains(&name).then_some(());
        choice(path, encoding, &PASSWORD_ENCODINGS, known, problems);
    }
}

fn cost(value: RawJson<'_>, problems: &mut Problems) {
    let path = "custom_password_hash.cost";
    let Some(cost) = integer(path, value, 2, problems) else {
        return;
    };
    if !cost.is_power_of_two() {
        let error = at(
            Code::InvalidValue,
            path,
            &format!("Value {cost} is not a power of two"),
        );
        problems.add(error.hinted("scrypt's cost is a power of two, for example 16384"));
    }
}

/// Reads `{"value": …, "encoding": …}`; the encoding is `utf8` unless given.
fn encoded<'a>(
    path: &'static str,
    raw: RawJson<'a>,
    problems: &mut Problems,
) -> Option<Encoded<'a>> {
    if !is_object(path, raw, problems) {
        return None;
    }
    let encoding = match raw.get("encoding") {
        Some(given) => {
            let path = format!("{path}.encoding");
            choice(&path, given, &Encoding::NAMES, Encoding::parse, problems)?
        }
        None => Encoding::Utf8,
    };
    let Some(value) = raw.get("value") else {
        problems.add(missing(path, "value").hinted("add `value`, or leave the object out"));
        return None;
    };
    let value = text(&format!("{path}.value"), value, problems)?;
    Some(Encoded { value, encoding })
}

fn is_object(path: &str, raw: RawJson<'_>, problems: &mut Problems) -> bool {
    let fits = raw.kind() == Kind::Object;
    if !fits {
        problems.add(wrong_type(path, "object", raw));
    }
    fits
}

fn text<'a>(path: &str, raw: RawJson<'a>, problems: &mut Problems) -> Option<Cow<'a, str>> {
    let text = raw.as_str();
    if text.is_none() {
        problems.add(wrong_type(path, "string", raw));
    }
    text
}

fn choice<T>(
    path: &str,
    raw: RawJson<'_>,
    allowed: &[&str],
    parse: impl Fn(&str) -> Option<T>,
    problems: &mut Problems,
) -> Option<T> {
    let found = parse(&text(path, raw, problems)?);
    if found.is_none() {
        problems.add(no_choice(path, allowed));
    }
    found
}

fn integer(path: &str, raw: RawJson<'_>, min: u64, problems: &mut Problems) -> Option<u64> {
    let whole = (raw.kind() == Kind::Number)
        .then(|| raw.text().parse::<f64>().ok())
        .flatten();
    let Some(number) = whole.filter(|number| number.fract() == 0.0) else {
        problems.add(wrong_type(path, "integer", raw));
        return None;
    };
    if number < min as f64 {
        problems.add(too_small(path, raw, min));
        return None;
    }
    // The cast ends at the largest integer there is; no real length or cost is near it.
    Some(raw.text().parse().unwrap_or(number as u64))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::import::testing::{errors, user};

    fn row(custom: &str) -> String {
        format!(r#"{{"email":"a@b.de","custom_password_hash":{custom}}}"#)
    }

    #[test]
    fn takes_each_algorithm() {
        let hashes = [
            r#"{"algorithm":"md4","hash":{"value":"AbuUujgF0pPPkJPSFRTpmA==","encoding":"base64"}}"#,
            r#"{"algorithm":"md5","hash":{"value":"67A1E09BB1F83F5007DC119C14D663AA","encoding":"hex"},"salt":{"value":"salt","position":"suffix","encoding":"utf8"},"password":{"encoding":"utf16le"}}"#,
            r#"{"algorithm":"hmac","hash":{"value":"cg7f42jH39/2EaAU4wNd4s2lKIk=","encoding":"base64","digest":"sha1","key":{"value":"736868","encoding":"hex"}}}"#,
            r#"{"algorithm":"scrypt","hash":{"value":"00ff","encoding":"hex"},"salt":{"value":"abc123"},"keylen":2,"cost":4096,"blockSize":8,"parallelization":1}"#,
        ];
        for hash in hashes {
            let row = row(hash);
            let credentials = user(&row).credentials.unwrap();
            assert_eq!(credentials.custom_password_hash.unwrap().expose(), hash);
        }
    }

    #[test]
    fn types_and_choices_are_checked_and_nothing_is_echoed() {
        let hash = r#"{"algorithm":"SECRET","hash":{"value":1,"encoding":"SECRET","digest":null,"key":{"encoding":"utf8"}},"salt":{"value":["SECRET"],"position":"SECRET"},"password":{"encoding":"SECRET"},"keylen":0,"cost":1000,"blockSize":1.5,"parallelization":"SECRET","extra":1}"#;
        assert_snapshot!(errors(&row(hash)), @r"
        ENUM_MISMATCH custom_password_hash.algorithm: Error in custom_password_hash.algorithm property - No enum match for: ***** (use one of argon2, bcrypt, hmac, ldap, md4, md5, sha1, sha256, sha512, pbkdf2, scrypt)
        INVALID_TYPE custom_password_hash.hash.value: Error in custom_password_hash.hash.value property - Expected type string but found type integer (give a string)
        ENUM_MISMATCH custom_password_hash.hash.encoding: Error in custom_password_hash.hash.encoding property - No enum match for: ***** (use one of base64, hex, utf8)
        INVALID_TYPE custom_password_hash.hash.digest: Error in custom_password_hash.hash.digest property - Expected type string but found type null (leave the property out instead of setting it to null)
        OBJECT_REQUIRED custom_password_hash.hash.key: Error in custom_password_hash.hash.key property - Missing required property: value (add `value`, or leave the object out)
        ENUM_MISMATCH custom_password_hash.salt.position: Error in custom_password_hash.salt.position property - No enum match for: ***** (use one of prefix, suffix)
        INVALID_TYPE custom_password_hash.salt.value: Error in custom_password_hash.salt.value property - Expected type string but found type array (give a string)
        ENUM_MISMATCH custom_password_hash.password.encoding: Error in custom_password_hash.password.encoding property - No enum match for: ***** (use one of ascii, utf8, utf16le, ucs2, latin1, binary)
        MINIMUM custom_password_hash.keylen: Error in custom_password_hash.keylen property - Value 0 is less than minimum 1 (give at least 1)
        INVALID_VALUE custom_password_hash.cost: Error in custom_password_hash.cost property - Value 1000 is not a power of two (scrypt's cost is a power of two, for example 16384)
        INVALID_TYPE custom_password_hash.blockSize: Error in custom_password_hash.blockSize property - Expected type integer but found type number (give an integer)
        INVALID_TYPE custom_password_hash.parallelization: Error in custom_password_hash.parallelization property - Expected type integer but found type string (give an integer)
        OBJECT_ADDITIONAL_PROPERTIES custom_password_hash: Error in custom_password_hash property - Additional properties not allowed: extra (the members are algorithm, hash, salt, password, keylen, cost, blockSize, parallelization)
        ");
    }

    #[test]
    fn objects_are_objects_and_whole() {
        assert_snapshot!(errors(&row("\"SECRET\"")), @"INVALID_TYPE custom_password_hash: Error in custom_password_hash property - Expected type object but found type string (give an object)");
        assert_snapshot!(errors(&row("{}")), @r"
        OBJECT_REQUIRED custom_password_hash: Error in custom_password_hash property - Missing required property: algorithm (add `algorithm`)
        OBJECT_REQUIRED custom_password_hash: Error in custom_password_hash property - Missing required property: hash (add `hash`)
        ");
        assert_snapshot!(errors(&row(r#"{"algorithm":"md5","hash":{"salt":{"value":"SECRET"}},"salt":"SECRET","password":1,"cost":1}"#)), @r"
        NOT_PASSED custom_password_hash.hash.salt: Error in custom_password_hash.hash.salt property - Data matches schema from 'not' (put `salt` beside `hash`, not into it)
        OBJECT_REQUIRED custom_password_hash.hash: Error in custom_password_hash.hash property - Missing required property: value (add the hash as `value`)
        INVALID_TYPE custom_password_hash.salt: Error in custom_password_hash.salt property - Expected type object but found type string (give an object)
        INVALID_TYPE custom_password_hash.password: Error in custom_password_hash.password property - Expected type object but found type integer (give an object)
        MINIMUM custom_password_hash.cost: Error in custom_password_hash.cost property - Value 1 is less than minimum 2 (give at least 2)
        ");
    }

    #[test]
    fn what_the_algorithm_asks_for_is_told() {
        assert_snapshot!(errors(&row(r#"{"algorithm":"argon2","hash":{"value":"SECRET","encoding":"hex"},"salt":{"value":"SECRET","encoding":"hex"}}"#)), @r"
        ENUM_MISMATCH custom_password_hash.hash.encoding: Error in custom_password_hash.hash.encoding property - No enum match for: ***** (this algorithm's hash is a text: use `utf8`)
        NOT_PASSED custom_password_hash.salt: Error in custom_password_hash.salt property - Data matches schema from 'not' (the salt stands in `hash.value`)
        PATTERN custom_password_hash.hash.value: Error in custom_password_hash.hash.value property - String does not match pattern ^\$argon2(id|i|d)\$(v=(16|19)\$)?m=[0-9]+,t=[0-9]+,p=[0-9]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$ (give a PHC string, for example `$argon2id$v=19$m=65536,t=2,p=1$salt$hash`, salt and hash in base64 without padding)
        PATTERN custom_password_hash.salt.value: Error in custom_password_hash.salt.value property - String does not match pattern ^([0-9A-Fa-f]{2})*$ (write the value in `hex`, or name the encoding that it has; the default is `utf8`)
        ");
        assert_snapshot!(errors(&row(r#"{"algorithm":"scrypt","hash":{"value":"SECRET"}}"#)), @r#"
        OBJECT_REQUIRED custom_password_hash.hash: Error in custom_password_hash.hash property - Missing required property: encoding (this algorithm's hash is bytes: use `hex` or `base64`)
        OBJECT_REQUIRED custom_password_hash: Error in custom_password_hash property - Missing required property: salt (give the salt as `{"value": …, "encoding": …}`)
        OBJECT_REQUIRED custom_password_hash: Error in custom_password_hash property - Missing required property: keylen (say how many bytes the hash has)
        "#);
    }
}
