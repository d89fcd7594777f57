//! `purser users search`, `purser users count`, `purser indexes`.

use insta::assert_snapshot;

use super::harness::{DEFAULT, Purser};

const ROWS: &str = r#"{"user_id":"1","email":"ann@example.com","name":"Ann","user_metadata":{"plan":"gold","n":2}}
{"user_id":"2","email":"ben@example.com","name":"Ben","user_metadata":{"plan":"silver"}}
{"user_id":"3","email":"cleo@example.org","name":"Cleo","user_metadata":{"plan":"gold","n":11}}
"#;

fn purser() -> Purser {
    Purser::with_users(ROWS)
}

#[test]
fn users_are_found_and_shown_as_asked() {
    let purser = purser();
    assert_snapshot!(purser.run(["users", "search", "user_metadata.plan:gold"]), @"
    exit code 0
    --- stdout
    ID	EMAIL	NAME	CREATED
    auth0|1	ann@example.com	Ann	[TIME]
    auth0|3	cleo@example.org	Cleo	[TIME]
    --- stderr
    ---
    ");
    assert_snapshot!(purser.run(["users", "search", "email.domain:example.com", "--sort", "name:-1", "--field", "email", "--field", "user_metadata=Metadata"]), @r#"
    exit code 0
    --- stdout
    email	Metadata
    ben@example.com	{"plan":"silver"}
    ann@example.com	{"plan":"gold","n":2}
    --- stderr
    ---
    "#);
    assert_snapshot!(purser.run(["users", "search", "*", "--sort", "user_metadata.n:-1", "--limit", "2", "--field", "name"]), @"
    exit code 0
    --- stdout
    name
    Cleo
    Ann
    --- stderr
    there are more than these 2: `--limit` and `--offset` show others, `purser users count` counts them
    ---
    ");
    assert_snapshot!(purser.run(["users", "search", "*", "--offset", "2", "--field", "name", "--format", "ndjson"]), @r#"
    exit code 0
    --- stdout
    {"name":"Cleo"}
    --- stderr
    ---
    "#);
    assert_snapshot!(purser.run(["users", "search", "name:(ann OR ben)", "--field", "name", "--format", "csv"]), @"
    exit code 0
    --- stdout
    name
    Ann
    Ben
    --- stderr
    ---
    ");
    assert_snapshot!(purser.run(["users", "search", "name:a*", "--field", "user_metadata.n=N", "--json"]), @r#"
    exit code 0
    --- stdout
    [{"N":2}
    ]
    --- stderr
    ---
    "#);
    assert_snapshot!(purser.run(["users", "search", "name:nobody", "--connection", DEFAULT]), @"
    exit code 0
    --- stdout
    ID	EMAIL	NAME	CREATED
    --- stderr
    ---
    ");
    let whole = purser.run(["users", "search", "name:ben", "--format", "ndjson"]);
    assert_eq!(whole.raw, purser.run(["users", "get", "auth0|2"]).raw);
}

#[test]
fn users_who_match_are_counted() {
    let purser = purser();
    let count = |query: &str| purser.run(["users", "count", query]).stdout;
    assert_eq!(count("user_metadata.plan:gold"), "2\n");
    assert_eq!(count("user_metadata.n:[* TO 10]"), "1\n");
    assert_eq!(count(""), "3\n");
    purser.run(["connections", "create", "staff"]);
    let ran = purser.run([
        "users",
        "count",
        "name:*",
        "--connection",
        "staff",
        "--json",
    ]);
    assert_eq!(ran.stdout, "{\"count\":0}\n");
}

#[test]
fn a_query_that_cannot_be_read_is_shown_with_its_place() {
    let purser = purser();
    assert_snapshot!(purser.run(["users", "search", "name:ann AND emial:x"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the query is refused

    name:ann AND emial:x
                 ^^^^^
    `emial` is no field (character 14)
    help: did you mean `email`?
    ---
    ");
    assert_snapshot!(purser.run(["users", "count", "name:(ann OR"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the query is refused

    name:(ann OR
              ^^
    nothing stands behind `OR` (character 11); expected a term, a field or `(`
    ---
    ");
    assert_snapshot!(purser.run(["users", "count", "name:(ann OR", "--json"]), @r#"
    exit code 2
    --- stdout
    --- stderr
    {"error":{"message":"the query is refused: nothing stands behind `OR` at character 11; expected a term, a field or `(`","hint":null}}
    ---
    "#);
    assert_snapshot!(purser.run(["users", "count", "user_metadata.plan:g*", "--auth0-limits"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: the query is refused

    user_metadata.plan:g*
                       ^^
    Auth0's limits allow no wildcards on `user_metadata` (character 20); expected a whole value, or a server without `--auth0-limits`
    ---
    ");
    assert_snapshot!(purser.run(["users", "search", "*", "--sort", "name:up"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: `name:up` is no order: `up` is no direction; expected FIELD:1 (ascending) or FIELD:-1 (descending)

    hint: for example `--sort created_at:-1`, the latest first
    ---
    ");
    assert_snapshot!(purser.run(["users", "search", "*", "--sort", "user_metadata.n:1", "--auth0-limits"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: Auth0 does not sort users by `user_metadata.n`

    hint: leave `--auth0-limits` out
    ---
    ");
    let deep = "(".repeat(10_000);
    let ran = purser.run(["users", "count", &deep]);
    assert_eq!((ran.code, ran.stderr.len() < 1000), (2, true), "{ran}");
}

#[test]
fn an_index_is_made_listed_and_dropped() {
    let purser = purser();
    assert_snapshot!(purser.run(["indexes", "list"]), @"
    exit code 0
    --- stdout
    PATH	CREATED	INDEXED	USERS
    --- stderr
    always indexed, now for 0 of 3 users: email, name, given_name, family_name, nickname, email.domain, user_id, username, phone_number, last_ip, created_at, updated_at, last_login, logins_count, email_verified, phone_verified, blocked, identities.connection, identities.provider, identities.isSocial
    hint: `purser indexes build`, or a running server, indexes the others
    ---
    ");
    assert_snapshot!(purser.run(["indexes", "create", "user_metadata.plan"]), @"
    exit code 0
    --- stdout
    --- stderr
    indexed 3 users in [DURATION]
    ---
    ");
    assert_snapshot!(purser.run(["indexes", "list"]), @"
    exit code 0
    --- stdout
    PATH	CREATED	INDEXED	USERS
    user_metadata.plan	[TIME]	3	3
    --- stderr
    always indexed, now for 3 of 3 users: email, name, given_name, family_name, nickname, email.domain, user_id, username, phone_number, last_ip, created_at, updated_at, last_login, logins_count, email_verified, phone_verified, blocked, identities.connection, identities.provider, identities.isSocial
    ---
    ");
    assert_eq!(
        purser
            .run(["users", "count", "user_metadata.plan:gold"])
            .stdout,
        "2\n"
    );
    assert_snapshot!(purser.run(["indexes", "create", "user_metadata.plan"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is an index on `user_metadata.plan` already

    hint: `purser indexes list` shows the indexes
    ---
    ");
    assert_snapshot!(purser.run(["indexes", "create", "user_metadata..plan"]), @"
    exit code 2
    --- stdout
    --- stderr
    error: `user_metadata..plan` is no attribute: a key is missing

    hint: for example `app_metadata.plan`
    ---
    ");
    assert_snapshot!(purser.run(["indexes", "drop", "user_metadata.plan"]), @"
    exit code 0
    --- stdout
    --- stderr
    dropped the index on `user_metadata.plan`
    ---
    ");
    assert_snapshot!(purser.run(["indexes", "drop", "user_metadata.plan"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no index on `user_metadata.plan`

    hint: `purser indexes list` shows the indexes
    ---
    ");
    assert_snapshot!(purser.run(["indexes", "drop", "email"]), @"
    exit code 1
    --- stdout
    --- stderr
    error: there is no index on `email`

    hint: this one is always there
    ---
    ");
    assert_snapshot!(purser.run(["indexes", "build", "--json"]), @r#"
    exit code 0
    --- stdout
    {"indexed":3,"users":3}
    --- stderr
    ---
    "#);
    assert_snapshot!(purser.run(["indexes", "create", "user_metadata.n", "--json"]), @r#"
    exit code 0
    --- stdout
    {"path":"user_metadata.n"}
    --- stderr
    ---
    "#);
    assert_snapshot!(purser.run(["indexes", "list", "--json"]), @r#"
    exit code 0
    --- stdout
    {"users":3,"indexed":3,"built_in":["email","name","given_name","family_name","nickname","email.domain","user_id","username","phone_number","last_ip","created_at","updated_at","last_login","logins_count","email_verified","phone_verified","blocked","identities.connection","identities.provider","identities.isSocial"],"indexes":[{"path":"user_metadata.n","created_at":"[TIME]","indexed":3}]}
    --- stderr
    ---
    "#);
}
