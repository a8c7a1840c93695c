//! The cloud's name is found where there is nothing but the program: no C library's files, no name service of the host's.

use std::{fs, net::UdpSocket, path::Path, thread, time::Duration};

use fake_cloud::FakeCloud;
use serde_json::json;
use supervisor_tests::{
    Result,
    command::{finish, run},
    live::install_program,
    scratch::{Folder, unique},
    wait::wait_until,
};

/// Loopback, so that no other name server of the machine is in the way.
const NAME_SERVER: &str = "127.0.0.153";
const FOUND: [u8; 4] = [127, 0, 0, 1];

/// Answers every question for an IPv4 address with [`FOUND`], and others with nothing, until the process ends.
fn name_server() -> Result<()> {
    let socket = UdpSocket::bind((NAME_SERVER, 53))?;
    thread::spawn(move || {
        let mut question = [0_u8; 512];
        while let Ok((length, asker)) = socket.recv_from(&mut question) {
            if let Some(answer) = question.get(..length).and_then(answer) {
                let _ = socket.send_to(&answer, asker);
            }
        }
    });
    Ok(())
}

/// RFC 1035 §4.1: header, the question, and for type A one answer.
fn answer(message: &[u8]) -> Option<Vec<u8>> {
    let question = message.get(12..)?;
    // The name's end, then type and class.
    let end = question.iter().position(|byte| *byte == 0)? + 5;
    let question = question.get(..end)?;
    let is_address = question.get(end - 4..end - 2)? == [0, 1];
    let mut answer = message.get(..2)?.to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0]);
    answer.extend(question);
    if is_address {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(FOUND);
    }
    Some(answer)
}

/// A file system with nothing but the frontend in it, and the libraries of one that is not static.
fn image(folder: &Folder, name: &str) -> Result<()> {
    let root = folder.join("root");
    fs::create_dir_all(&root)?;
    install_program("supervisor-frontend", &format!("{root}/supervisor-frontend"))?;
    let libraries = finish(&["ldd", &format!("{root}/supervisor-frontend")])?;
    for library in libraries.stdout.split_whitespace().filter(|word| Path::new(word).is_file()) {
        run(&["cp", "--parents", "-L", library, &root])?;
    }
    let archive = folder.join("root.tar");
    run(&["tar", "-C", &root, "-cf", &archive, "."])?;
    run(&["docker", "import", "-c", "ENTRYPOINT [\"/supervisor-frontend\"]", &archive, name]).map(drop)
}

struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        drop(run(&["docker", "rm", "-f", &self.0]));
        drop(run(&["docker", "rmi", "-f", &self.0]));
    }
}

#[test]
fn device_in_an_image_without_anything_finds_its_cloud_by_name() -> Result<()> {
    name_server()?;
    let cloud = FakeCloud::start()?;
    let port = cloud.url().rsplit(':').next().unwrap_or_default().to_owned();
    let folder = Folder::new()?;
    let config = json!({
        "apiEndpoint": format!("http://api.fleet.example:{port}"), "apiKey": cloud.provisioning_key(),
        "applicationId": cloud.fleet_id(), "deviceType": "intel-nuc", "bootstrapRetryDelay": 1000,
    });
    fs::create_dir_all(folder.join("etc"))?;
    fs::write(folder.join("etc/config.json"), config.to_string())?;
    fs::write(folder.join("resolv.conf"), format!("nameserver {NAME_SERVER}\n"))?;
    let container = Container(format!("supervisor-test-name-{}", unique()));
    image(&folder, &container.0)?;
    run(&[
        "docker",
        "run",
        "-d",
        "--name",
        &container.0,
        "--network",
        "host",
        "--tmpfs",
        "/state",
        "-v",
        &format!("{}:/config:ro", folder.join("etc")),
        "-v",
        &format!("{}:/etc/resolv.conf:ro", folder.join("resolv.conf")),
        "-e",
        "CONFIG_JSON=/config/config.json",
        "-e",
        "FRONTEND_STATE_DIR=/state",
        "-e",
        "LISTEN_ADDRESS=127.0.0.1",
        "-e",
        "LISTEN_PORT=0",
        "-e",
        "TTY_LISTEN_PORT=0",
        &container.0,
    ])?;
    wait_until("the device's registration", Duration::from_mins(2), || {
        let registered = cloud.look(|world| world.devices().count()) == 1;
        let log = finish(&["docker", "logs", &container.0])?;
        if registered { Ok(()) } else { Err(log.stderr.into()) }
    })
}
