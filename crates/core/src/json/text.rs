//! Strings in and out of JSON text, and the canonical form that the store keeps.

use std::borrow::Cow;

/// Returns what a JSON string (with its quotes) says. The text must have passed [`super::check`];
/// half of a surrogate pair becomes U+FFFD.
pub fn unescape(quoted: &str) -> Cow<'_, str> {
    let inner = quoted
        .get(1..quoted.len().saturating_sub(1))
        .unwrap_or_default();
    let Some(first) = memchr::memchr(b'\\', inner.as_bytes()) else {
        return Cow::Borrowed(inner);
    };
    let mut out = String::with_capacity(inner.len());
    out.push_str(&inner[..first]);
    let mut rest = &inner[first..];
    while !rest.is_empty() {
        rest = match rest.as_bytes() {
            [b'\\', b'u', ..] => push_unicode(rest, &mut out),
            [b'\\', escaped, ..] if escaped.is_ascii() => {
                out.push(match escaped {
                    b'n' => '\n',
                    b't' => '\t',
                    b'r' => '\r',
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    other => char::from(*other),
                });
                &rest[2..]
            }
            _ => {
                let plain =
                    memchr::memchr(b'\\', &rest.as_bytes()[1..]).map_or(rest.len(), |i| i + 1);
                out.push_str(&rest[..plain]);
                &rest[plain..]
            }
        };
    }
    Cow::Owned(out)
}

fn push_unicode<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let unit = |text: &str| {
        text.strip_prefix("\\u")
            .and_then(|t| t.get(..4))
            .and_then(|t| u32::from_str_radix(t, 16).ok())
    };
    let after = |text: &'a str, n: usize| text.get(n..).unwrap_or_default();
    match unit(rest) {
        Some(high @ 0xd800..0xdc00) => match unit(after(rest, 6)) {
            Some(low @ 0xdc00..0xe000) => {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                after(rest, 12)
            }
            _ => {
                out.push(char::REPLACEMENT_CHARACTER);
                after(rest, 6)
            }
        },
        code => {
            out.push(
                code.and_then(char::from_u32)
                    .unwrap_or(char::REPLACEMENT_CHARACTER),
            );
            after(rest, 6)
        }
    }
}

/// Appends `text` as a JSON string with its quotes and as few escapes as RFC 8259 allows.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    for (i, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[from..i]);
        if escape.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
        from = i + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Appends a checked text without white space between its tokens and with the fewest escapes; numbers stay as written.
pub fn canonical(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\n' | b'\r' | b'\t' => at += 1,
            b'"' => {
                let end = super::raw::string_end(bytes, at);
                push_string(out, &unescape(&text[at..end]));
                at = end;
            }
            _ => {
                let plain = bytes[at..]
                    .iter()
                    .position(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t' | b'"'));
                let end = plain.map_or(bytes.len(), |n| at + n);
                out.push_str(&text[at..end]);
                at = end;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unescapes_every_escape() {
        assert_eq!(
            unescape(r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z""#),
            "a\"\\/\u{8}\u{c}\n\r\té😀z"
        );
        assert_eq!(unescape(r#""\ud800x""#), "\u{fffd}x");
    }

    #[test]
    fn canonical_text_has_no_space_and_few_escapes() {
        let mut out = String::new();
        canonical(
            "{ \"a\\/\\u0041\" : [ 1.50 , \"b c\" ] ,\n\"d\":{}}",
            &mut out,
        );
        assert_eq!(out, r#"{"a/A":[1.50,"b c"],"d":{}}"#);
    }

    proptest! {
        #[test]
        fn a_pushed_string_unescapes_to_itself(text in ".*") {
            let mut out = String::new();
            push_string(&mut out, &text);
            prop_assert_eq!(&unescape(&out), &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
