//! The words that open a terminal: in its URL, and in the cookie that the URL is exchanged for.

use crate::auth::api_key::{ApiKey, KeyDigest};

/// 32 bytes from the kernel as 64 lower-case hexadecimal digits; drawn, kept from logs and compared in
/// constant time as API keys are, and never one of them.
#[derive(Debug)]
pub struct Token {
    word: ApiKey,
    digest: KeyDigest,
}

impl Token {
    /// Draws a new one.
    pub fn draw() -> Result<Self, getrandom::Error> {
        let word = ApiKey::generate()?;
        let digest = word.digest();
        Ok(Self { word, digest })
    }

    /// Whether `presented` is this one, in constant time.
    pub fn matches(&self, presented: &str) -> bool {
        self.digest.matches(presented.as_bytes())
    }

    /// The word, for the one who asked for the terminal and for the browser's cookie.
    pub fn expose(&self) -> &str {
        self.word.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_matches_its_own_word_and_its_debug_shows_nothing() {
        let (one, other) = (Token::draw().unwrap(), Token::draw().unwrap());
        assert!(one.matches(one.expose()));
        assert!(!one.matches(other.expose()) && !one.matches(""));
        assert!(!format!("{one:?}").contains(one.expose()));
    }
}
