//! What an import did to rows besides checking and storing them, counted and told in words.

use purser_core::import::Notes;
use serde::{Deserialize, Serialize};

/// Counts of rows; part of the checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tally {
    prefix_stripped: u64,
    export_attributes_ignored: u64,
    titles_mapped: u64,
    connections_created: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, notes: Notes) {
        let Notes {
            prefix_stripped,
            export_attributes_ignored,
            titles_mapped,
        } = notes;
        self.prefix_stripped += u64::from(prefix_stripped);
        self.export_attributes_ignored += u64::from(export_attributes_ignored);
        self.titles_mapped += u64::from(titles_mapped);
    }

    pub(crate) fn connection_created(&mut self) {
        self.connections_created += 1;
    }

    /// Returns a sentence for everything that happened at least once.
    pub(crate) fn sentences(&self, strategy: &str) -> Vec<String> {
        let Self {
            prefix_stripped,
            export_attributes_ignored,
            titles_mapped,
            connections_created,
        } = *self;
        [
            (
                prefix_stripped,
                "row",
                format!(
                    ": the prefix `{strategy}|` was removed from `user_id` (`--keep-prefix` keeps it)"
                ),
            ),
            (
                export_attributes_ignored,
                "row",
                ": attributes that only an export has (`identities`, `created_at` …) were left out \
                 (`--restore` keeps them)"
                    .to_owned(),
            ),
            (
                titles_mapped,
                "row",
                ": readable titles (`Given Name`) or dotted keys were mapped to attributes".to_owned(),
            ),
            (
                connections_created,
                "connection",
                " made, because rows named what was not there".to_owned(),
            ),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, thing, rest)| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {thing}{plural}{rest}")
        })
        .collect()
    }
}
