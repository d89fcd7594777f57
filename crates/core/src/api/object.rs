//! Writes one JSON object member by member, from values that are JSON text already.

use crate::json::push_string;

/// An object in the making.
#[derive(Default)]
pub(crate) struct ObjectText(String);

impl ObjectText {
    /// Appends a member whose value is JSON text.
    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        push_string(&mut self.0, name);
        self.0.push(':');
        self.0.push_str(json);
    }

    /// Returns the whole object.
    pub(crate) fn finish(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        self.0
    }
}

/// Returns a text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_string(&mut out, text);
    out
}
