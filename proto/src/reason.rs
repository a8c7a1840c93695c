//! The machine-readable part of an error: encoded into a status by core, decoded by its clients.

use prost::Message as _;
use tonic::{Code, Status};

use crate::v1::{ErrorDetail, ErrorReason};

/// Builds the status that carries `reason` and `subject` beside a message for people.
pub fn status(code: Code, reason: ErrorReason, subject: &str, message: impl Into<String>) -> Status {
    let detail = ErrorDetail { reason: reason.into(), subject: subject.to_owned() };
    Status::with_details(code, message, detail.encode_to_vec().into())
}

/// Reads the detail of a status that [`status`] built; `None` when the status comes from elsewhere,
/// for example from the transport.
pub fn detail(status: &Status) -> Option<ErrorDetail> {
    let detail = ErrorDetail::decode(status.details()).ok()?;
    (detail.reason() != ErrorReason::Unspecified).then_some(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detail_of_a_built_status_comes_back() {
        let built = status(Code::Aborted, ErrorReason::UpdatesLocked, "/data/resin-updates.lock", "locked");
        let detail = detail(&built).unwrap();
        assert_eq!(detail.reason(), ErrorReason::UpdatesLocked);
        assert_eq!(detail.subject, "/data/resin-updates.lock");
    }

    #[test]
    fn detail_of_a_foreign_status_is_none() {
        assert_eq!(detail(&Status::unavailable("broken pipe")), None);
        assert_eq!(detail(&Status::with_details(Code::Internal, "x", vec![0xff, 0xff].into())), None);
    }
}
