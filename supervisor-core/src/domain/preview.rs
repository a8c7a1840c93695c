//! The whole way to a target at one look: what the reconcile loop would find out plan by plan.

use std::{collections::BTreeMap, net::IpAddr};

use supervisor_proto::ids::ServiceName;

use super::{
    explain::{Explanation, Situation, explain},
    observed::Observed,
    plan::plan,
    record::AppRecord,
    step::Step,
    wanted::{SUPERVISOR_GATEWAY, SUPERVISOR_NETWORK, Wanted},
};

/// What would be done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// In this order; empty when there is nothing to do.
    pub steps: Vec<Step>,
    /// Every service of the target, and those whose container would go.
    pub services: BTreeMap<ServiceName, Explanation>,
    /// A step takes something away from a running app, so that its update locks count.
    pub is_disruptive: bool,
}

/// Foresees the way from `observed` to what `record` wants. `render` renders a record for what is known of the
/// engine. A plan that ends with the supervisor's network is continued as if that network were there.
pub fn preview(
    record: &AppRecord,
    mut observed: Observed,
    render: &dyn Fn(&AppRecord, &Observed) -> Wanted,
) -> Preview {
    let mut steps = Vec::new();
    let first = plan(record, &render(record, &observed), &observed);
    if first.steps.last() == Some(&Step::CreateSupervisorNetwork) {
        for step in &first.steps {
            if let Step::PullImage { image } = step {
                observed.images.insert(image.clone());
            }
        }
        observed.networks.insert(SUPERVISOR_NETWORK.to_owned());
        observed.supervisor_gateway = Some(IpAddr::V4(SUPERVISOR_GATEWAY));
        steps.extend(first.steps);
    }
    let wanted = render(record, &observed);
    let rest = plan(record, &wanted, &observed);
    let situation = Situation { record, wanted: &wanted, observed: &observed };
    let services = explain(situation, &rest, &|record| render(record, &observed));
    let is_disruptive = rest.is_disruptive();
    steps.extend(rest.steps);
    Preview { steps, services, is_disruptive }
}

#[cfg(test)]
#[path = "preview_tests.rs"]
mod tests;
