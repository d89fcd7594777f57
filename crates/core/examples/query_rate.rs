//! Prints how fast profiles are asked, and how long hostile queries take to be refused, on data that it makes itself.
//! Run it with `cargo run --release -p purser-core --example query_rate`.

use std::time::Instant;

use purser_core::packed;
use purser_core::query::{Attribute, Extractor, Limits, Matcher, Query};

const USERS: usize = 20_000;
const RUNS: usize = 20;

fn main() {
    if std::env::args().any(|argument| argument == "hostile") {
        return show_hostile();
    }
    let profiles: Vec<String> = (0..USERS).map(profile).collect();
    let packed: Vec<String> = profiles.iter().map(|profile| pack(profile)).collect();
    let size = |texts: &[String]| texts.iter().map(String::len).sum::<usize>() / USERS;
    say(&format!(
        "{USERS} profiles of {} bytes, {} packed, best of {RUNS} runs",
        size(&profiles),
        size(&packed)
    ));
    for query in [
        "app_metadata.plan:pro",
        "app_metadata.plan:none",
        "app_metadata.tenant.id:[100 TO 200]",
        "email:*@acme.com",
        "email:*77@example.com",
        "email:person.77@example.com",
        "name:*ven77*",
        "user_id:auth0|00*",
        "identities.connection:google-oauth2",
        "created_at:[2024-03 TO *]",
        "logins_count:[10 TO 20}",
        "NOT _exists_:last_login",
        "_exists_:user_metadata.address",
        "family_name:familx77~",
        "person.77",
        "app_metadata.plan:pro AND logins_count:[10 TO *] AND NOT blocked:true",
    ] {
        rate(query, query, &packed);
    }
    rate(
        "plain: app_metadata.tenant.id:77",
        "app_metadata.tenant.id:77",
        &profiles,
    );
    let ids: Vec<_> = (0..25_000)
        .map(|id| format!("\"auth0|{id:024x}\""))
        .collect();
    rate(
        "25,000 ids",
        &format!("user_id:({})", ids.join(" OR ")),
        &packed,
    );
    extract(&packed);
    show_hostile();
}

fn show_hostile() {
    for (what, query) in hostile() {
        let start = Instant::now();
        let parsed = Query::parse(&query, Limits::None);
        let (is_query, parsing) = (parsed.is_ok(), start.elapsed());
        if let Ok(query) = parsed {
            std::hint::black_box((Matcher::new(&query), query.to_string()));
        }
        say(&format!(
            "parse {what:32} {:8.2} ms, with matcher and printing {:8.2} ms, a query: {is_query}",
            parsing.as_secs_f64() * 1e3,
            start.elapsed().as_secs_f64() * 1e3
        ));
    }
}

fn rate(what: &str, query: &str, profiles: &[String]) {
    let query = Query::parse(query, Limits::None).expect("it is a query");
    let mut matcher = Matcher::new(&query);
    let mut best = f64::MAX;
    let mut found = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        found = profiles
            .iter()
            .filter(|profile| matcher.matches(profile))
            .count();
        best = best.min(start.elapsed().as_secs_f64());
    }
    say(&format!(
        "{what:72} {:8.2} M/s, {found} found",
        USERS as f64 / best / 1e6
    ));
}

fn extract(profiles: &[String]) {
    let names = ["email", "created_at", "app_metadata.plan", "logins_count"];
    let attributes = names.map(|name| Attribute::parse(name).expect("it is a name"));
    let mut extractor = Extractor::new(&attributes);
    let mut best = f64::MAX;
    let mut found = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        found = 0;
        for profile in profiles {
            extractor.visit(profile, &mut |_, _| found += 1);
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    say(&format!(
        "{:72} {:8.2} M/s, {found} values",
        "extract 4 attributes",
        USERS as f64 / best / 1e6
    ));
}

fn hostile() -> Vec<(&'static str, String)> {
    const MANY: usize = 1 << 20;
    let many = |text: &str| text.repeat(MANY / text.len());
    vec![
        ("1 MiB of terms", many("a ")),
        ("1 MiB of stars", many("*")),
        ("1 MiB of parentheses", many("(")),
        ("1 MiB of operators", many("a OR ")),
        ("one term of 1 MiB", many("a")),
        ("terms of 32 kB", many(&format!("{} ", "É".repeat(16_000)))),
        ("patterns of 4 kB", many(&format!("{} ", "a*".repeat(2000)))),
        (
            "fuzzy terms of 32 kB",
            many(&format!("{}~ ", "a".repeat(32_000))),
        ),
        (
            "ranges of 32 kB",
            many(&format!("[{0} TO {0}] ", "a".repeat(16_000))),
        ),
        (
            "32,000 values",
            format!(
                "user_id:({})",
                (0..32_000)
                    .map(|i| format!("\"auth0|{i:012x}\" "))
                    .collect::<String>()
            ),
        ),
        ("4,096 terms without a field", "a ".repeat(4096)),
        (
            "10,000 metadata paths",
            (0..10_000)
                .map(|i| format!("app_metadata.a{i}.b:[{i} TO *] "))
                .collect(),
        ),
        (
            "10,000 parentheses",
            format!("{}a{}", "(".repeat(10_000), ")".repeat(10_000)),
        ),
    ]
}

fn pack(profile: &str) -> String {
    let mut out = String::new();
    packed::pack(profile, &mut out);
    out
}

#[expect(clippy::print_stdout, reason = "an example prints its figures")]
fn say(line: &str) {
    println!("{line}");
}

fn profile(i: usize) -> String {
    let (minute, id) = (i % 60, format!("{i:024x}"));
    let domain = if i.is_multiple_of(10) {
        "acme.com"
    } else {
        "example.com"
    };
    let plan = ["free", "pro", "enterprise"][i % 3];
    format!(
        concat!(
            r#"{{"created_at":"2024-03-01T10:{m:02}:00.000Z","email":"person.{i}@{domain}","email_verified":true,"#,
            r#""family_name":"Family{i}","given_name":"Given{i}","identities":[{{"provider":"auth0","#,
            r#""connection":"Username-Password-Authentication","isSocial":false,"user_id":"{id}"}}],"#,
            r#""name":"Given{i} Family{i}","nickname":"person.{i}","#,
            r#""picture":"https://s.gravatar.com/avatar/{id}{i:08x}?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fgf.png","#,
            r#""updated_at":"2024-03-01T10:{m:02}:00.000Z","user_id":"auth0|{id}","#,
            r#""user_metadata":{{"country":"DE","language":"de-DE","tags":["a","b","c"],"address":{{"city":"Berlin","street":"Unter den Linden {m}"}}}},"#,
            r#""app_metadata":{{"plan":"{plan}","roles":["admin","editor"],"tenant":{{"id":{i},"region":"eu"}}}},"#,
            r#""last_ip":"203.0.113.{m}","last_login":"2024-04-01T10:{m:02}:00.000Z","logins_count":{m}}}"#
        ),
        i = i,
        m = minute,
        id = id,
        domain = domain,
        plan = plan
    )
}
