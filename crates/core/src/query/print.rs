//! Canonical printing.

/// Appends a term, escaped where it must be.
pub(super) fn push_name(name: &str, out: &mut String) {
    let is_operator = matches!(name, "AND" | "OR" | "NOT" | "&&" | "||");
    for (at, c) in name.char_indices() {
        let is_first = at == 0 && (is_operator || matches!(c, '+' | '-'));
        if is_first || is_special(c) {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Returns whether a character cannot stand in a term.
pub(super) fn is_special(c: char) -> bool {
    " \t\n\r\u{3000}!():^[]\"{}~*?\\/".contains(c)
}
