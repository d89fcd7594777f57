//! What bodies about users may contain, with Auth0's own descriptions, which its messages repeat.

use super::password::MAX_BYTES;
use crate::api::schema::{Property, Rule, Schema};

/// What Auth0 adds when a body has properties that are not allowed.
const ADVICE: &str = " (consider storing them in app_metadata or user_metadata. \
    See \"Users Metadata\" in https://auth0.com/docs/api/v2/changes for more details)";

/// `POST /users`.
pub(super) const CREATE: Schema = Schema {
    properties: &[
        Property::new("email", Rule::Email, "The user's email"),
        Property::new(
            "phone_number",
            Rule::Phone,
            "The user's phone number (following the E.164 recommendation)",
        ),
        Property::new(
            "user_metadata",
            Rule::Object,
            "Data related to the user that does not affect the application's core functionality",
        ),
        Property::new(
            "app_metadata",
            Rule::Object,
            "Data related to the user that does affect the application's core functionality",
        ),
        Property::new(
            "blocked",
            Rule::Bool,
            "Whether this user was blocked by an administrator (true) or not (false)",
        ),
        Property::new(
            "email_verified",
            Rule::Bool,
            "Whether this email address is verified (true) or unverified (false). User will receive a verification \
             email after creation if `email_verified` is false or not specified",
        ),
        Property::new(
            "phone_verified",
            Rule::Bool,
            "Whether this phone number has been verified (true) or not (false)",
        ),
        Property::new(
            "given_name",
            Rule::Text { min: 1, max: 150 },
            "The user's given name(s)",
        ),
        Property::new(
            "family_name",
            Rule::Text { min: 1, max: 150 },
            "The user's family name(s)",
        ),
        Property::new(
            "name",
            Rule::Text { min: 1, max: 300 },
            "The user's full name",
        ),
        Property::new(
            "nickname",
            Rule::Text { min: 1, max: 300 },
            "The user's nickname",
        ),
        Property::new("picture", Rule::Uri, "A URI pointing to the user's picture"),
        Property::new(
            "user_id",
            Rule::NoSpace { max: 255 },
            "The external user's id provided by the identity provider",
        ),
        Property::new(
            "connection",
            Rule::Text { min: 1, max: 128 },
            "Name of the connection this user should be created in",
        ),
        Property::new(
            "password",
            Rule::Secret { max: MAX_BYTES },
            "Initial password for this user. Only valid for auth0 connection strategy",
        ),
        Property::new(
            "verify_email",
            Rule::Bool,
            "Whether the user will receive a verification email after creation (true) or no email (false). \
             Overrides behavior of `email_verified` parameter",
        ),
        Property::new(
            "username",
            Rule::Text { min: 1, max: 128 },
            "The user's username. Only valid if the connection requires a username",
        ),
    ],
    required: &["connection"],
    advice: ADVICE,
};

/// `PATCH /users/{id}`.
pub(super) const UPDATE: Schema = Schema {
    properties: &[
        Property::new(
            "blocked",
            Rule::Bool,
            "Whether this user was blocked by an administrator (true) or not (false)",
        ),
        Property::new(
            "email_verified",
            Rule::Bool,
            "Whether this email address is verified (true) or unverified (false). If set to false the user will not \
             receive a verification email unless `verify_email` is set to true",
        ),
        Property::new("email", Rule::Email, "Email address of this user").or_null(),
        Property::new(
            "phone_number",
            Rule::Phone,
            "The user's phone number (following the E.164 recommendation)",
        )
        .or_null(),
        Property::new(
            "phone_verified",
            Rule::Bool,
            "Whether this phone number has been verified (true) or not (false)",
        ),
        Property::new(
            "user_metadata",
            Rule::Object,
            "User metadata to which this user has read/write access",
        ),
        Property::new(
            "app_metadata",
            Rule::Object,
            "User metadata to which this user has read-only access",
        ),
        Property::new(
            "given_name",
            Rule::Text { min: 1, max: 150 },
            "Given name/first name/forename of this user",
        )
        .or_null(),
        Property::new(
            "family_name",
            Rule::Text { min: 1, max: 150 },
            "Family name/last name/surname of this user",
        )
        .or_null(),
        Property::new("name", Rule::Text { min: 1, max: 300 }, "Name of this user").or_null(),
        Property::new(
            "nickname",
            Rule::Text { min: 1, max: 300 },
            "Preferred nickname or alias of this user",
        )
        .or_null(),
        Property::new(
            "picture",
            Rule::Uri,
            "URL to picture, photo, or avatar of this user",
        )
        .or_null(),
        Property::new(
            "verify_email",
            Rule::Bool,
            "Whether this user will receive a verification email after creation (true) or no email (false). \
             Overrides behavior of `email_verified` parameter",
        ),
        Property::new(
            "verify_phone_number",
            Rule::Bool,
            "Whether this user will receive a text after changing the phone number (true) or no text (false). \
             Only valid when changing phone number for SMS connections",
        ),
        Property::new(
            "password",
            Rule::Secret { max: MAX_BYTES },
            "New password for this user. Only valid for database connections",
        )
        .or_null(),
        Property::new(
            "connection",
            Rule::Text { min: 1, max: 128 },
            "Name of the connection to target for this user update",
        ),
        Property::new(
            "client_id",
            Rule::Text { min: 1, max: 128 },
            "Auth0 client ID. Only valid when updating email address",
        ),
        Property::new(
            "username",
            Rule::Text { min: 1, max: 128 },
            "The user's username. Only valid if the connection requires a username",
        )
        .or_null(),
    ],
    required: &[],
    advice: ADVICE,
};
