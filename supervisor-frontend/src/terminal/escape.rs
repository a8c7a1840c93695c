//! Where a byte stands in a terminal's output: between characters, inside one, or inside an escape sequence
//! (ECMA-48, and the state machine of the DEC terminals).

/// The state after some bytes of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Position {
    /// Between characters and outside sequences: here a screen may begin.
    #[default]
    Clean,
    /// So many bytes of a UTF-8 character are missing.
    Character(u8),
    /// After ESC.
    Escape,
    /// After ESC and an intermediate byte.
    Intermediate,
    /// In a control sequence, ESC `[` and on.
    Control,
    /// In a string such as a window title, until BEL or ESC `\`.
    Text,
    /// After an ESC inside such a string.
    TextEscape,
}

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
/// CAN and SUB end any sequence.
const CANCEL: [u8; 2] = [0x18, 0x1a];

impl Position {
    /// The state after one more byte.
    #[must_use]
    pub fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Character(missing), 0x80..=0xbf) => {
                if missing > 1 {
                    Self::Character(missing - 1)
                } else {
                    Self::Clean
                }
            }
            (Self::Clean | Self::Character(_), _) => Self::clean_after(byte),
            (_, byte) if CANCEL.contains(&byte) => Self::Clean,
            (Self::Text, BEL) | (Self::TextEscape, b'\\') => Self::Clean,
            (Self::Text, ESC) => Self::TextEscape,
            (Self::Text, _) => Self::Text,
            (_, ESC) => Self::Escape,
            (Self::Escape | Self::TextEscape, _) => Self::escape_after(byte),
            (Self::Intermediate, 0x30..=0x7e) | (Self::Control, 0x40..=0x7e) => Self::Clean,
            (Self::Intermediate | Self::Control, _) => self,
        }
    }

    /// The state after more bytes.
    #[must_use]
    pub fn after_all(self, bytes: impl IntoIterator<Item = u8>) -> Self {
        bytes.into_iter().fold(self, Self::after)
    }

    const fn clean_after(byte: u8) -> Self {
        match byte {
            ESC => Self::Escape,
            0xc2..=0xdf => Self::Character(1),
            0xe0..=0xef => Self::Character(2),
            0xf0..=0xf4 => Self::Character(3),
            _ => Self::Clean,
        }
    }

    const fn escape_after(byte: u8) -> Self {
        match byte {
            b'[' => Self::Control,
            b']' | b'P' | b'X' | b'^' | b'_' => Self::Text,
            0x20..=0x2f => Self::Intermediate,
            0x00..=0x1f => Self::Escape,
            _ => Self::Clean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(bytes: &[u8]) -> Position {
        Position::default().after_all(bytes.iter().copied())
    }

    #[test]
    fn position_after_whole_characters_and_sequences_is_clean() {
        for bytes in [
            &b"text\r\n"[..],
            "h\u{e9}llo \u{1f600}".as_bytes(),
            b"\x1b[31;1m",
            b"\x1b]0;title\x07",
            b"\x1b]0;title\x1b\\",
            b"\x1b(B",
            b"\x1b7",
            b"\x1bP+q\x1b\\",
            b"\x1b[31\x18",
        ] {
            assert_eq!(after(bytes), Position::Clean, "{bytes:?}");
        }
    }

    #[test]
    fn position_inside_a_character_or_sequence_is_not_clean() {
        for (bytes, position) in [
            (&b"\xf0\x9f"[..], Position::Character(2)),
            (b"\x1b", Position::Escape),
            (b"\x1b[31;", Position::Control),
            (b"\x1b]0;tit", Position::Text),
            (b"\x1b]0;tit\x1b", Position::TextEscape),
            (b"\x1b(", Position::Intermediate),
        ] {
            assert_eq!(after(bytes), position, "{bytes:?}");
        }
    }
}
