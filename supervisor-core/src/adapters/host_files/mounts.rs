//! What is mounted inside a folder, asked of the kernel's mount table: complete, whatever the folder's size
//! and depth, and unaffected by what an app does in it meanwhile.

use std::{
    ffi::OsString,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd},
        unix::ffi::OsStringExt,
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, StatxAttributes, StatxFlags},
    io::Errno,
};

use super::folder::{Folder, failed};
use crate::ports::host_files::HostFilesError;

const MOUNT_TABLE: &str = "/proc/self/mountinfo";

/// The mount point's field in a line of the table.
const MOUNT_POINT_FIELD: usize = 4;

/// The first mount point inside `folder`, as the host sees it; the folder itself does not count.
pub(super) fn find_inside(folder: &Folder) -> Result<Option<PathBuf>, HostFilesError> {
    let io_error =
        |action, path: &Path, source| HostFilesError::Io { action, path: path.display().to_string(), source };
    let handle = format!("/proc/self/fd/{}", folder.fd().as_raw_fd());
    let real = std::fs::read_link(handle).map_err(|source| io_error("read", folder.path(), source))?;
    let table =
        std::fs::read(MOUNT_TABLE).map_err(|source| io_error("read", Path::new(MOUNT_TABLE), source))?;
    for inside in points_inside(&table, &real) {
        if is_visible(folder, &inside)? {
            return Ok(Some(folder.path().join(inside)));
        }
    }
    Ok(None)
}

/// Whether `fd` is the root of a mount. Kernels before 5.8 do not say; there another device than `device`
/// counts as one.
pub(super) fn is_mount_root(fd: BorrowedFd<'_>, device: (u32, u32)) -> Result<bool, Errno> {
    let stat = rustix::fs::statx(fd, "", AtFlags::EMPTY_PATH, StatxFlags::empty())?;
    Ok(if stat.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT) {
        stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)
    } else {
        (stat.stx_dev_major, stat.stx_dev_minor) != device
    })
}

/// The device numbers of what `fd` is on.
pub(super) fn device_of(fd: impl AsFd) -> Result<(u32, u32), Errno> {
    let stat = rustix::fs::statx(fd, "", AtFlags::EMPTY_PATH, StatxFlags::empty())?;
    Ok((stat.stx_dev_major, stat.stx_dev_minor))
}

/// The table also lists mounts that a later mount hides: those are not inside.
fn is_visible(folder: &Folder, inside: &Path) -> Result<bool, HostFilesError> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    match rustix::fs::statx(folder.fd(), inside, flags, StatxFlags::empty()) {
        Ok(stat) => Ok(!stat.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT)
            || stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
        Err(errno) => Err(failed("read", &folder.path().join(inside), errno)),
    }
}

/// The mount points of `table` below `folder`, relative to it. The format is that of
/// <https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html>.
pub(super) fn points_inside(table: &[u8], folder: &Path) -> Vec<PathBuf> {
    table
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(MOUNT_POINT_FIELD))
        .filter_map(|field| {
            let point = PathBuf::from(OsString::from_vec(unescape(field)));
            let inside = point.strip_prefix(folder).ok()?;
            (!inside.as_os_str().is_empty()).then(|| inside.to_owned())
        })
        .collect()
}

/// The kernel writes space, tab, newline and backslash as a backslash and three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        if let (b'\\', Some(([a, b, c], tail))) = (*first, after.split_first_chunk::<3>())
            && let Some(byte) = octal(*a, *b, *c)
        {
            plain.push(byte);
            rest = tail;
        } else {
            plain.push(*first);
            rest = after;
        }
    }
    plain
}

fn octal(a: u8, b: u8, c: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(8);
    u8::try_from(digit(a)? * 64 + digit(b)? * 8 + digit(c)?).ok()
}
