//! Where in a checked text a byte lies, in the words of people.

use super::{Kind, MAX_DEPTH, RawJson};

/// Returns the path (`user_metadata.tags[2]`) of the value that holds the byte at `offset` of a text that was checked.
pub fn path_at(text: &str, offset: usize) -> String {
    let mut path = String::new();
    let mut value = RawJson::trusted(text.trim_matches([' ', '\n', '\r', '\t']));
    let base = text.as_ptr() as usize;
    let holds = |part: &str| {
        let start = part.as_ptr() as usize - base;
        (start..start + part.len()).contains(&offset)
    };
    for _ in 0..MAX_DEPTH {
        let inside = match value.kind() {
            Kind::Object => value
                .members()
                .find(|m| holds(m.value.text()) || holds(m.key))
                .map(|m| {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&m.name());
                    m.value
                }),
            Kind::Array => value
                .elements()
                .enumerate()
                .find(|(_, e)| holds(e.text()))
                .map(|(i, e)| {
                    path.push_str(&format!("[{i}]"));
                    e
                }),
            _ => None,
        };
        match inside {
            Some(inner) => value = inner,
            None => break,
        }
    }
    path
}
