//! `doctor`.

use std::io;

use supervisor_proto::{
    client::CallError,
    v1::{ErrorReason, ExamineRequest, GetConnectivityRequest, ListRequest},
};

use super::Session;
use crate::{
    args::DoctorArgs,
    cloud_standing,
    doctor::{
        self, Level,
        facts::{CoreFacts, CoreTrouble, Facts},
    },
    exit_code,
    failure::{Failure, io_kind},
    render,
    views::DoctorView,
};

pub(super) async fn run(session: &mut Session<'_>, args: &DoctorArgs) -> Result<u8, Failure> {
    let local = doctor::local::look(session.args.core_socket.clone(), args.led_file.clone());
    let (local, core) = tokio::join!(local, Box::pin(ask(session)));
    let facts = Facts { local: local.map_err(Failure::Runtime)?, core };
    let view = DoctorView::new(doctor::evaluate(&facts));
    session.output.answer(&view, |coloured| render::doctor(&view, coloured))?;
    Ok(match view.worst {
        Level::Ok | Level::Skipped => 0,
        Level::Warn => exit_code::WARNINGS,
        Level::Fail => exit_code::FAULTS,
    })
}

/// Asks core everything at once.
async fn ask(session: &Session<'_>) -> Result<CoreFacts, CoreTrouble> {
    let (client, id) = (&session.client, session.request_id.as_str());
    let hello = client.hello().await.map_err(|error| trouble(&error))?;
    let (apps, connectivity, examined, cloud) = tokio::join!(
        client.list(ListRequest {}, id),
        client.get_connectivity(GetConnectivityRequest {}, id),
        client.examine(ExamineRequest {}, id),
        cloud_standing::ask(client, id),
    );
    let sentence = |error: CallError| error.to_string();
    Ok(CoreFacts {
        hello,
        apps: apps.map_err(sentence),
        connectivity: connectivity.map_err(sentence),
        examined: examined.map_err(sentence),
        cloud: cloud.map_err(|error| error.to_string()),
    })
}

fn trouble(error: &CallError) -> CoreTrouble {
    match error {
        CallError::Unreachable { source, .. } => match io_kind(source) {
            Some(io::ErrorKind::PermissionDenied) => CoreTrouble::Closed,
            Some(_) | None => CoreTrouble::Unreachable,
        },
        CallError::ContractMismatch { .. }
        | CallError::Refused { reason: ErrorReason::ContractMismatch, .. } => {
            CoreTrouble::OtherContract(error.to_string())
        }
        CallError::Refused { reason: ErrorReason::PeerDenied, .. } => CoreTrouble::NoRole,
        CallError::Refused { .. } | CallError::Interrupted(_) => CoreTrouble::Silent(error.to_string()),
    }
}
