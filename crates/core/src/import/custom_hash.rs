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
