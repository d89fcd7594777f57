//! `mfa_factors`: 1 to 10 factors, each one of `totp`, `phone`, `email`. A totp secret is never echoed.

use crate::import::codes::Code;
use crate::import::email::is_email;
use crate::import::problem::{
    Hinted, Problems, additional, at, missing, no_format, no_match, wrong_type,
};
use crate::import::schema::PHONE_PATTERN;
use crate::import::text::is_phone_number;
use crate::json::{Kind, RawJson};

const MAX_FACTORS: usize = 10;
const SECRET_PATTERN: &str = "^[A-Z2-7]+$";

/// Adds everything that is wrong with `mfa_factors`.
pub(crate) fn check(value: RawJson<'_>, problems: &mut Problems) {
    if value.kind() != Kind::Array {
        problems.add(wrong_type("mfa_factors", "array", value));
        return;
    }
    let count = value.elements().count();
    if count == 0 {
        let message = "Array is too short (0), minimum 1";
        let error = at(Code::ArrayLengthShort, "mfa_factors", message);
        problems.add(error.hinted("leave `mfa_factors` out if there is no factor"));
    }
    if count > MAX_FACTORS {
        let message = format!("Array is too long ({count}), maximum {MAX_FACTORS}");
        let error = at(Code::ArrayLengthLong, "mfa_factors", &message);
        problems.add(error.hinted(format!("keep {MAX_FACTORS} factors")));
    }
    for (i, factor) in value.elements().take(MAX_FACTORS).enumerate() {
        check_factor(&format!("mfa_factors[{i}]"), factor, problems);
    }
}

fn check_factor(path: &str, factor: RawJson<'_>, problems: &mut Problems) {
    if factor.kind() != Kind::Object {
        problems.add(wrong_type(path, "object", factor));
        return;
    }
    let hint = "give each factor as an object of its own with one of `totp`, `phone`, `email`";
    let count = factor.members().count();
    if count > 1 {
        let message = format!("Too many properties defined ({count}), maximum 1");
        problems.add(at(Code::ObjectPropertiesMaximum, path, &message).hinted(hint));
    }
    if count == 0 {
        let message = "Too few properties defined (0), minimum 1";
        problems.add(at(Code::ObjectPropertiesMinimum, path, message).hinted(hint));
    }
    let mut unknown = Vec::new();
    for member in factor.members() {
        let name = member.name();
        match name.as_ref() {
            "totp" => check_member(&format!("{path}.totp"), "secret", member.value, problems),
            "phone" | "email" => {
                check_member(&format!("{path}.{name}"), "value", member.value, problems)
            }
            _ => unknown.push(name),
        }
    }
    if !unknown.is_empty() {
        problems.add(additional(path, unknown.iter().map(AsRef::as_ref)).hinted(hint));
    }
}

/// Checks `{"secret": …}` of a totp or `{"value": …}` of a phone or e-mail factor.
fn check_member(path: &str, property: &str, kind: RawJson<'_>, problems: &mut Problems) {
    if kind.kind() != Kind::Object {
        problems.add(wrong_type(path, "object", kind));
        return;
    }
    match kind.get(property) {
        Some(value) => check_value(&format!("{path}.{property}"), value, problems),
        None => problems.add(missing(path, property).hinted(format!("add `{property}`"))),
    }
    let names: Vec<_> = kind.members().map(|member| member.name()).collect();
    let unknown = || {
        names
            .iter()
            .map(AsRef::as_ref)
            .filter(|name| *name != property)
    };
    if unknown().next().is_some() {
        problems.add(additional(path, unknown()).hinted(format!("keep `{property}` only")));
    }
}

fn check_value(path: &str, value: RawJson<'_>, problems: &mut Problems) {
    let Some(text) = value.as_str() else {
        problems.add(wrong_type(path, "string", value));
        return;
    };
    if path.ends_with(".secret") {
        let base32 = |b: u8| matches!(b, b'A'..=b'Z' | b'2'..=b'7');
        if text.is_empty() || !text.bytes().all(base32) {
            let hint = "write the secret in base32: capital letters and 2 to 7, no padding";
            problems.add(no_match(path, SECRET_PATTERN).hinted(hint));
        }
    } else if path.ends_with(".phone.value") {
        if !is_phone_number(&text) {
            problems.add(no_match(path, PHONE_PATTERN).hinted("write it as `+493012345678`"));
        }
    } else if !is_email(&text) {
        problems.add(no_format(path, "email", &text).hinted("give an e-mail address"));
    }
}
