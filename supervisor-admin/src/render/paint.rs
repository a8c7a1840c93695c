//! Colours.

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// On its way.
    Busy,
    /// Wrong.
    Bad,
}

/// `text`, in the colour of `tone` when `coloured`.
pub fn paint(text: &str, tone: Option<Tone>, coloured: bool) -> String {
    let code = match tone {
        Some(Tone::Good) if coloured => "32",
        Some(Tone::Busy) if coloured => "33",
        Some(Tone::Bad) if coloured => "31",
        _ => return text.to_owned(),
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}
