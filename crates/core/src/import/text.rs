//! Shapes of texts other than e-mail addresses (phone numbers, usernames, URLs), and texts in lower case and canonical form.

use std::borrow::Cow;

use crate::import::email::is_email;
use crate::json::{self, RawJson};
use crate::query::fold;

/// Returns whether a text is a phone number in E.164 form: `+` and 1 to 15 digits.
pub fn is_phone_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default().as_bytes();
    (1..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

/// Returns whether a text may be a username: lower-case characters of Auth0's set, and no e-mail address.
pub fn is_username(text: &str) -> bool {
    has_username_chars(text) && !is_email(text)
}

/// Returns whether a text, in lower case, has only characters that a username may have.
pub(crate) fn has_username_chars(text: &str) -> bool {
    let allowed =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"@`^$!-#.+'~_".contains(&b);
    !text.is_empty() && text.bytes().all(allowed)
}

/// Returns whether a text is an absolute `http`, `https` or `data` URL without white space.
pub fn is_picture_url(text: &str) -> bool {
    if !is_visible_ascii(text) && text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return false;
    }
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    if scheme.eq_ignore_ascii_case("data") {
        return rest.contains(',');
    }
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return false;
    }
    let host = rest.strip_prefix("//").unwrap_or_default();
    !host.is_empty() && !host.starts_with(['/', '?', '#', ':'])
}

/// Returns whether a text is ASCII without space and control characters, as nearly every id and URL is.
/// Reads to the end whatever it finds, because that lets the compiler take many bytes at once.
fn is_visible_ascii(text: &str) -> bool {
    text.bytes().fold(true, |all, b| all & b.is_ascii_graphic())
}

/// Returns whether a text has white space as JavaScript's `\s` understands it.
pub(crate) fn has_white_space(text: &str) -> bool {
    !is_visible_ascii(text) && text.chars().any(|c| c.is_whitespace() || c == '\u{feff}')
}

/// Returns a text in lower case, as searches fold it.
pub(crate) fn lower_case(text: Cow<'_, str>) -> Cow<'_, str> {
    match fold(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(lower) if lower == text => text,
        Cow::Owned(lower) => Cow::Owned(lower),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_are_e164() {
        for good in ["+1", "+493012345678", "+123456789012345"] {
            assert!(is_phone_number(good), "{good}");
        }
        for bad in [
            "",
            "+",
            "493012345678",
            "+1234567890123456",
            "+49 30",
            "++4",
            "+４９",
        ] {
            assert!(!is_phone_number(bad), "{bad}");
        }
    }

    #[test]
    fn usernames_have_auth0s_characters() {
        for good in ["ann", "a.b-c_d", "@ann", "x`^$!#+'~9"] {
            assert!(is_username(good), "{good}");
        }
        for bad in ["", "Ann", "a b", "a/b", "ä", "ann@example.com"] {
            assert!(!is_username(bad), "{bad}");
        }
    }

    #[test]
    fn pictures_are_absolute_urls() {
        let good = [
            "https://x.example/a.png?s=1&d=%2F",
            "HTTP://h",
            "data:image/png;base64,AA==",
            "https://é.example/ü",
        ];
        for url in good {
            assert!(is_picture_url(url), "{url}");
        }
        let bad = [
            "",
            "a.png",
            "/a.png",
            "//h/a",
            "http://",
            "https:///a",
            "ftp://h/a",
            "data:x",
            "http://h/a b",
            "javascript:alert(1)",
        ];
        for url in bad {
            assert!(!is_picture_url(url), "{url}");
        }
    }

    #[test]
    fn lower_case_borrows_when_it_can() {
        assert!(matches!(
            lower_case(Cow::Borrowed("ann")),
            Cow::Borrowed("ann")
        ));
        assert!(matches!(lower_case(Cow::Borrowed("é")), Cow::Borrowed("é")));
        assert_eq!(lower_case(Cow::Borrowed("ANN")), "ann");
        assert_eq!(lower_case(Cow::Borrowed("ÉA")), "éa");
    }
}
