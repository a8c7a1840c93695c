//! A privileged call that does nothing, through HTTP, gRPC and core, beside a bare HTTP call and a bare gRPC call.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use supervisor_proto::{client::CoreClient, v1::SetHeartbeatRequest};
use supervisor_tests::{Result, live::Supervisor, scratch::Folder};

use crate::{
    bare::Bare,
    http_load::{Call, serial},
    median::{median, median_ms, median_ratio},
    table::Table,
};

const CALLS: usize = 2000;
const ROUNDS: usize = 7;

/// Adds one row.
pub fn measure(table: &mut Table) -> Result<()> {
    let supervisor = Supervisor::start(&[("SUPERVISOR_LOG", "warn")])?;
    let key = supervisor.client()?.key;
    let ours = Call::new(supervisor.api(), "POST", &format!("/v1/tcp-ping?apikey={key}"));
    let (_http, address) = Bare::start_http()?;
    let http = Call::new(address, "POST", "/v1/tcp-ping");
    let folder = Folder::new()?;
    let socket = folder.join("bare.sock");
    let _grpc = Bare::start_grpc(&socket)?;
    let mut pairs = Vec::new();
    for _ in 0..ROUNDS {
        let whole = median_ms(serial(&ours, CALLS)?);
        pairs.push((whole, median_ms(serial(&http, CALLS)?) + median_ms(grpc_calls(Path::new(&socket))?)));
    }
    let middle = |values: Vec<f64>| format!("{:.3} ms", median(values));
    let measured = middle(pairs.iter().map(|pair| pair.0).collect());
    let beside = middle(pairs.iter().map(|pair| pair.1).collect());
    let ratio = format!("{measured}, {:.2} ×", median_ratio(&pairs));
    table.row(
        "tcp-ping, one after the other, p50",
        "≤ 1.3 ×",
        ratio,
        format!("bare HTTP + bare gRPC {beside}"),
    );
    Ok(())
}

fn grpc_calls(socket: &Path) -> Result<Vec<Duration>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = CoreClient::new(socket, "bench");
        let mut times = Vec::with_capacity(CALLS);
        client.hello().await?;
        for _ in 0..CALLS {
            let begun = Instant::now();
            client.set_heartbeat(SetHeartbeatRequest { enabled: true }, "bench").await?;
            times.push(begun.elapsed());
        }
        Ok(times)
    })
}
