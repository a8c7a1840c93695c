//! `PRETTY_NAME` of an os-release file
//! (<https://www.freedesktop.org/software/systemd/man/latest/os-release.html>).

use std::{fs::File, io::Read as _, path::Path};

const MAX_BYTES: u64 = 64 * 1024;

/// The host's name for itself; `None` when the file is missing or does not say.
pub fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    pretty_name(&text)
}

fn pretty_name(text: &str) -> Option<String> {
    let value = text.lines().rev().find_map(|line| line.trim().strip_prefix("PRETTY_NAME="))?;
    let name = unquote(value.trim());
    (!name.is_empty()).then_some(name)
}

/// The subset of shell quoting that the format allows.
fn unquote(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return inner.to_owned();
    }
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let mut name = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        name.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_name_in_any_quoting_is_read() {
        for line in ["PRETTY_NAME=\"Resin OS 1.0.4 (fido)\"", "PRETTY_NAME='Resin OS 1.0.4 (fido)'"] {
            let text = format!("ID=resin\n{line}\nVERSION=1\n");
            assert_eq!(pretty_name(&text).as_deref(), Some("Resin OS 1.0.4 (fido)"));
        }
        assert_eq!(pretty_name("PRETTY_NAME=Plain").as_deref(), Some("Plain"));
        assert_eq!(pretty_name(r#"PRETTY_NAME="a \"b\" \$c \\""#).as_deref(), Some(r#"a "b" $c \"#));
    }

    #[test]
    fn pretty_name_absent_or_empty_is_none() {
        for text in ["", "ID=x", "PRETTY_NAME=", "PRETTY_NAME=\"\"", "XPRETTY_NAME=a"] {
            assert_eq!(pretty_name(text), None, "{text:?}");
        }
        assert_eq!(read(Path::new("/nonexistent/os-release")), None);
    }
}
