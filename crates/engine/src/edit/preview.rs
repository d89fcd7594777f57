//! What an edit would do, without doing it.

use purser_core::edit::{Difference, Outcome, differences};
use purser_core::row::RowError;
use purser_core::user::Profile;
use purser_store::EditScope;
use serde_json::{Map, Value, json};

use super::EditRequest;
use crate::{Engine, EngineError, Stage, Watch};

/// Users who are shown one by one.
const SHOWN: usize = 10;

/// What would become of the users who match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// Would be changed or deleted.
    pub would_change: u64,
    pub unchanged: u64,
    pub would_fail: u64,
    /// The first who would not stay as they are.
    pub users: Vec<PreviewedUser>,
}

/// One user, and what would become of him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewedUser {
    pub user_id: String,
    pub email: Option<String>,
    pub what: Fate,
}

/// What would become of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Changed(Vec<Difference>),
    Deleted,
    Failed(RowError),
}

impl Engine {
    /// Tells what an edit would do; changes nothing and makes no job.
    pub fn preview_edit(
        &self,
        request: &EditRequest,
        watch: &Watch,
    ) -> Result<Preview, EngineError> {
        let (query, edit) = request.checked()?;
        let scope = EditScope {
            query: query.as_ref(),
            connection: request.connection.as_ref().map(|row| row.pk),
        };
        let mut preview = Preview::default();
        let mut at = self.store.new_edit()?;
        watch.set_stage(Stage::Working);
        while !at.is_at_the_end() {
            watch.check()?;
            let page = self.store.edit_page(scope, &at)?;
            at = page.checkpoint;
            for (user, connection) in &page.users {
                let outcome = edit.apply(user, connection, self.now());
                preview.add(user, outcome);
            }
            watch.set_progress(at.progress());
        }
        watch.set_stage(Stage::Done);
        Ok(preview)
    }
}

impl Preview {
    fn add(&mut self, user: &Profile, outcome: Result<Outcome, RowError>) {
        let count = match &outcome {
            Ok(Outcome::Unchanged) => &mut self.unchanged,
            Ok(Outcome::Changed(_) | Outcome::Deleted) => &mut self.would_change,
            Err(_) => &mut self.would_fail,
        };
        *count += 1;
        if self.users.len() == SHOWN {
            return;
        }
        let what = match outcome {
            Ok(Outcome::Unchanged) => return,
            Ok(Outcome::Changed(after)) => Fate::Changed(differences(user, &after)),
            Ok(Outcome::Deleted) => Fate::Deleted,
            Err(error) => Fate::Failed(error),
        };
        let text = |name| user.text(name).map(std::borrow::Cow::into_owned);
        self.users.push(PreviewedUser {
            user_id: text("user_id").unwrap_or_default(),
            email: text("email"),
            what,
        });
    }

    /// Returns it as programs get it.
    pub fn to_json(&self) -> Value {
        let users: Vec<Value> = self.users.iter().map(PreviewedUser::to_json).collect();
        json!({
            "would_change": self.would_change,
            "unchanged": self.unchanged,
            "would_fail": self.would_fail,
            "users": users,
        })
    }
}

impl PreviewedUser {
    fn to_json(&self) -> Value {
        let mut body = Map::new();
        body.insert("user_id".into(), self.user_id.as_str().into());
        if let Some(email) = &self.email {
            body.insert("email".into(), email.as_str().into());
        }
        match &self.what {
            Fate::Changed(fields) => {
                let fields = fields.iter().map(field).collect();
                body.insert("changes".into(), Value::Array(fields));
            }
            Fate::Deleted => {
                body.insert("deleted".into(), true.into());
            }
            Fate::Failed(error) => {
                body.insert("error".into(), json!(error));
            }
        }
        Value::Object(body)
    }
}

/// Returns a field; what is not there is left out.
fn field(field: &Difference) -> Value {
    let mut body = Map::new();
    body.insert("path".into(), field.path.as_str().into());
    for (name, json) in [("before", &field.before), ("after", &field.after)] {
        if let Some(json) = json {
            let value = serde_json::from_str(json).unwrap_or_else(|_| json!(json));
            body.insert(name.into(), value);
        }
    }
    Value::Object(body)
}
