//! What an export writes of each user: fields asked for, columns that get a title, records that come out.

mod path;
mod project;

use serde::{Deserialize, Serialize};

pub use path::{Path, PathError};
pub use project::Projector;

/// A field asked for: a path into the profile, and the column's title if it is to differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// `email`, `user_metadata.address.city`, `identities[0].connection`
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_as: Option<String>,
}

impl Field {
    /// Returns the column's title.
    pub fn title(&self) -> &str {
        self.export_as.as_deref().unwrap_or(&self.name)
    }
}

/// The eleven default fields in their order, with the titles that the User Import / Export extension gave them.
pub const DEFAULT_FIELDS: [(&str, &str); 11] = [
    ("user_id", "Id"),
    ("given_name", "Given Name"),
    ("family_name", "Family Name"),
    ("nickname", "Nickname"),
    ("name", "Name"),
    ("email", "Email"),
    ("email_verified", "Email Verified"),
    ("picture", "Picture"),
    ("identities[0].connection", "Connection"),
    ("created_at", "Created At"),
    ("updated_at", "Updated At"),
];

/// Returns the default fields, with readable titles or under their own names.
pub fn default_fields(readable: bool) -> Vec<Field> {
    DEFAULT_FIELDS
        .iter()
        .map(|(name, title)| Field {
            name: (*name).to_owned(),
            export_as: readable.then(|| (*title).to_owned()),
        })
        .collect()
}
