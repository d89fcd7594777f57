//! Steps on real databases.

mod equal;
mod further;
mod rules;

use std::cell::Cell;

use purser_core::connection::{DEFAULT_CONNECTION, Strategy};
use purser_core::id::{JobId, UserId};
use purser_core::job::{ImportOptions, JobKind, Progress, Runner, Summary};
use purser_core::json::RawJson;

use super::{Batch, NewRow, Step};
use crate::row_errors::FailedRow;
use crate::testing::{NOW, New, TestStore};
use crate::{Claimed, KeyKind, Lease, NewJob, StoreError};

const EXISTS: &str = "DUPLICATED_USER The user already exist and upsert parameter is false";
const TWICE: &str =
    "DUPLICATED_USER A user with this [email|username|user_id] was already provided.";

/// One row: id, e-mail address, further members of the profile.
struct Row(&'static str, &'static str, &'static str);

/// One row with all that it may have.
#[derive(Debug, Clone, Default)]
struct FullRow {
    id: String,
    email: String,
    username: Option<String>,
    /// Further members of the profile, each behind a comma.
    more: String,
    credentials: Option<String>,
    connection: i64,
}

impl FullRow {
    fn new(id: &str, email: &str, connection: i64) -> Self {
        Self {
            id: id.to_owned(),
            email: email.to_owned(),
            connection,
            ..Self::default()
        }
    }

    fn with(mut self, more: impl Into<String>) -> Self {
        self.more = more.into();
        self
    }

    fn secret(mut self, credentials: &str) -> Self {
        self.credentials = Some(credentials.to_owned());
        self
    }
}

/// What becomes of users who exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Insert,
    Upsert,
    Replace,
}

struct Scene {
    store: TestStore,
    default: i64,
    /// Rows of the job so far.
    rows: Cell<u64>,
}

impl Scene {
    fn new(new: New) -> Self {
        let store = new();
        let default = store
            .find_connection_by_name(DEFAULT_CONNECTION)
            .unwrap()
            .unwrap()
            .pk;
        Self {
            store,
            default,
            rows: Cell::new(0),
        }
    }

    fn job(&self, number: u8) -> Lease {
        self.rows.set(0);
        let id = JobId::from_random(&[number; 16]);
        self.store
            .create_job(&NewJob {
                id: id.clone(),
                kind: JobKind::UsersImport(ImportOptions::default()),
                runner: Runner::Caller,
                connection: None,
                external_id: None,
                created_at: NOW,
                file: None,
            })
            .unwrap();
        let Claimed { lease, .. } = self.store.claim_own_job(&id, NOW).unwrap().unwrap();
        lease
    }

    fn batch(&self, rows: &[Row], connection: i64, upsert: bool) -> Batch {
        let rows: Vec<FullRow> = rows
            .iter()
            .map(|Row(id, email, more)| FullRow::new(id, email, connection).with(*more))
            .collect();
        self.full_batch(&rows, if upsert { How::Upsert } else { How::Insert })
    }

    fn full_batch(&self, rows: &[FullRow], how: How) -> Batch {
        let mut batch = self.store.new_batch();
        for row in rows {
            let FullRow {
                id, email, more, ..
            } = row;
            let number = self.rows.get() + 1;
            self.rows.set(number);
            let source = format!("{{\"user_id\":\"{id}\",\"email\":\"{email}\"}}");
            let mut profile = format!("{{\"user_id\":\"{id}\",\"email\":\"{email}\"");
            let mut keys = vec![(KeyKind::UserId, &**id), (KeyKind::Email, &**email)];
            if let Some(name) = &row.username {
                profile += &format!(",\"username\":\"{name}\"");
                keys.push((KeyKind::Username, name));
            }
            profile += &format!("{more}}}");
            let changes = format!("{{{}}}", more.trim_start_matches(','));
            batch.push(
                &NewRow {
                    place: (number, number, 0),
                    connection: row.connection,
                    strategy: &Strategy::database(),
                    source: &source,
                    keys: &keys,
                    credentials: row.credentials.as_deref(),
                },
                |out| out.push_str(&profile),
                (how == How::Upsert).then_some(|out: &mut String| out.push_str(&changes)),
            );
        }
        batch.seal();
        batch
    }

    fn step(&self, lease: &Lease, batch: &Batch, upsert: bool) -> Result<Summary, StoreError> {
        self.step_with(lease, batch, upsert, &[])
    }

    fn step_with(
        &self,
        lease: &Lease,
        batch: &Batch,
        upsert: bool,
        failures: &[FailedRow],
    ) -> Result<Summary, StoreError> {
        let step = Step {
            batch,
            failures,
            upsert,
            checkpoint: "{}",
            progress: Progress { done: 1, of: 2 },
            notes: &[],
        };
        self.store
            .apply_step(lease, NOW, &step)
            .map(|outcome| outcome.step)
    }

    fn apply_to(&self, lease: &Lease, rows: &[Row], connection: i64, upsert: bool) -> String {
        told(
            self.step(lease, &self.batch(rows, connection, upsert), upsert)
                .unwrap(),
        )
    }

    fn apply(&self, lease: &Lease, rows: &[Row], upsert: bool) -> String {
        self.apply_to(lease, rows, self.default, upsert)
    }

    fn apply_full(&self, lease: &Lease, rows: &[FullRow], how: How) -> String {
        let batch = self.full_batch(rows, how);
        told(self.step(lease, &batch, how != How::Insert).unwrap())
    }

    /// Row numbers, codes and messages of the job's failed rows.
    fn errors(&self, number: u8) -> Vec<String> {
        let mut errors = Vec::new();
        self.store
            .scan_row_errors::<StoreError>(&JobId::from_random(&[number; 16]), |row| {
                let all = RawJson::trusted(&row.errors);
                for error in all.elements() {
                    let text = |name: &str| {
                        error
                            .get(name)
                            .and_then(RawJson::as_str)
                            .unwrap_or_default()
                    };
                    errors.push(format!("{} {} {}", row.row, text("code"), text("message")));
                }
                Ok(())
            })
            .unwrap();
        errors
    }

    fn user(&self, id: &str) -> Option<String> {
        self.store
            .find_user(&UserId::new(id))
            .unwrap()
            .map(|profile| profile.into_string())
    }

    /// Everything that steps write, row by row.
    fn everything(&self) -> Vec<String> {
        const TABLES: [&str; 7] = [
            "SELECT 'user ' || pk || ' ' || connection || ' ' || coalesce(import, 0) || profile FROM users ORDER BY pk",
            "SELECT 'credentials ' || pk || secrets FROM credentials ORDER BY pk",
            "SELECT 'key ' || hash || ' ' || pk || ' ' || connection FROM user_keys ORDER BY hash",
            "SELECT 'more ' || hash || ' ' || pk || ' ' || connection FROM user_keys_more ORDER BY hash, pk",
            "SELECT 'error ' || job || ' ' || row || ' ' || line || record || errors FROM row_errors ORDER BY job, row",
            "SELECT 'connection ' || pk || ' ' || users FROM connections ORDER BY pk",
            "SELECT 'job ' || pk || ' ' || failed || ' ' || updated || ' ' || inserted || ' ' || total FROM jobs ORDER BY pk",
        ];
        let doing = "looking at everything";
        let read = self.store.read(doing, |db| {
            TABLES
                .iter()
                .map(|sql| db.rows(doing, sql, &[], |row| row.string(0)))
                .collect::<Result<Vec<_>, _>>()
        });
        read.unwrap().concat()
    }
}

fn told(done: Summary) -> String {
    let Summary {
        failed,
        updated,
        inserted,
        total,
    } = done;
    assert_eq!(failed + updated + inserted, total);
    format!("{inserted} inserted, {updated} updated, {failed} failed")
}
