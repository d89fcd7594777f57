//! `purser jobs show`

use clap::Args;
use purser_core::api::{Detail, job_body};
use purser_core::id::JobId;
use purser_core::job::{EditOptions, Job, JobFailure, JobKind, Summary};
use serde_json::Value;

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::plain;
use crate::cli::words;

/// Show a job
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Its id
    #[arg(value_name = "ID", value_parser = super::job_id)]
    id: JobId,
}

/// Runs the command.
pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Exit, Failure> {
    let engine = context.open()?;
    let job = super::find(engine.store(), &args.id)?;
    if context.output.json {
        let body = job_body(&job, engine.now(), None, Detail::Full);
        context.output.json(&Value::Object(body))?;
    } else {
        context.output.line(&plain(&text(&job)))?;
    }
    Ok(Exit::Success)
}

fn text(job: &Job) -> String {
    let mut lines = vec![
        ("id", job.id.to_string()),
        ("type", job.kind.type_name().to_owned()),
        ("status", job.status.as_str().to_owned()),
    ];
    if let JobKind::UsersEdit(options) = &job.kind {
        lines.extend(edit(options));
    }
    if let Some(connection) = &job.connection {
        lines.push((
            "connection",
            format!("{} ({})", connection.name, connection.id),
        ));
    }
    lines.extend(job.external_id.clone().map(|id| ("external id", id)));
    lines.push(("created", job.created_at.to_string()));
    lines.extend(job.started_at.map(|at| ("started", at.to_string())));
    lines.extend(job.finished_at.map(|at| ("finished", at.to_string())));
    lines.extend(job.file.clone().map(|file| ("file", file)));
    if !job.status.is_final() {
        lines.push(("progress", format!("{}%", job.progress.percentage())));
    }
    lines.push(("summary", summary(job)));
    if let Some(JobFailure {
        details: _,
        reason,
        hint,
        position: _,
    }) = &job.failure
    {
        lines.push(("failure", reason.clone()));
        lines.extend(hint.clone().map(|hint| ("hint", hint)));
    }
    lines.extend(job.notes.iter().map(|note| ("note", note.clone())));
    let lines = lines
        .into_iter()
        .map(|(name, value)| format!("{name:12} {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns what an edit was asked to do.
fn edit(options: &EditOptions) -> Vec<(&'static str, String)> {
    let EditOptions {
        query,
        action,
        set,
        unset,
    } = options;
    let mut lines = vec![("action", action.as_str().to_owned())];
    lines.extend(query.clone().map(|query| ("query", query)));
    lines.extend(
        set.iter()
            .map(|to| ("set", format!("{}={}", to.path, to.json))),
    );
    lines.extend(unset.iter().map(|path| ("unset", path.clone())));
    lines
}

fn summary(job: &Job) -> String {
    let Summary {
        failed,
        updated,
        inserted,
        total,
    } = job.summary;
    match &job.kind {
        JobKind::UsersExport(_) => words::count(total, "user"),
        JobKind::UsersEdit(options) => format!(
            "{}: {} {}, {} failed",
            words::count(total, "user"),
            words::number(updated),
            options.action.past(),
            words::number(failed)
        ),
        JobKind::UsersImport(_) => format!(
            "{}: {} inserted, {} updated, {} failed",
            words::count(total, "row"),
            words::number(inserted),
            words::number(updated),
            words::number(failed)
        ),
    }
}
