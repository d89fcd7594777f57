//! How much of the store is indexed, and which indexes a search would want.

use std::collections::HashMap;
use std::ops::ControlFlow;

use purser_core::index::{Bits, segment_of};
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
    /// How many users it holds; those changed since are read from their profiles.
    pub indexed: u64,
}

const DOING: &str = "looking how much is indexed";

impl Store {
    /// Returns the indexes with how much of each is built.
    pub fn index_states(&self) -> Result<IndexStates, StoreError> {
        self.read(DOING, |db| {
            let users = counted_users(db, None)?;
            let segments = built(db)?;
            // Users deleted since are among the changed ones; the count is never above that of the users.
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

/// Returns of each indexed segment the highest number of a declared index that it has, and how many users it holds.
fn built(db: &Db<'_>) -> Result<Vec<(i64, u64)>, StoreError> {
    let mut changed: HashMap<i64, u64> = HashMap::new();
    db.each(DOING, "SELECT pk FROM changed_users", &[], |row| {
        *changed.entry(segment_of(row.int(0)?)).or_default() += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    db.rows(
        DOING,
        "SELECT segment, declared, users FROM segments WHERE declared IS NOT NULL",
        &[],
        |row| {
            let users = Bits::from_bytes(row.blob(2)?)
                .ok_or_else(|| unreadable(purser_core::index::Unreadable))?;
            let changed = changed.get(&row.int(0)?).copied().unwrap_or(0);
            Ok((row.int(1)?, (users.count() as u64).saturating_sub(changed)))
        },
    )
}
