//! Every answer that is not a route's own success: the one place where a reason becomes a status
//! code and a body.

use actix_web::{HttpResponse, http::StatusCode, http::header::ContentType};
use supervisor_proto::{client::CallError, v1::ErrorReason};

use crate::{
    error_chain::chain,
    http::request_id::RequestId,
    terminal::registry::SpawnError,
    wire::{
        body::BodyError,
        plain_text::PlainText,
        request::AppIdError,
        response::{GO_OK, GoError},
        service_choice::ServiceChoiceError,
    },
};

const GO_ERROR_MAX_CHARS: usize = 512;

/// How a route's bodies are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `text/plain` in the characters that the cloud's proxy lets through.
    Text,
    /// `{"Data":"…","Error":"…"}`, as the original's Go part wrote them.
    Go,
}

/// What core was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// `POST /v1/reboot`.
    Reboot,
    /// `POST /v1/shutdown`.
    Shutdown,
    /// `POST /v1/purge`.
    Purge,
    /// `POST /v2/applications/<appId>/purge`.
    PurgeV2,
    /// `POST /v1/restart`, `/v2/applications/<appId>/restart` and `…/restart-service`.
    Restart,
    /// `POST /v1/apps/<appId>/stop`, `/v2/applications/<appId>/stop-service`.
    Stop,
    /// `POST /v1/apps/<appId>/start`, `/v2/applications/<appId>/start-service`.
    Start,
    /// `GET /v1/apps/<appId>`, `/v2/applications/<appId>/state`, `/v2/state/status`.
    Describe,
    /// `POST` and `DELETE /v1/tcp-ping`.
    Heartbeat,
    /// `POST /v1/spawn-tty` and `/v1/despawn-tty`, and the shell itself.
    Terminal,
}

impl Action {
    /// The format of this action's answers.
    pub const fn format(self) -> Format {
        match self {
            Self::Reboot | Self::Shutdown | Self::Purge => Format::Go,
            Self::Terminal
            | Self::PurgeV2
            | Self::Restart
            | Self::Stop
            | Self::Start
            | Self::Describe
            | Self::Heartbeat => Format::Text,
        }
    }
}

/// A success that has nothing to tell.
pub fn ok(format: Format) -> HttpResponse {
    match format {
        Format::Text => text_ok("OK"),
        Format::Go => go_ok(StatusCode::OK),
    }
}

/// A success in plain text.
pub fn text_ok(body: impl Into<String>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body(body.into())
}

/// A success of the Go routes.
pub fn go_ok(status: StatusCode) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::json()).body(GO_OK)
}

/// A failure in the given format.
pub fn error(format: Format, status: StatusCode, message: &str) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    match format {
        Format::Text => {
            answer.content_type(ContentType::plaintext()).body(PlainText::clean(message).into_string())
        }
        Format::Go => {
            let bounded: String = message.chars().take(GO_ERROR_MAX_CHARS).collect();
            answer.json(GoError::new(&bounded))
        }
    }
}

/// The answer to a body that cannot be used.
pub fn body_error(format: Format, cause: &BodyError) -> HttpResponse {
    let (status, message) = match cause {
        BodyError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request body too large"),
        BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "Request body did not arrive in time"),
        BodyError::Unsupported => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported content encoding or charset")
        }
        BodyError::Incomplete(_) => (StatusCode::BAD_REQUEST, "Incomplete request body"),
        BodyError::Malformed(_) => (StatusCode::BAD_REQUEST, "Malformed request body"),
    };
    error(format, status, message)
}

/// The answer to a body that names no app.
pub fn app_id_error(format: Format, cause: AppIdError) -> HttpResponse {
    let message = match cause {
        AppIdError::Missing => "Missing app id",
        AppIdError::Invalid => "Invalid app id",
    };
    error(format, StatusCode::BAD_REQUEST, message)
}

/// The answer to a body whose service name can be none.
pub fn invalid_service_name(format: Format) -> HttpResponse {
    error(format, StatusCode::BAD_REQUEST, "Invalid service name")
}

/// The answer to a request for an app that core does not have.
pub fn app_not_found(format: Format) -> HttpResponse {
    error(format, StatusCode::NOT_FOUND, "App not found")
}

/// The answer to a body that names no service.
pub fn service_choice_error(format: Format, cause: ServiceChoiceError) -> HttpResponse {
    let message = match cause {
        ServiceChoiceError::Missing => "Missing serviceName or imageId",
        ServiceChoiceError::Invalid => "Invalid serviceName or imageId",
        ServiceChoiceError::Ambiguous => "Several services have this imageId: use serviceName",
    };
    error(format, StatusCode::BAD_REQUEST, message)
}

/// The answer to a body that names a service which the app does not have.
pub fn service_not_found(format: Format) -> HttpResponse {
    error(format, StatusCode::NOT_FOUND, "Service not found")
}

/// The answer to a request for a terminal that could not be made.
pub fn spawn_error(format: Format, cause: &SpawnError, request_id: RequestId) -> HttpResponse {
    log::warn!("terminal not made request_id={request_id} error='{}'", chain(cause));
    error(format, StatusCode::SERVICE_UNAVAILABLE, &cause.to_string())
}

/// The answer of a route for apps with one container to an app with another number of them.
pub fn not_single(format: Format) -> HttpResponse {
    error(format, StatusCode::BAD_REQUEST, "This route is only for apps with a single container")
}

/// The answer to a request that core did not carry out, or may not have carried out.
pub fn call_error(action: Action, cause: &CallError, request_id: RequestId) -> HttpResponse {
    log::warn!("core call failed action={action:?} request_id={request_id} error='{}'", chain(cause));
    let (status, message) = explain(action, cause);
    error(action.format(), status, &message)
}

/// Why core did not carry it out, or may not have: the status, and a sentence for a client.
pub fn explain(action: Action, cause: &CallError) -> (StatusCode, String) {
    match cause {
        CallError::Unreachable { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "Supervisor core is not available".to_owned())
        }
        CallError::ContractMismatch { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "Supervisor core is of another release".to_owned())
        }
        CallError::Interrupted(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Outcome unknown: supervisor core did not finish its answer".to_owned(),
        ),
        CallError::Refused { reason, subject, message } => refusal(action, *reason, subject, message),
    }
}

fn refusal(action: Action, reason: ErrorReason, subject: &str, message: &str) -> (StatusCode, String) {
    let about = if subject.is_empty() { message } else { subject };
    match reason {
        ErrorReason::InvalidArgument => (StatusCode::BAD_REQUEST, format!("Invalid request: {about}")),
        ErrorReason::AppNotFound => (StatusCode::NOT_FOUND, "App not found".to_owned()),
        ErrorReason::UpdatesLocked => (StatusCode::LOCKED, format!("Updates are locked: {about}")),
        ErrorReason::LogindUnavailable => {
            (StatusCode::INTERNAL_SERVER_ERROR, logind_unavailable(action).to_owned())
        }
        ErrorReason::PowerRefused | ErrorReason::UnsafePath => {
            (StatusCode::INTERNAL_SERVER_ERROR, message.to_owned())
        }
        ErrorReason::Unspecified | ErrorReason::Internal => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Supervisor core failed".to_owned())
        }
        ErrorReason::EngineUnavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "Container engine is not available".to_owned())
        }
        ErrorReason::EngineRefused => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("Container engine refused: {message}"))
        }
        ErrorReason::StoreUnavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "Supervisor store cannot be written".to_owned())
        }
        ErrorReason::ContainerNotRunning => {
            (StatusCode::SERVICE_UNAVAILABLE, "Container is not running".to_owned())
        }
        ErrorReason::NoShell => (StatusCode::SERVICE_UNAVAILABLE, "The image has no shell".to_owned()),
        ErrorReason::PolicyRefused => {
            (StatusCode::FORBIDDEN, format!("The owner's policy does not allow it: {about}"))
        }
        ErrorReason::LimitReached => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("As many as allowed are open: {about}"))
        }
        ErrorReason::StillInProgress => {
            (StatusCode::SERVICE_UNAVAILABLE, "Still in progress, see /v1/device".to_owned())
        }
        ErrorReason::PeerDenied => {
            (StatusCode::SERVICE_UNAVAILABLE, "Supervisor core refuses this frontend".to_owned())
        }
        ErrorReason::FrontendAbsent => {
            (StatusCode::SERVICE_UNAVAILABLE, "No frontend is connected".to_owned())
        }
        ErrorReason::ContractMismatch => {
            (StatusCode::SERVICE_UNAVAILABLE, "Supervisor core is of another release".to_owned())
        }
    }
}

const fn logind_unavailable(action: Action) -> &'static str {
    match action {
        Action::Reboot => "Logind unavailable, cannot reboot.",
        Action::Shutdown => "Logind unavailable, cannot shut down.",
        Action::Purge
        | Action::PurgeV2
        | Action::Restart
        | Action::Stop
        | Action::Start
        | Action::Describe
        | Action::Heartbeat
        | Action::Terminal => "Logind unavailable.",
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::{MessageBody as _, to_bytes};
    use proptest::prelude::*;

    use super::*;
    use crate::http::request_id::RequestIds;

    const ACTIONS: [Action; 10] = [
        Action::Reboot,
        Action::Shutdown,
        Action::Purge,
        Action::PurgeV2,
        Action::Restart,
        Action::Stop,
        Action::Start,
        Action::Describe,
        Action::Heartbeat,
        Action::Terminal,
    ];

    fn answered(action: Action, reason: i32, subject: String, message: String) -> (Format, String) {
        let reason = ErrorReason::try_from(reason).unwrap();
        let cause = CallError::Refused { reason, subject, message };
        let answer = call_error(action, &cause, RequestIds::new().next());
        assert!(answer.status().is_client_error() || answer.status().is_server_error());
        let body = answer.into_body().try_into_bytes().unwrap();
        (action.format(), String::from_utf8(body.to_vec()).unwrap())
    }

    proptest! {
        #[test]
        fn answer_to_whatever_core_says_stays_in_its_format(
            action in 0_usize..10, reason in 0_i32..=18, subject in any::<String>(), message in any::<String>(),
        ) {
            let (format, body) = answered(ACTIONS[action], reason, subject, message);
            match format {
                Format::Text => prop_assert!(
                    body.chars().all(|c| c.is_ascii_alphanumeric() || " :'.?!,/-".contains(c)), "{body}"
                ),
                Format::Go => {
                    let parsed: serde_json::Value = serde_json::from_str(&body).unwrap();
                    prop_assert_eq!(&parsed["Data"], "Error");
                    prop_assert!(parsed["Error"].is_string());
                }
            }
        }
    }

    #[tokio::test]
    async fn go_success_is_the_originals_24_bytes() {
        let body = to_bytes(go_ok(StatusCode::OK).into_body()).await.unwrap();
        assert_eq!(body.as_ref(), br#"{"Data":"OK","Error":""}"#);
        assert_eq!(body.len(), 24);
    }
}
