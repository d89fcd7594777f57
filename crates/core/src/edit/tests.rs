use super::*;
use crate::connection::Strategy;
use crate::id::ConnectionId;
use crate::job::Setting;

const NOW: Timestamp = Timestamp(1_674_673_227_317);
const ANN: &str = r#"{"email":"ann@example.com","identities":[],"updated_at":"x","user_id":"auth0|1","user_metadata":{"plan":"free","address":{"city":"Rome","zip":"1"},"n":1.50},"app_metadata":{"roles":["a"]}}"#;

fn connection(strategy: &str) -> Connection {
    Connection {
        id: ConnectionId::parse("con_ftSSLHb0O7rcUGmF").unwrap(),
        name: "staff".to_owned(),
        strategy: Strategy::new(strategy),
        enabled: true,
        enabled_clients: vec![],
        options: serde_json::Map::new(),
        extra: serde_json::Map::new(),
    }
}

fn options(action: EditAction, set: &[&str], unset: &[&str]) -> EditOptions {
    EditOptions {
        query: None,
        action,
        set: set.iter().map(|text| read_setting(text).unwrap()).collect(),
        unset: unset.iter().map(|&path| path.to_owned()).collect(),
    }
}

fn outcome(profile: &str, options: &EditOptions) -> Result<Outcome, RowError> {
    let profile = Profile::from_canonical(profile.to_owned());
    Edit::new(options)
        .unwrap_or_else(|error| panic!("{error}"))
        .apply(&profile, &connection("auth0"), NOW)
}

/// Returns what differs after an update, a field a line.
fn updated(set: &[&str], unset: &[&str]) -> String {
    match outcome(ANN, &options(EditAction::Update, set, unset)) {
        Ok(Outcome::Changed(after)) => {
            assert_eq!(after.text("updated_at").unwrap(), NOW.to_string());
            let before = Profile::from_canonical(ANN.to_owned());
            let text = |json: Option<String>| json.unwrap_or_else(|| "nothing".to_owned());
            let lines = differences(&before, &after).into_iter().map(|field| {
                format!(
                    "{}: {} → {}",
                    field.path,
                    text(field.before),
                    text(field.after)
                )
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("{}: {}", error.code.as_str(), error.message),
    }
}

fn refused(set: &[&str], unset: &[&str]) -> String {
    let options = options(EditAction::Update, set, unset);
    let error = Edit::new(&options)
        .err()
        .expect("an edit that makes no sense");
    match error.hint {
        Some(hint) => format!("{} ({hint})", error.message),
        None => error.message,
    }
}

#[test]
fn a_path_changes_what_it_names_and_nothing_beside_it() {
    insta::assert_snapshot!(updated(&["user_metadata.plan=pro"], &[]), @r#"user_metadata.plan: "free" → "pro""#);
    insta::assert_snapshot!(
        updated(&["user_metadata.address.city=Paris", "user_metadata.address.geo.lat=1.50"], &["user_metadata.address.zip"]),
        @r#"
    user_metadata.address.city: "Rome" → "Paris"
    user_metadata.address.zip: "1" → nothing
    user_metadata.address.geo.lat: nothing → 1.50
    "#
    );
    insta::assert_snapshot!(
        updated(&["app_metadata.a\\.b={\"x\": [1]}", "name=Ann", "email_verified=true"], &["user_metadata.n"]),
        @r#"
    user_metadata.n: 1.50 → nothing
    app_metadata.a\.b.x: nothing → [1]
    email_verified: nothing → true
    name: nothing → "Ann"
    "#
    );
}

#[test]
fn whole_metadata_is_merged_as_the_api_does() {
    insta::assert_snapshot!(
        updated(&["user_metadata={\"plan\":null,\"x\":1}"], &["app_metadata"]),
        @r#"
    user_metadata.plan: "free" → nothing
    user_metadata.x: nothing → 1
    app_metadata.roles: ["a"] → nothing
    "#
    );
    insta::assert_snapshot!(updated(&["user_metadata={}"], &[]), @r#"
    user_metadata.plan: "free" → nothing
    user_metadata.address.city: "Rome" → nothing
    user_metadata.address.zip: "1" → nothing
    user_metadata.n: 1.50 → nothing
    "#);
    insta::assert_snapshot!(updated(&["user_metadata.plan=null"], &[]), @r#"user_metadata.plan: "free" → nothing"#);
}

#[test]
fn who_is_as_wanted_stays_as_he_is() {
    for (set, unset) in [
        (&["user_metadata.plan=free"][..], &[][..]),
        (&["user_metadata.address.city=Rome"], &[]),
        (
            &["blocked=false"],
            &["name", "app_metadata.x", "app_metadata.roles.x"],
        ),
        (&[], &["user_metadata.address.x", "user_metadata.x.y.z"]),
    ] {
        assert_eq!(updated(set, unset), "Unchanged", "{set:?} {unset:?}");
    }
    let bare = r#"{"email":"a@b.example","user_id":"auth0|1"}"#;
    for unset in ["user_metadata", "user_metadata.x", "app_metadata.x.y"] {
        let options = options(EditAction::Update, &[], &[unset]);
        assert_eq!(outcome(bare, &options), Ok(Outcome::Unchanged), "{unset}");
    }
}

#[test]
fn users_are_blocked_unblocked_and_deleted() {
    let act = |action, profile: &str| outcome(profile, &options(action, &[], &[])).unwrap();
    let Outcome::Changed(blocked) = act(EditAction::Block, ANN) else {
        panic!("not blocked");
    };
    assert!(blocked.as_str().starts_with(r#"{"blocked":true,"email""#));
    assert_eq!(act(EditAction::Block, blocked.as_str()), Outcome::Unchanged);
    assert!(matches!(
        act(EditAction::Unblock, blocked.as_str()),
        Outcome::Changed(_)
    ));
    assert_eq!(act(EditAction::Unblock, ANN), Outcome::Unchanged);
    assert_eq!(act(EditAction::Delete, ANN), Outcome::Deleted);
}

#[test]
fn what_cannot_be_done_to_one_user_is_his_error() {
    assert_eq!(
        updated(&["user_metadata.plan.x=1"], &[]),
        "INVALID_TYPE: `user_metadata.plan` is no object"
    );
    assert_eq!(
        updated(&["user_metadata.address.city.x=1"], &[]),
        "INVALID_TYPE: `user_metadata.address.city` is no object"
    );
    let edit = Edit::new(&options(EditAction::Update, &["name=A"], &[])).unwrap();
    let profile = Profile::from_canonical(ANN.to_owned());
    let error = edit
        .apply(&profile, &connection("google-oauth2"), NOW)
        .unwrap_err();
    assert_eq!(error.code, Code::OperationNotSupported);
    assert!(error.message.contains("name. The connection (staff)"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    insta::assert_snapshot!(refused(&["password=hunter2"], &[]), @"`password` cannot be changed for many users at once (many users with one password are no secret: change it user by user)");
    insta::assert_snapshot!(refused(&["email=a@b.example"], &[]), @"`email` cannot be changed for many users at once (it tells one user from another: change it user by user)");
    insta::assert_snapshot!(refused(&["colour=mauve"], &[]), @"`colour` cannot be changed (what can be: blocked, email_verified, phone_verified, given_name, family_name, name, nickname, picture, and what is below user_metadata and app_metadata)");
    insta::assert_snapshot!(refused(&["name.first=A"], &[]), @"`name.first` cannot be changed: nothing lies below `name`");
    insta::assert_snapshot!(refused(&["blocked=yes"], &[]), @"a value cannot be set: 'Expected type boolean but found type string' on property blocked (Whether this user was blocked by an administrator (true) or not (false))");
    insta::assert_snapshot!(refused(&["name=12"], &[]), @r#"a value cannot be set: 'Expected type string but found type integer' on property name (Name of this user) (a text that looks like JSON stands in quotes: `name="12"`)"#);
    insta::assert_snapshot!(refused(&[], &["blocked"]), @"`blocked` cannot be removed (set it to false: `blocked=false`)");
    insta::assert_snapshot!(refused(&["user_metadata.a=1"], &["user_metadata.a"]), @"`user_metadata.a` is changed twice");
    insta::assert_snapshot!(refused(&["user_metadata.a.b=1", "user_metadata.a=2"], &[]), @"`user_metadata.a.b` and `user_metadata.a` cannot both be changed: one lies inside the other");
    insta::assert_snapshot!(refused(&["user_metadata.a[0]=1"], &[]), @r#"`user_metadata.a[0]` is no path: an element of an array cannot be changed by itself (set the whole array: `user_metadata.tags=["a","b"]`)"#);
    insta::assert_snapshot!(refused(&["user_metadata..a=1"], &[]), @"`user_metadata..a` is no path: a key is missing");
    insta::assert_snapshot!(refused(&[], &[]), @"an update needs something to set or unset");
    let set = options(EditAction::Block, &["name=A"], &[]);
    insta::assert_snapshot!(Edit::new(&set).err().unwrap(), @"`block` sets and unsets nothing: the action for that is `update`");
    let blank = EditOptions {
        query: Some(" ".to_owned()),
        ..options(EditAction::Delete, &[], &[])
    };
    insta::assert_snapshot!(Edit::new(&blank).err().unwrap(), @"the query is blank");
    let deep = format!("user_metadata{}=1", ".a".repeat(100_000));
    assert!(refused(&[&deep], &[]).ends_with("is no path: it has too many keys"));
}

#[test]
fn a_value_is_json_or_text() {
    let read = |text| read_setting(text).unwrap().json;
    assert_eq!(read("a=true"), "true");
    assert_eq!(read("a=1.50"), "1.50");
    assert_eq!(read("a= { \"b\" : 1 } "), r#"{"b":1}"#);
    assert_eq!(read("a=\"12\""), "\"12\"");
    assert_eq!(read("a=007"), "\"007\"");
    assert_eq!(read("a="), "\"\"");
    assert_eq!(read("a=x=\"y"), r#""x=\"y""#);
    assert!(read_setting("a").is_err() && read_setting("=1").is_err());
}

#[test]
fn a_body_says_whom_and_what() {
    let read = |body| EditDraft::parse(body).map_err(|refusal| refusal.message);
    let draft = read(
        r#"{"query":"blocked:true","action":"update","set":{"user_metadata.n":1.50},"unset":["name"],"dry_run":true}"#,
    );
    let options = EditOptions {
        query: Some("blocked:true".to_owned()),
        action: EditAction::Update,
        set: vec![Setting {
            path: "user_metadata.n".to_owned(),
            json: "1.50".to_owned(),
        }],
        unset: vec!["name".to_owned()],
    };
    let expected = EditDraft {
        options,
        connection: None,
        dry_run: true,
    };
    assert_eq!(draft, Ok(expected));
    let nobody =
        "Exactly one of query and all (which must then be true) says whom to change".to_owned();
    for body in [
        r#"{"action":"block"}"#,
        r#"{"action":"block","all":false}"#,
        r#"{"action":"block","all":true,"query":"a"}"#,
    ] {
        assert_eq!(read(body), Err(nobody.clone()), "{body}");
    }
    assert!(
        read(r#"{"all":true,"action":"ban"}"#)
            .unwrap_err()
            .contains("No enum match for: ban")
    );
}
