//! Something that role frontend may not have run.

use std::fmt;

use supervisor_proto::ids::{AppId, ServiceName};

use super::wish::Wish;

/// One field that is refused, and what would allow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The app.
    pub app: AppId,
    /// The service; none: the app has no services.
    pub service: Option<ServiceName>,
    /// The repository of its image, or the image where it names none.
    pub image: String,
    /// The field's path, in compose's words where it has them: `services.modem.cap_add`.
    pub field: String,
    /// What is wrong with it, as the end of a sentence.
    pub why: String,
    /// What a grant would have to say; none: no grant allows it.
    pub wish: Option<Wish>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app, service, image, field, why, wish } = self;
        write!(f, "{field}: {why}; app {app}")?;
        if let Some(service) = service {
            write!(f, ", service {service}")?;
        }
        f.write_str(": ")?;
        match wish {
            Some(wish) => {
                write!(f, "a grant in CORE_POLICY for image {image} allows it with the line {}", wish.line())
            }
            None => f.write_str("no grant allows it"),
        }
    }
}

/// All that is refused of an app; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals(pub Vec<Refusal>);

/// The rest is told by `supervisor-admin policy explain`.
impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.0.first() {
            first.fmt(f)?;
        }
        match self.0.len() {
            0 | 1 => Ok(()),
            more => write!(f, " (and {} more)", more - 1),
        }
    }
}

impl Refusals {
    /// The first field.
    pub fn field(&self) -> &str {
        self.0.first().map_or("", |refusal| &refusal.field)
    }
}
