//! The socket: in a folder that only root and the socket's group can enter, made before anybody can
//! connect with another mode.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use tokio::net::UnixListener;

/// Root and the group may enter.
const FOLDER_MODE: u32 = 0o750;
/// Root and the group may connect.
const SOCKET_MODE: u32 = 0o660;

/// The socket could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The folder belongs to somebody else, is shared by all, or is none.
    #[error("{} is not a folder of this user's own: choose another CORE_SOCKET", .0.display())]
    ForeignFolder(PathBuf),
    /// Something that is no socket has the socket's name.
    #[error("{} is not a socket: remove it or choose another CORE_SOCKET", .0.display())]
    Occupied(PathBuf),
    /// A supervisor-core answers on the socket.
    #[error("another supervisor-core listens on {}", .0.display())]
    InUse(PathBuf),
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// For example `bind`.
        action: &'static str,
        /// The path in question.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SocketError {
    move |source| SocketError::Io { action, path: path.to_owned(), source }
}

/// Makes the folder and listens.
pub fn bind(path: &Path, gid: u32) -> Result<UnixListener, SocketError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    prepare_folder(folder, gid)?;
    remove_stale(path)?;
    let listener = UnixListener::bind(path).map_err(failed("bind", path))?;
    chown(path, None, Some(gid)).map_err(failed("give away", path))?;
    fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))
        .map_err(failed("set the mode of", path))?;
    Ok(listener)
}

fn prepare_folder(folder: &Path, gid: u32) -> Result<(), SocketError> {
    match fs::DirBuilder::new().recursive(false).mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed("create", folder)(error)),
    }
    let found = fs::symlink_metadata(folder).map_err(failed("inspect", folder))?;
    // `/run` or `/tmp` itself would be closed to everybody else.
    let is_shared =
        found.mode() & 0o1000 != 0 || folder.parent().is_none_or(|parent| parent == Path::new("/"));
    if !found.is_dir() || is_shared || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(SocketError::ForeignFolder(folder.to_owned()));
    }
    if found.gid() != gid {
        chown(folder, None, Some(gid)).map_err(failed("give away", folder))?;
    }
    if found.mode() & 0o7777 != FOLDER_MODE {
        fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))
            .map_err(failed("set the mode of", folder))?;
    }
    Ok(())
}

/// A socket that nobody answers on is what a crash left.
fn remove_stale(path: &Path) -> Result<(), SocketError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("inspect", path)(error)),
        Ok(found) if !found.file_type().is_socket() => Err(SocketError::Occupied(path.to_owned())),
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => {
            Err(SocketError::InUse(path.to_owned()))
        }
        Ok(_) => fs::remove_file(path).map_err(failed("remove", path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> u32 {
        rustix::process::getegid().as_raw()
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    #[tokio::test]
    async fn socket_in_a_missing_folder_gets_both_with_the_right_modes() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("run/core.sock");
        let _listener = bind(&path, group()).unwrap();
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (FOLDER_MODE, SOCKET_MODE));
    }

    #[tokio::test]
    async fn folder_with_an_open_mode_is_put_right() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("run");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        let _listener = bind(&folder.join("core.sock"), group()).unwrap();
        assert_eq!(mode(&folder), FOLDER_MODE);
    }

    #[tokio::test]
    async fn folder_that_is_a_symlink_is_refused() {
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("run")).unwrap();
        let refused = bind(&root.path().join("run/core.sock"), group());
        assert!(matches!(refused, Err(SocketError::ForeignFolder(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn socket_of_a_dead_process_is_replaced_and_a_living_ones_is_not() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("run/core.sock");
        let living = bind(&path, group()).unwrap();
        assert!(matches!(bind(&path, group()), Err(SocketError::InUse(_))));
        drop(living);
        bind(&path, group()).unwrap();
    }

    #[tokio::test]
    async fn file_in_the_sockets_place_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("run/core.sock");
        fs::create_dir(root.path().join("run")).unwrap();
        fs::write(&path, "precious").unwrap();
        assert!(matches!(bind(&path, group()), Err(SocketError::Occupied(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }
}
