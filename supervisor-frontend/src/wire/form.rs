//! `application/x-www-form-urlencoded` bodies, strictly: a repeated name is an error.

use std::collections::HashSet;

use percent_encoding::percent_decode;

/// The form is not UTF-8, or names a field twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the form is not UTF-8 or repeats a name")]
pub struct InvalidForm;

/// Splits a form and hands its fields to `field`, each name once.
pub fn parse(bytes: &[u8], mut field: impl FnMut(&str, String)) -> Result<(), InvalidForm> {
    let mut seen = HashSet::new();
    for pair in bytes.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |b| *b == b'=');
        let name = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        field(&name, value);
        if !seen.insert(name) {
            return Err(InvalidForm);
        }
    }
    Ok(())
}

fn decode(bytes: &[u8]) -> Result<String, InvalidForm> {
    let spaced: Vec<u8> = bytes.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    String::from_utf8(percent_decode(&spaced).collect()).map_err(|_| InvalidForm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(form: &[u8]) -> Result<Vec<(String, String)>, InvalidForm> {
        let mut fields = Vec::new();
        parse(form, |name, value| fields.push((name.to_owned(), value)))?;
        Ok(fields)
    }

    #[test]
    fn form_of_plain_fields_is_decoded() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            fields(b"appId=2167&&a+b=%C3%A9&c"),
            Ok(vec![pair("appId", "2167"), pair("a b", "é"), pair("c", "")])
        );
        assert_eq!(fields(b""), Ok(vec![]));
    }

    #[test]
    fn form_that_is_not_utf8_or_repeats_a_name_is_refused() {
        for form in [&b"a=\xff"[..], b"a=%ff", b"a=1&a=2", b"a=1&%61=2"] {
            assert_eq!(fields(form), Err(InvalidForm), "{form:?}");
        }
    }
}
