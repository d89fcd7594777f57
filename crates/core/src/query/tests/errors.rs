//! What people read when a query is wrong.

use super::super::{Limits, Query};

fn error(query: &str) -> String {
    let error = Query::parse(query, Limits::Auth0).unwrap_err();
    format!("{error}\n---\n{}", error.render(query))
}

#[test]
fn messages_say_what_where_and_what_instead() {
    insta::assert_snapshot!(error("user_metdata.country:DE"), @r"
    `user_metdata.country` is no field at character 1; did you mean `user_metadata.country`?
    ---
    user_metdata.country:DE
    ^^^^^^^^^^^^^^^^^^^^
    `user_metdata.country` is no field (character 1)
    help: did you mean `user_metadata.country`?
    ");
    insta::assert_snapshot!(error("email:x OR country:DE"), @r"
    `country` is no field at character 12; did you mean `user_metadata.country`?
    ---
    email:x OR country:DE
               ^^^^^^^
    `country` is no field (character 12)
    help: did you mean `user_metadata.country`?
    ");
    insta::assert_snapshot!(error("name:jane OR OR name:john"), @r"
    `OR` stands behind another operator at character 14; expected a term, a field or `(`
    ---
    name:jane OR OR name:john
                 ^^
    `OR` stands behind another operator (character 14); expected a term, a field or `(`
    ");
    insta::assert_snapshot!(error("created_at:2025-12-01T10:00:00Z"), @r#"
    a second `:` at character 25; expected quotes around the value, or `\:`; did you mean `"2025-12-01T10:00:00Z"`?
    ---
    created_at:2025-12-01T10:00:00Z
                            ^
    a second `:` (character 25); expected quotes around the value, or `\:`
    help: did you mean `"2025-12-01T10:00:00Z"`?
    "#);
    insta::assert_snapshot!(error("logins_count:>=5"), @r"
    the comparison `>=` is not part of the language at character 14; expected a range, or quotes if the character is meant; did you mean `logins_count:[5 TO *]`?
    ---
    logins_count:>=5
                 ^^^
    the comparison `>=` is not part of the language (character 14); expected a range, or quotes if the character is meant
    help: did you mean `logins_count:[5 TO *]`?
    ");
    insta::assert_snapshot!(error("app_metadata.level:-5"), @r#"
    a value cannot begin with `-` at character 20; expected `\-`, or quotes around the value; did you mean `"-5"`?
    ---
    app_metadata.level:-5
                       ^
    a value cannot begin with `-` (character 20); expected `\-`, or quotes around the value
    help: did you mean `"-5"`?
    "#);
    insta::assert_snapshot!(error("name:*ab"), @r"
    Auth0's limits ask for 3 characters in a row behind a leading `*` at character 6; expected a longer pattern, or a server without `--auth0-limits`
    ---
    name:*ab
         ^^^
    Auth0's limits ask for 3 characters in a row behind a leading `*` (character 6); expected a longer pattern, or a server without `--auth0-limits`
    ");
    insta::assert_snapshot!(error("user_metadata.color:bl*"), @r"
    Auth0's limits allow no wildcards on `user_metadata` at character 21; expected a whole value, or a server without `--auth0-limits`
    ---
    user_metadata.color:bl*
                        ^^^
    Auth0's limits allow no wildcards on `user_metadata` (character 21); expected a whole value, or a server without `--auth0-limits`
    ");
    insta::assert_snapshot!(error("(name:jane"), @r"
    the parenthesis is not closed at character 1; expected `)` behind the group
    ---
    (name:jane
    ^
    the parenthesis is not closed (character 1); expected `)` behind the group
    ");
    insta::assert_snapshot!(error("name:\"jane"), @r#"
    the quote is not closed at character 6; expected `"` behind the text
    ---
    name:"jane
         ^
    the quote is not closed (character 6); expected `"` behind the text
    "#);
    insta::assert_snapshot!(error("logins_count:[1 5]"), @r"
    no ` TO ` stands between the ends of the range at character 17; expected a range as in `[1 TO 5]`
    ---
    logins_count:[1 5]
                    ^
    no ` TO ` stands between the ends of the range (character 17); expected a range as in `[1 TO 5]`
    ");
    insta::assert_snapshot!(error("blocked:yes"), @r"
    `blocked` is `true` or `false`, not `yes` at character 9; did you mean `true`?
    ---
    blocked:yes
            ^^^
    `blocked` is `true` or `false`, not `yes` (character 9)
    help: did you mean `true`?
    ");
    insta::assert_snapshot!(error("last_login:[now-1d TO *]"), @r#"
    `last_login` is a date, `now-1d` is none at character 13; expected `2025`, `2025-12`, `2025-12-31` or `"2025-12-31T23:59:59Z"`
    ---
    last_login:[now-1d TO *]
                ^^^^^^
    `last_login` is a date, `now-1d` is none (character 13); expected `2025`, `2025-12`, `2025-12-31` or `"2025-12-31T23:59:59Z"`
    "#);
    insta::assert_snapshot!(error("name:/jane/"), @r#"
    regular expressions are not supported at character 6; expected `\/` or quotes if a slash is meant, `*` for any characters
    ---
    name:/jane/
         ^
    regular expressions are not supported (character 6); expected `\/` or quotes if a slash is meant, `*` for any characters
    "#);
    insta::assert_snapshot!(error("名前:x"), @r"
    `名前` is no field at character 1; did you mean `user_metadata.名前`?
    ---
    名前:x
    ^^^^
    `名前` is no field (character 1)
    help: did you mean `user_metadata.名前`?
    ");
    insta::assert_snapshot!(error("name:"), @r"
    no value stands behind `name:` at character 6; expected a value, a pattern, a range or `(`
    ---
    name:
         ^
    no value stands behind `name:` (character 6); expected a value, a pattern, a range or `(`
    ");
}

/// What Lucene refuses everywhere, and what has no meaning here.
#[test]
fn what_is_no_query_is_refused() {
    for query in [
        "name:\"jane",
        "(a",
        "a)",
        "((a)",
        "()",
        "name:()",
        "name:",
        "name: ",
        "a AND",
        "a OR",
        "OR a",
        "AND a",
        "a OR OR b",
        "a AND OR b",
        "NOT",
        "a NOT",
        "+",
        "-",
        "+-a",
        "NOT NOT a",
        "!!a",
        "a:b:c",
        "name:jane:",
        ":a",
        "a::b",
        "[1 TO",
        "x:[1 TO 5",
        "logins_count:[1 5]",
        "logins_count:[1 TO]",
        "logins_count:[TO 5]",
        "logins_count:[1TO5]",
        "logins_count:[]",
        "logins_count:[ TO ]",
        "name:a^",
        "name:a^b",
        "name:a^2^3",
        "name:a~1~2",
        "name:jane\\",
        "\\",
        "name:AND",
        "name:NOT",
        "name:OR",
        "name:&&",
        "name:+a",
        "name:-a",
        "name:!a",
        "a]",
        "a}",
        "name:]",
        "/a/",
        "a/b",
        "name:(a OR)",
        "name:(AND a)",
        "\"name\":a",
        "na*e:x",
        "*:a",
        "\\u12",
        "name:\\uZZZZ",
        "\\ud800",
        "a ^2 ^3",
        "~",
        "^",
        "+ a",
        "- a",
        "! a",
        "created_at:now",
        "created_at:2025-13",
        "logins_count:abc",
        "logins_count:1*",
        "logins_count:5~",
        "blocked:1",
        "blocked:t*",
        "created_at:2025*",
        "created_at:>2025",
        "_exists_:a*",
        "_exists_:[a TO b]",
        "_exists_:a~",
        "_exists_:a..b",
        "name:a~1.5",
        "nosuch:a",
        "user_metadata..a:x",
    ] {
        assert!(Query::parse(query, Limits::None).is_err(), "{query}");
    }
}

/// What looks odd and is a query.
#[test]
fn what_is_odd_and_a_query_is_accepted() {
    for query in [
        "",
        " \u{3000}\n",
        "*",
        "**",
        "*:*",
        "* : *",
        "a",
        "\"\"",
        "name:\"\"",
        "a^2",
        "a~",
        "a~1^2",
        "a^2~1",
        "\"a b\"~3",
        "(a)^2.5",
        "name:(a)^2",
        "name:[a TO b]^2",
        "name:[* TO *]",
        "name:{* TO *}",
        "x AND(y)",
        "\"x\"OR\"y\"",
        "a!b",
        "a&&b",
        "R&D",
        "and or not TO",
        "name:[\"a b\" TO \"c]\"]",
        "name:\\u0041",
        "_exists_:name",
        "_exists_:\"name\"",
        "_exists_:(name OR email)",
        "_missing_:name",
        "_exists_:*",
        "name:(a OR email:b)",
        "+a -b c",
        "NOT (NOT a)",
        "a~0.5",
        "a*~",
        "nosuch:*",
        "_exists_:nosuch",
        "user_metadata.a\\ b.c:x",
        "logins_count:\"-5\"",
        "logins_count:[-5 TO 1e3}",
        "blocked:[false TO *]",
        "picture:x",
        "organization_id:org_1",
        "identities:x",
        "created_at:\"2025-12-01T10:00:00+01:00\"",
    ] {
        if let Err(error) = Query::parse(query, Limits::None) {
            panic!("{query}: {error}");
        }
    }
}

#[test]
fn auth0s_limits_can_be_lifted() {
    for query in [
        "name:*ab",
        "name:*ab*",
        "name:*a*b*c",
        "name:*",
        "name:?*ab",
        "user_metadata.a:b*",
        "user_metadata.a:b~",
        "user_metadata.a:[1 TO 2]",
        "*ab",
    ] {
        assert!(Query::parse(query, Limits::None).is_ok(), "{query}");
        let is_limited = query != "name:*";
        assert_eq!(
            Query::parse(query, Limits::Auth0).is_err(),
            is_limited,
            "{query}"
        );
    }
    for query in [
        "name:*abc",
        "name:a*b",
        "name:j*",
        "user_metadata.a:*",
        "app_metadata.a:b*",
        "name:*a*bcd",
    ] {
        assert!(Query::parse(query, Limits::Auth0).is_ok(), "{query}");
    }
}

#[test]
fn places_are_counted_in_characters() {
    let error = Query::parse("é:x", Limits::None).unwrap_err();
    assert_eq!((error.position(), error.span()), (1, 0..2));
    let error = Query::parse("ñandú OR OR b", Limits::None).unwrap_err();
    assert_eq!((error.position(), error.span()), (10, 11..13));
}
