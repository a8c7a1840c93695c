//! `command` and `entrypoint`: a list of words, or a string that is split as a POSIX shell splits.

use serde_json::Value;

use super::reader::{Node, Reader};
use crate::v1;

/// The words of a command.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> Option<v1::StringList> {
    let items = match node.value {
        Value::Array(_) => node.texts(reader),
        Value::String(_) => {
            let text = node.text(reader)?;
            match split(&text) {
                Ok(words) => words,
                Err(why) => return reader.refuse(&node.path, why.message()),
            }
        }
        _ => return reader.refuse(&node.path, "must be a string or a list of strings"),
    };
    Some(v1::StringList { items })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsplittable {
    OpenQuote,
    TrailingBackslash,
    ShellSyntax(char),
}

impl Unsplittable {
    fn message(self) -> String {
        match self {
            Self::OpenQuote => "has a quote that is not closed".to_owned(),
            Self::TrailingBackslash => "ends with a backslash".to_owned(),
            Self::ShellSyntax(c) => format!(
                "contains {c} outside quotes, but no shell runs it: quote it, or write a list such as [sh, -c, \"…\"]"
            ),
        }
    }
}

/// Splits into words: blanks separate, `'…'` keeps everything, `"…"` keeps all but backslash
/// before `"`, `\`, `$`, a backquote and a line's end; a backslash keeps the next character. There
/// is no expansion of any kind.
fn split(text: &str) -> Result<Vec<String>, Unsplittable> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => single_quoted(&mut rest, word.get_or_insert_default())?,
            '"' => double_quoted(&mut rest, word.get_or_insert_default())?,
            '\\' => match rest.next() {
                Some('\n') => {}
                Some(next) => word.get_or_insert_default().push(next),
                None => return Err(Unsplittable::TrailingBackslash),
            },
            ';' | '&' | '|' | '<' | '>' | '(' | ')' | '`' => return Err(Unsplittable::ShellSyntax(c)),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn single_quoted(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), Unsplittable> {
    for c in rest {
        if c == '\'' {
            return Ok(());
        }
        word.push(c);
    }
    Err(Unsplittable::OpenQuote)
}

fn double_quoted(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), Unsplittable> {
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok(()),
            '\\' => match rest.next() {
                Some('\n') => {}
                Some(next @ ('"' | '\\' | '$' | '`')) => word.push(next),
                Some(next) => word.extend(['\\', next]),
                None => return Err(Unsplittable::OpenQuote),
            },
            _ => word.push(c),
        }
    }
    Err(Unsplittable::OpenQuote)
}

#[cfg(test)]
mod tests {
    use super::{Unsplittable, split};

    #[test]
    fn command_string_is_split_as_a_shell_splits_words() {
        for (text, words) in [
            ("", vec![]),
            ("  ", vec![]),
            ("sleep 10", vec!["sleep", "10"]),
            ("  a\t b\nc ", vec!["a", "b", "c"]),
            ("sh -c 'echo  \"hi\" | cat'", vec!["sh", "-c", "echo  \"hi\" | cat"]),
            (r#"a"b c"'d e'f"#, vec!["ab cd ef"]),
            (r#""a\"b\\c\d""#, vec![r#"a"b\c\d"#]),
            (r"a\ b \'c", vec!["a b", "'c"]),
            ("'' x \"\"", vec!["", "x", ""]),
            ("a\\\nb", vec!["ab"]),
            ("echo #x $HOME *", vec!["echo", "#x", "$HOME", "*"]),
        ] {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
    }

    #[test]
    fn command_string_that_needs_a_shell_is_refused() {
        for text in ["a; b", "a && b", "a | b", "a > b", "a < b", "$(a)", "`a`"] {
            assert!(matches!(split(text), Err(Unsplittable::ShellSyntax(_))), "{text}");
        }
        assert_eq!(split("a 'b"), Err(Unsplittable::OpenQuote));
        assert_eq!(split("a \"b"), Err(Unsplittable::OpenQuote));
        assert_eq!(split("a \"b\\"), Err(Unsplittable::OpenQuote));
        assert_eq!(split("a\\"), Err(Unsplittable::TrailingBackslash));
    }
}
