//! HTTPS to the cloud's API, as all parts of the cloud client use it.

mod client;
mod endpoint;
mod failure;
mod retry_after;
mod trust;

pub use client::{
    ApiClient, ApiClientError, CONNECT_DEADLINE, IDLE_DEADLINE, REQUEST_DEADLINE, read_body, success,
};
pub use endpoint::{ApiEndpoint, BadEndpoint};
pub use failure::CloudFailure;
pub use trust::{BadCertificate, Trust};

#[cfg(test)]
mod tests;
