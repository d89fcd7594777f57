//! What `--dry-run` shows.

use purser_core::edit::Difference;
use purser_core::job::{EditAction, Progress, Summary};
use purser_engine::edit::{EditRequest, Fate, Preview, PreviewedUser};
use purser_engine::{Engine, Watch};

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt::Interrupt;
use crate::cli::output::plain;
use crate::cli::progress::Waiting;
use crate::cli::words;

/// Shows what an edit would do.
pub(super) fn run(
    request: &EditRequest,
    engine: &Engine,
    context: &Context,
) -> Result<Exit, Failure> {
    let watch = Watch::default();
    let interrupt = Interrupt::listen(&watch)?;
    let waiting = Waiting {
        watch: &watch,
        interrupt: &interrupt,
        noun: "user",
        base: (Progress::default(), Summary::default()),
    };
    let preview = waiting.run(context.output, || engine.preview_edit(request, &watch))?;
    if context.output.json {
        context.output.json(&preview.to_json())?;
    } else {
        context
            .output
            .line(&plain(&text(&preview, request.options.action)))?;
    }
    Ok(if preview.would_fail > 0 {
        Exit::RowsFailed
    } else {
        Exit::Success
    })
}

fn text(preview: &Preview, action: EditAction) -> String {
    let [change, unchanged, fail] =
        [preview.would_change, preview.unchanged, preview.would_fail].map(words::number);
    let mut lines = vec![format!(
        "{change} would be {}, {unchanged} unchanged, {fail} would fail",
        action.past()
    )];
    for PreviewedUser {
        user_id,
        email,
        what,
    } in &preview.users
    {
        let email = email.as_ref().map(|email| format!(" ({email})"));
        let who = format!("{user_id}{}", email.unwrap_or_default());
        match what {
            Fate::Deleted => lines.push(format!("{who}: would be deleted")),
            Fate::Failed(error) => {
                let code = error.code.as_str();
                lines.push(format!("{who}: {} ({code})", error.message));
            }
            Fate::Changed(fields) => {
                lines.push(who);
                lines.extend(fields.iter().map(field));
            }
        }
    }
    let shown = preview.users.len() as u64;
    let more = (preview.would_change + preview.would_fail).saturating_sub(shown);
    if more > 0 {
        lines.push(format!("… and {}", words::count(more, "more user")));
    }
    lines.join("\n")
}

fn field(field: &Difference) -> String {
    let Difference {
        path,
        before,
        after,
    } = field;
    let shown = |json: &Option<String>| json.clone().unwrap_or_else(|| "nothing".to_owned());
    format!("  {path}: {} → {}", shown(before), shown(after))
}
