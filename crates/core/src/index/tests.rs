//! A block says of every user what the values themselves say.

use proptest::prelude::*;

use super::{Bits, Block, BlockBuilder, Bounds, Head, Part, evaluate};
use crate::query::{Expr, Leaf, Limits, OwnedScalar, Query, Test};

/// Users' values: place and value, in the order of the places.
type Values = Vec<(usize, OwnedScalar)>;

fn block(values: &Values) -> Block {
    let mut builder = BlockBuilder::default();
    for (place, value) in values {
        builder.push(*place, value.as_scalar());
    }
    builder.finish()
}

fn leaf(query: &str) -> Leaf {
    let query = Query::parse(query, Limits::None).unwrap();
    match query.expr() {
        Expr::Leaf(leaf) => leaf.clone(),
        other => panic!("{other:?}"),
    }
}

/// Reads the parts that were promised to be enough, and no others.
fn users(block: &Block, test: &Test) -> Bits {
    let head = Head::read(block.head.clone()).unwrap();
    let parts: Vec<(u32, Part)> = head
        .parts_for(test)
        .into_iter()
        .map(|number| (number, Part::read(&block.parts[number as usize]).unwrap()))
        .collect();
    let part = |wanted| {
        let found = parts.iter().find(|(number, _)| *number == wanted);
        found.map(|(_, part)| part)
    };
    head.users_with(&head.accepted(test, part).unwrap())
}

fn expected(values: &Values, test: &Test) -> Vec<usize> {
    let mut places: Vec<usize> = values
        .iter()
        .filter(|(_, value)| test.is_exists() || test.accepts(value.as_scalar()))
        .map(|(place, _)| *place)
        .collect();
    places.dedup();
    places
}

const QUERIES: [&str; 16] = [
    "app_metadata.a:x1",
    "app_metadata.a:17",
    "app_metadata.a:true",
    "app_metadata.a:x*",
    "app_metadata.a:*9",
    "app_metadata.a:x?3*",
    "app_metadata.a:[x2 TO x4}",
    "app_metadata.a:{x2 TO *]",
    "app_metadata.a:[* TO x30]",
    "app_metadata.a:[10 TO 20]",
    "app_metadata.a:{10 TO *]",
    "app_metadata.a:[5 TO 1]",
    "app_metadata.a:zzz",
    r"app_metadata.a:\-3",
    "app_metadata.a:x17~1",
    "_exists_:app_metadata.a",
];

fn value() -> impl Strategy<Value = OwnedScalar> {
    prop_oneof![
        any::<bool>().prop_map(OwnedScalar::Bool),
        (-30..30).prop_map(|n| OwnedScalar::Number(f64::from(n))),
        (0..40).prop_map(|n| OwnedScalar::Text(format!("x{n}"))),
        "\\PC{0,12}".prop_map(OwnedScalar::Text),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn blocks_answer_as_their_values_do(
        mut values in prop::collection::vec((0..600_usize, value()), 0..500),
        wide in any::<bool>(),
    ) {
        values.sort_by_key(|(place, _)| *place);
        if wide {
            // More values than one part holds, and than one byte counts.
            let more = (600..2600).map(|n| (n, OwnedScalar::Text(format!("x{n}"))));
            values.extend(more);
        }
        let block = block(&values);
        prop_assert_eq!(!block.parts.is_empty(), wide);
        for query in QUERIES {
            let test = leaf(query).test;
            let found: Vec<usize> = users(&block, &test).iter().collect();
            prop_assert_eq!(found, expected(&values, &test), "{}", query);
        }
    }

    #[test]
    fn damage_never_panics(
        values in prop::collection::vec(value(), 0..50),
        cut in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let values: Values = values.into_iter().enumerate().collect();
        let mut head = block(&values).head;
        let at = cut.index(head.len());
        head[at] = byte;
        if let Ok(head) = Head::read(head.clone()) {
            let test = leaf("app_metadata.a:[a TO x]").test;
            if let Ok(codes) = head.accepted(&test, |_| None) {
                prop_assert!(head.users_with(&codes).count() <= super::SEGMENT_USERS);
            }
        }
        head.truncate(at);
        prop_assert!(Head::read(head).is_err());
    }
}

#[test]
fn what_is_too_long_or_too_much_is_unknown() {
    let mut values: Values = vec![(1, OwnedScalar::Text("x".repeat(513)))];
    values.extend((0..65).map(|n| (2, OwnedScalar::Number(f64::from(n)))));
    values.extend((0..64).map(|n| (3, OwnedScalar::Number(f64::from(n)))));
    let block = block(&values);
    let head = Head::read(block.head.clone()).unwrap();
    assert_eq!(head.unknown().iter().collect::<Vec<_>>(), [1, 2]);
    let found = users(&block, &leaf("app_metadata.a:63").test);
    assert_eq!(found.iter().collect::<Vec<_>>(), [3]);
    assert_eq!((head.codes_of(3), head.codes_of(2)), (Some((1, 64)), None));
}

#[test]
fn a_builder_begins_anew() {
    let mut builder = BlockBuilder::default();
    builder.push(5, OwnedScalar::Text("old".to_owned()).as_scalar());
    builder.push_deep(6);
    let first = builder.finish();
    builder.push(5, OwnedScalar::Text("old".to_owned()).as_scalar());
    builder.push_deep(6);
    assert_eq!(builder.finish(), first);
    assert!(Head::read(builder.finish().head).unwrap().deep().is_empty());
}

#[test]
fn queries_combine_what_is_known() {
    let query = Query::parse(
        "app_metadata.a:1 AND (app_metadata.b:1 OR NOT app_metadata.c:1)",
        Limits::None,
    )
    .unwrap();
    let bits = |places: &[usize]| {
        let mut bits = Bits::none();
        places.iter().for_each(|place| bits.insert(*place));
        bits
    };
    let known = evaluate(query.expr(), &mut |leaf: &Leaf| {
        Ok::<_, ()>(match leaf.attribute.name().as_str() {
            "app_metadata.a" => Bounds::exact(bits(&[1, 2, 3])),
            "app_metadata.b" => Bounds::exact(bits(&[1, 9])),
            _ => Bounds::unknown(),
        })
    });
    let known = known.unwrap();
    assert_eq!(known.sure, bits(&[1]));
    assert_eq!(known.open(), bits(&[2, 3]));
}
