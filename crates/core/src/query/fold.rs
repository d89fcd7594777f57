//! Folding of case, one code point at a time.

use std::borrow::Cow;

/// Returns `text` with every code point lower-cased by itself (Unicode's simple mapping: U+0130 becomes `i`, a final
/// sigma is none). Accents stay, nothing is normalised or trimmed, `ß` is not `ss`.
pub fn fold(text: &str) -> Cow<'_, str> {
    if is_folded(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    Cow::Owned(out)
}

/// Appends the folded text.
pub(super) fn fold_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        out[start..].make_ascii_lowercase();
    } else {
        out.extend(text.chars().map(fold_char));
    }
}

/// Returns whether folding would change nothing, as far as can be said at a glance.
pub(super) fn is_folded(text: &str) -> bool {
    // Without a branch for each byte, so that the compiler looks at many of them at once.
    let odd = |byte: u8| byte >= 0x80 || byte.is_ascii_uppercase();
    !text.bytes().fold(false, |found, byte| found | odd(byte))
}

fn fold_char(c: char) -> char {
    if c.is_ascii() {
        c.to_ascii_lowercase()
    } else {
        c.to_lowercase().next().unwrap_or(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_point_is_folded_by_itself() {
        assert_eq!(fold("GARCÍA"), "garcía");
        assert_eq!(fold("İI"), "ii");
        assert_eq!(fold("ΠΑΠΑΔΟΠΟΥΛΟΣ"), "παπαδοπουλοσ");
        assert_eq!(fold("Straße"), "straße");
        assert_eq!(fold("ẞ"), "ß");
        assert_eq!(fold("e\u{301}"), "e\u{301}");
    }

    #[test]
    fn what_is_folded_is_borrowed() {
        assert!(matches!(fold("jane+1@x.com"), Cow::Borrowed(_)));
        assert!(matches!(fold("Jane"), Cow::Owned(_)));
    }
}
