//! The gRPC contract between `supervisor-core` and its two clients, and nothing else:
//! wire types, validated names, the error vocabulary, a typed client, the mapping from compose
//! to a target, and the version that both processes report.

pub mod duration;
pub mod ids;
pub mod reason;
mod reported_version;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "compose")]
pub mod compose;
#[cfg(feature = "policy")]
pub mod policy;

pub use reported_version::REPORTED_VERSION;

/// The generated wire types of package `supervisor.core.v1`.
#[allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    unused_qualifications,
    reason = "generated code"
)]
pub mod v1 {
    tonic::include_proto!("supervisor.core.v1");
}

/// The contract's file descriptors, encoded, for gRPC reflection and for tests that walk every method.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// Raised whenever an older peer could misread a newer one.
pub const CONTRACT_VERSION: u32 = 1;

/// gRPC metadata key under which a request id travels from the frontend to core's log.
pub const REQUEST_ID_METADATA: &str = "x-request-id";
