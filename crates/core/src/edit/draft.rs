//! `POST /api/purser/v1/users/edits`: what may be sent.

use crate::api::{Property, Refusal, Rule, Schema, check_body};
use crate::job::{EditAction, EditOptions, Setting};
use crate::json::RawJson;

/// An edit as a body asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditDraft {
    pub options: EditOptions,
    /// The name or the id of the connection whose users are meant; `None`: of all.
    pub connection: Option<String>,
    /// Whether it shall only be told what would change.
    pub dry_run: bool,
}

const EDIT: Schema = Schema {
    properties: &[
        Property::new(
            "query",
            Rule::Text {
                min: 0,
                max: usize::MAX,
            },
            "Query in Lucene query string syntax",
        )
        .or_null(),
        Property::new("all", Rule::Bool, "Whether every user is meant").or_null(),
        Property::new(
            "connection",
            Rule::Text { min: 1, max: 128 },
            "Name or id of the connection whose users are meant",
        )
        .or_null(),
        Property::new(
            "action",
            Rule::Choice(&["block", "unblock", "delete", "update"]),
            "What to do with the users",
        ),
        Property::new(
            "set",
            Rule::Object,
            "Values by their paths, for the action update",
        )
        .or_null(),
        Property::new(
            "unset",
            Rule::Texts,
            "Paths of what is removed, for the action update",
        )
        .or_null(),
        Property::new(
            "dry_run",
            Rule::Bool,
            "Whether it shall only be told what would change",
        )
        .or_null(),
    ],
    required: &["action"],
    advice: "",
};

impl EditDraft {
    /// Reads a body.
    pub fn parse(body: &str) -> Result<Self, Refusal> {
        let body = check_body(body, &EDIT).map_err(Refusal::body)?;
        let body = RawJson::trusted(&body);
        let text = |name| Some(body.get(name)?.as_str()?.into_owned());
        let is = |name| body.get(name).and_then(RawJson::as_bool) == Some(true);
        let query = text("query");
        if query.is_some() == is("all") {
            return Err(Refusal::body(
                "Exactly one of query and all (which must then be true) says whom to change",
            ));
        }
        let set = body.get("set").into_iter().flat_map(RawJson::members);
        let set = set.map(|member| Setting {
            path: member.name().into_owned(),
            json: member.value.text().to_owned(),
        });
        let unset = body.get("unset").into_iter().flat_map(RawJson::elements);
        let action = text("action").as_deref().and_then(EditAction::parse);
        Ok(Self {
            options: EditOptions {
                query,
                // The schema allows no other.
                action: action.unwrap_or(EditAction::Update),
                set: set.collect(),
                unset: unset
                    .filter_map(|path| Some(path.as_str()?.into_owned()))
                    .collect(),
            },
            connection: text("connection"),
            dry_run: is("dry_run"),
        })
    }
}
