//! Paths of the host and file systems in memory.

use supervisor_proto::v1;

use super::{Checks, MAX_ITEMS};
use crate::{
    domain::settings::{HostBind, Propagation, Tmpfs},
    error::CoreError,
};

/// Whether every part of `path` is a plain name: another spelling of the same path would escape comparisons.
fn is_plain(path: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(plain)) && !path.contains('\0')
}

/// An absolute, plain path below `/`, without a slash at its end; `None` for any other text.
pub(super) fn device_path(text: &str) -> Option<String> {
    let path = text.trim_end_matches('/');
    is_plain(path).then(|| path.to_owned())
}

/// The same for a path that the engine writes beside others, with colons between them.
pub fn container_path(text: &str) -> Option<String> {
    device_path(text).filter(|path| !path.contains(':'))
}

pub(super) fn binds(checks: &Checks<'_>, wire: Vec<v1::HostBind>) -> Result<Vec<HostBind>, CoreError> {
    let bind = |bind: v1::HostBind| {
        let Some(target) = container_path(&bind.target) else {
            return checks.refuse("volumes", "a path in the container is absolute and plain");
        };
        let source = checks.line("volumes", bind.source)?;
        checks.require(
            "volumes",
            source == "/" || (is_plain(&source) && !source.contains(':')),
            "a path of the host is absolute and plain, without a colon",
        )?;
        let propagation = if bind.propagation.is_empty() {
            None
        } else {
            let known = Propagation::ALL.into_iter().find(|p| p.as_str() == bind.propagation);
            checks.require("volumes", known.is_some(), "its propagation is not known")?;
            known
        };
        Ok(HostBind { source, target, read_only: bind.read_only, propagation, must_exist: bind.must_exist })
    };
    checks.require("volumes", wire.len() <= MAX_ITEMS, "it has too many items")?;
    wire.into_iter().map(bind).collect()
}

pub(super) fn tmpfs(checks: &Checks<'_>, wire: Vec<v1::Tmpfs>) -> Result<Vec<Tmpfs>, CoreError> {
    let one = |wire: v1::Tmpfs| {
        let Some(target) = container_path(&wire.target) else {
            return checks.refuse("tmpfs", "a path in the container is absolute and plain");
        };
        let options = checks.lines("tmpfs", wire.options)?;
        checks.require("tmpfs", !options.iter().any(|o| o.contains(',')), "an option holds a comma")?;
        Ok(Tmpfs { target, options })
    };
    checks.require("tmpfs", wire.len() <= MAX_ITEMS, "it has too many items")?;
    wire.into_iter().map(one).collect()
}
