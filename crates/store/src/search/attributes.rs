//! Which attributes have an index.

use purser_core::clock::Timestamp;
use purser_core::query::Attribute;

use crate::db::Db;
use crate::error::StoreError;

/// The attributes that are always indexed, with the numbers under which their blocks are stored; never changed, only
/// added to.
pub(super) const BUILT_IN: [(i64, &str); 20] = [
    (1, "email"),
    (2, "name"),
    (3, "given_name"),
    (4, "family_name"),
    (5, "nickname"),
    (6, "email.domain"),
    (7, "user_id"),
    (8, "username"),
    (9, "phone_number"),
    (10, "last_ip"),
    (11, "created_at"),
    (12, "updated_at"),
    (13, "last_login"),
    (14, "logins_count"),
    (15, "email_verified"),
    (16, "phone_verified"),
    (17, "blocked"),
    (18, "identities.connection"),
    (19, "identities.provider"),
    (20, "identities.isSocial"),
];

/// The number of the block of connections: not an attribute of the profile, but every request may ask for it.
pub(super) const CONNECTION: i64 = 0;

/// The first number of a common path, and how many there are at most.
pub(super) const FIRST_PATH: i64 = 100;
pub(super) const MOST_PATHS: u64 = 32;

/// The first number of a declared index.
pub(super) const FIRST_DECLARED: i64 = 1000;

/// An index that somebody declared.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    pub(crate) number: i64,
    pub attribute: Attribute,
    pub created_at: Timestamp,
}

/// An indexed attribute.
#[derive(Debug, Clone)]
pub(super) struct Indexed {
    pub(super) number: i64,
    pub(super) attribute: Attribute,
}

/// Returns every indexed attribute: built in, common paths, declared.
pub(super) fn indexed(db: &Db<'_>) -> Result<Vec<Indexed>, StoreError> {
    let built_in = BUILT_IN.iter().filter_map(|(number, name)| {
        Some(Indexed {
            number: *number,
            attribute: Attribute::parse(name).ok()?,
        })
    });
    let sql = "SELECT id, path FROM common_paths ORDER BY id";
    let paths = db.rows("reading the list of indexes", sql, &[], |row| {
        let attribute = Attribute::parse(row.text(1)?);
        Ok(attribute.ok().map(|attribute| (row.int(0), attribute)))
    })?;
    let paths = paths.into_iter().flatten().map(|(number, attribute)| {
        Ok(Indexed {
            number: number?,
            attribute,
        })
    });
    let paths: Vec<Indexed> = paths.collect::<Result<_, StoreError>>()?;
    let declared = declared(db)?.into_iter().map(|index| Indexed {
        number: index.number,
        attribute: index.attribute,
    });
    Ok(built_in.chain(paths).chain(declared).collect())
}

/// Returns the declared indexes in the order they were made.
pub(super) fn declared(db: &Db<'_>) -> Result<Vec<Index>, StoreError> {
    let doing = "reading the list of indexes";
    db.rows(
        doing,
        "SELECT id, path, created_at FROM indexes ORDER BY id",
        &[],
        |row| {
            let path = row.text(1)?;
            let attribute = Attribute::parse(path).map_err(|error| StoreError::Corrupt {
                doing,
                what: error.to_string(),
            })?;
            Ok(Index {
                number: row.int(0)?,
                attribute,
                created_at: Timestamp(row.int(2)?),
            })
        },
    )
}

/// Returns whether an index is one of a common path, whose blocks do not say what lies below the path.
pub(super) fn is_common_path(number: i64) -> bool {
    (FIRST_PATH..FIRST_DECLARED).contains(&number)
}

/// Returns whether the attribute is always indexed.
pub(super) fn is_built_in(attribute: &Attribute) -> bool {
    BUILT_IN
        .iter()
        .any(|(_, name)| Attribute::parse(name).is_ok_and(|built_in| built_in == *attribute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_attribute_can_be_read() {
        for (number, name) in BUILT_IN {
            assert_eq!(Attribute::parse(name).unwrap().name(), name);
            assert!((CONNECTION + 1..FIRST_DECLARED).contains(&number));
        }
    }
}
