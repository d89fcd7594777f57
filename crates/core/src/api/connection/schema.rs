//! What bodies about connections may contain, with Auth0's own descriptions, which its messages repeat.

use crate::api::schema::{Property, Rule, Schema};
use crate::connection::is_connection_name;

const NAME: Property = Property::new(
    "name",
    Rule::Pattern {
        pattern: "^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$",
        test: is_connection_name,
        max: 128,
    },
    "The name of the connection. Must start and end with an alphanumeric character and can only contain alphanumeric \
     characters and '-'. Max length 128",
);
const STRATEGY: Property = Property::new(
    "strategy",
    Rule::Choice(&STRATEGIES),
    "The identity provider identifier for the connection",
);
const DISPLAY_NAME: Property = Property::new(
    "display_name",
    Rule::Text { min: 1, max: 128 },
    "Connection name used in the new universal login experience",
);
const OPTIONS: Property = Property::new("options", Rule::Object, "The connection's options");
const ENABLED_CLIENTS: Property = Property::new(
    "enabled_clients",
    Rule::Texts,
    "DEPRECATED property. Use the PATCH /v2/connections/{id}/clients endpoint to enable the connection for a set of \
     clients",
);
const IS_DOMAIN_CONNECTION: Property = Property::new(
    "is_domain_connection",
    Rule::Bool,
    "<code>true</code> promotes to a domain-level connection so that third-party applications can use it. \
     <code>false</code> does not promote the connection, so only first-party applications with the connection enabled \
     can use it. (Defaults to <code>false</code>.)",
);
const SHOW_AS_BUTTON: Property = Property::new(
    "show_as_button",
    Rule::Bool,
    "Enables showing a button for the connection in the login page (new experience only). If false, it will be usable \
     only by HRD. (Defaults to <code>false</code>.)",
);
const REALMS: Property = Property::new(
    "realms",
    Rule::Texts,
    "Defines the realms for which the connection will be used (ie: email domains). If the array is empty or the \
     property is not specified, the connection name will be added as realm",
);
const METADATA: Property = Property::new(
    "metadata",
    Rule::Object,
    "Metadata associated with the connection in the form of an object with string values (max 255 chars). Maximum of \
     10 metadata properties allowed",
);
const AUTHENTICATION: Property = Property::new(
    "authentication",
    Rule::Object,
    "Configure the purpose of a connection to be used for authentication during login",
);
const CONNECTED_ACCOUNTS: Property = Property::new(
    "connected_accounts",
    Rule::Object,
    "Configure the purpose of a connection to be used for connected accounts and Token Vault",
);

/// `POST /connections`.
pub(super) const CREATE: Schema = Schema {
    properties: &[
        NAME,
        DISPLAY_NAME,
        STRATEGY,
        OPTIONS,
        ENABLED_CLIENTS,
        IS_DOMAIN_CONNECTION,
        SHOW_AS_BUTTON,
        REALMS,
        METADATA,
        AUTHENTICATION,
        CONNECTED_ACCOUNTS,
    ],
    required: &["name", "strategy"],
    advice: "",
};

/// `PATCH /connections/{id}`: name and strategy cannot change.
pub(super) const UPDATE: Schema = Schema {
    properties: &[
        DISPLAY_NAME,
        OPTIONS.or_null(),
        ENABLED_CLIENTS,
        IS_DOMAIN_CONNECTION,
        SHOW_AS_BUTTON,
        REALMS,
        METADATA,
        AUTHENTICATION,
        CONNECTED_ACCOUNTS,
    ],
    required: &[],
    advice: "",
};

/// The strategies that the Management API knows.
const STRATEGIES: [&str; 58] = [
    "ad",
    "adfs",
    "amazon",
    "apple",
    "dropbox",
    "bitbucket",
    "auth0-adldap",
    "auth0-oidc",
    "auth0",
    "baidu",
    "bitly",
    "box",
    "custom",
    "daccount",
    "dwolla",
    "email",
    "evernote-sandbox",
    "evernote",
    "exact",
    "facebook",
    "fitbit",
    "github",
    "google-apps",
    "google-oauth2",
    "instagram",
    "ip",
    "line",
    "linkedin",
    "oauth1",
    "oauth2",
    "office365",
    "oidc",
    "okta",
    "paypal",
    "paypal-sandbox",
    "pingfederate",
    "planningcenter",
    "salesforce-community",
    "salesforce-sandbox",
    "salesforce",
    "samlp",
    "sharepoint",
    "shopify",
    "shop",
    "sms",
    "soundcloud",
    "thirtysevensignals",
    "twitter",
    "untappd",
    "vkontakte",
    "waad",
    "weibo",
    "windowslive",
    "wordpress",
    "yahoo",
    "yandex",
    "miicard",
    "renren",
];
