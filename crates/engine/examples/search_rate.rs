//! How long searches take: `search_rate STORE_URL [QUERY [SORT]]…`. Indexes everything first, then asks each query five times
//! and prints the median, as a count and as the first page of fifty.

use std::time::{Duration, Instant};

use purser_core::clock::Timestamp;
use purser_core::query::{Limits, Query, Sort};
use purser_store::{BuildStep, OpenOptions, SearchRequest, Store, StoreUrl};

/// What is asked if nothing else is: indexed attributes, then what must be looked for in the profiles.
const QUERIES: [(&str, &str); 14] = [
    ("user_id:\"auth0|nobody\"", ""),
    ("email_verified:true", ""),
    ("blocked:true OR logins_count:0", ""),
    ("email:j*", ""),
    ("email:*ann*", ""),
    ("name:[a TO c}", ""),
    ("created_at:[2024-01-01 TO 2024-06-30]", "created_at:-1"),
    ("NOT _exists_:last_login", "email:1"),
    ("email_verified:true", "name:1"),
    ("*", "created_at:-1"),
    ("app_metadata.plan:pro", ""),
    ("app_metadata.plan:p*o", ""),
    ("user_metadata.nickname:*zz*", ""),
    ("email_verified:true AND NOT app_metadata.plan:pro", ""),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let url = args
        .next()
        .ok_or("usage: search_rate STORE_URL [QUERY [SORT]]…")?;
    let asked: Vec<String> = args.collect();
    let options = OpenOptions {
        create: false,
        tenant: String::new(),
        files: None,
        random: [0; 64],
        now: Timestamp(0),
    };
    let store = Store::open(&StoreUrl::parse(&url)?, &options)?;
    let start = Instant::now();
    let mut segments = 0;
    while store.build_indexes()? != BuildStep::Nothing {
        segments += 1;
    }
    say(&format!(
        "{segments} segments indexed in {:.2?}",
        start.elapsed()
    ));
    let queries: Vec<(&str, &str)> = if asked.is_empty() {
        QUERIES.to_vec()
    } else {
        asked
            .chunks(2)
            .map(|pair| (pair[0].as_str(), pair.get(1).map_or("", String::as_str)))
            .collect()
    };
    for (text, sort) in queries {
        let query = Query::parse(text, Limits::None)?;
        let sort = (!sort.is_empty()).then(|| Sort::parse(sort)).transpose()?;
        let mut found = 0;
        let count = median(|| {
            found = store.count_matching(Some(&query), None)?;
            Ok(())
        })?;
        let page = median(|| {
            store.search_users(&SearchRequest {
                query: Some(&query),
                sort: sort.as_ref(),
                limit: 50,
                ..SearchRequest::default()
            })?;
            Ok(())
        })?;
        let order = sort.map_or_else(String::new, |sort| format!(", {sort}"));
        say(&format!(
            "count {count:>9.2?}  page {page:>9.2?}  {found:>8} users  {text}{order}"
        ));
    }
    Ok(())
}

fn median(
    mut work: impl FnMut() -> Result<(), purser_store::StoreError>,
) -> Result<Duration, purser_store::StoreError> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[2])
}

#[expect(clippy::print_stdout, reason = "what it is for")]
fn say(text: &str) {
    println!("{text}");
}
