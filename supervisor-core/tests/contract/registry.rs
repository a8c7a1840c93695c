//! Name and password for the cloud's registry.

use supervisor_proto::{
    client::CallError,
    v1::{ErrorReason, SetRegistryAccessRequest},
};

use crate::served::Served;

fn request(api_host: &str, username: &str, password: &str) -> SetRegistryAccessRequest {
    SetRegistryAccessRequest {
        api_host: api_host.to_owned(),
        username: username.to_owned(),
        password: password.to_owned(),
    }
}

#[tokio::test]
async fn registry_access_is_taken_over_and_taken_back() {
    let served = Served::new();
    let client = served.client();
    client.set_access(request("api.example.org", "d_0123", "topsecretkey"), "-").await.unwrap();
    let told = served.world.registry.borrow().clone().unwrap();
    let given = told.of_image("registry2.example.org/v2/0123").unwrap();
    assert_eq!((given.username, given.password), ("d_0123", "topsecretkey"));
    client.set_access(SetRegistryAccessRequest::default(), "-").await.unwrap();
    assert_eq!(*served.world.registry.borrow(), None);
}

#[tokio::test]
async fn registry_access_that_is_not_acceptable_is_refused_by_name_and_changes_nothing() {
    let served = Served::new();
    let client = served.client();
    client.set_access(request("api.example.org", "d_0123", "topsecretkey"), "-").await.unwrap();
    let before = served.world.registry.borrow().clone();
    for (bad, field) in [
        (request("https://api.example.org", "d_0123", "k"), "api_host"),
        (request("", "d_0123", "k"), "api_host"),
        (request("api.example.org", "d:0123", "k"), "username"),
        (request("api.example.org", "d_0123", ""), "password"),
        (request("api.example.org", "d_0123", "topsecret\nkey"), "password"),
    ] {
        match client.set_access(bad, "-").await {
            Err(CallError::Refused { reason: ErrorReason::InvalidArgument, subject, message }) => {
                assert_eq!(subject, field);
                assert!(!message.contains("topsecret"), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(*served.world.registry.borrow(), before);
}
