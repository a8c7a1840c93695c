//! `supervisor-core healthcheck`: asks the running core over its own socket, for engines and init systems
//! that run a command. An image of ours has no other program.

use std::{path::Path, time::Duration};

use tonic::transport::Endpoint;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// How long the whole check may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Whether core serves.
pub async fn serves(socket: &Path) -> bool {
    let check = async {
        let endpoint = Endpoint::try_from(format!("unix://{}", socket.display())).ok()?;
        let channel = endpoint.connect().await.ok()?;
        let answer = HealthClient::new(channel).check(HealthCheckRequest::default()).await.ok()?;
        Some(answer.into_inner().status() == ServingStatus::Serving)
    };
    tokio::time::timeout(DEADLINE, check).await.ok().flatten().unwrap_or(false)
}
