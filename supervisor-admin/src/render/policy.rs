//! `policy check` and `policy explain` for people.

use std::fmt::Write as _;

use crate::views::{ExplainView, PolicyView};

/// Whom the file grants something.
pub fn policy(view: &PolicyView) -> String {
    let mut text = format!("{}: no mistakes, {} grants\n", view.file, view.grants.len());
    for grant in &view.grants {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "app {}, service {}, image {}", grant.app_id, grant.service, grant.image);
    }
    text
}

/// What would be refused, and what would grant it.
pub fn explanation(view: &ExplainView) -> String {
    if view.allowed {
        return format!("role frontend may have this run as app {}\n", view.app_id);
    }
    let mut text = format!("role frontend may not have this run as app {}\n", view.app_id);
    for refusal in &view.refusals {
        let grant = refusal.grant.as_deref().unwrap_or("no grant allows it");
        let _ = writeln!(text, "{}: {}\n    {grant}", refusal.field, refusal.why);
    }
    if let Some(grants) = &view.grants {
        let _ = writeln!(text, "\nwhat CORE_POLICY would have to say\n{grants}");
    }
    text
}
