//! Profiles as the store keeps them: canonical JSON in which frequent fragments (keys of root attributes, the identity of
//! the default connection, the address of the default picture) are single control characters. Canonical JSON has none
//! of its own, so every text means one profile, and a text without them means itself. Two fifths of a typical
//! profile are such fragments; what is not written need not be copied, synced or read.

use std::borrow::Cow;
use std::ops::Range;

use crate::json::{self, Member, RawJson};

/// The fragment that each control character stands for; never changed, only added to, for stores hold the characters.
/// U+0000 is left out: SQLite's text functions end there.
const FRAGMENTS: [&str; 26] = [
    "",
    "\"email\":",
    "\"email_verified\":",
    "\"username\":",
    "\"phone_number\":",
    "\"phone_verified\":",
    "\"given_name\":",
    "\"family_name\":",
    "\"blocked\":",
    "\"user_metadata\":",
    "\"created_at\":",
    "\"updated_at\":",
    "\"identities\":",
    "\"user_id\":",
    "\"name\":",
    "\"picture\":",
    "\"nickname\":",
    "\"app_metadata\":",
    "\"last_login\":",
    "\"logins_count\":",
    "\"last_ip\":",
    IDENTITY,
    "\"auth0|",
    GRAVATAR,
    GRAVATAR_TAIL,
    "https://s.gravatar.com/avatar/",
];

/// The identity of a user of the connection that every tenant starts with, up to the id.
const IDENTITY: &str = "[{\"provider\":\"auth0\",\"connection\":\"Username-Password-Authentication\",\"isSocial\":false,\"user_id\":";
/// The default picture of an imported user, around the hash of the address.
const GRAVATAR: &str = "https://secure.gravatar.com/avatar/";
const GRAVATAR_TAIL: &str = "?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2F";

const IDENTITY_CODE: char = '\u{15}';
const AUTH0_ID_CODE: char = '\u{16}';
const GRAVATAR_CODES: [(&str, char); 2] = [
    (GRAVATAR, '\u{17}'),
    ("https://s.gravatar.com/avatar/", '\u{19}'),
];
const GRAVATAR_TAIL_CODE: char = '\u{18}';

/// Appends a key with its quotes and colon.
pub(crate) fn push_key(out: &mut String, name: &str) {
    let code = match name {
        "email" => '\u{1}',
        "email_verified" => '\u{2}',
        "username" => '\u{3}',
        "phone_number" => '\u{4}',
        "phone_verified" => '\u{5}',
        "given_name" => '\u{6}',
        "family_name" => '\u{7}',
        "blocked" => '\u{8}',
        "user_metadata" => '\u{9}',
        "created_at" => '\u{a}',
        "updated_at" => '\u{b}',
        "identities" => '\u{c}',
        "user_id" => '\u{d}',
        "name" => '\u{e}',
        "picture" => '\u{f}',
        "nickname" => '\u{10}',
        "app_metadata" => '\u{11}',
        "last_login" => '\u{12}',
        "logins_count" => '\u{13}',
        "last_ip" => '\u{14}',
        _ => {
            json::push_string(out, name);
            out.push(':');
            return;
        }
    };
    out.push(code);
}

/// Appends a key that has its quotes; one with an escape as it stands, its name is none of those that have a code.
pub(crate) fn push_quoted_key(out: &mut String, quoted: &str) {
    match quoted
        .get(1..quoted.len() - 1)
        .filter(|name| !name.contains('\\'))
    {
        Some(name) => push_key(out, name),
        None => {
            out.push_str(quoted);
            out.push(':');
        }
    }
}

/// Appends the value of a root attribute, given as canonical JSON.
pub(crate) fn push_value(out: &mut String, name: &str, value: &str) {
    match name {
        "identities" => push_after(out, value, IDENTITY, IDENTITY_CODE),
        "user_id" => push_after(out, value, "\"auth0|", AUTH0_ID_CODE),
        "picture" => push_picture(out, value),
        _ => out.push_str(value),
    }
}

/// Appends a `user_id` that is given as text.
pub(crate) fn push_user_id(out: &mut String, user_id: &str) {
    let start = out.len();
    match user_id.strip_prefix("auth0|") {
        Some(rest) => {
            json::push_string(out, rest);
            let mut code = [0; 4];
            out.replace_range(start..=start, AUTH0_ID_CODE.encode_utf8(&mut code));
        }
        None => json::push_string(out, user_id),
    }
}

/// Appends the default picture of an imported user; `hash` and `letters` append their parts of its address.
pub(crate) fn push_gravatar(
    out: &mut String,
    hash: impl FnOnce(&mut String),
    letters: impl FnOnce(&mut String),
) {
    out.push('"');
    out.push(GRAVATAR_CODES[0].1);
    hash(out);
    out.push(GRAVATAR_TAIL_CODE);
    letters(out);
    out.push('"');
}

fn push_after(out: &mut String, value: &str, prefix: &str, code: char) {
    match value.strip_prefix(prefix) {
        Some(rest) => {
            out.push(code);
            out.push_str(rest);
        }
        None => out.push_str(value),
    }
}

fn push_picture(out: &mut String, value: &str) {
    let inner = value.strip_prefix('"').unwrap_or_default();
    for (prefix, code) in GRAVATAR_CODES {
        let Some(rest) = inner.strip_prefix(prefix) else {
            continue;
        };
        out.push('"');
        out.push(code);
        match rest.split_once(GRAVATAR_TAIL) {
            Some((hash, letters)) => {
                out.push_str(hash);
                out.push(GRAVATAR_TAIL_CODE);
                out.push_str(letters);
            }
            None => out.push_str(rest),
        }
        return;
    }
    out.push_str(value);
}

/// Appends a profile, given as canonical JSON, in its packed form.
pub fn pack(profile: &str, out: &mut String) {
    out.push('{');
    for (index, Member { key, value }) in RawJson::trusted(profile).members().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_quoted_key(out, key);
        push_value(
            out,
            key.get(1..key.len() - 1).unwrap_or_default(),
            value.text(),
        );
    }
    out.push('}');
}

/// Appends the profile that a packed text means.
pub fn unpack(packed: &str, out: &mut String) {
    out.reserve(packed.len() + packed.len() / 2 + 64);
    let bytes = packed.as_bytes();
    let mut from = 0;
    while let Some(at) = next_code(bytes, from) {
        out.push_str(&packed[from..at]);
        out.push_str(
            FRAGMENTS
                .get(usize::from(bytes[at]))
                .copied()
                .unwrap_or_default(),
        );
        from = at + 1;
    }
    out.push_str(&packed[from..]);
}

/// One root attribute of a packed profile.
#[derive(Debug, Clone)]
pub(crate) struct PackedMember<'a> {
    /// The key with its quotes.
    pub(crate) key: &'a str,
    /// Where the value stands in the packed text.
    pub(crate) value: Range<usize>,
    /// Whether the value holds codes itself.
    pub(crate) is_packed: bool,
}

/// Iterates over the root attributes of a packed profile.
pub(crate) fn members(packed: &str) -> impl Iterator<Item = PackedMember<'_>> {
    let bytes = packed.as_bytes();
    let mut at = 1;
    std::iter::from_fn(move || {
        if bytes.get(at) == Some(&b',') {
            at += 1;
        }
        let (key, start) = match *bytes.get(at)? {
            code @ 1..0x20 => {
                let key = FRAGMENTS.get(usize::from(code))?;
                (key.strip_suffix(':')?, at + 1)
            }
            b'"' => {
                let end = json::string_end(bytes, at);
                (packed.get(at..end)?, end + 1)
            }
            _ => return None,
        };
        let end = value_end(bytes, start);
        at = end;
        let is_packed = matches!(key, "\"identities\"" | "\"user_id\"" | "\"picture\"")
            && next_code(&bytes[..end], start).is_some();
        Some(PackedMember {
            key,
            value: start..end,
            is_packed,
        })
    })
}

/// Returns where the value of a root attribute ends. A code may begin it: of an identity, which opens two brackets, or of
/// an id, which opens a string.
fn value_end(bytes: &[u8], start: usize) -> usize {
    match bytes.get(start) {
        Some(&code) if code == IDENTITY_CODE as u8 => json::container_end(bytes, start + 1, 2),
        Some(&code) if code == AUTH0_ID_CODE as u8 => json::string_end(bytes, start),
        _ => json::value_end(bytes, start),
    }
}

/// Returns the code of a root attribute's key; `None` if it is written out.
pub(crate) fn key_code(name: &str) -> Option<u8> {
    let mut key = String::new();
    push_key(&mut key, name);
    key.bytes().next().filter(|code| *code < 0x20)
}

/// Returns whether keys of the root are written as codes: whether the first one is, for the text is packed as a whole.
pub(crate) fn has_codes(profile: &str) -> bool {
    profile.as_bytes().get(1).is_some_and(|byte| *byte < 0x20)
}

/// Returns where the value behind a key's code starts. A code of a key stands nowhere else, so nothing before it need be
/// read.
pub(crate) fn find_code(packed: &str, code: u8) -> Option<usize> {
    memchr::memchr(code, packed.as_bytes()).map(|at| at + 1)
}

/// Appends the value that starts at a place, if it holds codes itself.
pub(crate) fn unpack_value(packed: &str, start: usize, out: &mut String) -> bool {
    let bytes = packed.as_bytes();
    let end = value_end(bytes, start);
    let is_packed = next_code(&bytes[..end], start).is_some();
    if is_packed {
        unpack(&packed[start..end], out);
    }
    is_packed
}

/// Returns the value of a root attribute as plain JSON.
pub fn get<'a>(packed: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let member =
        members(packed).find(|member| member.key.get(1..member.key.len() - 1) == Some(name))?;
    let value = &packed[member.value];
    Some(if member.is_packed {
        Cow::Owned(unpacked(value))
    } else {
        Cow::Borrowed(value)
    })
}

/// Returns the profile that a packed text means.
pub fn unpacked(packed: &str) -> String {
    let mut out = String::new();
    unpack(packed, &mut out);
    out
}

/// Returns where the next control character stands, eight bytes at a time: subtracting 0x20 from a byte below it borrows
/// into the highest bit; only the lowest mark counts, and that one is exact.
fn next_code(bytes: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    while let Some(&chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(chunk);
        let found = word.wrapping_sub(ONES * 0x20) & !word & (ONES << 7);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    bytes
        .get(at..)?
        .iter()
        .position(|byte| *byte < 0x20)
        .map(|found| at + found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(profile: &str) -> String {
        let mut out = String::new();
        pack(profile, &mut out);
        out
    }

    #[test]
    fn a_profile_survives_and_shrinks() {
        let profile = r#"{"email":"a@b.co","name":"Zoë","user_id":"auth0|1","identities":[{"provider":"auth0","connection":"Username-Password-Authentication","isSocial":false,"user_id":"1"}],"picture":"https://secure.gravatar.com/avatar/00?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fa.png","x y":{"email":1},"e\u0001":2,"user_metadata":{}}"#;
        let packed = packed(profile);
        assert_eq!(unpacked(&packed), profile);
        assert!(packed.len() * 2 < profile.len(), "{packed:?}");
        assert_eq!(unpacked(profile), profile);
    }

    /// The characters are in stores: a change here makes profiles unreadable.
    #[test]
    fn every_code_keeps_its_meaning() {
        let mut text = String::new();
        for (code, fragment) in FRAGMENTS.iter().enumerate().skip(1) {
            let mut out = String::new();
            let name = fragment.trim_matches(['"', ':']);
            push_key(&mut out, name);
            if code <= 0x14 {
                assert_eq!(out, char::from(code as u8).to_string(), "{fragment}");
            }
            text.push(char::from(code as u8));
        }
        assert_eq!(unpacked(&text), FRAGMENTS.concat());
        assert_eq!(FRAGMENTS[IDENTITY_CODE as usize], IDENTITY);
        assert_eq!(FRAGMENTS[AUTH0_ID_CODE as usize], "\"auth0|");
        assert_eq!(FRAGMENTS[GRAVATAR_TAIL_CODE as usize], GRAVATAR_TAIL);
        for (prefix, code) in GRAVATAR_CODES {
            assert_eq!(FRAGMENTS[code as usize], prefix);
        }
    }

    fn shown(profile: &str) -> Vec<(String, String)> {
        let text = packed(profile);
        members(&text)
            .map(|member| {
                let value = &text[member.value];
                assert_eq!(member.is_packed, unpacked(value) != value);
                (member.key.to_owned(), unpacked(value))
            })
            .collect()
    }

    #[test]
    fn members_are_found_without_unpacking() {
        let profile = r#"{"user_id":"auth0|1\"}","identities":[{"provider":"auth0","connection":"Username-Password-Authentication","isSocial":false,"user_id":"1]}"},{"a":[]}],"picture":"https://secure.gravatar.com/avatar/0?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fa.png","x":{"email":[1,"]"]},"email":null,"blocked":true}"#;
        let plain: Vec<_> = RawJson::trusted(profile)
            .members()
            .map(|member| (member.key.to_owned(), member.value.text().to_owned()))
            .collect();
        assert_eq!(shown(profile), plain);
        assert_eq!(plain.len(), 6);
    }

    #[test]
    fn keys_are_found_by_their_codes() {
        let profile = r#"{"email":"a@b.co","x":1,"user_id":"auth0|1","name":"Z"}"#;
        let text = packed(profile);
        let at = |name| find_code(&text, key_code(name).unwrap()).map(|at| &text[at..at + 3]);
        assert!(has_codes(&text) && !has_codes(profile) && !has_codes("{"));
        assert_eq!(at("name"), Some("\"Z\""));
        assert_eq!(at("nickname"), None);
        assert_eq!(key_code("x"), None);
        let mut out = String::new();
        let of = |name| find_code(&text, key_code(name).unwrap()).unwrap();
        assert!(unpack_value(&text, of("user_id"), &mut out) && out == "\"auth0|1\"");
        assert!(!unpack_value(&text, of("email"), &mut out));
    }

    #[test]
    fn members_of_broken_text_end() {
        for text in [
            "",
            "{",
            "{\u{1}",
            "{\u{15}",
            "{\"a",
            "{\"a\":",
            "{\u{c}\u{15}",
            "}",
            "{,",
            "{\u{1f}",
        ] {
            assert!(members(text).count() <= 1, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn packed_members_are_the_members(
            members in proptest::collection::btree_map("email|picture|user_id|identities|[a-z]{0,6}", ".{0,40}", 0..6),
        ) {
            let profile = serde_json::to_string(&members).unwrap();
            let plain: Vec<_> = RawJson::trusted(&profile)
                .members()
                .map(|member| (member.key.to_owned(), member.value.text().to_owned()))
                .collect();
            prop_assert_eq!(shown(&profile), plain);
        }

        #[test]
        fn packing_loses_nothing(
            members in proptest::collection::btree_map("email|picture|user_id|identities|[a-z\\\\\"\u{1}]{0,6}", ".{0,40}", 0..6),
        ) {
            let profile = serde_json::to_string(&members).unwrap();
            prop_assert_eq!(unpacked(&packed(&profile)), profile);
        }
    }
}
