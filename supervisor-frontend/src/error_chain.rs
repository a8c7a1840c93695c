//! An error with all its causes on one line, for the log.

use std::{error::Error, fmt};

/// Shows `error` and, after colons, what caused it. A cause that the text before it ends with already is
/// left out: some libraries repeat their source.
pub fn chain(error: &dyn Error) -> impl fmt::Display + '_ {
    fmt::from_fn(move |f| {
        let mut said = error.to_string();
        f.write_str(&said)?;
        let mut cause = error.source();
        while let Some(source) = cause {
            let text = source.to_string();
            if !said.ends_with(&text) {
                write!(f, ": {text}")?;
                said = text;
            }
            cause = source.source();
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        #[source]
        source: Option<Box<Link>>,
    }

    #[test]
    fn chain_of_causes_is_one_line_without_repetition() {
        let link = |text, source: Option<Link>| Link { text, source: source.map(Box::new) };
        let error = link("no key", Some(link("read: denied", Some(link("denied", Some(link("why", None)))))));
        assert_eq!(chain(&error).to_string(), "no key: read: denied: why");
        assert_eq!(chain(&io::Error::other("alone")).to_string(), "alone");
    }
}
