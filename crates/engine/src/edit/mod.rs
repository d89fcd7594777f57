//! The one bulk edit: changes or deletes the users who match a query, as a job.
//!
//! ```text
//! look for the next users who match → one transaction: change up to 1,000 of them, errors, counts, checkpoint → …
//! ```
//! A later attempt goes on behind the last user of the checkpoint. Users who came after the job began are left alone.

mod preview;

use purser_core::edit::{Edit, Outcome};
use purser_core::id::JobId;
use purser_core::job::{EditOptions, Job, JobKind, Runner};
use purser_core::query::{Limits, Query};
use purser_store::{Claimed, ConnectionRow, EditCheckpoint, EditScope, StoreError, UserEdit};

use crate::{Engine, EngineError, Stage, Watch};

pub use preview::{Fate, Preview, PreviewedUser};

/// Which users are to be changed how.
#[derive(Debug, Clone)]
pub struct EditRequest {
    /// `None`: the users of all connections.
    pub connection: Option<ConnectionRow>,
    pub options: EditOptions,
    /// Whose limits the query has to keep.
    pub limits: Limits,
}

impl EditRequest {
    /// Returns the query and the edit, checked.
    pub fn checked(&self) -> Result<(Option<Query>, Edit), EngineError> {
        checked(&self.options, self.limits)
    }
}

fn checked(options: &EditOptions, limits: Limits) -> Result<(Option<Query>, Edit), EngineError> {
    let query = options.query.as_deref();
    let query = query.map(|text| Query::parse(text, limits)).transpose()?;
    Ok((query, Edit::new(options)?))
}

impl Engine {
    /// Edits here and now; returns the job when it has ended, failed and canceled ones too.
    pub fn edit(&self, request: &EditRequest, watch: &Watch) -> Result<Job, EngineError> {
        let id = self.create_edit(request, Runner::Caller)?;
        let claimed = self
            .store
            .claim_own_job(&id, self.now())?
            .ok_or(StoreError::LeaseLost)?;
        self.run_edit(claimed, watch)
    }

    /// Goes on with an edit of this kind that was interrupted; `None` if there is no such job or it has ended.
    pub fn resume_edit(&self, id: &JobId, watch: &Watch) -> Result<Option<Job>, EngineError> {
        match self.store.find_job(id)? {
            Some(Job {
                kind: JobKind::UsersEdit(_),
                runner: Runner::Caller,
                ..
            }) => {}
            _ => return Ok(None),
        }
        let claimed = self.store.claim_own_job(id, self.now())?;
        claimed
            .map(|claimed| self.run_edit(claimed, watch))
            .transpose()
    }

    /// Queues an edit for the workers.
    pub fn queue_edit(&self, request: &EditRequest) -> Result<Job, EngineError> {
        let id = self.create_edit(request, Runner::Queue)?;
        self.store
            .find_job(&id)?
            .ok_or(EngineError::Store(StoreError::LeaseLost))
    }

    fn create_edit(&self, request: &EditRequest, runner: Runner) -> Result<JobId, EngineError> {
        request.checked()?;
        let EditRequest {
            connection,
            options,
            limits: _,
        } = request;
        let kind = JobKind::UsersEdit(options.clone());
        let job = self.new_job(kind, runner, connection.as_ref());
        self.store.create_job(&job)?;
        Ok(job.id)
    }

    /// Runs a claimed edit to its end and writes how it ended.
    pub(crate) fn run_edit(&self, claimed: Claimed, watch: &Watch) -> Result<Job, EngineError> {
        let mut checkpoint = claimed
            .checkpoint
            .as_ref()
            .and_then(|text| serde_json::from_str(text).ok());
        watch.set_summary(claimed.job.summary);
        let result = self.edit_users(&claimed, &mut checkpoint, watch);
        watch.set_stage(Stage::Finishing);
        let notes = checkpoint.map_or(vec![], |checkpoint| notes(&checkpoint));
        let job = self.end_job(&claimed.job.id, &claimed.lease, result.err(), None, notes)?;
        // Losing this would lose nothing: the log is folded in later.
        if let Err(error) = self.store.checkpoint_log() {
            tracing::debug!(%error, "the log could not be folded into the database");
        }
        watch.set_stage(Stage::Done);
        Ok(job)
    }

    fn edit_users(
        &self,
        Claimed { job, lease, .. }: &Claimed,
        checkpoint: &mut Option<EditCheckpoint>,
        watch: &Watch,
    ) -> Result<(), EngineError> {
        let JobKind::UsersEdit(options) = &job.kind else {
            return Err(EngineError::Store(StoreError::LeaseLost));
        };
        let connection = match &job.connection {
            Some(named) => {
                let row = self.store.find_connection(&named.id)?;
                let gone = || EngineError::ConnectionGone(job.id.clone());
                Some(row.ok_or_else(gone)?.pk)
            }
            None => None,
        };
        // Limits were held when the job was made.
        let (query, edit) = checked(options, Limits::None)?;
        let scope = EditScope {
            query: query.as_ref(),
            connection,
        };
        let at = match checkpoint {
            Some(at) => at,
            None => checkpoint.insert(self.store.begin_edit(lease, self.now())?),
        };
        watch.set_stage(Stage::Working);
        while !at.is_at_the_end() {
            watch.check()?;
            let now = self.now();
            let outcome = self.store.edit_step(lease, now, scope, at, |user, of| {
                Ok(match edit.apply(user, of, now)? {
                    Outcome::Unchanged => UserEdit::Keep,
                    Outcome::Changed(profile) => UserEdit::Replace(profile),
                    Outcome::Deleted => UserEdit::Delete,
                })
            })?;
            *at = outcome.checkpoint;
            watch.set_progress(at.progress());
            watch.set_summary(outcome.so_far);
        }
        Ok(())
    }
}

fn notes(checkpoint: &EditCheckpoint) -> Vec<String> {
    match checkpoint.unchanged {
        0 => vec![],
        1 => vec!["1 user needed no change".to_owned()],
        users => vec![format!("{users} users needed no change")],
    }
}
