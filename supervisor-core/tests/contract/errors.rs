//! The reason and subject of every failure.

use supervisor_proto::{
    CONTRACT_VERSION,
    client::CallError,
    reason,
    v1::{
        AppRequest, ApplyRequest, ErrorReason, HelloRequest, PowerRequest, Role, RotateApiKeyRequest,
        contract_client::ContractClient,
    },
};

use crate::{
    fakes::{APP, DATA_LOCK, Fault, World},
    served::Served,
};

fn request(app_id: u64) -> AppRequest {
    AppRequest { app_id, ..AppRequest::default() }
}

pub fn refusal<T: std::fmt::Debug>(answer: Result<T, CallError>) -> (ErrorReason, String) {
    match answer {
        Err(CallError::Refused { reason, subject, .. }) => (reason, subject),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn hello_tells_contract_version_and_role() {
    let served = Served::new();
    assert_eq!(served.client().hello().await.unwrap().role, Role::Admin);
    let other = HelloRequest { contract_version: CONTRACT_VERSION + 1, client: "x\n".repeat(99) };
    let refused = ContractClient::new(served.channel().await).hello(other).await.unwrap_err();
    assert_eq!(reason::detail(&refused).unwrap().reason(), ErrorReason::ContractMismatch);
}

#[tokio::test]
async fn request_that_is_not_acceptable_is_an_invalid_argument() {
    let client = Served::new();
    let client = client.client();
    for id in [0, 1 << 53, u64::MAX] {
        assert_eq!(refusal(client.restart(request(id), "-").await).0, ErrorReason::InvalidArgument);
    }
    let bad = AppRequest { services: vec!["../x".to_owned()], ..request(1) };
    assert_eq!(refusal(client.stop(bad, "-").await).0, ErrorReason::InvalidArgument);
    let empty = client.apply(ApplyRequest::default(), "-").await;
    assert_eq!(refusal(empty).0, ErrorReason::InvalidArgument);
}

#[tokio::test]
async fn failure_of_an_app_names_its_reason_and_subject() {
    let served = Served::on(World::with_app(APP).await);
    let (client, device) = (served.client(), &served.world.device);
    let unknown = refusal(client.restart(request(9), "-").await);
    assert_eq!(unknown, (ErrorReason::AppNotFound, "9".to_owned()));
    let ghost = AppRequest { services: vec!["ghost".to_owned()], ..request(APP) };
    assert_eq!(refusal(client.stop(ghost, "-").await), (ErrorReason::AppNotFound, "ghost".to_owned()));
    device.lock(APP);
    let locked = refusal(client.purge(request(APP), "-").await);
    assert_eq!(locked, (ErrorReason::UpdatesLocked, DATA_LOCK.to_owned()));
    let locked = refusal(client.reboot(PowerRequest::default(), "-").await);
    assert_eq!(locked.0, ErrorReason::UpdatesLocked);
    device.unlock(APP);
    for (call, fault, reason) in [
        ("save app", Fault::Absent, ErrorReason::StoreUnavailable),
        ("stop", Fault::Refused, ErrorReason::EngineRefused),
        ("take locks", Fault::Refused, ErrorReason::StoreUnavailable),
    ] {
        device.fault_on(call, fault);
        assert_eq!(refusal(client.restart(request(APP), "-").await).0, reason, "{call}");
        device.heal();
    }
}

#[tokio::test]
async fn failure_of_power_and_of_the_frontend_has_its_reason() {
    let served = Served::new();
    let (client, device) = (served.client(), &served.world.device);
    device.fault_on("can", Fault::Absent);
    let absent = refusal(client.reboot(PowerRequest::default(), "-").await).0;
    assert_eq!(absent, ErrorReason::LogindUnavailable);
    device.heal();
    device.fault_on("can", Fault::Refused);
    let refused = refusal(client.power_off(PowerRequest::default(), "-").await).0;
    assert_eq!(refused, ErrorReason::PowerRefused);
    let absent = refusal(client.rotate_api_key(RotateApiKeyRequest {}, "-").await).0;
    assert_eq!(absent, ErrorReason::FrontendAbsent);
}
