//! Writes profiles as JSON objects, as elements of one array or a line each; whole, or as flat objects of fields.

use std::collections::HashSet;

use crate::field::{Field, PathError, Projector};
use crate::json::{RawJson, canonical, push_string};
use crate::packed;

/// Writes the objects; what stands between them is for the format to say.
#[derive(Clone)]
pub(in crate::format) struct JsonEncoder {
    /// `None`: whole profiles.
    fields: Option<Fields>,
    scratch: String,
}

#[derive(Clone)]
struct Fields {
    /// The titles as JSON keys, each with its colon.
    keys: Vec<String>,
    projector: Projector,
}

impl JsonEncoder {
    pub(in crate::format) fn new(fields: &[Field]) -> Result<Self, PathError> {
        let fields = if fields.is_empty() {
            None
        } else {
            Some(Fields::new(fields)?)
        };
        Ok(Self {
            fields,
            scratch: String::new(),
        })
    }

    /// Appends the object of a packed profile, which is canonical and so on one line.
    pub(in crate::format) fn packed(&mut self, packed: &str, out: &mut Vec<u8>) {
        match &mut self.fields {
            None => {
                self.scratch.clear();
                packed::unpack(packed, &mut self.scratch);
                out.extend_from_slice(self.scratch.as_bytes());
            }
            Some(Fields { keys, projector }) => {
                projector.with_packed(packed, |values| push_object(keys, values, out));
            }
        }
    }

    /// Appends one object on one line.
    pub(in crate::format) fn record(&mut self, profile: RawJson<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        match &mut self.fields {
            None => out.extend_from_slice(profile.text().as_bytes()),
            Some(fields) => fields.record(profile, out),
        }
        // Checked JSON has line ends only between its tokens; the store's own text has none.
        if memchr::memchr2(b'\n', b'\r', &out[start..]).is_some() {
            out.truncate(start);
            self.scratch.clear();
            canonical(profile.text(), &mut self.scratch);
            let profile = RawJson::trusted(&self.scratch);
            match &mut self.fields {
                None => out.extend_from_slice(profile.text().as_bytes()),
                Some(fields) => fields.record(profile, out),
            }
        }
    }
}

impl Fields {
    fn new(fields: &[Field]) -> Result<Self, PathError> {
        // No object has a key twice; the first field of a title gives its value.
        let mut titles = HashSet::new();
        let fields: Vec<_> = fields
            .iter()
            .filter(|field| titles.insert(field.title()))
            .cloned()
            .collect();
        let key = |field: &Field| {
            let mut key = String::new();
            push_string(&mut key, field.title());
            key.push(':');
            key
        };
        Ok(Self {
            keys: fields.iter().map(key).collect(),
            projector: Projector::new(&fields)?,
        })
    }

    fn record(&mut self, profile: RawJson<'_>, out: &mut Vec<u8>) {
        let Self { keys, projector } = self;
        projector.with(profile, |values| push_object(keys, values, out));
    }
}

fn push_object(keys: &[String], values: &[Option<RawJson<'_>>], out: &mut Vec<u8>) {
    out.push(b'{');
    let mut separator = "";
    for (key, value) in keys.iter().zip(values) {
        let Some(value) = value else { continue };
        out.extend_from_slice(separator.as_bytes());
        separator = ",";
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(value.text().as_bytes());
    }
    out.push(b'}');
}
