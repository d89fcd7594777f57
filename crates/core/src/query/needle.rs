//! A text that every profile that matches holds, so that the others can be passed over without being read.
//!
//! Canonical JSON spells a text in one way, and the packed form keeps the values and the metadata as they are, but for the
//! few fragments named below. What is said here must be right for both forms.

use super::attribute::{Attribute, Class};
use super::expr::Expr;
use super::leaf::{Kind, Leaf};
use crate::json;

/// Shorter runs of a pattern's characters are in most profiles.
const SHORTEST: usize = 3;
/// Values of identities that the packed form may hide in a fragment.
const PACKED_VALUES: [&str; 2] = ["auth0", "Username-Password-Authentication"];

/// A text, and whether it comes from a value: values are rarer than keys.
type Needle = (bool, String);

/// Returns the most telling text that every matching profile holds, packed or plain.
pub(super) fn needle(expr: &Expr) -> Option<String> {
    let best = needles(expr)
        .into_iter()
        .max_by_key(|(is_value, text)| (*is_value, text.len()))?;
    Some(best.1)
}

/// Returns texts that are all in every matching profile.
fn needles(expr: &Expr) -> Vec<Needle> {
    match expr {
        Expr::All | Expr::Nothing | Expr::Not(_) => Vec::new(),
        Expr::Leaf(leaf) => of_leaf(leaf),
        Expr::Every(parts) => {
            // One of each part is enough to choose from; thousands of parts must not be kept.
            let best = |part| {
                needles(part)
                    .into_iter()
                    .max_by_key(|(is_value, text)| (*is_value, text.len()))
            };
            let mut all: Vec<Needle> = parts.iter().filter_map(best).collect();
            all.extend(parts.first().into_iter().flat_map(needles));
            all.truncate(16);
            all
        }
        Expr::Any(parts) => {
            let Some((first, rest)) = parts.split_first() else {
                return Vec::new();
            };
            let mut common = needles(first);
            for part in rest {
                if common.is_empty() {
                    break;
                }
                let others = needles(part);
                common.retain(|needle| others.contains(needle));
            }
            common
        }
    }
}

fn of_leaf(leaf: &Leaf) -> Vec<Needle> {
    let attribute = &leaf.attribute;
    let keys: Vec<&str> = attribute.keys().iter().map(String::as_str).collect();
    let is_metadata = matches!(keys[..], ["user_metadata" | "app_metadata", _, ..]);
    let holds_texts = is_metadata || attribute.class() == Class::Keyword;
    let mut found = Vec::new();
    if holds_texts && let Some(value) = of_value(attribute, &leaf.test.kind) {
        found.push((true, value));
    }
    if is_metadata && let Some(last) = keys.last() {
        // The last key of the path ends a key of the profile, which may begin with more of the path. For what exists, it
        // may even be the beginning of one.
        let mut quoted = quoted(last);
        if leaf.test.is_exists() {
            quoted.pop();
        } else {
            quoted.push(':');
        }
        found.push((false, quoted.split_off(1)));
    }
    found.retain(|(_, text)| text.len() >= SHORTEST);
    found
}

fn of_value(attribute: &Attribute, kind: &Kind) -> Option<String> {
    let name = attribute.keys().last()?.as_str();
    let is_identity = attribute.keys().len() == 2 && attribute.class() == Class::Keyword;
    let is_user_id = attribute.keys().len() == 1 && name == "user_id";
    match kind {
        Kind::Is(exactly) if exactly.number.is_none() && exactly.boolean.is_none() => {
            let text = exactly.text.as_deref()?;
            let mut quoted = quoted(text);
            if is_identity && PACKED_VALUES.contains(&text) {
                return None;
            }
            if is_user_id && text.starts_with("auth0|") {
                quoted.replace_range(.."\"auth0|".len(), "");
            }
            Some(quoted)
        }
        Kind::Pattern(pattern) if !is_identity && !is_user_id => {
            let quote = |(text, is_first, is_last): (String, bool, bool)| {
                let quoted = quoted(&text);
                let from = usize::from(!is_first);
                quoted[from..quoted.len() - usize::from(!is_last)].to_owned()
            };
            let longest = pattern
                .runs()
                .into_iter()
                .map(quote)
                .max_by_key(String::len)?;
            (longest.len() > SHORTEST).then_some(longest)
        }
        _ => None,
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    json::push_string(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use crate::query::{Limits, Matcher, Query};

    fn needle(query: &str) -> String {
        let query = Query::parse(query, Limits::None).unwrap();
        query.needle().unwrap_or("none").to_owned()
    }

    #[test]
    fn each_query_has_its_needle() {
        let all = [
            "app_metadata.plan:pro",
            "app_metadata.plan:\"a\\\"b\"",
            "app_metadata.seats:5",
            "app_metadata.on:true",
            "app_metadata.seats:[1 TO 5]",
            "app_metadata.plan:ent*",
            "app_metadata.plan:*prise",
            "app_metadata.plan:a*b",
            "_exists_:user_metadata.display",
            "_exists_:user_metadata",
            "app_metadata.plan:(pro OR gold)",
            "app_metadata.plan:pro OR app_metadata.tier:A",
            "email:x@y.z AND app_metadata.plan:pro AND app_metadata.tier:silver",
            "NOT app_metadata.plan:pro",
            "email:x@y.z",
            "teal",
            "user_id:\"auth0|123\"",
            "user_id:samlp|*",
            "user_id:\"samlp|1\"",
            "last_ip:10.0.*",
            "identities.provider:auth0",
            "identities.provider:samlp",
            "identities.profileData.email:x",
            "blocked:true",
        ];
        insta::assert_snapshot!(all.map(|query| format!("{query}  {}", needle(query))).join("\n"), @r#"
        app_metadata.plan:pro  "pro"
        app_metadata.plan:"a\"b"  "a\"b"
        app_metadata.seats:5  seats":
        app_metadata.on:true  on":
        app_metadata.seats:[1 TO 5]  seats":
        app_metadata.plan:ent*  "ent
        app_metadata.plan:*prise  prise"
        app_metadata.plan:a*b  plan":
        _exists_:user_metadata.display  display
        _exists_:user_metadata  none
        app_metadata.plan:(pro OR gold)  plan":
        app_metadata.plan:pro OR app_metadata.tier:A  none
        email:x@y.z AND app_metadata.plan:pro AND app_metadata.tier:silver  "silver"
        NOT app_metadata.plan:pro  none
        email:x@y.z  none
        teal  none
        user_id:"auth0|123"  123"
        user_id:samlp|*  none
        user_id:"samlp|1"  "samlp|1"
        last_ip:10.0.*  "10.0.
        identities.provider:auth0  none
        identities.provider:samlp  "samlp"
        identities.profileData.email:x  none
        blocked:true  none
        "#);
    }

    #[test]
    fn keys_with_dots_hold_the_needle() {
        for (query, metadata) in [
            ("_exists_:user_metadata.display", r#"{"display.theme":1}"#),
            (
                "_exists_:user_metadata.display",
                r#"{"display.theme":[null,{"x":0}]}"#,
            ),
            ("user_metadata.display.theme:1", r#"{"display.theme":1}"#),
            (
                "user_metadata.a.display.theme:dark",
                r#"{"a.display":{"theme":["dark"]}}"#,
            ),
            ("user_metadata.display:a*b", r#"{"display":"a\"b"}"#),
            (r#"user_metadata.dis\"play:1"#, r#"{"dis\"play":1}"#),
        ] {
            let query = Query::parse(query, Limits::None).unwrap();
            let mut matcher = Matcher::new(&query);
            let plain = format!(r#"{{"email":"x","user_metadata":{metadata}}}"#);
            let mut packed = String::new();
            crate::packed::pack(&plain, &mut packed);
            assert!(
                query.needle().is_some() && matcher.matches(&plain),
                "{query}"
            );
            assert!(matcher.matches(&packed), "{query}");
        }
    }
}
