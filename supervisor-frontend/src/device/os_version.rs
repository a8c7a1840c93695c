//! `PRETTY_NAME` and `VARIANT_ID` of an os-release file
//! (<https://www.freedesktop.org/software/systemd/man/latest/os-release.html>).

use std::{fs::File, io::Read as _, path::Path};

const MAX_BYTES: u64 = 64 * 1024;

/// The host's name for itself; `None` when the file is missing or does not say.
pub fn read(path: &Path) -> Option<String> {
    value_in(&text(path)?, "PRETTY_NAME")
}

/// The host's kind, on balenaOS `dev` or `prod`; `None` when the file is missing or does not say.
pub fn variant(path: &Path) -> Option<String> {
    value_in(&text(path)?, "VARIANT_ID")
}

fn text(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

fn value_in(text: &str, name: &str) -> Option<String> {
    let value = text.lines().rev().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))?;
    let value = unquote(value.trim());
    (!value.is_empty()).then_some(value)
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
            assert_eq!(value_in(&text, "PRETTY_NAME").as_deref(), Some("Resin OS 1.0.4 (fido)"));
        }
        assert_eq!(value_in("PRETTY_NAME=Plain", "PRETTY_NAME").as_deref(), Some("Plain"));
        assert_eq!(
            value_in(r#"PRETTY_NAME="a \"b\" \$c \\""#, "PRETTY_NAME").as_deref(),
            Some(r#"a "b" $c \"#)
        );
    }

    #[test]
    fn pretty_name_absent_or_empty_is_none() {
        for text in ["", "ID=x", "PRETTY_NAME=", "PRETTY_NAME=\"\"", "XPRETTY_NAME=a"] {
            assert_eq!(value_in(text, "PRETTY_NAME"), None, "{text:?}");
        }
        assert_eq!(read(Path::new("/nonexistent/os-release")), None);
    }

    #[test]
    fn variant_of_the_host_is_read_beside_its_name() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("os-release");
        std::fs::write(&path, "PRETTY_NAME=\"Resin OS\"\nVARIANT=\"Production\"\nVARIANT_ID=\"prod\"\n")
            .unwrap();
        assert_eq!((read(&path).as_deref(), variant(&path).as_deref()), (Some("Resin OS"), Some("prod")));
    }
}
