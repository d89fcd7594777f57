//! Random queries about the users that there are.

use serde_json::Value;

/// A small generator of numbers, the same on every machine.
pub(super) struct Random {
    state: u64,
    /// Paths and values that some user has.
    values: Vec<(String, Value)>,
}

impl Random {
    pub(super) fn new<'a>(seed: u64, users: impl Iterator<Item = &'a str>) -> Self {
        let mut values = vec![];
        for user in users {
            let user: Value = serde_json::from_str(user).unwrap();
            collect("", &user, &mut values);
        }
        values.retain(|(path, _)| !path.starts_with("picture"));
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            values,
        }
    }

    fn next(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % below
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.next(of.len())]
    }

    pub(super) fn query(&mut self) -> String {
        self.group(0)
    }

    fn group(&mut self, depth: usize) -> String {
        let clauses = 1 + self.next(3);
        let mut out = String::new();
        for clause in 0..clauses {
            if clause > 0 {
                out.push_str(self.one_of(&[" ", " AND ", " OR ", " AND ", " && ", " || "]));
            }
            out.push_str(self.one_of(&["", "", "", "", "NOT ", "-", "+", "!"]));
            if depth < 2 && self.next(5) == 0 {
                out.push_str(&format!("({})", self.group(depth + 1)));
            } else {
                out.push_str(&self.leaf());
            }
        }
        out
    }

    fn leaf(&mut self) -> String {
        let index = self.next(self.values.len());
        let (path, value) = self.values[index].clone();
        let other = self.next(self.values.len());
        let other = text(&self.values[other].1);
        let own = text(&value);
        let name = escaped(&path);
        let part = self.part(&own);
        match self.next(14) {
            0..=3 => format!("{name}:{}", escaped(&own)),
            4 => format!(
                "{name}:\"{}\"",
                own.replace('\\', "\\\\").replace('"', "\\\"")
            ),
            5 => format!("{name}:{}*", escaped(&part)),
            6 => format!("{name}:*{}*", escaped(&part)),
            7 => format!(
                "{name}:?{}",
                escaped(&own.chars().skip(1).collect::<String>())
            ),
            8 => format!("_exists_:{name}"),
            9 => format!("{name}:[{} TO {}}}", escaped(&own), escaped(&other)),
            10 => format!("{name}:{{* TO {}]", escaped(&own)),
            11 => format!("{name}:[{} TO *]", escaped(&own)),
            12 => escaped(&own),
            _ => format!("{name}:({} OR {})", escaped(&own), escaped(&other)),
        }
    }

    fn part(&mut self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let from = self.next(chars.len().max(1));
        let length = 1 + self.next(6);
        chars
            .into_iter()
            .skip(if from.is_multiple_of(2) { 0 } else { from })
            .take(length)
            .collect()
    }
}

fn collect(path: &str, value: &Value, out: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                collect(&below, value, out);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|value| collect(path, value, out)),
        Value::Null => {}
        _ => out.push((path.to_owned(), value.clone())),
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if !c.is_alphanumeric() && !matches!(c, '_' | '.' | '@')
            || matches!(text, "AND" | "OR" | "NOT" | "TO")
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
