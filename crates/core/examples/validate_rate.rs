//! Prints how many rows of about 600 bytes one core validates in a second: `cargo run --release --example validate_rate`.

use std::hint::black_box;
use std::time::Instant;

use purser_core::connection::{Strategy, UsernameRules};
use purser_core::import::{Rules, validate};
use purser_core::json;

const ROWS: usize = 5_000;
const ROUNDS: usize = 41;

fn row(i: usize) -> String {
    let n = i * 7919;
    format!(
        concat!(
            r#"{{"user_id":"{n:024x}","email":"user.number{n}@mail{k}.example.com","email_verified":true,"#,
            r#""given_name":"Anna-Maria","family_name":"Müller {n}","name":"Anna-Maria Müller {n}","#,
            r#""nickname":"anna{n}","picture":"https://s.gravatar.com/avatar/{n:032x}?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fan.png","#,
            r#""user_metadata":{{"theme":"dark","lang":"de-DE","address":{{"city":"Köln","zip":"50667","street":"Domkloster {k}"}},"tags":["a","b","c"]}},"#,
            r#""app_metadata":{{"plan":"premium","roles":["admin","editor"],"since":20{k:02},"limits":{{"seats":{n},"quota":1.50}}}}}}"#,
        ),
        n = n,
        k = i % 89 + 10,
    )
}

fn main() {
    let rows: Vec<String> = (0..ROWS).map(row).collect();
    let bytes: usize = rows.iter().map(String::len).sum();
    let rules = Rules {
        strategy: Strategy::database(),
        username: UsernameRules {
            allowed: true,
            min: 1,
            max: 15,
        },
        keep_prefix: false,
        strict: false,
    };
    let rate = |work: &dyn Fn(&str)| {
        let mut rates: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                rows.iter().for_each(|row| work(row));
                ROWS as f64 / start.elapsed().as_secs_f64()
            })
            .collect();
        rates.sort_by(f64::total_cmp);
        format!(
            "{:>9.0} rows/s, in the best round {:>9.0}",
            rates[ROUNDS / 2],
            rates[ROUNDS - 1]
        )
    };
    let checked = rate(&|row| drop(black_box(json::check(row).expect("the row is JSON"))));
    let validated = rate(&|row| drop(black_box(validate(row, &rules).expect("the row is right"))));
    report(&format!(
        "{} bytes a row, median of {ROUNDS} rounds",
        bytes / ROWS
    ));
    report(&format!("json::check alone  {checked}"));
    report(&format!("validate, whole    {validated}"));
}

#[expect(
    clippy::print_stdout,
    reason = "the figure is all that this program is for"
)]
fn report(line: &str) {
    println!("{line}");
}
