//! What goes into a statement and what comes out of a row.

use bytes::BytesMut;
use postgres::types::{self as pg, FromSql, IsNull, ToSql, Type};
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::error::StoreError;

/// A value for a placeholder. Its type is known even where there is none, as PostgreSQL wants it.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Blob(Option<&'a [u8]>),
    /// For `= ANY (?1)`.
    Ints(&'a [i64]),
}

/// Values are personal data.
impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Int(_) => "Int",
            Self::Text(_) => "Text",
            Self::Blob(_) => "Blob",
            Self::Ints(_) => "Ints",
        })
    }
}

/// The values of a statement, in the order of their numbers.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::db::Value::from($value)),*]
    };
}
pub(crate) use values;

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<u64> for Value<'_> {
    /// No count comes near the end of 63 bits; an offset from outside may, and then means "behind everything".
    fn from(number: u64) -> Self {
        Self::Int(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Int(Some(truth.into()))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<Option<u64>> for Value<'_> {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Int(None), Self::from)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(text: &'a Option<String>) -> Self {
        Self::Text(text.as_deref())
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Blob(Some(bytes))
    }
}

impl<'a> From<&'a [i64]> for Value<'a> {
    fn from(numbers: &'a [i64]) -> Self {
        Self::Ints(numbers)
    }
}

impl Value<'_> {
    /// Returns PostgreSQL's type of the placeholder.
    pub(super) fn postgres_type(&self) -> Type {
        match self {
            Self::Int(_) => Type::INT8,
            Self::Text(_) => Type::TEXT,
            Self::Blob(_) => Type::BYTEA,
            Self::Ints(_) => Type::INT8_ARRAY,
        }
    }
}

impl rusqlite::ToSql for Value<'_> {
    /// A list becomes a JSON array, which `json_each` takes apart.
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Int(number) => {
                ToSqlOutput::Borrowed(number.map_or(ValueRef::Null, ValueRef::Integer))
            }
            Self::Text(text) => {
                ToSqlOutput::Borrowed(text.map_or(ValueRef::Null, |t| ValueRef::Text(t.as_bytes())))
            }
            Self::Blob(bytes) => {
                ToSqlOutput::Borrowed(bytes.map_or(ValueRef::Null, ValueRef::Blob))
            }
            Self::Ints(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
                ToSqlOutput::from(format!("[{}]", numbers.join(",")))
            }
        })
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Int(number) => number.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Blob(bytes) => bytes.to_sql(ty, out),
            Self::Ints(numbers) => numbers.to_sql(ty, out),
        }
    }

    /// The statement was prepared for these very types.
    fn accepts(_: &Type) -> bool {
        true
    }

    pg::to_sql_checked!();
}

/// One row of an answer.
pub(crate) struct Row<'a> {
    doing: &'static str,
    from: Source<'a>,
}

enum Source<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a postgres::Row),
}

impl<'a> Row<'a> {
    pub(crate) fn sqlite(doing: &'static str, row: &'a rusqlite::Row<'a>) -> Self {
        Self {
            doing,
            from: Source::Sqlite(row),
        }
    }

    pub(super) fn postgres(doing: &'static str, row: &'a postgres::Row) -> Self {
        Self {
            doing,
            from: Source::Postgres(row),
        }
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| self.null(column))
    }

    /// Returns a count, which is never negative.
    pub(crate) fn count(&self, column: usize) -> Result<u64, StoreError> {
        u64::try_from(self.int(column)?)
            .map_err(|_| self.corrupt(format!("column {column} is negative")))
    }

    pub(crate) fn is_true(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    pub(crate) fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.from {
            Source::Sqlite(row) => row.get(column).map_err(StoreError::sql(self.doing)),
            Source::Postgres(row) => row
                .try_get::<_, Option<Int>>(column)
                .map(|number| number.map(|Int(number)| number))
                .map_err(StoreError::sql(self.doing)),
        }
    }

    pub(crate) fn text(&self, column: usize) -> Result<&'a str, StoreError> {
        self.opt_text(column)?.ok_or_else(|| self.null(column))
    }

    pub(crate) fn opt_text(&self, column: usize) -> Result<Option<&'a str>, StoreError> {
        match self.from {
            Source::Sqlite(row) => {
                let value = row.get_ref(column).map_err(StoreError::sql(self.doing))?;
                value
                    .as_str_or_null()
                    .map_err(|error| self.corrupt(error.to_string()))
            }
            Source::Postgres(row) => row.try_get(column).map_err(StoreError::sql(self.doing)),
        }
    }

    /// Returns a text that is kept.
    pub(crate) fn string(&self, column: usize) -> Result<String, StoreError> {
        self.text(column).map(str::to_owned)
    }

    pub(crate) fn opt_string(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.opt_text(column).map(|text| text.map(str::to_owned))
    }

    pub(crate) fn blob(&self, column: usize) -> Result<&'a [u8], StoreError> {
        match self.from {
            Source::Sqlite(row) => {
                let value = row.get_ref(column).map_err(StoreError::sql(self.doing))?;
                value
                    .as_blob()
                    .map_err(|error| self.corrupt(error.to_string()))
            }
            Source::Postgres(row) => row.try_get(column).map_err(StoreError::sql(self.doing)),
        }
    }

    /// Returns what a JSON column holds, if it holds anything.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(
        &self,
        column: usize,
    ) -> Result<Option<T>, StoreError> {
        let text = self.opt_text(column)?;
        text.map(serde_json::from_str)
            .transpose()
            .map_err(StoreError::corrupt(self.doing))
    }

    /// Returns the error for a value that cannot be what it should be.
    pub(crate) fn corrupt(&self, what: impl Into<String>) -> StoreError {
        StoreError::Corrupt {
            doing: self.doing,
            what: what.into(),
        }
    }

    fn null(&self, column: usize) -> StoreError {
        self.corrupt(format!("column {column} is empty"))
    }
}

/// A whole number as PostgreSQL may answer: a column has 64 bits, a literal 32, `EXISTS` a truth.
struct Int(i64);

impl<'a> FromSql<'a> for Int {
    fn from_sql(
        ty: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::BOOL => bool::from_sql(ty, raw)?.into(),
            Type::INT4 => i32::from_sql(ty, raw)?.into(),
            _ => i64::from_sql(ty, raw)?,
        }))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::BOOL | Type::INT4 | Type::INT8)
    }
}
