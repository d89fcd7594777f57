//! Jobs: what is asked, how far it is, how it ended.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::field::Field;
use crate::format::{CsvGuard, InputFormat, OutputFormat};
use crate::id::{ConnectionId, JobId};

/// Where a job stands.
///
/// ```text
/// pending → processing → completed | failed | canceled
/// pending → canceled | failed          processing → pending (handed back, resumes at its checkpoint)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    Pending,
    Processing,
    Completed,
    Failed,
    Canceled,
}

impl JobStatus {
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Processing,
        Self::Completed,
        Self::Failed,
        Self::Canceled,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Returns whether a job never leaves this status.
    pub fn is_final(self) -> bool {
        Self::ALL.into_iter().all(|next| !self.may_become(next))
    }

    pub fn may_become(self, next: Self) -> bool {
        use JobStatus::{Canceled, Completed, Failed, Pending, Processing};
        matches!(
            (self, next),
            (Pending, Processing | Canceled | Failed)
                | (Processing, Pending | Completed | Failed | Canceled)
        )
    }
}

/// What an import or an edit did; `total` is the sum of the others, always. Users whom an edit changed or deleted are
/// `updated`; those who needed no change are in none of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    pub failed: u64,
    pub updated: u64,
    pub inserted: u64,
    pub total: u64,
}

impl Summary {
    pub fn add(&mut self, other: Self) {
        self.failed += other.failed;
        self.updated += other.updated;
        self.inserted += other.inserted;
        self.total += other.total;
    }
}

/// How an import is to treat its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOptions {
    /// Update users that exist (matched by e-mail) instead of failing their rows.
    #[serde(default)]
    pub upsert: bool,
    /// Rows are full profiles and are kept exactly as given.
    #[serde(default)]
    pub restore: bool,
    /// Put the strategy before every id, also before one that has it, as Auth0 does.
    #[serde(default)]
    pub keep_prefix: bool,
    /// Nothing that Auth0 would refuse: a JSON array only, no attributes that only an export has.
    #[serde(default)]
    pub strict: bool,
    #[serde(default)]
    pub format: InputFormat,
}

/// What an export is to write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportOptions {
    /// Empty: whole profiles (JSON, NDJSON) or the default fields (CSV).
    #[serde(default)]
    pub fields: Vec<Field>,
    pub format: OutputFormat,
    /// A search (core/query): only users who match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// `created_at:-1`; without it users come in the order they were stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    #[serde(default)]
    pub limit: Option<u64>,
    #[serde(default)]
    pub gzip: bool,
    #[serde(default)]
    pub csv_guard: CsvGuard,
}

/// What an edit does with each user who matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EditAction {
    Block,
    Unblock,
    Delete,
    /// Sets and removes attributes.
    Update,
}

impl EditAction {
    pub const ALL: [Self; 4] = [Self::Block, Self::Unblock, Self::Delete, Self::Update];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Delete => "delete",
            Self::Update => "update",
        }
    }

    /// Returns what was done, as in `blocked 3 users`.
    pub fn past(self) -> &'static str {
        match self {
            Self::Block => "blocked",
            Self::Unblock => "unblocked",
            Self::Delete => "deleted",
            Self::Update => "updated",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

/// A value for an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    pub path: String,
    /// The value as canonical JSON text, so that numbers keep their spelling; `null` removes.
    pub json: String,
}

/// Whom an edit is to change, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditOptions {
    /// Of the query language of users; `None`: everybody.
    #[serde(default)]
    pub query: Option<String>,
    pub action: EditAction,
    #[serde(default)]
    pub set: Vec<Setting>,
    /// Paths of what is removed.
    #[serde(default)]
    pub unset: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    UsersImport(ImportOptions),
    UsersExport(ExportOptions),
    UsersEdit(EditOptions),
}

impl JobKind {
    /// Returns the job's `type` on the wire.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::UsersImport(_) => "users_import",
            Self::UsersExport(_) => "users_export",
            Self::UsersEdit(_) => "users_edit",
        }
    }
}

/// Who runs a job: the server's worker pool takes only jobs that were queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runner {
    /// Queued for the server's workers.
    Queue,
    /// Runs in the process that made it (the command line).
    Caller,
}

/// Why a job failed as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFailure {
    /// Auth0's sentence where there is one: `status_details`.
    pub details: String,
    /// What happened, where, in our words.
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<crate::row::Position>,
}

/// A job as the store keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub status: JobStatus,
    pub runner: Runner,
    pub connection: Option<JobConnection>,
    pub external_id: Option<String>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The uploaded or local file of an import, the artifact of an export.
    pub file: Option<String>,
    pub progress: Progress,
    pub summary: Summary,
    pub failure: Option<JobFailure>,
    /// Remarks for people, with counts: `12 ids had the prefix `auth0|`, which was removed`.
    pub notes: Vec<String>,
}

/// The connection of a job; the name as it was when the job was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobConnection {
    pub id: ConnectionId,
    pub name: String,
}

/// How far a job is. For an import `done` and `of` count bytes of the file as it lies on disk, for an export users,
/// for an edit the users' numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    pub done: u64,
    pub of: u64,
}

impl Progress {
    /// Returns whole percents, 0 to 100.
    pub fn percentage(self) -> u64 {
        let percents = self.done.saturating_mul(100).checked_div(self.of);
        percents.unwrap_or(0).min(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_jobs_stay_finished() {
        let finals: Vec<_> = JobStatus::ALL
            .into_iter()
            .filter(|s| s.is_final())
            .collect();
        assert_eq!(
            finals,
            [JobStatus::Completed, JobStatus::Failed, JobStatus::Canceled]
        );
        assert!(!JobStatus::Pending.may_become(JobStatus::Completed));
    }
}
