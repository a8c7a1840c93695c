//! What this process sees itself: useful exactly when core is not there to be asked.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{process::Command, time::timeout};

use super::facts::{FileFacts, LocalFacts, SocketFile, UnitState};

const CORE: &str = "supervisor-core";
/// systemd answers from its memory.
const SYSTEMD_DEADLINE: Duration = Duration::from_secs(3);

/// Looks at everything that needs no core.
pub async fn look(socket: PathBuf, led_path: PathBuf) -> io::Result<LocalFacts> {
    let files = tokio::task::spawn_blocking(move || look_at_files(socket, led_path));
    let (files, core_unit) = tokio::join!(files, unit());
    Ok(LocalFacts { core_unit, ..files.map_err(io::Error::other)? })
}

fn look_at_files(socket: PathBuf, led_path: PathBuf) -> LocalFacts {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    LocalFacts {
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
        socket_file: socket_file(&socket),
        core_pid: core_pid(Path::new("/proc")),
        core_unit: None,
        led: fs::metadata(&led_path).ok().as_ref().map(file_facts),
        now_s: now.map_or(0, |now| now.as_secs()),
        socket,
        led_path,
    }
}

fn file_facts(found: &fs::Metadata) -> FileFacts {
    FileFacts { uid: found.uid(), gid: found.gid(), mode: found.mode() & 0o7777 }
}

/// What is in the socket's place.
pub fn socket_file(path: &Path) -> SocketFile {
    let folder = path.parent().unwrap_or(Path::new("/"));
    match (fs::symlink_metadata(path), fs::metadata(folder)) {
        (Err(error), _) if error.kind() == io::ErrorKind::PermissionDenied => SocketFile::Hidden,
        (Ok(found), Ok(folder)) if found.file_type().is_socket() => {
            SocketFile::Socket { file: file_facts(&found), folder: file_facts(&folder) }
        }
        (Ok(_), _) => SocketFile::NotASocket,
        (Err(_), _) => SocketFile::Missing,
    }
}

/// A process of core's name: the kernel keeps 15 bytes of it, which is all of it.
fn core_pid(proc: &Path) -> Option<u32> {
    let entries = fs::read_dir(proc).ok()?;
    let mut pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.find(|pid| {
        let name = fs::read_to_string(proc.join(pid.to_string()).join("comm"));
        name.is_ok_and(|name| name.trim_end() == CORE)
    })
}

/// What systemd says of core's unit; `None` without systemd, or where there is no such unit.
async fn unit() -> Option<UnitState> {
    let mut command = Command::new("systemctl");
    command.args(["show", CORE, "--property=LoadState,ActiveState,Result"]).kill_on_drop(true);
    let output = timeout(SYSTEMD_DEADLINE, command.output()).await.ok()?.ok()?;
    unit_state(&String::from_utf8_lossy(&output.stdout))
}

fn unit_state(text: &str) -> Option<UnitState> {
    let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    if of("LoadState")? == "not-found" {
        return None;
    }
    Some(UnitState {
        active: of("ActiveState")?.to_owned(),
        result: of("Result").unwrap_or("unknown").to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_state_is_read_and_an_absent_unit_is_none() {
        let state = unit_state("Result=exit-code\nLoadState=loaded\nActiveState=failed\n").unwrap();
        assert_eq!((state.active.as_str(), state.result.as_str()), ("failed", "exit-code"));
        assert_eq!(unit_state("Result=success\nLoadState=not-found\nActiveState=inactive\n"), None);
        assert_eq!(unit_state(""), None);
    }

    #[test]
    fn core_is_found_by_its_name_among_the_processes() {
        let proc = tempfile::tempdir().unwrap();
        for (pid, name) in [("1", "systemd\n"), ("77", "supervisor-core\n"), ("self", "supervisor-core\n")] {
            fs::create_dir(proc.path().join(pid)).unwrap();
            fs::write(proc.path().join(pid).join("comm"), name).unwrap();
        }
        assert_eq!(core_pid(proc.path()), Some(77));
        assert_eq!(core_pid(&proc.path().join("absent")), None);
    }

    #[test]
    fn whatever_is_in_the_sockets_place_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("core.sock");
        assert_eq!(socket_file(&path), SocketFile::Missing);
        fs::write(&path, "").unwrap();
        assert_eq!(socket_file(&path), SocketFile::NotASocket);
        fs::remove_file(&path).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(matches!(socket_file(&path), SocketFile::Socket { .. }));
    }
}
