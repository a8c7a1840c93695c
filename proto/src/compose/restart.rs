//! `restart`: `no`, `always`, `on-failure[:n]`, `unless-stopped`.

use super::reader::{Node, Reader};
use crate::v1::{Restart, restart::Policy};

/// The restart policy.
pub(super) fn read(reader: &mut Reader, node: &Node<'_>) -> Option<Restart> {
    let text = node.value.as_str().unwrap_or_default();
    let parsed = parse(text);
    if parsed.is_none() {
        reader.note(&node.path, "must be \"no\", always, on-failure, on-failure:<tries> or unless-stopped");
    }
    parsed
}

fn parse(text: &str) -> Option<Restart> {
    let policy = |policy: Policy| Some(Restart { policy: policy.into(), maximum_retry_count: 0 });
    match text {
        "no" => policy(Policy::No),
        "always" => policy(Policy::Always),
        "unless-stopped" => policy(Policy::UnlessStopped),
        "on-failure" => policy(Policy::OnFailure),
        _ => {
            let tries = text.strip_prefix("on-failure:")?;
            let plain = !tries.is_empty() && tries.bytes().all(|b| b.is_ascii_digit());
            let maximum_retry_count = tries.parse().ok().filter(|_| plain)?;
            Some(Restart { policy: Policy::OnFailure.into(), maximum_retry_count })
        }
    }
}
