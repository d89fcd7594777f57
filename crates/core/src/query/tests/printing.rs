//! What is printed is read as the same.

use proptest::prelude::*;

use super::super::{Expr, Leaf, Limits, OwnedScalar, Query, Span};

fn assert_same(text: &str) -> Result<(), TestCaseError> {
    for limits in [Limits::None, Limits::Auth0] {
        match Query::parse(text, limits) {
            Ok(query) => {
                let printed = query.to_string();
                let again = Query::parse(&printed, limits);
                let again =
                    again.map_err(|error| TestCaseError::fail(format!("{printed}: {error}")))?;
                prop_assert_eq!(again.expr(), query.expr(), "{}", &printed);
                prop_assert_eq!(again.to_string(), printed);
                prop_assert_eq!(query.text(), text);
                assert_spans(query.expr())?;
            }
            Err(error) => {
                let span = error.span();
                prop_assert!(
                    span.start <= span.end && text.get(span).is_some(),
                    "{:?}",
                    error
                );
                prop_assert!(error.position() <= text.chars().count() + 1);
                prop_assert!(error.render(text).lines().count() >= 3);
            }
        }
    }
    Ok(())
}

fn leaves<'a>(expr: &'a Expr, out: &mut Vec<&'a Leaf>) {
    match expr {
        Expr::All | Expr::Nothing => {}
        Expr::Leaf(leaf) => out.push(leaf),
        Expr::Not(part) => leaves(part, out),
        Expr::Every(parts) | Expr::Any(parts) => parts.iter().for_each(|part| leaves(part, out)),
    }
}

/// Intervals say the same as tests, for values near those that are in the query.
fn assert_spans(expr: &Expr) -> Result<(), TestCaseError> {
    let mut found = Vec::new();
    leaves(expr, &mut found);
    let mut values = vec![OwnedScalar::Bool(false), OwnedScalar::Bool(true)];
    for text in [
        "",
        "a",
        "A",
        "ab",
        "b",
        "true",
        "1",
        "é",
        "\u{10ffff}",
        "jane",
        "x y",
        "*",
    ] {
        values.push(OwnedScalar::Text(text.to_owned()));
    }
    for number in [
        f64::NEG_INFINITY,
        -1.0,
        0.0,
        1.0,
        1.5,
        2.0,
        10.0,
        1.7e12,
        f64::INFINITY,
    ] {
        values.push(OwnedScalar::Number(number));
    }
    for leaf in found {
        for value in &values {
            let value = value.as_scalar();
            let is_accepted = leaf.test.accepts(value);
            if let Some(spans) = leaf.test.spans() {
                let count = spans.iter().filter(|span| span.contains(value)).count();
                prop_assert_eq!(count, usize::from(is_accepted), "{:?} {:?}", leaf, value);
            }
            let within = leaf
                .test
                .within()
                .is_none_or(|span: Span| span.contains(value));
            prop_assert!(within || !is_accepted);
        }
    }
    Ok(())
}

fn leaf() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec![
        "",
        "name:",
        "email:",
        "email.domain:",
        "user_id:",
        "app_metadata.a:",
        r"app_metadata.a\ b:",
        "user_metadata.x.y:",
        "identities.connection:",
        "identities.profileData.z:",
        "_exists_:",
    ]);
    let value = prop_oneof![
        "[a-zA-Z0-9é_.@|]{1,6}",
        r#""([^"\\]|\\[^x])?( |\*|[a-c])*""#,
        "[ab]{0,2}[*?]{1,2}[ab+-]{0,2}[*?]?",
        r"\\[ -~&&[^u]]a?",
        "[ab]{2,4}~[012]?",
        r"[\[{](\*|[a-c1-9]{1,2}|-1|[*][ab]) TO (\*|[a-c1-9]{1,2}|<x)[\]}]",
    ];
    let typed = prop_oneof![
        "blocked:(true|false|\"true\"|[\\[{](false|true|\\*) TO (true|\\*)[}\\]])",
        "logins_count:([0-9]{1,3}|[\\[{](\\*|-?[0-9]{1,2}) TO (\\*|[0-9.e]{1,2})[\\]}])",
        "created_at:(20[0-2][0-9](-0[1-9])?|[\\[{](\\*|20[0-2][0-9]-1[0-2]|9999|0000) TO (\\*|2025-0[1-9]-1[0-9]|9999|0000)[}\\]])",
        Just("*:*".to_owned()),
    ];
    prop_oneof![4 => (field, value).prop_map(|(field, value)| format!("{field}{value}")), 2 => typed]
}

fn query() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        let sign = prop::sample::select(vec!["", "", "", "+", "-", "!", "NOT "]);
        let joint = prop::sample::select(vec![" ", " AND ", " OR ", " || ", "\t&& "]);
        let part = (joint, sign, inner);
        prop::collection::vec(part, 1..4).prop_map(|parts| {
            let mut out = String::from("(");
            for (i, (joint, sign, text)) in parts.into_iter().enumerate() {
                out.push_str(if i == 0 { "" } else { joint });
                out.push_str(sign);
                out.push_str(&text);
            }
            out.push(')');
            out
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn queries_are_printed_as_what_they_are(text in query()) {
        assert_same(&text)?;
    }

    #[test]
    fn so_is_what_happens_to_be_one(tokens in prop::collection::vec(prop::sample::select(vec![
        "AND", "OR", "NOT", "+", "-", "!", "(", ")", ":", "^2", "~1", "~", "[1 TO 2]", "{a TO *]", "\"a b\"", "a", "*", "a*",
        "?b", "name:", "blocked:true", "\\", "\\u0041", " ", " ", " ", "TO", "[", "]", "1", "/", "&&", "user_metadata.a:",
        "_exists_:", "é", "<", "logins_count:",
    ]), 0..12)) {
        assert_same(&tokens.concat())?;
    }

    #[test]
    fn no_text_is_too_odd(text in ".{0,40}") {
        assert_same(&text)?;
    }
}

#[test]
fn the_canonical_form_is_what_people_would_write() {
    let printed = |query: &str| Query::parse(query, Limits::None).unwrap().to_string();
    let all = [
        "jane smith",
        "+a -b",
        "name:JANE  &&  !blocked:\"true\"",
        "name:(a OR b) c",
        "NOT (NOT a)",
        "a OR b AND c",
        "created_at:2025-12",
        "created_at:{2025-12-01T10:00 TO 2025-12-31]",
        "nickname:*",
        "app_metadata.x:[ 1 TO  \"5\"}",
        "app_metadata.x:[\"a b\" TO TOO}",
        "name:j\\*n?*",
        "jane~",
        "picture:x",
        "",
        "a OR picture:x",
        "logins_count:1e21",
        "user_metadata.favorite\\ food:\"dark \\\"green\\\"\"",
        "_missing_:name",
        "logins_count:\"-1\"",
        "AND\\ x \"AND\"",
    ];
    insta::assert_snapshot!(all.map(|query| format!("{query}  →  {}", printed(query))).join("\n"), @r#"
    jane smith  →  jane OR smith
    +a -b  →  a AND NOT b
    name:JANE  &&  !blocked:"true"  →  name:jane AND NOT blocked:true
    name:(a OR b) c  →  (name:a OR name:b) OR c
    NOT (NOT a)  →  NOT (NOT a)
    a OR b AND c  →  a OR (b AND c)
    created_at:2025-12  →  created_at:[2025-12-01 TO 2026-01-01}
    created_at:{2025-12-01T10:00 TO 2025-12-31]  →  created_at:[2025-12-01T10:01:00.000Z TO 2026-01-01}
    nickname:*  →  _exists_:nickname
    app_metadata.x:[ 1 TO  "5"}  →  app_metadata.x:[1 TO 5}
    app_metadata.x:["a b" TO TOO}  →  app_metadata.x:["a b" TO TOO}
    name:j\*n?*  →  name:j\*n?*
    jane~  →  jane~2
    picture:x  →  NOT *:*
      →  *:*
    a OR picture:x  →  a
    logins_count:1e21  →  logins_count:1000000000000000000000
    user_metadata.favorite\ food:"dark \"green\""  →  user_metadata.favorite\ food:"dark \"green\""
    _missing_:name  →  NOT _exists_:name
    logins_count:"-1"  →  logins_count:"-1"
    AND\ x "AND"  →  "AND x" OR "AND"
    "#);
}
