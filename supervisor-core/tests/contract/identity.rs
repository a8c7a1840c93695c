//! Who the device is in its fleet, as the frontend tells it.

use supervisor_proto::{
    client::CallError,
    v1::{ConfigJsonOutcome, ErrorReason, RecordIdentityRequest},
};

use crate::served::Served;

fn request(uuid: &str, key: &str) -> RecordIdentityRequest {
    RecordIdentityRequest {
        uuid: uuid.to_owned(),
        device_api_key: key.to_owned(),
        device_id: 7,
        registered_at_s: 99,
    }
}

#[tokio::test]
async fn identity_is_taken_over_and_written_into_the_owner_s_file() {
    let served = Served::new();
    served.world.device.state().config_json = Some(r#"{"apiKey":"p"}"#.to_owned());
    let client = served.client();
    for outcome in [ConfigJsonOutcome::Written, ConfigJsonOutcome::Unchanged] {
        let reply = client.record(request("77cb", "bananas"), "-").await.unwrap();
        assert_eq!(reply.config_json(), outcome);
    }
    assert_eq!(served.world.facts.borrow().uuid.as_deref(), Some("77cb"));
    let text = served.world.device.state().config_json.clone().unwrap();
    assert_eq!(text, r#"{"uuid":"77cb","deviceApiKey":"bananas","deviceId":7,"registered_at":99}"#);
}

#[tokio::test]
async fn identity_that_is_not_acceptable_is_refused_by_name_without_its_key() {
    let served = Served::new();
    let client = served.client();
    for (bad, field) in [(request("../..", "k"), "uuid"), (request("77cb", "top secret"), "device_api_key")] {
        match client.record(bad, "-").await {
            Err(CallError::Refused { reason: ErrorReason::InvalidArgument, subject, message }) => {
                assert_eq!(subject, field);
                assert!(!message.contains("secret"), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(served.world.facts.borrow().uuid, None);
}
