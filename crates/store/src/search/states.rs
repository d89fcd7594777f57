//! How much of the store is indexed, and which indexes a search would want.

use std::collections::HashMap;
use std::ops::ControlFlow;

use purser_core::index::{Bits, place_of, segment_of};
use purser_core::query::{Attribute, Query, Sort};

use super::attributes::{BUILT_IN, Index, declared, indexed};
use super::blocks::unreadable;
use super::filter::leaves;
use crate::db::Db;
use crate::error::StoreError;
use crate::open::Store;
use crate::users::counted_users;

/// The indexes, and how many users they hold.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexStates {
    /// The attributes that are always indexed.
    pub built_in: Vec<&'static str>,
    /// The declared indexes in the order they were made.
    pub declared: Vec<IndexState>,
    /// How many users the indexes of the attributes that are always indexed hold.
    pub indexed: u64,
    /// How many users there are.
    pub users: u64,
}

/// A declared index and how much of it is built.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexState {
    pub index: Index,
    /// How many users it holds, those among them who were changed since.
    pub indexed: u64,
}

const DOING: &str = "looking how much is indexed";

impl Store {
    /// Returns the indexes with how much of each is built.
    pub fn index_states(&self) -> Result<IndexStates, StoreError> {
        self.read(DOING, |db| {
            let users = counted_users(db, None)?;
            let segments = built(db)?;
            let at_least = |number| {
                let holding = segments.iter().filter(|(highest, _)| *highest >= number);
                holding.map(|(_, held)| held).sum::<u64>().min(users)
            };
            let states = declared(db)?.into_iter().map(|index| IndexState {
                indexed: at_least(index.number),
                index,
            });
            Ok(IndexStates {
                built_in: BUILT_IN.iter().map(|(_, name)| *name).collect(),
                declared: states.collect(),
                indexed: at_least(0),
                users,
            })
        })
    }

    /// Returns the attributes that a search asks for and that have no index, each once.
    pub fn lacking_indexes(
        &self,
        query: Option<&Query>,
        sort: Option<&Sort>,
    ) -> Result<Vec<Attribute>, StoreError> {
        let there = self.read(DOING, indexed)?;
        let asked = query.map_or_else(Vec::new, |query| leaves(query.expr()));
        let asked = asked.into_iter().map(|leaf| &leaf.attribute);
        let mut lacking: Vec<Attribute> = Vec::new();
        for attribute in asked.chain(sort.map(|sort| &sort.attribute)) {
            let is_there = there.iter().any(|index| index.attribute == *attribute);
            if !is_there && !lacking.contains(attribute) {
                lacking.push(attribute.clone());
            }
        }
        Ok(lacking)
    }
}

/// Returns of each indexed segment the highest number of a declared index that it has, and how many users it holds. Users
/// changed since are among them: they are noted, and read one by one.
fn built(db: &Db<'_>) -> Result<Vec<(i64, u64)>, StoreError> {
    let mut changed: HashMap<i64, Vec<(usize, bool)>> = HashMap::new();
    db.each(
        DOING,
        "SELECT changed_users.pk, CASE WHEN users.pk IS NULL THEN 0 ELSE 1 END
         FROM changed_users LEFT JOIN users ON users.pk = changed_users.pk",
        &[],
        |row| {
            let (pk, is_there) = (row.int(0)?, row.int(1)? == 1);
            let of_segment = changed.entry(segment_of(pk)).or_default();
            of_segment.push((place_of(pk), is_there));
            Ok(ControlFlow::Continue(()))
        },
    )?;
    db.rows(
        DOING,
        "SELECT segment, declared, users FROM segments WHERE declared IS NOT NULL",
        &[],
        |row| {
            let mut users = Bits::from_bytes(row.blob(2)?)
                .ok_or_else(|| unreadable(purser_core::index::Unreadable))?;
            for (place, is_there) in changed.get(&row.int(0)?).into_iter().flatten() {
                if *is_there {
                    users.insert(*place);
                } else {
                    users.remove(*place);
                }
            }
            Ok((row.int(1)?, users.count() as u64))
        },
    )
}

#[cfg(test)]
mod tests {
    use purser_core::id::UserId;
    use purser_core::query::Limits;

    use super::*;
    use crate::testing::{NOW, New, on_both_stores};
    use crate::users::NewUserRecord;
    use crate::{BuildStep, UserWrite};

    on_both_stores!(what_is_indexed_is_told, what_is_lacking_is_told);

    fn what_is_indexed_is_told(new: New) {
        let store = new();
        let connection = store.list_connections().unwrap().remove(0);
        let insert = |name: &str| {
            let profile = format!(r#"{{"user_id":"auth0|{name}","email":"{name}@b.example"}}"#);
            let record = NewUserRecord {
                connection: connection.pk,
                strategy: connection.connection.strategy.clone(),
                profile: purser_core::user::Profile::from_canonical(profile),
                credentials: None,
            };
            assert_eq!(store.insert_user(&record).unwrap(), UserWrite::Done);
        };
        let told = || {
            let states = store.index_states().unwrap();
            let declared = states.declared.first().map(|state| state.indexed);
            (declared, states.indexed, states.users)
        };
        insert("a");
        insert("b");
        assert_eq!(told(), (None, 0, 2));
        while store.build_indexes().unwrap() != BuildStep::Nothing {}
        assert_eq!(told(), (None, 2, 2));
        let plan = Attribute::parse("app_metadata.plan").unwrap();
        store.create_index(&plan, NOW).unwrap();
        assert_eq!(told(), (Some(0), 2, 2));
        while store.build_indexes().unwrap() != BuildStep::Nothing {}
        assert_eq!(told(), (Some(2), 2, 2));
        // Noted for what is there already.
        insert("c");
        assert_eq!(told(), (Some(3), 3, 3));
        store.delete_user(&UserId::new("auth0|a")).unwrap();
        assert_eq!(told(), (Some(2), 2, 2));
    }

    fn what_is_lacking_is_told(new: New) {
        let store = new();
        let query = |text| Query::parse(text, Limits::None).unwrap();
        let sort = Sort::parse("user_metadata.age:-1").unwrap();
        let lacking = |query: &Query, sort: Option<&Sort>| {
            let lacking = store.lacking_indexes(Some(query), sort).unwrap();
            let names: Vec<String> = lacking.iter().map(Attribute::name).collect();
            names.join(" ")
        };
        let plan = query("app_metadata.plan:a OR NOT (app_metadata.plan:b email:c)");
        assert_eq!(
            lacking(&plan, Some(&sort)),
            "app_metadata.plan user_metadata.age"
        );
        let attribute = Attribute::parse("app_metadata.plan").unwrap();
        store.create_index(&attribute, NOW).unwrap();
        assert_eq!(lacking(&plan, None), "");
    }
}
