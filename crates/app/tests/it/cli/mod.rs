//! The command line: the real binary, its exit codes, what it prints where.

mod clients;
mod connections;
mod export;
mod globals;
mod harness;
mod import;
mod import_refused;
mod jobs;
mod manual;
mod postgres;
mod search;
mod serve;
mod users;
mod users_edit;
mod validate;
