//! A connection as the API shows it.

use serde_json::{Map, Value, json};

use crate::connection::Connection;

/// On which occasion a connection is shown: the order of the last two keys differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Answering the request that made it.
    Created,
    /// On any other.
    Read,
}

/// Root members that are shown where they are set, before `realms`.
pub(super) const OPTIONAL: [&str; 4] = [
    "show_as_button",
    "metadata",
    "authentication",
    "connected_accounts",
];

/// Returns the JSON body of a connection, keys in the order recorded from a real tenant.
pub fn connection_body(connection: &Connection, shown: Shown) -> Map<String, Value> {
    let Connection {
        id,
        name,
        strategy,
        enabled: _,
        enabled_clients,
        options,
        extra,
    } = connection;
    let mut body = Map::new();
    body.insert("id".into(), id.as_str().into());
    body.insert("options".into(), options.clone().into());
    body.insert("strategy".into(), strategy.as_str().into());
    body.insert("name".into(), name.as_str().into());
    let mut copy = |name: &str, default: Option<Value>| {
        if let Some(value) = extra.get(name).cloned().or(default) {
            body.insert(name.to_owned(), value);
        }
    };
    copy("display_name", None);
    copy("is_domain_connection", Some(false.into()));
    for name in OPTIONAL {
        copy(name, None);
    }
    let realms = extra
        .get("realms")
        .cloned()
        .unwrap_or_else(|| json!([name]));
    let mut last = [
        ("realms", realms),
        ("enabled_clients", json!(enabled_clients)),
    ];
    if shown == Shown::Created {
        last.reverse();
    }
    for (name, value) in last {
        body.insert(name.to_owned(), value);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Strategy;
    use crate::id::{ClientId, ConnectionId};

    /// Recorded from a real tenant.
    #[test]
    fn a_connection_looks_as_recorded() {
        let options = json!({"mfa":{"active":true,"return_enroll_settings":true},"disable_signup":false,"passwordPolicy":"good","strategy_version":2,"requires_username":false,"brute_force_protection":true});
        let connection = Connection {
            id: ConnectionId::parse("con_Mlm3MxOR5utX1WSv").unwrap(),
            name: "Test".to_owned(),
            strategy: Strategy::database(),
            enabled: true,
            enabled_clients: vec![ClientId::new("aNG5n4ny57xCrd53MhfwomU85fpsEdyr")],
            options: options.as_object().unwrap().clone(),
            extra: Map::new(),
        };
        assert_eq!(
            Value::Object(connection_body(&connection, Shown::Read)).to_string(),
            r#"{"id":"con_Mlm3MxOR5utX1WSv","options":{"mfa":{"active":true,"return_enroll_settings":true},"disable_signup":false,"passwordPolicy":"good","strategy_version":2,"requires_username":false,"brute_force_protection":true},"strategy":"auth0","name":"Test","is_domain_connection":false,"realms":["Test"],"enabled_clients":["aNG5n4ny57xCrd53MhfwomU85fpsEdyr"]}"#
        );
    }
}
