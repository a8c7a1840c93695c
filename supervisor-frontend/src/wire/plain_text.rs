//! Text that the cloud's proxy lets through: it turns any other `text/plain` answer into a 500
//! (`open-balena-api`, the supervisor proxy's check of bodies).

/// The longest text that an answer carries, in characters.
const MAX_CHARS: usize = 512;

/// Text of the characters `[A-Za-z0-9\s:'.?!,/-]` only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainText(String);

impl PlainText {
    /// Keeps what is allowed, turns white space into blanks and anything else into `-`, and cuts
    /// what is too long.
    pub fn clean(text: &str) -> Self {
        Self(text.chars().take(MAX_CHARS).map(clean_char).collect())
    }

    /// Whether nothing of `text` would be changed.
    pub fn is_clean(text: &str) -> bool {
        text.len() <= MAX_CHARS && text.chars().all(|c| clean_char(c) == c)
    }

    /// The text.
    pub fn into_string(self) -> String {
        self.0
    }
}

fn clean_char(c: char) -> char {
    match c {
        'A'..='Z' | 'a'..='z' | '0'..='9' | ' ' | ':' | '\'' | '.' | '?' | '!' | ',' | '/' | '-' => c,
        '"' | '`' => '\'',
        ';' => ',',
        c if c.is_whitespace() => ' ',
        _ => '-',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_within_the_set_is_kept() {
        let text = "Updates are locked: /data/resin-updates.lock, isn't it? Yes!";
        assert_eq!(PlainText::clean(text).into_string(), text);
    }

    #[test]
    fn text_outside_the_set_is_replaced() {
        assert_eq!(PlainText::clean("a_b \"c\"\r\n<d>;é").into_string(), "a-b 'c'  -d-,-");
    }

    proptest! {
        #[test]
        fn text_of_any_characters_stays_in_the_set(text in any::<String>()) {
            let clean = PlainText::clean(&text).into_string();
            prop_assert!(clean.chars().all(|c| c.is_ascii_alphanumeric() || " :'.?!,/-".contains(c)));
            prop_assert!(clean.len() <= MAX_CHARS);
        }
    }
}
