//! Which connections a list asks for.

use crate::connection::Connection;

/// What `GET /connections` filters by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionFilter {
    /// Any of these; empty: every one.
    pub strategies: Vec<String>,
    pub name: Option<String>,
}

impl ConnectionFilter {
    /// Returns whether a connection is asked for.
    pub fn matches(&self, connection: &Connection) -> bool {
        let strategy = connection.strategy.as_str();
        (self.strategies.is_empty() || self.strategies.iter().any(|wanted| wanted == strategy))
            && self
                .name
                .as_ref()
                .is_none_or(|name| *name == connection.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Strategy;
    use crate::id::ConnectionId;

    #[test]
    fn filters_by_strategy_and_exact_name() {
        let connection = Connection {
            id: ConnectionId::parse("con_ftSSLHb0O7rcUGmF").unwrap(),
            name: "Main".to_owned(),
            strategy: Strategy::database(),
            enabled: true,
            enabled_clients: vec![],
            options: serde_json::Map::new(),
            extra: serde_json::Map::new(),
        };
        let matches = |strategies: &[&str], name: Option<&str>| {
            let strategies = strategies.iter().map(|name| (*name).to_owned()).collect();
            ConnectionFilter {
                strategies,
                name: name.map(str::to_owned),
            }
            .matches(&connection)
        };
        assert!(matches(&[], None));
        assert!(matches(&["sms", "auth0"], Some("Main")));
        assert!(!matches(&["sms"], None));
        assert!(!matches(&[], Some("main")));
    }
}
