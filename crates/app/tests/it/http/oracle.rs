//! 2,000 users and 177 queries whose answers Apache Lucene gave by the rules of the language, over HTTP: with and without
//! Auth0's limits, before and after the users are indexed.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::support::{Answer, Server};
use crate::sources::{read, root};

/// Users that a search may answer under Auth0's limits.
const WINDOW: usize = 1000;

/// How the rules say that a query is answered.
#[derive(Debug, PartialEq, Eq)]
enum Answered {
    Refused,
    /// The ids, in their order, and the total told.
    Found(BTreeSet<String>, u64),
}

struct Oracle {
    server: Server,
    limited: bool,
}

impl Oracle {
    fn new(flags: &[&str]) -> Self {
        let server = Server::start(&[&["--no-indexing"], flags].concat());
        let users = root().join("testdata/search/users.ndjson");
        let users = users.to_str().unwrap();
        let job = server.cli(&["import", users, "--restore"]);
        assert_eq!(job["summary"]["inserted"], 2000, "{job}");
        Self {
            server,
            limited: !flags.is_empty(),
        }
    }

    /// Asks every query; returns those that were answered otherwise than recorded, and how many strict ones there are.
    fn run(&self) -> (Vec<String>, usize) {
        let mut wrong = vec![];
        let mut strict = 0;
        for line in read("testdata/search/queries-a.jsonl").lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let q = record["q"].as_str().unwrap();
            let got = self.ask(q);
            let mut expected = &record["expect_ids"];
            if let Some(lifted) = record.get("lifted_ids").filter(|_| !self.limited) {
                expected = lifted;
            }
            let is_strict = record["strict"] != false;
            strict += usize::from(is_strict);
            let alternatives = record["also_ok"].as_array().into_iter().flatten();
            let mut allowed = vec![expected];
            allowed.extend(alternatives.filter(|_| !is_strict));
            if !allowed.iter().any(|allowed| self.is(&got, allowed)) {
                let id = &record["id"];
                wrong.push(format!("{id} {q}: {:.300}", format!("{got:?}")));
            }
        }
        (wrong, strict)
    }

    /// Returns whether an answer is the recorded one; of a set too large for the window any part that fills it.
    fn is(&self, got: &Answered, recorded: &Value) -> bool {
        let Answered::Found(ids, total) = got else {
            return recorded.is_null() || *recorded == "error";
        };
        let Some(recorded) = recorded.as_array() else {
            return false;
        };
        let wanted: BTreeSet<String> = recorded
            .iter()
            .map(|id| id.as_str().unwrap().to_owned())
            .collect();
        let is_part = self.limited && wanted.len() > WINDOW;
        let is_same = if is_part {
            ids.len() == WINDOW && ids.is_subset(&wanted)
        } else {
            *ids == wanted
        };
        is_same && *total == wanted.len() as u64
    }

    fn ask(&self, q: &str) -> Answered {
        let (mut ids, mut seen) = (BTreeSet::new(), 0);
        for page in 0.. {
            let answer = self.page(q, page);
            if answer.status == 400 {
                let body = answer.json();
                assert_eq!(body["errorCode"], "invalid_query_string", "{q}: {body}");
                return Answered::Refused;
            }
            assert_eq!(answer.status, 200, "{q}: {}", answer.text());
            let body = answer.json();
            let users = body["users"].as_array().unwrap();
            seen += users.len();
            ids.extend(
                users
                    .iter()
                    .map(|user| user["user_id"].as_str().unwrap().to_owned()),
            );
            let total = body["total"].as_u64().unwrap();
            let is_last = users.len() < 100 || self.limited && seen >= WINDOW;
            if is_last || seen as u64 == total {
                assert_eq!(ids.len(), seen, "{q}: somebody was there twice");
                return Answered::Found(ids, total);
            }
        }
        unreachable!("pages have an end")
    }

    fn page(&self, q: &str, page: usize) -> Answer {
        let page = page.to_string();
        let params = [
            ("q", q),
            ("search_engine", "v3"),
            ("per_page", "100"),
            ("page", &page),
            ("include_totals", "true"),
            ("fields", "user_id"),
        ];
        loop {
            let answer = self.server.users(&params);
            if answer.status != 429 {
                return answer;
            }
            // As the answer says.
            let seconds = answer.header("retry-after").parse().unwrap();
            std::thread::sleep(Duration::from_secs(seconds));
        }
    }

    fn check(&self) {
        let (wrong, strict) = self.run();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(strict > 100, "{strict}");
        let built = self.server.cli(&["indexes", "build"]);
        assert_eq!(
            (&built["indexed"], &built["users"]),
            (&2000.into(), &2000.into())
        );
        let (wrong, _) = self.run();
        assert!(wrong.is_empty(), "indexed: {}", wrong.join("\n"));
    }
}

#[test]
fn lucene_and_the_server_agree() {
    Oracle::new(&[]).check();
}

#[test]
fn lucene_and_the_server_agree_under_auth0s_limits() {
    Oracle::new(&["--auth0-limits"]).check();
}
