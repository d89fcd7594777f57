//! Auth0's published limits. Those that only protect a shared cluster hold under `--auth0-limits` alone.

/// Largest body of `POST /jobs/users-imports`, multipart envelope included.
pub const IMPORT_BODY_BYTES: u64 = 512_000;
/// Import jobs of a tenant that may be pending or processing at once.
pub const ACTIVE_IMPORT_JOBS: u64 = 2;
/// How long a job and its data are kept.
pub const JOB_RETENTION_SECONDS: i64 = 24 * 60 * 60;
/// An import that takes longer fails.
pub const IMPORT_TIMEOUT_SECONDS: i64 = 2 * 60 * 60;
/// Users that `GET /users` lets one page through.
pub const PAGING_WINDOW: u64 = 1000;
/// Columns of a CSV export.
pub const CSV_FIELDS: usize = 30;
/// Characters of a field's name and of its `export_as`; holds always, it is part of the request's schema.
pub const FIELD_NAME_CHARS: usize = 100;
/// Seconds for which a download link works; holds always.
pub const LOCATION_SECONDS: i64 = 60;
/// Largest body of any other management endpoint.
pub const BODY_BYTES: usize = 1_000_000;
