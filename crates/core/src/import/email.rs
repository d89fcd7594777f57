//! E-mail addresses, judged as Auth0's schema validator judges them: by the rules of validator.js with a top-level
//! domain required. Written out by hand, because a regular expression is slow here and can be made to run for ever.

/// Characters (UTF-16 units, as JavaScript counts them) of a whole address.
const MAX_UNITS: usize = 254;
/// Bytes before the last `@`.
const MAX_LOCAL_BYTES: usize = 64;
/// UTF-16 units between two dots of the domain.
const MAX_LABEL_UNITS: usize = 63;

/// Returns whether a text is an e-mail address as Auth0 takes it; a display name is no part of an address.
pub fn is_email(text: &str) -> bool {
    if is_common(text.as_bytes()) {
        return true;
    }
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    units(text) <= MAX_UNITS
        && local.len() <= MAX_LOCAL_BYTES
        && is_local_part(local)
        && is_domain(domain)
}

/// Returns whether a text is an address of the kind that nearly all are: `ann.b+tag@mail.example.com`.
/// Says no to many that are right, too; those take the long way.
fn is_common(text: &[u8]) -> bool {
    let Some(at) = text.iter().position(|b| *b == b'@') else {
        return false;
    };
    let (local, domain) = (&text[..at], &text[at + 1..]);
    if local.len() > MAX_LOCAL_BYTES || domain.len() > MAX_LABEL_UNITS {
        return false;
    }
    // What stands between two dots: its length, and whether it is letters only.
    let (mut len, mut letters) = (0, true);
    for b in local {
        match b {
            b'.' if len == 0 => return false,
            b'.' => len = 0,
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'+' => len += 1,
            _ => return false,
        }
    }
    if len == 0 {
        return false;
    }
    let mut labels = 1;
    len = 0;
    for b in domain {
        match b {
            b'.' if len == 0 => return false,
            b'.' => (len, letters, labels) = (0, true, labels + 1),
            b'a'..=b'z' => len += 1,
            b'0'..=b'9' => (len, letters) = (len + 1, false),
            _ => return false,
        }
    }
    labels > 1 && letters && len > 1
}

fn units(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    }
}

/// Returns whether a text is a dot-separated list of atoms, or a quoted string.
fn is_local_part(local: &str) -> bool {
    let quoted = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    if let Some(inner) = quoted {
        return is_quoted_content(inner);
    }
    let mut atom_is_empty = true;
    for c in local.chars() {
        match c {
            '.' if atom_is_empty => return false,
            '.' => atom_is_empty = true,
            c if is_atom_char(c) => atom_is_empty = false,
            _ => return false,
        }
    }
    !atom_is_empty
}

fn is_atom_char(c: char) -> bool {
    let symbol = matches!(
        c,
        '!' | '#'..='\'' | '*' | '+' | '-' | '/' | '=' | '?' | '^' | '_' | '`' | '{'..='~'
    );
    c.is_ascii_alphanumeric() || symbol || (c != '\u{a0}' && is_beyond_ascii(c))
}

/// Returns whether validator.js takes a character outside ASCII in a local part: none beyond U+FFEF, so no emoji.
fn is_beyond_ascii(c: char) -> bool {
    matches!(c, '\u{a0}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{ffef}')
}

fn is_quoted_content(inner: &str) -> bool {
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let fits = match c {
            '\\' => chars.next().is_some_and(|next| {
                matches!(next, '\u{1}'..='\t' | '\u{b}'..='\u{7f}') || is_beyond_ascii(next)
            }),
            '"' | '\0' => false,
            c => c.is_ascii() || is_beyond_ascii(c),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// Returns whether a text is at least two labels with dots between them, of which the last is a top-level domain.
fn is_domain(domain: &str) -> bool {
    let Some((_, top)) = domain.rsplit_once('.') else {
        return false;
    };
    is_top_level(top) && domain.split('.').all(is_label)
}

fn is_top_level(label: &str) -> bool {
    let letter = |c: char| {
        let marks = matches!(c, '\u{a0}' | '\u{a9}') || c.is_whitespace();
        c.is_ascii_alphabetic() || (!marks && is_beyond_ascii(c))
    };
    let is_word = label.chars().nth(1).is_some() && label.chars().all(letter);
    is_word || is_punycode(label.as_bytes())
}

fn is_punycode(label: &[u8]) -> bool {
    label.len() >= 4
        && label[..2].eq_ignore_ascii_case(b"xn")
        && label[2..]
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

fn is_label(label: &str) -> bool {
    let fits = |c: char| match c {
        '-' | '0'..='9' | 'a'..='z' | 'A'..='Z' => true,
        '\u{ff01}'..='\u{ff5e}' => false,
        c => c >= '\u{a1}' && !c.is_whitespace(),
    };
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(fits)
        && units(label) <= MAX_LABEL_UNITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_validator_js_takes() {
        let long_local = format!("{}@example.com", "a".repeat(64));
        let good = [
            "ann@example.com",
            "ANN.b+tag@sub.example.co.uk",
            "o'neil!#$%&*-/=?^_`{|}~@example.com",
            "hans.müller@example.com",
            "用户@例子.广告",
            "\"with space\"@example.com",
            "\"a@b\"@example.com",
            "\"a\\\"b\"@example.com",
            "a@xn--80ak6aa92e.xn--p1ai",
            "a@x-y.info",
            "a@1.2.de",
            &long_local,
        ];
        for address in good {
            assert!(is_email(address), "{address}");
        }
    }

    #[test]
    fn refuses_what_validator_js_refuses() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        let long = format!("a@{}com", "b2345678.".repeat(28));
        let bad = [
            "",
            "ann",
            "@example.com",
            "ann@",
            "john.doe1@nonexistingdomain",
            "a..b@example.com",
            ".a@example.com",
            "a.@example.com",
            "a b@example.com",
            "a@b@example.com",
            "Ann <ann@example.com>",
            "a@exa_mple.com",
            "a@-example.com",
            "a@example-.com",
            "a@example..com",
            "a@example.com.",
            "a@example.c",
            "a@example.123",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "a@example.c9",
            "a,b@example.com",
            "a\u{a0}b@example.com",
            "😀@example.com",
            "\"a\"b\"@example.com",
            "\"a\\\"@example.com",
            "\"@example.com",
            "a@ｅxample.com",
            "a@exam ple.com",
            &long_local,
            &long_label,
            &long,
        ];
        for address in bad {
            assert!(!is_email(address), "{address}");
        }
    }

    #[test]
    fn the_short_way_takes_nothing_that_the_long_way_refuses() {
        let parts = [
            "", "a", "ab", ".", "@", "a.b", "9", "-", "_", "com", "A", "é", "+",
        ];
        for code in 0..parts.len().pow(5) {
            let digits = (0..5).map(|i| code / parts.len().pow(i) % parts.len());
            let text: String = digits.map(|digit| parts[digit]).collect();
            let (local, domain) = text.rsplit_once('@').unwrap_or_default();
            let by_rules = is_local_part(local) && is_domain(domain);
            assert!(by_rules || !is_common(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn lengths_are_counted_to_the_last_character() {
        let of = |n: usize| format!("a@{}{}.com", "b2345678.".repeat(26), "c".repeat(n));
        assert_eq!(of(14).len(), 254);
        assert!(is_email(&of(14)));
        assert!(!is_email(&of(15)));
    }
}
