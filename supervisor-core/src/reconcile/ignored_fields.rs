//! Which of a target's fields come to nothing on this engine.

use std::time::Duration;

use super::Reconciler;
use crate::{
    domain::{
        engine_kind::EngineKind,
        ignored_fields::{depends_on_engine, ignored_fields, warning},
        target::Target,
    },
    error::chain,
};

/// How long an engine that is not known yet may take to say what it is: nobody waits longer for a warning.
const DEADLINE: Duration = Duration::from_secs(4);

/// What an engine ignores.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IgnoredFields {
    /// The engine.
    pub engine: EngineKind,
    /// Paths of the fields, as in a compose file.
    pub fields: Vec<String>,
}

impl Reconciler {
    /// What the engine ignores of `target`; nothing while it does not say what it is. It is asked only where
    /// engines differ about this target.
    pub async fn ignored_fields(&self, target: &Target) -> IgnoredFields {
        if !depends_on_engine(target) {
            return IgnoredFields::default();
        }
        match tokio::time::timeout(DEADLINE, self.context().engine.kind()).await {
            Ok(Ok(engine)) => IgnoredFields { engine, fields: ignored_fields(target, engine) },
            Ok(Err(error)) => {
                log::debug!("engine did not say what it is error='{}'", chain(&error));
                IgnoredFields::default()
            }
            Err(_) => IgnoredFields::default(),
        }
    }
}

impl IgnoredFields {
    /// A sentence for each field.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.fields.iter().map(|field| warning(field, self.engine))
    }
}
