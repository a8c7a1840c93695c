//! Images of an update that waits for its time.

use std::collections::BTreeSet;

use super::{
    cycle::{Cycle, Held},
    observe::render_for,
};
use crate::{
    domain::{
        explain::Explanations, observed::Observed, plan::Plan, record::AppRecord, step::Step,
        waiting_update::WaitingUpdate,
    },
    error::CoreError,
};

impl Cycle<'_> {
    /// Images that the update needs and that are not here.
    pub async fn absent_images(&self, update: &WaitingUpdate) -> Result<Vec<String>, CoreError> {
        let mut absent = Vec::new();
        for image in update.downloads() {
            if !self.context.engine.has_image(image).await? {
                absent.push(image.to_owned());
            }
        }
        Ok(absent)
    }

    /// Fetches images of the update.
    pub async fn download(&mut self, update: &WaitingUpdate, images: Vec<String>) -> Result<(), CoreError> {
        let next = AppRecord::new(update.target.clone(), self.record.lock_token.clone());
        let wanted = render_for(self.context, &next, &Observed::default());
        let steps = images.into_iter().map(|image| Step::PullImage { image }).collect();
        let plan = Plan { steps, active: BTreeSet::new(), ..Plan::default() };
        self.execute(&plan, &wanted, &Held::new(), &Explanations::new()).await
    }
}
