//! `doctor`: what is wrong, and what to do about it. Facts are gathered first, from core where it answers and
//! by this process itself; what they mean is then a pure function of them.

mod apps;
mod check;
pub mod cloud;
mod contact;
mod device;
pub mod facts;
mod finding;
pub mod local;

use self::facts::Facts;
pub use self::{
    check::Check,
    finding::{Finding, Level},
};

/// What the facts mean, in the order in which things stand on each other.
pub fn evaluate(facts: &Facts) -> Vec<Finding> {
    let mut findings = contact::evaluate(facts);
    if let Ok(core) = &facts.core {
        findings.extend(device::evaluate(core));
        findings.extend(cloud::evaluate(&core.cloud));
        findings.extend(apps::evaluate(core));
    }
    findings.extend(device::clock_year(facts.local.now_s));
    findings.push(device::led(facts));
    findings
}

#[cfg(test)]
mod documentation_tests;
#[cfg(test)]
mod tests;
