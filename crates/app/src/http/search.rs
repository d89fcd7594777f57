//! What every path that searches users has in common.

use std::time::Duration;

use purser_engine::Engine;
use purser_store::SearchRequest;

/// A search that takes longer is worth a line in the log, if an index would help.
const SLOW: Duration = Duration::from_secs(1);

/// Logs which indexes would have made a slow search fast.
pub(crate) fn note_slow(engine: &Engine, request: &SearchRequest<'_>, elapsed: Duration) {
    if elapsed < SLOW {
        return;
    }
    // The search was answered; that nobody can tell why it was slow is no reason to fail it.
    let lacking = engine.store().lacking_indexes(request.query, request.sort);
    let names: Vec<String> = lacking
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect();
    if !names.is_empty() {
        let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        // Names of attributes alone: values may be addresses.
        tracing::info!(
            duration_ms,
            attributes = names.join(" "),
            "a search read every profile; indexes on these attributes would make it fast"
        );
    }
}
