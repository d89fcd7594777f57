//! Values of several attributes in one pass over a profile, packed or plain.
//!
//! What is packed has a code for each known key of the root, so a value is found without reading those before it. Below
//! the root a tree of keys is walked together with the value; arrays are gone through, at any depth.

use super::attribute::{Attribute, Class};
use super::date;
use super::fold::{fold_into, is_folded};
use super::scalar::Scalar;
use crate::json::{self, Kind, RawJson};
use crate::packed;

/// Reads the values of several attributes in one pass. Its memory is used again; a clone has memory of its own.
#[derive(Debug, Clone)]
pub struct Extractor {
    tree: Tree,
    memory: Memory,
}

impl Extractor {
    /// Prepares the attributes.
    pub fn new(attributes: &[Attribute]) -> Self {
        let mut tree = Tree::default();
        for (id, attribute) in attributes.iter().enumerate() {
            tree.add(attribute, id, Want::Values);
        }
        Self {
            memory: Memory::of(&tree),
            tree,
        }
    }

    /// Hands every value to `each`, with the number of its attribute; values may repeat. The profile is canonical JSON,
    /// packed or plain.
    ///
    /// Values are those *at* the path, through arrays of any depth; what an object holds belongs to longer paths, null is
    /// no value. Texts of [`Class::Folded`] are folded, dates are milliseconds since 1970, cut to whole ones; what has not
    /// the type of its class is skipped.
    pub fn visit(&mut self, profile: &str, each: &mut dyn FnMut(usize, Scalar<'_>)) {
        self.memory.begin();
        let mut sink = |id, value: Option<Scalar<'_>>| {
            if let Some(value) = value {
                each(id, value);
            }
            true
        };
        for root in 0..self.tree.roots.len() {
            self.tree.visit(root, profile, &mut self.memory, &mut sink);
        }
    }
}

/// What is asked of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Values,
    /// Whether there is a value at or below the path: told with `None` instead of a value.
    Existence,
}

/// Takes a value of an attribute, given by its number; returns whether more are wanted.
pub(super) trait Sink: FnMut(usize, Option<Scalar<'_>>) -> bool {}

impl<F: FnMut(usize, Option<Scalar<'_>>) -> bool> Sink for F {}

/// The keys of all attributes, by their roots.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) roots: Vec<Root>,
}

#[derive(Debug, Clone)]
pub(super) struct Root {
    name: String,
    /// The name in quotes, as it is spelled in profiles.
    quoted: String,
    code: Option<u8>,
    node: Node,
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// The class of the values here; a path has one.
    class: Option<Class>,
    values: Vec<usize>,
    existence: Vec<usize>,
    /// Those that ask for the domain of an address.
    domains: Vec<usize>,
    /// In the order of their keys.
    children: Vec<(String, Self)>,
}

/// Memory that holds nothing from one profile to the next.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    /// Where the values of the roots start, if that was looked up.
    starts: Vec<Option<usize>>,
    has_starts: bool,
    unpacked: String,
    folded: String,
}

impl Memory {
    pub(super) fn of(tree: &Tree) -> Self {
        Self {
            starts: vec![None; tree.roots.len()],
            has_starts: false,
            unpacked: String::new(),
            folded: String::new(),
        }
    }

    /// Begins a profile.
    pub(super) fn begin(&mut self) {
        self.has_starts = false;
    }
}

impl Tree {
    /// Adds an attribute; returns the number of its root.
    pub(super) fn add(&mut self, attribute: &Attribute, id: usize, want: Want) -> usize {
        let (name, below) = match attribute.keys() {
            [first, rest @ ..] => (first.as_str(), rest),
            [] => ("", &[][..]),
        };
        let at = self.roots.iter().position(|root| root.name == name);
        let at = at.unwrap_or_else(|| {
            let mut quoted = String::new();
            json::push_string(&mut quoted, name);
            self.roots.push(Root {
                name: name.to_owned(),
                quoted,
                code: packed::key_code(name),
                node: Node::default(),
            });
            self.roots.len() - 1
        });
        let mut node = &mut self.roots[at].node;
        if attribute.is_email_domain() {
            node.domains.push(id);
            return at;
        }
        for key in below {
            let child = node.child_index(key).unwrap_or_else(|place| {
                node.children.insert(place, (key.clone(), Node::default()));
                place
            });
            node = &mut node.children[child].1;
        }
        node.class = Some(attribute.class());
        match want {
            Want::Existence if attribute.class() == Class::Metadata => node.existence.push(id),
            _ => node.values.push(id),
        }
        at
    }

    /// Hands the values under one root to `sink`, until it wants no more.
    pub(super) fn visit(
        &self,
        root: usize,
        profile: &str,
        memory: &mut Memory,
        sink: &mut impl Sink,
    ) {
        let Some(start) = self.start(root, profile, memory) else {
            return;
        };
        let Root { quoted, node, .. } = &self.roots[root];
        let may_be_packed = matches!(
            quoted.as_str(),
            "\"user_id\"" | "\"identities\"" | "\"picture\""
        );
        memory.unpacked.clear();
        let value = if may_be_packed && packed::unpack_value(profile, start, &mut memory.unpacked) {
            memory.unpacked.as_str()
        } else {
            match profile.as_bytes().get(start) {
                // Containers are read up to their end anyhow.
                Some(b'{' | b'[') => &profile[start..],
                _ => &profile[start..json::value_end(profile.as_bytes(), start)],
            }
        };
        node.visit(RawJson::trusted(value), &mut memory.folded, sink);
    }

    fn start(&self, root: usize, profile: &str, memory: &mut Memory) -> Option<usize> {
        if let Some(code) = self.roots[root].code
            && packed::has_codes(profile)
        {
            return packed::find_code(profile, code);
        }
        if !memory.has_starts {
            memory.starts.fill(None);
            for member in packed::members(profile) {
                let is_this = |root: &Root| {
                    root.quoted == member.key
                        || member.key.contains('\\') && json::unescape(member.key) == root.name
                };
                if let Some(root) = self.roots.iter().position(is_this) {
                    memory.starts[root] = Some(member.value.start);
                }
            }
            memory.has_starts = true;
        }
        memory.starts[root]
    }
}

impl Node {
    fn child_index(&self, key: &str) -> Result<usize, usize> {
        self.children
            .binary_search_by(|(other, _)| other.as_str().cmp(key))
    }

    /// Returns the node of a key of a profile, which may be several keys of a path.
    fn child(&self, key: &str) -> Option<&Self> {
        let step = |node: &'_ Self, key: &str| node.child_index(key).ok();
        match step(self, key) {
            Some(child) => Some(&self.children[child].1),
            None if key.contains('.') => {
                let mut node = self;
                for key in key.split('.') {
                    node = &node.children[step(node, key)?].1;
                }
                Some(node)
            }
            None => None,
        }
    }

    /// Returns false if no more is wanted.
    fn visit(&self, value: RawJson<'_>, folded: &mut String, sink: &mut impl Sink) -> bool {
        match value.kind() {
            Kind::Null => true,
            Kind::Array => value
                .elements()
                .all(|element| self.visit(element, folded, sink)),
            Kind::Object => self.object(value, folded, sink),
            _ => self.scalar(value, folded, sink),
        }
    }

    fn object(&self, value: RawJson<'_>, folded: &mut String, sink: &mut impl Sink) -> bool {
        if !self.existence.is_empty() && has_scalar(value) && !self.tell_existence(sink) {
            return false;
        }
        if self.children.is_empty() {
            return true;
        }
        value.members().all(|member| {
            let inner = member.key.get(1..member.key.len() - 1).unwrap_or_default();
            let child = if inner.contains('\\') {
                self.of_key(&member.name(), member.value, sink)
            } else {
                self.of_key(inner, member.value, sink)
            };
            match child {
                Some(Some(child)) => child.visit(member.value, folded, sink),
                Some(None) => true,
                None => false,
            }
        })
    }

    /// Returns the node of a key; the outer `None` if no more is wanted.
    #[expect(clippy::option_option, reason = "two questions, two answers")]
    fn of_key(&self, key: &str, value: RawJson<'_>, sink: &mut impl Sink) -> Option<Option<&Self>> {
        let has_dots = memchr::memchr(b'.', key.as_bytes()).is_some();
        if has_dots && !self.tell_on_the_way(key, value, sink) {
            return None;
        }
        Some(self.child(key))
    }

    fn tell_existence(&self, sink: &mut impl Sink) -> bool {
        self.existence.iter().all(|id| sink(*id, None))
    }

    fn scalar(&self, value: RawJson<'_>, folded: &mut String, sink: &mut impl Sink) -> bool {
        if !self.tell_existence(sink) {
            return false;
        }
        let Some(class) = self
            .class
            .or(Some(Class::Folded).filter(|_| !self.domains.is_empty()))
        else {
            return true;
        };
        let text = value.text();
        match (value.kind(), class) {
            (Kind::String, Class::Folded) => {
                let text = json::unescape(text);
                let text = if is_folded(&text) {
                    &*text
                } else {
                    folded.clear();
                    fold_into(&text, folded);
                    folded.as_str()
                };
                self.tell(Scalar::Text(text), sink) && self.tell_domain(text, sink)
            }
            (Kind::String, Class::Keyword | Class::Metadata) => {
                self.tell(Scalar::Text(&json::unescape(text)), sink)
            }
            (Kind::String, Class::Date) => match date::instant(&json::unescape(text)) {
                Some(at) => self.tell(Scalar::Number(at as f64), sink),
                None => true,
            },
            (Kind::Bool, Class::Boolean | Class::Metadata) => {
                self.tell(Scalar::Bool(text == "true"), sink)
            }
            (Kind::Number, Class::Number | Class::Metadata) => match text.parse::<f64>() {
                Ok(number) => self.tell(Scalar::Number(number), sink),
                Err(_) => true,
            },
            _ => true,
        }
    }

    fn tell(&self, value: Scalar<'_>, sink: &mut impl Sink) -> bool {
        self.values.iter().all(|id| sink(*id, Some(value)))
    }

    fn tell_domain(&self, email: &str, sink: &mut impl Sink) -> bool {
        if self.domains.is_empty() {
            return true;
        }
        match memchr::memrchr(b'@', email.as_bytes()) {
            Some(at) => {
                let domain = Scalar::Text(&email[at + 1..]);
                self.domains.iter().all(|id| sink(*id, Some(domain)))
            }
            None => true,
        }
    }

    /// Tells of paths that end inside a key with dots: `{"a.b.c": 1}` has something below `a.b`.
    fn tell_on_the_way(&self, key: &str, value: RawJson<'_>, sink: &mut impl Sink) -> bool {
        let mut node = self;
        let mut keys = key.split('.').peekable();
        while let Some(key) = keys.next() {
            let Ok(child) = node.child_index(key) else {
                return true;
            };
            node = &node.children[child].1;
            let is_inside = keys.peek().is_some();
            if is_inside
                && !node.existence.is_empty()
                && has_scalar(value)
                && !node.tell_existence(sink)
            {
                return false;
            }
        }
        true
    }
}

/// Returns whether there is a value that is not null.
fn has_scalar(value: RawJson<'_>) -> bool {
    match value.kind() {
        Kind::Null => false,
        Kind::Array => value.elements().any(has_scalar),
        Kind::Object => value.members().any(|member| has_scalar(member.value)),
        _ => true,
    }
}
