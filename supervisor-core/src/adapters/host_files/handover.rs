//! What a new container says in its lock folder while the old one still runs.

use rustix::{
    fs::{AtFlags, FileType},
    io::Errno,
};
use supervisor_proto::ids::{AppId, ServiceName};

use super::{folder::failed, lock::remove_file, roots::Roots};
use crate::ports::host_files::HostFilesError;

/// `/tmp/balena/handover-complete` and `/tmp/resin/resin-kill-me`, as the balena and the Resin supervisor call them.
const SIGNALS: [&str; 2] = ["handover-complete", "resin-kill-me"];

/// Whether one of the files exists. A folder in its place says nothing: it could not be taken away.
pub(super) fn has_taken_over(
    roots: &Roots,
    app: AppId,
    service: &ServiceName,
) -> Result<bool, HostFilesError> {
    let Some(folder) = roots.open_lock_folder(app, service)? else { return Ok(false) };
    for signal in SIGNALS {
        match rustix::fs::statat(folder.fd(), signal, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::Directory => return Ok(true),
            Ok(_) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(failed("inspect", &folder.path().join(signal), errno)),
        }
    }
    Ok(false)
}

/// Takes the files away.
pub(super) fn clear(roots: &Roots, app: AppId, service: &ServiceName) -> Result<(), HostFilesError> {
    let Some(folder) = roots.open_lock_folder(app, service)? else { return Ok(()) };
    SIGNALS.iter().try_for_each(|signal| remove_file(&folder, signal))
}
