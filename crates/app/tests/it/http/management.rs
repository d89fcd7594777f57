//! What tests of users and connections do again and again.

use serde_json::json;

use super::support::{Answer, Server};

/// The connection that a new store has.
pub(super) const DEFAULT: &str = "Username-Password-Authentication";

impl Server {
    pub(super) fn patch(&self, path: &str, body: &str) -> Answer {
        self.authorized("PATCH", path, &[("Content-Type", "application/json")], body)
    }

    pub(super) fn delete(&self, path: &str) -> Answer {
        self.authorized("DELETE", path, &[], "")
    }

    /// Sends a request with the token of a client that has these scopes alone.
    pub(super) fn with_scopes(&self, scopes: &str, method: &str, path: &str, body: &str) -> Answer {
        let client = self.cli(&["clients", "create", "--name", "limited", "--scope", scopes]);
        let asked = json!({
            "grant_type": "client_credentials",
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
            "audience": self.audience(),
        });
        let content_type = [("Content-Type", "application/json")];
        let token = self
            .send("POST", "/oauth/token", &content_type, asked.to_string())
            .json();
        let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
        self.send(method, path, &[("Authorization", &bearer)], body)
    }

    /// Makes a user of the default connection whose id is the name, and the address begins with it.
    pub(super) fn make_user(&self, name: &str) {
        let body = json!({
            "connection": DEFAULT,
            "email": format!("{name}@example.com"),
            "password": "Correct horse 1",
            "user_id": name,
        });
        let answer = self.post("/api/v2/users", &body.to_string());
        assert_eq!(answer.status, 201, "{}", answer.text());
    }

    /// Makes a connection over the API and returns its id.
    pub(super) fn make_connection(&self, body: &str) -> String {
        let made = self.post("/api/v2/connections", body).json();
        made["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{made}"))
            .to_owned()
    }
}
