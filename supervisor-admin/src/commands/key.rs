//! `key show` and `key rotate`.

use supervisor_proto::v1::{GetApiAccessRequest, RotateApiKeyRequest};

use super::Session;
use crate::{args::KeyVerb, confirm, failure::Failure, views::KeyView};

pub(super) async fn run(session: &mut Session<'_>, verb: KeyVerb) -> Result<(), Failure> {
    let view = match verb {
        KeyVerb::Show => {
            let access = session.client.get_api_access(GetApiAccessRequest {}, &session.request_id).await?;
            KeyView { api_key: access.api_key, port: Some(access.port) }
        }
        KeyVerb::Rotate => {
            confirm::confirm(
                session.args,
                session.output,
                "rotation of the API key, which ends the old one",
            )?;
            let rotated = session.client.rotate_api_key(RotateApiKeyRequest {}, &session.request_id).await?;
            KeyView { api_key: rotated.api_key, port: None }
        }
    };
    if view.api_key.is_empty() {
        return Err(Failure::NoKeyYet);
    }
    session.output.answer(&view, |_| format!("{}\n", view.api_key))
}
