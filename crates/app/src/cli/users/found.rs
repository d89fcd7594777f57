//! Users as a table or as JSON.

use purser_core::field::{Field, PathError, Projector};
use purser_core::json::RawJson;
use purser_core::user::Profile;

use crate::cli::table::Table;

/// What is shown of users unless fields are named.
const USUAL: [(&str, &str); 4] = [
    ("user_id", "ID"),
    ("email", "EMAIL"),
    ("name", "NAME"),
    ("created_at", "CREATED"),
];

/// Returns whole profiles as one JSON array.
pub(super) fn profiles(users: &[Profile]) -> String {
    let users: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
    format!("[{}]", users.join(","))
}

/// Returns a table of the usual fields.
pub(super) fn default_table(users: &[Profile]) -> Table {
    let mut table = Table::new(&USUAL.map(|(_, title)| title));
    for user in users {
        let text = |(name, _)| user.text(name).unwrap_or_default().into_owned();
        table.push(USUAL.map(text).to_vec());
    }
    table
}

/// Returns a table of these fields, under their own titles.
pub(super) fn table(users: &[Profile], fields: &[Field]) -> Result<Table, PathError> {
    let titles: Vec<&str> = fields.iter().map(Field::title).collect();
    let mut table = Table::new(&titles);
    let projector = Projector::new(fields)?;
    for user in users {
        let mut cells = Vec::new();
        projector.project(user.raw(), &mut cells);
        table.push(cells.into_iter().map(shown).collect());
    }
    Ok(table)
}

/// Returns a text as it is, other values as JSON; nothing for what is not there.
fn shown(cell: Option<RawJson<'_>>) -> String {
    let Some(value) = cell else {
        return String::new();
    };
    let text = value.as_str();
    text.map_or_else(|| value.text().to_owned(), |text| text.into_owned())
}
