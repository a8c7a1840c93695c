//! `TTY_TUNNEL_COMMAND`: words as a POSIX shell splits them, and no shell.

use std::{fmt, str::FromStr};

const PORT: &str = "{port}";

/// A command with at least one word; `{port}` in any of them stands for the terminal's port.
#[derive(Clone, PartialEq, Eq)]
pub struct TunnelCommand {
    program: String,
    arguments: Vec<String>,
}

/// Its words may hold a password.
impl fmt::Debug for TunnelCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TunnelCommand(not shown)")
    }
}

/// A text that is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a command: a quote is open, or there is no word")]
pub struct NotACommand;

impl FromStr for TunnelCommand {
    type Err = NotACommand;

    fn from_str(text: &str) -> Result<Self, NotACommand> {
        let mut words = shell_words::split(text).map_err(|_| NotACommand)?.into_iter();
        let program = words.next().filter(|word| !word.is_empty()).ok_or(NotACommand)?;
        Ok(Self { program, arguments: words.collect() })
    }
}

impl TunnelCommand {
    /// The program and its arguments for this port.
    pub fn words(&self, port: u16) -> (String, Vec<String>) {
        let port = port.to_string();
        let filled = |word: &String| word.replace(PORT, &port);
        (filled(&self.program), self.arguments.iter().map(filled).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_is_split_without_a_shell_and_given_the_port() {
        let command: TunnelCommand =
            r#"ssh -N -o "LocalCommand=echo http://a:1" -R 1:127.0.0.1:{port} 'x;y' $HOME"#.parse().unwrap();
        let (program, arguments) = command.words(48485);
        assert_eq!(program, "ssh");
        assert_eq!(
            arguments,
            ["-N", "-o", "LocalCommand=echo http://a:1", "-R", "1:127.0.0.1:48485", "x;y", "$HOME"]
        );
    }

    #[test]
    fn text_that_is_no_command_is_refused() {
        for text in ["", "  ", "'", "ssh \"", "''"] {
            assert_eq!(text.parse::<TunnelCommand>(), Err(NotACommand), "{text}");
        }
    }
}
