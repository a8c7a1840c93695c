//! Names that become path parts, container names or labels, checked once at the edge.

use std::fmt;

/// The largest app id: 2^53 - 1, the last integer that a JSON number carries exactly everywhere.
pub const APP_ID_MAX: u64 = (1 << 53) - 1;

const NAME_MAX_BYTES: usize = 63;

/// A value that is no acceptable id or name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// The app id is outside 1 to 2^53 - 1, or not written as plain digits.
    #[error("an app id is a whole number from 1 to {APP_ID_MAX}, written without sign or leading zero")]
    AppId,
    /// The name cannot be a service, volume or network name.
    #[error(
        "a {kind} name has 1 to {NAME_MAX_BYTES} of the characters a-z A-Z 0-9 . _ - and starts with a letter or digit"
    )]
    Name {
        /// `service`, `volume` or `network`.
        kind: &'static str,
    },
}

/// The numeric id of an app, 1 to 2^53 - 1. Its digits are safe as a path part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "u64", into = "u64")
)]
pub struct AppId(u64);

impl TryFrom<u64> for AppId {
    type Error = InvalidId;

    fn try_from(value: u64) -> Result<Self, InvalidId> {
        Self::new(value)
    }
}

impl From<AppId> for u64 {
    fn from(id: AppId) -> Self {
        id.get()
    }
}

impl AppId {
    /// Accepts a number from the wire.
    pub fn new(value: u64) -> Result<Self, InvalidId> {
        if (1..=APP_ID_MAX).contains(&value) { Ok(Self(value)) } else { Err(InvalidId::AppId) }
    }

    /// Accepts digits only: no sign, no leading zero, no fraction or exponent.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let plain = !text.starts_with('0') && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !plain {
            return Err(InvalidId::AppId);
        }
        text.parse().map_err(|_| InvalidId::AppId).and_then(Self::new)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn is_safe_name(text: &str) -> bool {
    text.len() <= NAME_MAX_BYTES
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

macro_rules! safe_name {
    ($(#[$doc:meta])* $type:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
        pub struct $type(String);

        impl TryFrom<String> for $type {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }

        impl $type {
            /// Checks the name's characters and length.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if is_safe_name(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId::Name { kind: $kind }) }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

safe_name!(
    /// A service's name: a safe path part (never `.` or `..`) and a valid part of a container name.
    ServiceName,
    "service"
);
safe_name!(
    /// A volume's name inside its app.
    VolumeName,
    "volume"
);
safe_name!(
    /// A network's name inside its app.
    NetworkName,
    "network"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_id_of_plain_digits_is_accepted_up_to_the_limit() {
        assert_eq!(AppId::parse("2167").map(AppId::get), Ok(2167));
        assert_eq!(AppId::parse("9007199254740991").map(AppId::get), Ok(APP_ID_MAX));
    }

    #[test]
    fn app_id_of_anything_else_is_refused() {
        for text in [
            "",
            "0",
            "007",
            "-1",
            "+1",
            "1.5",
            "1e3",
            "9007199254740992",
            "12345678901234567890123",
            "../../etc",
            " 1",
            "١",
        ] {
            assert_eq!(AppId::parse(text), Err(InvalidId::AppId), "{text:?}");
        }
    }

    #[test]
    fn name_that_could_leave_its_folder_is_refused() {
        for text in ["", ".", "..", "../x", "a/b", "-x", ".x", "a b", "a\0", &"x".repeat(64)] {
            assert!(ServiceName::parse(text).is_err(), "{text:?}");
            assert!(VolumeName::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn name_of_ordinary_characters_is_kept() {
        assert_eq!(ServiceName::parse("web-1.main_x").map(|n| n.to_string()), Ok("web-1.main_x".to_owned()));
    }
}
