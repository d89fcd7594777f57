//! Profiles against a query.
//!
//! The parts of the formula are asked in turn, and a root attribute is read when the first test of it is asked; then all
//! tests under that root are answered together.

use std::collections::HashSet;
use std::sync::Arc;

use memchr::memmem::Finder;

use super::Query;
use super::attribute::Attribute;
use super::expr::Expr;
use super::extract::{Memory, Tree, Want};
use super::leaf::{Kind, Leaf, Test};
use super::scalar::Scalar;

/// Below this number of values, comparing with each is as fast as a set.
const SMALL: usize = 4;

/// A query made ready to be asked of many profiles; its memory is used again. A clone shares the query and has memory of
/// its own.
#[derive(Debug, Clone)]
pub struct Matcher {
    plan: Arc<Plan>,
    state: State,
}

#[derive(Debug)]
struct Plan {
    formula: Formula,
    tests: Vec<(Check, usize)>,
    /// How many tests each root has.
    counts: Vec<usize>,
    tree: Tree,
    finder: Option<Finder<'static>>,
}

/// A formula over numbers of tests.
#[derive(Debug)]
enum Formula {
    Constant(bool),
    Test(usize),
    Not(Box<Self>),
    Every(Vec<Self>),
    Any(Vec<Self>),
}

#[derive(Debug)]
enum Check {
    One(Test),
    /// One of many values, of an `Any` with many ids.
    Among(Set),
}

#[derive(Debug, Default)]
struct Set {
    texts: HashSet<Arc<str>>,
    /// Bit patterns; 0 is 0, never -0.
    numbers: HashSet<u64>,
    booleans: [bool; 2],
}

/// What is known of one profile.
#[derive(Debug, Clone)]
struct State {
    /// Grows with each profile, so that nothing need be cleared.
    round: u32,
    /// The round in which a test was last true.
    truth: Vec<u32>,
    /// The round in which a root was last read.
    read: Vec<u32>,
    memory: Memory,
}

impl Matcher {
    /// Prepares a query.
    pub fn new(query: &Query) -> Self {
        let mut builder = Builder {
            tests: Vec::new(),
            tree: Tree::default(),
        };
        let formula = builder.formula(query.expr());
        let Builder { tests, tree } = builder;
        let mut counts = vec![0; tree.roots.len()];
        for (_, root) in &tests {
            counts[*root] += 1;
        }
        let state = State {
            round: 0,
            truth: vec![0; tests.len()],
            read: vec![0; counts.len()],
            memory: Memory::of(&tree),
        };
        let finder = query
            .needle()
            .map(|needle| Finder::new(needle).into_owned());
        let plan = Plan {
            formula,
            tests,
            counts,
            tree,
            finder,
        };
        Self {
            plan: Arc::new(plan),
            state,
        }
    }

    /// Returns whether a profile is one that is looked for. The profile is canonical JSON, packed or plain.
    pub fn matches(&mut self, profile: &str) -> bool {
        if let Some(finder) = &self.plan.finder
            && finder.find(profile.as_bytes()).is_none()
        {
            return false;
        }
        self.state.begin();
        self.plan.asks(&self.plan.formula, profile, &mut self.state)
    }
}

impl State {
    fn begin(&mut self) {
        self.memory.begin();
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.truth.fill(0);
            self.read.fill(0);
            self.round = 1;
        }
    }
}

impl Plan {
    fn asks(&self, formula: &Formula, profile: &str, state: &mut State) -> bool {
        match formula {
            Formula::Constant(answer) => *answer,
            Formula::Test(test) => self.test(*test, profile, state),
            Formula::Not(part) => !self.asks(part, profile, state),
            Formula::Every(parts) => parts.iter().all(|part| self.asks(part, profile, state)),
            Formula::Any(parts) => parts.iter().any(|part| self.asks(part, profile, state)),
        }
    }

    fn test(&self, test: usize, profile: &str, state: &mut State) -> bool {
        let root = self.tests[test].1;
        let round = state.round;
        if state.read[root] != round {
            state.read[root] = round;
            let truth = &mut state.truth;
            let mut open = self.counts[root];
            let mut sink = |id: usize, value: Option<Scalar<'_>>| {
                let is_new = truth[id] != round;
                if is_new && value.is_none_or(|value| self.tests[id].0.accepts(value)) {
                    truth[id] = round;
                    open -= 1;
                }
                open > 0
            };
            self.tree.visit(root, profile, &mut state.memory, &mut sink);
        }
        state.truth[test] == round
    }
}

impl Check {
    fn accepts(&self, value: Scalar<'_>) -> bool {
        match self {
            Self::One(test) => test.accepts(value),
            Self::Among(set) => match value {
                Scalar::Text(text) => set.texts.contains(text),
                Scalar::Number(number) => set.numbers.contains(&bits(number)),
                Scalar::Bool(boolean) => set.booleans[usize::from(boolean)],
            },
        }
    }
}

fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

impl Set {
    fn add(&mut self, kind: &Kind) {
        let Kind::Is(exactly) = kind else {
            return;
        };
        self.texts.extend(exactly.text.clone());
        self.numbers.extend(exactly.number.map(bits));
        if let Some(boolean) = exactly.boolean {
            self.booleans[usize::from(boolean)] = true;
        }
    }
}

struct Builder {
    tests: Vec<(Check, usize)>,
    tree: Tree,
}

impl Builder {
    fn formula(&mut self, expr: &Expr) -> Formula {
        match expr {
            Expr::All => Formula::Constant(true),
            Expr::Nothing => Formula::Constant(false),
            Expr::Leaf(leaf) => self.leaf(leaf),
            Expr::Not(part) => Formula::Not(Box::new(self.formula(part))),
            Expr::Every(parts) => {
                Formula::Every(parts.iter().map(|part| self.formula(part)).collect())
            }
            Expr::Any(parts) => Formula::Any(self.any(parts)),
        }
    }

    fn leaf(&mut self, leaf: &Leaf) -> Formula {
        let want = if leaf.test.is_exists() {
            Want::Existence
        } else {
            Want::Values
        };
        self.test(&leaf.attribute, Check::One(leaf.test.clone()), want)
    }

    fn test(&mut self, attribute: &Attribute, check: Check, want: Want) -> Formula {
        let id = self.tests.len();
        let root = self.tree.add(attribute, id, want);
        self.tests.push((check, root));
        Formula::Test(id)
    }

    /// Makes one test of many values of one attribute.
    fn any(&mut self, parts: &[Expr]) -> Vec<Formula> {
        let is_value = |part: &&Expr| matches!(part, Expr::Leaf(leaf) if matches!(leaf.test.kind, Kind::Is(_)));
        if parts.iter().filter(is_value).count() <= SMALL {
            return parts.iter().map(|part| self.formula(part)).collect();
        }
        let mut sets: Vec<(&Attribute, Set)> = Vec::new();
        let mut known = std::collections::HashMap::new();
        let mut others = Vec::new();
        for part in parts {
            match part {
                Expr::Leaf(leaf) if matches!(leaf.test.kind, Kind::Is(_)) => {
                    let at = *known.entry(&leaf.attribute).or_insert_with(|| {
                        sets.push((&leaf.attribute, Set::default()));
                        sets.len() - 1
                    });
                    sets[at].1.add(&leaf.test.kind);
                }
                _ => others.push(self.formula(part)),
            }
        }
        let mut formulas: Vec<_> = sets
            .into_iter()
            .map(|(attribute, set)| self.test(attribute, Check::Among(set), Want::Values))
            .collect();
        formulas.append(&mut others);
        formulas
    }
}
