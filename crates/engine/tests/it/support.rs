//! A store in a temporary folder and files to import.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use purser_core::clock::{FixedClock, Timestamp};
use purser_core::connection::DEFAULT_CONNECTION;
use purser_core::field::Field;
use purser_core::format::OutputFormat;
use purser_core::id::JobId;
use purser_core::job::{ExportOptions, ImportOptions, Job};
use purser_engine::export::ExportRequest;
use purser_engine::import::ImportRequest;
use purser_engine::{Engine, Input, Watch, report};
use purser_store::StoreUrl;
use serde_json::Value;

pub(crate) const NOW: Timestamp = Timestamp(1_674_668_896_543);

pub(crate) struct Scene {
    pub(crate) engine: Engine,
    pub(crate) folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            engine: open(folder.path()),
            folder,
        }
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn request(&self, options: ImportOptions) -> ImportRequest {
        let connection = self
            .engine
            .store()
            .find_connection_by_name(DEFAULT_CONNECTION)
            .unwrap();
        ImportRequest {
            connection: connection.filter(|_| !options.restore),
            options,
            external_id: None,
        }
    }

    pub(crate) fn import_with(&self, bytes: impl AsRef<[u8]>, options: ImportOptions) -> Job {
        let path = self.write("users", bytes);
        self.engine
            .import(
                &self.request(options),
                Input::file(&path).unwrap(),
                &Watch::default(),
            )
            .unwrap()
    }

    pub(crate) fn import(&self, bytes: impl AsRef<[u8]>) -> Job {
        self.import_with(bytes, ImportOptions::default())
    }

    pub(crate) fn restore(&self, bytes: impl AsRef<[u8]>) -> Job {
        self.import_with(
            bytes,
            ImportOptions {
                restore: true,
                ..ImportOptions::default()
            },
        )
    }

    pub(crate) fn export(&self, options: ExportOptions) -> Vec<u8> {
        let mut out = Vec::new();
        let request = ExportRequest {
            connection: None,
            options,
        };
        let job = self
            .engine
            .export(&request, &mut out, &Watch::default())
            .unwrap();
        assert_eq!(job.failure, None);
        out
    }

    pub(crate) fn export_text(&self, format: OutputFormat, fields: &[&str]) -> String {
        let fields = fields.iter().map(|name| Field {
            name: (*name).to_owned(),
            export_as: None,
        });
        let options = ExportOptions {
            format,
            fields: fields.collect(),
            ..ExportOptions::default()
        };
        String::from_utf8(self.export(options)).unwrap()
    }

    pub(crate) fn job(&self, id: &JobId) -> Job {
        self.engine.store().find_job(id).unwrap().unwrap()
    }

    /// Row number and codes of every failed row.
    pub(crate) fn failures(&self, job: &JobId) -> Vec<(u64, String)> {
        let mut out = Vec::new();
        report::write(self.engine.store(), job, OutputFormat::Ndjson, &mut out).unwrap();
        String::from_utf8(out)
            .unwrap()
            .lines()
            .map(|line| {
                let row: Value = serde_json::from_str(line).unwrap();
                let codes = row["errors"].as_array().unwrap().iter();
                let codes: Vec<_> = codes.map(|error| error["code"].as_str().unwrap()).collect();
                (row["row"].as_u64().unwrap(), codes.join(" "))
            })
            .collect()
    }

    /// All users by e-mail address, without what differs from import to import.
    pub(crate) fn users(&self, without: &[&str]) -> BTreeMap<String, Value> {
        self.export_text(OutputFormat::Ndjson, &[])
            .lines()
            .map(|line| {
                let mut user: Value = serde_json::from_str(line).unwrap();
                for name in without {
                    user.as_object_mut().unwrap().remove(*name);
                }
                (user["email"].as_str().unwrap_or_default().to_owned(), user)
            })
            .collect()
    }
}

pub(crate) fn open(folder: &Path) -> Engine {
    let url = StoreUrl::parse(&purser_testdb::store_of(folder, "purser.db")).unwrap();
    let files = Some(folder.join("purser.db-files"));
    let clock = Arc::new(FixedClock::new(NOW));
    Engine::open_with_files(&url, files, true, "acme", clock).unwrap()
}

/// What a list of users holds, row by row: one in a hundred each has a bad address, an unknown property, the address of
/// the first user, a bad hash; the rest is good.
pub(crate) fn rows(count: usize) -> Vec<String> {
    let hash = "$2b$10$C9hB01.YxRSTcn/ZOOo4j.TW7xCKKFKBSF.C7E0xiUwumqIDqWUXG";
    (0..count)
        .map(|i| {
            let mut email = format!("User{i}@example.com");
            let mut hash = hash;
            let mut more = "";
            match i % 100 {
                3 => email = format!("not-an-email-{i}"),
                5 => more = r#","favourite_colour":"mauve""#,
                7 => email = "USER0@example.com".to_owned(),
                9 => hash = "$2b$04$short",
                _ => {}
            }
            format!(
                r#"{{"user_id":"{:016x}","email":"{email}","email_verified":{},"name":"Zoë \"{i}\" 伟","password_hash":"{hash}","user_metadata":{{"country":"DE","n":{i}}},"app_metadata":{{"plan":"pro","score":{i}.50}}{more}}}"#,
                (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
                i % 2 == 0,
            )
        })
        .collect()
}
