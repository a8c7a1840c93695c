//! `reboot` and `shutdown`.

use supervisor_proto::v1::PowerRequest;

use super::Session;
use crate::{args::Force, confirm, failure::Failure, views::PowerView};

/// What to do with the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    Reboot,
    Shutdown,
}

pub(super) async fn run(session: &mut Session<'_>, power: Power, force: Force) -> Result<(), Failure> {
    let (action, what, done) = match power {
        Power::Reboot => ("reboot", "reboot of this device", "reboots"),
        Power::Shutdown => ("shutdown", "shutdown of this device", "shuts down"),
    };
    confirm::confirm(session.args, session.output, what)?;
    let request = PowerRequest { force: force.force };
    let reply = match power {
        Power::Reboot => session.client.reboot(request, &session.request_id).await?,
        Power::Shutdown => session.client.power_off(request, &session.request_id).await?,
    };
    let view = PowerView { action, delay_ms: reply.delay_ms };
    session.output.answer(&view, |_| format!("the device {done} in {} ms\n", view.delay_ms))
}
