//! A step as whoever follows sees it: in the log and as events.

use std::time::Instant;

use supervisor_proto::ids::AppId;

use super::Context;
use crate::{
    domain::{event::What, step::Step},
    error::{CoreError, chain},
};

/// One step of a plan.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Whose plan it is.
    pub app: AppId,
    /// The step.
    pub step: &'a Step,
    /// Its number, from 1.
    pub number: usize,
    /// How many the plan has.
    pub of: usize,
}

impl Told<'_> {
    /// It begins now, for this reason.
    pub fn begin(self, context: &Context, reason: impl Fn() -> String) -> Instant {
        let Self { app, step, number, of } = self;
        log::info!("step started app_id={app} step='{step}'");
        context.events.tell(app, || What::StepBegun { step: step.clone(), number, of, reason: reason() });
        Instant::now()
    }

    /// It has ended.
    pub fn end(self, context: &Context, begun: Instant, result: &Result<(), CoreError>) {
        context.events.tell(self.app, || What::StepEnded {
            step: self.step.clone(),
            duration_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            error: result.as_ref().err().map(|error| chain(error)).unwrap_or_default(),
        });
    }
}
