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
                check_member(&format!("{path}.{name}"), "value", member.value, problems);
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

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::import::testing::{errors, user};

    fn row(factors: &str) -> String {
        format!(r#"{{"email":"a@b.de","mfa_factors":{factors}}}"#)
    }

    #[test]
    fn takes_one_of_each_kind() {
        let factors = r#"[{"totp":{"secret":"2PRXZWZAYYDAWCD"}},{"phone":{"value":"+15551112233"}},{"email":{"value":"antoinette@contoso.com"}}]"#;
        let row = row(factors);
        let credentials = user(&row).credentials.unwrap();
        assert_eq!(credentials.mfa_factors.unwrap().expose(), factors);
    }

    #[test]
    fn there_are_one_to_ten_factors() {
        assert_snapshot!(errors(&row("[]")), @"ARRAY_LENGTH_SHORT mfa_factors: Error in mfa_factors property - Array is too short (0), minimum 1 (leave `mfa_factors` out if there is no factor)");
        let eleven = format!("[{}1]", r#"{"phone":{"value":"+1"}},"#.repeat(10));
        assert_snapshot!(errors(&row(&eleven)), @"ARRAY_LENGTH_LONG mfa_factors: Error in mfa_factors property - Array is too long (11), maximum 10 (keep 10 factors)");
        assert_snapshot!(errors(&row("null")), @"INVALID_TYPE mfa_factors: Error in mfa_factors property - Expected type array but found type null (leave the property out instead of setting it to null)");
    }

    #[test]
    fn a_factor_is_one_kind_with_its_value() {
        assert_snapshot!(errors(&row(r#"[{},{"phone":{"value":"+1"},"email":{"value":"a@b.de"}},{"sms":1},7,{"totp":"SECRET"}]"#)), @r"
        OBJECT_PROPERTIES_MINIMUM mfa_factors[0]: Error in mfa_factors[0] property - Too few properties defined (0), minimum 1 (give each factor as an object of its own with one of `totp`, `phone`, `email`)
        OBJECT_PROPERTIES_MAXIMUM mfa_factors[1]: Error in mfa_factors[1] property - Too many properties defined (2), maximum 1 (give each factor as an object of its own with one of `totp`, `phone`, `email`)
        OBJECT_ADDITIONAL_PROPERTIES mfa_factors[2]: Error in mfa_factors[2] property - Additional properties not allowed: sms (give each factor as an object of its own with one of `totp`, `phone`, `email`)
        INVALID_TYPE mfa_factors[3]: Error in mfa_factors[3] property - Expected type object but found type integer (give an object)
        INVALID_TYPE mfa_factors[4].totp: Error in mfa_factors[4].totp property - Expected type object but found type string (give an object)
        ");
    }

    #[test]
    fn values_have_their_form_and_a_secret_is_not_echoed() {
        assert_snapshot!(errors(&row(r#"[{"totp":{"secret":"secret"}},{"totp":{"secret":1}},{"totp":{"key":"SECRET"}},{"phone":{"value":"0049"}},{"email":{"value":"x"}}]"#)), @r"
        PATTERN mfa_factors[0].totp.secret: Error in mfa_factors[0].totp.secret property - String does not match pattern ^[A-Z2-7]+$ (write the secret in base32: capital letters and 2 to 7, no padding)
        INVALID_TYPE mfa_factors[1].totp.secret: Error in mfa_factors[1].totp.secret property - Expected type string but found type integer (give a string)
        OBJECT_REQUIRED mfa_factors[2].totp: Error in mfa_factors[2].totp property - Missing required property: secret (add `secret`)
        OBJECT_ADDITIONAL_PROPERTIES mfa_factors[2].totp: Error in mfa_factors[2].totp property - Additional properties not allowed: key (keep `secret` only)
        PATTERN mfa_factors[3].phone.value: Error in mfa_factors[3].phone.value property - String does not match pattern ^\+[0-9]{1,15}$ (write it as `+493012345678`)
        INVALID_FORMAT mfa_factors[4].email.value: Error in mfa_factors[4].email.value property - Object didn't pass validation for format email: x (give an e-mail address)
        ");
    }
}
