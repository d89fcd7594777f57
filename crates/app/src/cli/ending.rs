//! How an import or an edit ended, in words or as JSON, and what that means for the exit code.

use std::path::Path;
use std::time::Duration;

use purser_core::api::{Detail, job_body};
use purser_core::job::{EditAction, Job, JobFailure, JobKind, JobStatus, Summary};
use purser_engine::Engine;
use serde_json::Value;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::{bad_rows, progress, words};

/// Failed rows that are shown at the end; the others are a command away.
const SHOWN_ROWS: usize = 5;

/// An import or an edit that has ended.
#[derive(Debug)]
pub(crate) struct Ending<'a> {
    pub(crate) job: &'a Job,
    /// How long this attempt took.
    pub(crate) elapsed: Duration,
    /// Rows that an earlier attempt had done.
    pub(crate) before: u64,
    /// Where the failed rows were written.
    pub(crate) report: Option<&'a Path>,
}

impl Ending<'_> {
    /// Tells how the import ended.
    pub(crate) fn tell(&self, engine: &Engine, context: &Context) -> Result<Exit, Failure> {
        let job = self.job;
        if context.output.json {
            // Of an edit, the notes tell who needed no change.
            let detail = match self.action() {
                Some(_) => Detail::Full,
                None => Detail::Auth0,
            };
            let body = job_body(job, engine.now(), None, detail);
            context.output.json(&Value::Object(body))?;
        }
        let (done, what) = match self.action() {
            Some(action) => (action.past(), "edit"),
            None => ("imported", "import"),
        };
        match job.status {
            JobStatus::Completed => {
                context.output.say(&self.sentence(done));
                self.tell_rows(engine, context)?;
                Ok(if job.summary.failed > 0 {
                    Exit::RowsFailed
                } else {
                    Exit::Success
                })
            }
            JobStatus::Canceled => {
                context
                    .output
                    .say(&self.sentence(&format!("canceled; before that, {done}")));
                self.tell_rows(engine, context)?;
                Err(Failure::failed(format!(
                    "the {what} was canceled; what was {done} before stays"
                )))
            }
            JobStatus::Failed | JobStatus::Pending | JobStatus::Processing => {
                if job.summary.total > 0 {
                    context
                        .output
                        .say(&self.sentence(&format!("before the failure, {done}")));
                    self.tell_rows(engine, context)?;
                }
                Err(failure(job))
            }
        }
    }

    /// Returns what an edit did; `None` of an import.
    fn action(&self) -> Option<EditAction> {
        match &self.job.kind {
            JobKind::UsersEdit(options) => Some(options.action),
            JobKind::UsersImport(_) | JobKind::UsersExport(_) => None,
        }
    }

    fn sentence(&self, verb: &str) -> String {
        let Summary {
            failed,
            updated,
            inserted,
            total,
        } = self.job.summary;
        let users = words::count(inserted + updated, "user");
        let [failed, updated, inserted] = [failed, updated, inserted].map(words::number);
        let time = words::duration(self.elapsed);
        let rate = progress::per_second(total.saturating_sub(self.before), self.elapsed);
        let noun = self.action().map_or("row", |_| "user");
        let rate = rate
            .map(|rate| format!(" ({} {noun}s/s)", words::number(rate)))
            .unwrap_or_default();
        if self.action().is_some() {
            return format!("{verb} {users}; {failed} failed; in {time}{rate}");
        }
        format!(
            "{verb} {users}: {inserted} inserted, {updated} updated; {failed} failed; in {time}{rate}"
        )
    }

    fn tell_rows(&self, engine: &Engine, context: &Context) -> Result<(), Failure> {
        let (job, output) = (self.job, context.output);
        if !output.talks() {
            return Ok(());
        }
        for note in &job.notes {
            output.say(&format!("note: {note}"));
        }
        let shown = bad_rows::first(engine.store(), &job.id, SHOWN_ROWS)?;
        for row in &shown {
            output.say(&bad_rows::text(row));
        }
        let more = job.summary.failed.saturating_sub(shown.len() as u64);
        if more > 0 {
            let noun = self
                .action()
                .map_or("more failed row", |_| "more failed user");
            output.say(&format!("… and {}", words::count(more, noun)));
        }
        if let Some(report) = self.report {
            output.say(&format!("report: {}", report.display()));
        }
        if !shown.is_empty() {
            output.hint(&format!(
                "`purser jobs errors {}` shows every failed {}",
                job.id,
                self.action().map_or("row", |_| "user")
            ));
        }
        Ok(())
    }
}

/// Returns why a job failed, for people.
pub(crate) fn failure(job: &Job) -> Failure {
    let Some(JobFailure {
        details: _,
        reason,
        hint,
        position,
    }) = &job.failure
    else {
        let status = job.status.as_str();
        return Failure::failed(format!("the job {} did not end: it is {status}", job.id)).hinted(
            format!("`purser jobs show {}` tells how it goes on", job.id),
        );
    };
    // Most reasons name the place by themselves.
    let row = position
        .map(|position| position.row)
        .filter(|row| *row > 0 && !reason.contains("row"));
    let row = row.map(|row| format!(" (row {row})")).unwrap_or_default();
    let failure = Failure::failed(format!("{reason}{row}"));
    match hint {
        Some(hint) => failure.hinted(hint.as_str()),
        None => failure,
    }
}
