//! Times one import or export, and tells the peak memory:
//! `rate import STORE FILE [upsert|restore]` · `rate export STORE OUT.csv|.ndjson [gzip]`

use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use purser_core::connection::DEFAULT_CONNECTION;
use purser_core::field::Field;
use purser_core::format::OutputFormat;
use purser_core::job::{ExportOptions, ImportOptions};
use purser_engine::export::ExportRequest;
use purser_engine::import::ImportRequest;
use purser_engine::{Engine, Input, SystemClock, Watch};
use purser_store::StoreUrl;

const FIELDS: [&str; 7] = [
    "user_id",
    "email",
    "name",
    "user_metadata.country",
    "app_metadata.plan",
    "identities[0].connection",
    "created_at",
];

#[expect(clippy::print_stdout, reason = "this is what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, what, store, file, options @ ..] = &args[..] else {
        return Err("see the file's head".into());
    };
    let has = |option: &str| options.iter().any(|given| given == option);
    let engine = Engine::open(
        &StoreUrl::parse(store)?,
        true,
        "rate",
        Arc::new(SystemClock),
    )?;
    let started = Instant::now();
    let job = if what == "import" {
        let request = ImportRequest {
            connection: engine.store().find_connection_by_name(DEFAULT_CONNECTION)?,
            options: ImportOptions {
                upsert: has("upsert"),
                restore: has("restore"),
                ..ImportOptions::default()
            },
            external_id: None,
        };
        engine.import(&request, Input::file(Path::new(file))?, &Watch::default())?
    } else {
        let fields = FIELDS.map(|name| Field {
            name: name.to_owned(),
            export_as: None,
        });
        let csv = file.ends_with(".csv");
        let options = ExportOptions {
            fields: if csv { fields.to_vec() } else { vec![] },
            format: if csv {
                OutputFormat::Csv
            } else {
                OutputFormat::Ndjson
            },
            gzip: has("gzip"),
            ..ExportOptions::default()
        };
        let mut out = BufWriter::new(std::fs::File::create(file)?);
        engine.export(
            &ExportRequest {
                connection: None,
                options,
            },
            &mut out,
            &Watch::default(),
        )?
    };
    let seconds = started.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or_default();
    println!(
        "{what} {:?} {:?} {seconds:.2} s {:.0} rows/s {peak} {:?}",
        job.status,
        job.summary,
        job.summary.total as f64 / seconds,
        job.failure.map(|failure| failure.reason),
    );
    Ok(())
}
