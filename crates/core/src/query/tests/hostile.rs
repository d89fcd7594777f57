//! Queries that nobody types: they must end, soon and with little memory.

use super::super::{Limits, Matcher, Query};

const PROFILE: &str = r#"{"email":"a@b.co","user_id":"auth0|1","app_metadata":{"a":1}}"#;

fn answer(query: &str) -> Option<bool> {
    let query = Query::parse(query, Limits::None).ok()?;
    let _ = query.to_string();
    Some(Matcher::new(&query).matches(PROFILE))
}

#[test]
fn long_queries_end() {
    const MANY: usize = 1 << 20;
    assert_eq!(answer(&" ".repeat(MANY)), Some(true));
    assert_eq!(answer(&" ".repeat(MANY + 1)), None);
    assert_eq!(answer(&"*".repeat(MANY)), None);
    assert_eq!(answer(&format!("name:{}", "*".repeat(30_000))), Some(false));
    for text in [
        "a ",
        "a*",
        "?",
        "(",
        "NOT ",
        "a:",
        "\"",
        "\\",
        "[",
        "a OR ",
        "-",
        "*a",
        "\u{301}",
        "a^1 ",
        "~",
        "^",
        "user_metadata.",
    ] {
        assert_eq!(answer(&text.repeat(MANY / text.len())), None, "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested =
        |depth: usize, inner: &str| format!("{}{inner}{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(answer(&nested(100, "email:a@b.co")), Some(true));
    assert_eq!(answer(&nested(101, "a")), None);
    assert_eq!(answer(&nested(10_000, "a")), None);
    let text = format!("{}a{}", "a OR (NOT ".repeat(100), ")".repeat(100));
    assert!(answer(&text).is_some());
}

#[test]
fn the_number_of_patterns_is_bounded() {
    let many = |count: usize, clause: &str| answer(&vec![clause; count].join(" OR "));
    for clause in ["name:a*", "email:[a TO b]", "app_metadata.x:a~"] {
        assert_eq!(
            many(512, clause),
            Some(clause.contains("email")),
            "{clause}"
        );
        assert_eq!(many(513, clause), None, "{clause}");
    }
    assert!(many(64, "z*").is_some());
    assert_eq!(many(65, "z*"), None, "each is looked up in eight fields");
}

#[test]
fn the_number_of_fields_is_bounded() {
    let fields = |count: usize| -> Vec<String> {
        (0..count).map(|i| format!("app_metadata.a{i}:1")).collect()
    };
    assert_eq!(answer(&fields(256).join(" OR ")), Some(false));
    assert_eq!(answer(&fields(257).join(" OR ")), None);
    assert!(answer(&"_exists_:app_metadata.a ".repeat(300)).is_some());
}

#[test]
fn the_number_of_clauses_is_bounded() {
    let ids = |count: usize| {
        (0..count)
            .map(|i| format!("\"auth0|{i}\""))
            .collect::<Vec<_>>()
            .join(" OR ")
    };
    assert_eq!(answer(&format!("user_id:({})", ids(30_000))), Some(true));
    assert_eq!(answer(&format!("user_id:({})", ids(33_000))), None);
    assert!(answer(&"a ".repeat(4000)).is_some());
    assert_eq!(answer(&"a ".repeat(5000)), None);
}

#[test]
fn numbers_of_any_size_are_numbers() {
    let digits = "9".repeat(20_000);
    assert_eq!(answer(&format!("logins_count:{digits}")), Some(false));
    assert_eq!(
        answer(&format!("logins_count:[{digits} TO *]")),
        Some(false)
    );
    assert_eq!(answer(&format!("email:a@b.co^{digits}")), Some(true));
    assert_eq!(answer(&format!("email:a@b.cx~{digits}")), Some(true));
    assert_eq!(answer("app_metadata.a:[-1e999 TO 1e999]"), Some(true));
}

#[test]
fn long_values_end() {
    let value = "a".repeat(200_000);
    let profile = format!(r#"{{"email":"{value}b"}}"#);
    for text in [
        format!("email:{}c", "a*".repeat(2000)),
        format!("email:*{}c", "a?".repeat(2000)),
        format!("email:{}~", "a".repeat(30_000)),
    ] {
        let query = Query::parse(&text, Limits::None).unwrap();
        assert!(!Matcher::new(&query).matches(&profile));
    }
}
