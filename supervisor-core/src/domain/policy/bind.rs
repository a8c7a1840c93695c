//! Paths of the host in a container. The engine follows a path by itself, after we have: so a path is allowed
//! only where nobody but the owner can change what it leads to.

use serde_json::json;
use supervisor_proto::policy::HostPath;

use super::case::Case;

/// A host path in a container, however it was written.
pub(super) struct Bind<'a> {
    pub(super) source: &'a str,
    pub(super) read_only: bool,
    /// Empty: the engine's own.
    pub(super) propagation: &'a str,
}

/// The source of an item of `Binds`.
pub(super) fn source(text: &str) -> Option<&str> {
    text.split(':').next().filter(|source| source.starts_with('/'))
}

pub(super) fn check(case: &mut Case<'_>, bind: &Bind<'_>) {
    let Bind { source, read_only, propagation } = *bind;
    if !matches!(propagation, "" | "private" | "rprivate" | "slave" | "rslave") {
        return case.never("volumes", format!("the propagation {propagation} reaches the host"));
    }
    let is_own = case.service.and_then(|service| case.judge.places.is_own(source, case.app(), service));
    match is_own {
        Some(true) => return,
        Some(false) => {
            return case
                .never("volumes", format!("{source} is not the app's own folder but leads elsewhere"));
        }
        None => {}
    }
    let Ok(path) = HostPath::parse(source) else {
        return case.never("volumes", "the host's path is not a plain absolute one");
    };
    if case.judge.places.can_hold_planted_links(source) {
        return case
            .never("volumes", format!("{path} leads to where apps can write, and could be led anywhere"));
    }
    let allows =
        |grant: &supervisor_proto::policy::BindGrant| grant.source == path && (read_only || !grant.read_only);
    if !case.granted(|grant| grant.binds.iter().any(allows)) {
        let wish = if read_only {
            json!([{ "source": source, "read_only": true }])
        } else {
            json!([{ "source": source }])
        };
        case.needs("volumes", format!("the host's path {path} needs the owner's grant"), "binds", wish);
    }
}
