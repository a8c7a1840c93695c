//! Calls of any method with an empty message, and what comes of them.

use prost::Message as _;
use prost::bytes::{Buf as _, BufMut as _};
use prost_types::FileDescriptorSet;
use supervisor_proto::{reason, v1::ErrorReason};
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

/// Messages as bytes.
#[derive(Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length).to_vec()))
    }
}

/// Calls `method` with `message` until its answer begins.
pub async fn call(channel: &Channel, method: &str, message: Vec<u8>) -> Result<(), Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = method.parse().map_err(|_| Status::invalid_argument("path"))?;
    grpc.server_streaming(Request::new(message), path, Bytes).await.map(drop)
}

/// The reason of a refusal.
pub fn reason_of(answer: &Result<(), Status>) -> Option<ErrorReason> {
    reason::detail(answer.as_ref().err()?).map(|detail| detail.reason())
}

/// Every method of the contract, and those of health.
pub fn methods() -> Vec<String> {
    let set = FileDescriptorSet::decode(supervisor_proto::FILE_DESCRIPTOR_SET).unwrap();
    let mut all = vec!["/grpc.health.v1.Health/Check".to_owned(), "/grpc.health.v1.Health/Watch".to_owned()];
    for file in &set.file {
        for service in &file.service {
            let names = service.method.iter();
            all.extend(names.map(|m| format!("/{}.{}/{}", file.package(), service.name(), m.name())));
        }
    }
    all
}
