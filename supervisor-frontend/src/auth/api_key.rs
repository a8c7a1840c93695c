//! The API key as a type that cannot be printed by accident.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The longest key, in bytes.
pub const KEY_MAX_BYTES: usize = 64;

const GENERATED_BYTES: usize = 32;

/// A word that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key has 1 to {KEY_MAX_BYTES} of the characters A-Z a-z 0-9 and underscore")]
pub struct InvalidApiKey;

/// An API key: 1 to 64 word characters. It has neither `Display` nor `Serialize`, and its `Debug`
/// shows nothing.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// Accepts 1 to 64 ASCII word characters.
    pub fn parse(text: &str) -> Result<Self, InvalidApiKey> {
        let word = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if word && (1..=KEY_MAX_BYTES).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidApiKey)
        }
    }

    /// Draws 32 bytes from the kernel and writes them as 64 lower-case hexadecimal digits.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; GENERATED_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex(&bytes)))
    }

    /// The key itself, for the one caller who asked for it, for core and for the key file.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What a presented key is compared with.
    pub fn digest(&self) -> KeyDigest {
        KeyDigest(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(redacted)")
    }
}

/// The digest of a key. Digests are compared instead of keys, so that neither the content nor the
/// length of the key shows in the time that a comparison takes.
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// Whether `presented` is the key, in constant time.
    pub fn matches(&self, presented: &[u8]) -> bool {
        // The bound is public; it keeps a long header from buying hashing time.
        if presented.len() > KEY_MAX_BYTES {
            return false;
        }
        let digest: [u8; 32] = Sha256::digest(presented).into();
        self.0.ct_eq(&digest).into()
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(redacted)")
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_of_word_characters_is_accepted() {
        for text in ["bananas", "A_9", &"x".repeat(64)] {
            assert_eq!(ApiKey::parse(text).unwrap().expose(), text);
        }
    }

    #[test]
    fn key_of_other_characters_or_length_is_refused() {
        for text in ["", "a b", "a-b", "ключ", "a\n", &"x".repeat(65)] {
            assert!(ApiKey::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn key_generated_is_64_lower_case_hex_and_new_each_time() {
        let (one, other) = (ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
        assert_eq!(one.expose().len(), 64);
        assert!(one.expose().bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn hex_of_bytes_keeps_leading_zeros() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa5]), "000fa5");
    }

    #[test]
    fn debug_of_a_key_and_its_digest_shows_nothing() {
        let key = ApiKey::parse("bananas").unwrap();
        let shown = format!("{:?} {:?} {:?}", key, key.digest(), Some(key.clone()));
        assert!(!shown.contains("bananas"), "{shown}");
    }

    #[test]
    fn digest_matches_its_own_key_only() {
        let digest = ApiKey::parse("bananas").unwrap().digest();
        assert!(digest.matches(b"bananas"));
        for wrong in [&b""[..], b"banana", b"bananas ", b"BANANAS", &[0xff; 65]] {
            assert!(!digest.matches(wrong));
        }
    }
}
