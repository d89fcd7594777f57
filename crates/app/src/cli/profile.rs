//! A profile as text: on one line for programs, indented for people.

use purser_core::user::Profile;

use super::context::Context;
use super::failure::Failure;
use super::output::plain;

/// Prints a profile.
pub(crate) fn print(profile: &Profile, context: &Context) -> Result<(), Failure> {
    if context.output.to_terminal() && !context.output.json {
        context.output.line(&plain(&indented(profile.as_str())))
    } else {
        context.output.line(profile.as_str())
    }
}

/// Returns JSON text with line breaks. Moves tokens only: numbers of any length stay as they are.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        if in_string {
            out.push(character);
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
            continue;
        }
        match character {
            '{' | '[' if matches!(characters.peek(), Some('}' | ']')) => {
                out.push(character);
                out.extend(characters.next());
            }
            '{' | '[' => {
                depth += 1;
                out.push(character);
                break_line(depth, &mut out);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(depth, &mut out);
                out.push(character);
            }
            ',' => {
                out.push(character);
                break_line(depth, &mut out);
            }
            ':' => out.push_str(": "),
            _ => {
                in_string = character == '"';
                out.push(character);
            }
        }
    }
    out
}

fn break_line(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_is_added() {
        let json = r#"{"a":"x,{\"\\","n":123456789012345678901234567890,"e":{},"l":[1,[]]}"#;
        insta::assert_snapshot!(indented(json), @r#"
        {
          "a": "x,{\"\\",
          "n": 123456789012345678901234567890,
          "e": {},
          "l": [
            1,
            []
          ]
        }
        "#);
    }
}
