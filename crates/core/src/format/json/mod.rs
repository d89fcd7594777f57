//! JSON arrays: read row by row without parsing, written record by record.

mod array;
mod encode;
mod scan;
mod value;

pub(super) use array::Array;
pub(super) use encode::JsonEncoder;
pub(super) use value::{Taken, Values};
