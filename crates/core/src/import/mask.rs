//! The record as submitted, for a report: its secrets masked. What stands where a secret belongs is masked whatever it
//! is, and so is a root member whose name speaks of a password: people do send those in clear.

use crate::import::text::{canonical_text, trim};
use crate::json::{self, Kind, Member, RawJson};

const MASK: &str = "\"*****\"";

/// Returns the row as canonical JSON with every secret masked as `*****`; text that is no JSON object becomes `{}`.
pub fn masked(row: &str) -> String {
    let object = RawJson::trusted(trim(row));
    if object.kind() != Kind::Object || json::check(row).is_err() {
        return "{}".to_owned();
    }
    let mut out = String::with_capacity(row.len());
    write_object(object, &mut out, write_root);
    out
}

type Writer = fn(&str, RawJson<'_>, &mut String);

fn write_object(object: RawJson<'_>, out: &mut String, member: Writer) {
    out.push('{');
    for (i, Member { key, value }) in object.members().enumerate() {
        if i > 0 {
            out.push(',');
        }
        let name = json::unescape(key);
        json::push_string(out, &name);
        out.push(':');
        member(&name, value, out);
    }
    out.push('}');
}

/// Writes an object by its members, anything else as a mask.
fn write_object_or_mask(value: RawJson<'_>, out: &mut String, member: Writer) {
    match value.kind() {
        Kind::Object => write_object(value, out, member),
        _ => out.push_str(MASK),
    }
}

fn write_plain(value: RawJson<'_>, out: &mut String) {
    // Many a JSON reader gives up on deep nesting, and with it on the whole report.
    if is_too_deep(value) {
        out.push_str("\"(nested too deep to be shown)\"");
    } else {
        out.push_str(&canonical_text(value, false));
    }
}

fn is_too_deep(value: RawJson<'_>) -> bool {
    matches!(value.kind(), Kind::Array | Kind::Object)
        && json::check(value.text()).is_ok_and(|checked| {
            checked
                .faults
                .iter()
                .any(|fault| fault.kind == json::FaultKind::TooDeep)
        })
}

fn write_root(name: &str, value: RawJson<'_>, out: &mut String) {
    match name {
        "custom_password_hash" => write_object_or_mask(value, out, write_custom_hash),
        "mfa_factors" if value.kind() == Kind::Array => write_factors(value, out),
        "mfa_factors" => out.push_str(MASK),
        "last_password_reset" | "password_set_date" => write_plain(value, out),
        name if speaks_of_secret(&name.to_ascii_lowercase()) => out.push_str(MASK),
        _ => write_plain(value, out),
    }
}

/// Returns whether a name that an import does not know may hold a secret: `password`, `mfa_factors[0].totp.secret`.
fn speaks_of_secret(lower_case: &str) -> bool {
    ["passw", "secret", "mfa_factors"]
        .into_iter()
        .any(|word| lower_case.contains(word))
}

fn write_custom_hash(name: &str, value: RawJson<'_>, out: &mut String) {
    match name {
        "hash" => write_object_or_mask(value, out, write_hash),
        "salt" => write_object_or_mask(value, out, write_setting),
        "password" => write_object_or_mask(value, out, write_setting),
        _ => write_setting(name, value, out),
    }
}

fn write_hash(name: &str, value: RawJson<'_>, out: &mut String) {
    match name {
        "key" | "salt" => write_object_or_mask(value, out, write_setting),
        _ => write_setting(name, value, out),
    }
}

/// Writes what is surely a setting and no secret.
fn write_setting(name: &str, value: RawJson<'_>, out: &mut String) {
    /// No longer than the longest name of an algorithm or digest; no hash is as short.
    const SETTING_BYTES: usize = 10;
    let is_setting = match name {
        "algorithm" | "encoding" | "digest" | "position" => value
            .as_str()
            .is_some_and(|text| text.len() <= SETTING_BYTES),
        "keylen" | "cost" | "blockSize" | "parallelization" => value.kind() == Kind::Number,
        _ => false,
    };
    match is_setting {
        true => write_plain(value, out),
        false => out.push_str(MASK),
    }
}

fn write_factors(factors: RawJson<'_>, out: &mut String) {
    out.push('[');
    for (i, factor) in factors.elements().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_object_or_mask(factor, out, write_factor);
    }
    out.push(']');
}

fn write_factor(name: &str, value: RawJson<'_>, out: &mut String) {
    match name {
        "phone" | "email" => write_plain(value, out),
        _ => write_object_or_mask(value, out, |_, _, out| out.push_str(MASK)),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn masks_every_secret_and_nothing_else() {
        let row = r#" {"email": "a@b.de", "password_hash":"$2b$10$x", "email_verified":true,
            "custom_password_hash":{"algorithm":"hmac","hash":{"value":"s1","encoding":"hex","digest":"sha1",
            "key":{"value":"s2","encoding":"utf8"}},"salt":{"value":"s3","position":"prefix"},"cost":16},
            "mfa_factors":[{"totp":{"secret":"S4"}},{"phone":{"value":"+49"}},{"email":{"value":"a@b.de"}}],
            "user_metadata":{"password_hash":1.50}}"#;
        assert_snapshot!(masked(row), @r#"{"email":"a@b.de","password_hash":"*****","email_verified":true,"custom_password_hash":{"algorithm":"hmac","hash":{"value":"*****","encoding":"hex","digest":"sha1","key":{"value":"*****","encoding":"utf8"}},"salt":{"value":"*****","position":"prefix"},"cost":16},"mfa_factors":[{"totp":{"secret":"*****"}},{"phone":{"value":"+49"}},{"email":{"value":"a@b.de"}}],"user_metadata":{"password_hash":1.50}}"#);
    }

    #[test]
    fn secrets_of_the_wrong_type_or_place_are_masked_whole() {
        let cases = [
            r#"{"password_hash":["SECRET"]}"#,
            r#"{"password_hash":{"a":"SECRET"}}"#,
            r#"{"pass\u0077ord_hash":"SECRET"}"#,
            r#"{"passwordHash":"SECRET","password":"SECRET"}"#,
            r#"{"custom_password_hash.hash.value":"SECRET","mfa_factors[0].totp.secret":"SECRET"}"#,
            r#"{"custom_password_hash":"SECRET"}"#,
            r#"{"custom_password_hash":{"hash":"SECRET","salt":["SECRET"],"password":"SECRET"}}"#,
            r#"{"custom_password_hash":{"algorithm":"$SECRET$long$","value":"SECRET","x":{"y":"SECRET"}}}"#,
            r#"{"custom_password_hash":{"hash":{"value":{"a":"SECRET"},"key":"SECRET","salt":"SECRET"}}}"#,
            r#"{"custom_password_hash":{"hash":{"encoding":["SECRET"],"key":{"value":["SECRET"]}}}}"#,
            r#"{"mfa_factors":"SECRET"}"#,
            r#"{"mfa_factors":["SECRET",{"totp":"SECRET"},{"totp":{"x":"SECRET"}},{"topt":"SECRET"}]}"#,
        ];
        for row in cases {
            let masked = masked(row);
            assert!(
                !masked.contains("SECRET") && masked.contains("*****"),
                "{row} → {masked}"
            );
            assert!(json::check(&masked).is_ok(), "{masked}");
        }
    }

    #[test]
    fn what_is_no_object_becomes_an_empty_one() {
        for row in ["", "[]", "1", "{\"a\":", "{\"a\":\"SECRET\"} x", "null"] {
            assert_eq!(masked(row), "{}", "{row}");
        }
    }
}
