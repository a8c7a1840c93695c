//! The engine can start a process in a container, but not end one. So a shell of the image starts it: it
//! first writes its process id, then becomes the process. Later a second shell ends that id's session.
//!
//! Everything here is pure: the shell scripts, and what they print.

/// Shells that can be the launcher, in the order in which they are tried.
pub const INTERPRETERS: [&str; 2] = ["sh", "bash"];

/// More than any launcher prints before the process begins.
const MAX_LINE_BYTES: usize = 64;

const SHELL_SCRIPT: &str =
    r#"if command -v bash >/dev/null 2>&1; then s=bash; else s=sh; fi; echo "$$ $s"; exec "$s""#;
const COMMAND_SCRIPT: &str = r#"echo "$$ command"; exec "$@""#;
/// Ends every process of session `$1` by signal `$2`, with nothing but what every shell has built in. The
/// sixth field of `/proc/<pid>/stat` is the session; the second, a name in brackets, may hold anything.
const END_SCRIPT: &str = r#"s=$1 g=$2
for d in /proc/[0-9]*; do
  { read -r l <"$d/stat"; } 2>/dev/null || continue
  set -- ${l##*") "}
  [ "$4" = "$s" ] && kill -s "$g" "${d#/proc/}" 2>/dev/null
done; :"#;

/// What the launcher said of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launched {
    /// The process's id inside the container, which is its session's as well.
    pub pid: u32,
    /// `bash`, `sh` or `command`.
    pub program: String,
}

/// The beginning of the output, looked at.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// It is not complete yet.
    Incomplete,
    /// It is the launcher's; the process's own output begins at this offset.
    Launched(Launched, usize),
    /// It is something else: the launcher was not started.
    Foreign,
}

/// The words that start a shell, or `command`.
pub fn words(interpreter: &str, command: &[String]) -> Vec<String> {
    let script = if command.is_empty() { SHELL_SCRIPT } else { COMMAND_SCRIPT };
    let own = [interpreter, "-c", script, interpreter].map(str::to_owned);
    own.into_iter().chain(command.iter().cloned()).collect()
}

/// The words that send `signal` to every process of the session of `pid`.
pub fn end_words(interpreter: &str, pid: u32, signal: &str) -> Vec<String> {
    [interpreter, "-c", END_SCRIPT, interpreter, &pid.to_string(), signal].map(str::to_owned).to_vec()
}

/// Looks for the launcher's line at the beginning of an output.
pub fn line(output: &[u8]) -> Line {
    let Some(end) = output.iter().position(|byte| *byte == b'\n') else {
        return if output.len() > MAX_LINE_BYTES { Line::Foreign } else { Line::Incomplete };
    };
    let text = output.get(..end).and_then(|line| std::str::from_utf8(line).ok()).unwrap_or_default();
    // A terminal ends its lines with two characters.
    let launched = text.trim_end_matches('\r').split_once(' ').and_then(|(pid, program)| {
        let known = matches!(program, "bash" | "sh" | "command");
        let pid = pid.parse().ok().filter(|pid| *pid > 0 && known)?;
        Some(Launched { pid, program: program.to_owned() })
    });
    launched.map_or(Line::Foreign, |launched| Line::Launched(launched, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launched(pid: u32, program: &str) -> Launched {
        Launched { pid, program: program.to_owned() }
    }

    #[test]
    fn launchers_line_is_found_with_and_without_a_terminal() {
        assert_eq!(line(b"19 sh\r\n~ # "), Line::Launched(launched(19, "sh"), 7));
        assert_eq!(line(b"7 command\n\xff"), Line::Launched(launched(7, "command"), 10));
    }

    #[test]
    fn line_that_is_cut_is_waited_for() {
        for cut in 0..5 {
            assert_eq!(line(&b"19 sh"[..cut]), Line::Incomplete);
        }
    }

    #[test]
    fn engines_complaint_is_no_launcher() {
        for text in ["OCI runtime exec failed: exec failed\r\n", "\n", "0 sh\n", "-1 sh\n", "1 zsh\n", "sh\n"]
        {
            assert_eq!(line(text.as_bytes()), Line::Foreign, "{text}");
        }
        assert_eq!(line(&[b'x'; 65]), Line::Foreign);
    }

    #[test]
    fn command_is_passed_as_words_and_never_as_script() {
        let command = ["echo".to_owned(), "$(id); \"".to_owned()];
        let words = words("sh", &command);
        assert_eq!(words[4..], command);
        assert!(!words[2].contains("id"));
    }
}
