//! `grpc.reflection.v1.ServerReflection`: the contract, for people's tools.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use http::{Request, Response};
use tonic::{body::Body, server::NamedService, service::Routes};
use tonic_reflection::pb::v1::server_reflection_server::SERVICE_NAME;
use tower::Service;

use crate::error::chain;

/// The service. What it tells takes as much memory as all else that an idle core holds, and few devices are ever
/// asked: it is decoded at the first call.
#[derive(Clone, Default)]
pub struct Reflection {
    decoded: Arc<OnceLock<Routes>>,
}

impl NamedService for Reflection {
    const NAME: &'static str = SERVICE_NAME;
}

impl Service<Request<Body>> for Reflection {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = <Routes as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.decoded.get_or_init(decode).clone().call(request)
    }
}

/// Without what can be told no method is known.
fn decode() -> Routes {
    let described = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(supervisor_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1();
    match described {
        Ok(service) => Routes::new(service),
        Err(error) => {
            log::error!("the contract's descriptors are not understood error='{}'", chain(&error));
            Routes::default()
        }
    }
}
