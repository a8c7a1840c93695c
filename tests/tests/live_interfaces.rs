//! `LISTEN_INTERFACES`: the real frontend, without any privilege, on a machine with several networks.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::chown;
use std::process::{Child, Stdio};
use std::time::Duration;

use supervisor_tests::Result;
use supervisor_tests::command::command;
use supervisor_tests::live::{FRONTEND, install_program};
use supervisor_tests::network::Namespace;
use supervisor_tests::process::Process;
use supervisor_tests::scratch::Folder;
use supervisor_tests::wait::{check, wait_until};

const SOON: Duration = Duration::from_mins(2);
const PORT: u16 = 48484;
/// Seconds for a connection that has to be made: the kernel may have to ask again.
const PATIENCE: u32 = 60;
/// Seconds for one that must not.
const IMPATIENCE: u32 = 2;
/// What `curl` ends with when no connection was made, by refusal or by silence.
const NOT_CONNECTED: [Option<i32>; 2] = [Some(7), Some(28)];

/// A machine with a frontend, and the two neighbours that every test has.
struct Machine {
    itself: Namespace,
    inside: Namespace,
    outside: Namespace,
    folder: Folder,
    _frontend: Process,
}

impl Machine {
    /// `interfaces` is the setting; the neighbours are behind `inside0` (10.77.1.2) and `outside0` (10.77.2.2).
    fn start(interfaces: &str) -> Result<Self> {
        let machine = Namespace::new()?;
        let inside = machine.neighbour("inside0", 1)?;
        let outside = machine.neighbour("outside0", 2)?;
        let folder = Folder::new()?;
        install_program("supervisor-frontend", &folder.join("frontend"))?;
        fs::create_dir(folder.path().join("state"))?;
        chown(folder.path().join("state"), Some(FRONTEND), Some(FRONTEND))?;
        let uid = FRONTEND.to_string();
        let mut words = machine.launcher();
        words.extend(["setpriv", "--reuid", &uid, "--regid", &uid].map(str::to_owned));
        words.extend(["--clear-groups", "--inh-caps=-all", "--no-new-privs"].map(str::to_owned));
        words.push(folder.join("frontend"));
        let mut program = command(&words)?;
        program
            .env("FRONTEND_STATE_DIR", folder.join("state"))
            .env("CORE_SOCKET", folder.join("core.sock"))
            .env("RESIN_SUPERVISOR_SECRET", "bananas")
            .env("LISTEN_INTERFACES", interfaces);
        let frontend = Process::start(&mut program, &folder.path().join("log"))?;
        let started = Self { itself: machine, inside, outside, folder, _frontend: frontend };
        wait_until("the frontend", SOON, || {
            check(started.log().contains("listening address="), started.log())
        })?;
        Ok(started)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Whether a client in `from` gets an answer from the frontend at this address.
    fn answers(&self, from: &Namespace, address: &str) -> Result<bool> {
        self.asked(from, address, PATIENCE)
    }

    /// Whether it gets none, which may have to be told by silence.
    fn is_silent(&self, from: &Namespace, address: &str) -> Result<bool> {
        self.asked(from, address, IMPATIENCE).map(|is_answered| !is_answered)
    }

    fn asked(&self, from: &Namespace, address: &str, seconds: u32) -> Result<bool> {
        let finished = from.get(&format!("http://{address}:{PORT}/v1/healthy"), seconds)?;
        match finished.code {
            Some(0) if finished.stdout == "OK" => Ok(true),
            code if NOT_CONNECTED.contains(&code) => Ok(false),
            _ => Err(format!("{address}: {finished:?}\n{}", self.log()).into()),
        }
    }

    fn until_answers(&self, from: &Namespace, address: &str) -> Result<()> {
        wait_until("the frontend to follow the interfaces", SOON, || {
            check(self.asked(from, address, IMPATIENCE)?, self.log())
        })
    }
}

#[test]
fn without_the_setting_every_network_gets_an_answer_and_the_log_warns() -> Result<()> {
    let here = Machine::start("")?;
    for (from, address) in [
        (&here.inside, "10.77.1.1"),
        (&here.inside, "10.77.2.1"),
        (&here.outside, "10.77.2.1"),
        (&here.outside, "10.77.1.1"),
        (&here.itself, "127.0.0.1"),
    ] {
        assert!(here.answers(from, address)?, "{address} {}", here.log());
    }
    assert!(here.log().contains("LISTEN_INTERFACES is not set"), "{}", here.log());
    Ok(())
}

#[test]
fn listed_interfaces_get_an_answer_and_no_other_by_whatever_address() -> Result<()> {
    let here = Machine::start("lo,inside0")?;
    // Also to the address of the interface that is not listed: where a connection comes in is what counts.
    for (from, address) in
        [(&here.inside, "10.77.1.1"), (&here.inside, "10.77.2.1"), (&here.itself, "127.0.0.1")]
    {
        assert!(here.answers(from, address)?, "{address} {}", here.log());
    }
    // Calls of the machine to itself count as the interface's that has the address.
    assert!(here.is_silent(&here.itself, "10.77.2.1")?, "{}", here.log());
    for address in ["10.77.2.1", "10.77.1.1"] {
        assert!(here.is_silent(&here.outside, address)?, "{address} {}", here.log());
    }
    Ok(())
}

#[test]
fn loopback_gets_no_answer_when_lo_is_not_listed() -> Result<()> {
    let here = Machine::start("inside0")?;
    assert!(here.answers(&here.inside, "10.77.1.1")?, "{}", here.log());
    assert!(here.is_silent(&here.itself, "127.0.0.1")?, "{}", here.log());
    assert!(here.log().contains("LISTEN_INTERFACES has no lo"), "{}", here.log());
    Ok(())
}

/// A request that is under way: its head and the first byte of its body are sent.
struct Unfinished(Child);

impl Unfinished {
    fn begin(from: &Namespace, address: &str) -> Result<Self> {
        let script = format!(
            "exec 3<>/dev/tcp/{address}/{PORT}; \
             printf 'POST /v1/update?apikey=bananas HTTP/1.1\\r\\nHost: d\\r\\nConnection: close\\r\\n\
             Content-Type: application/json\\r\\nContent-Length: 2\\r\\n\\r\\n{{' >&3; \
             echo begun; read go; printf '}}' >&3; head -n 1 <&3"
        );
        let mut words = from.launcher();
        words.extend(["bash", "-c", &script].map(str::to_owned));
        let mut child = command(&words)?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut word = [0; 6];
        child.stdout.as_mut().ok_or("no output")?.read_exact(&mut word)?;
        assert_eq!(&word, b"begun\n");
        Ok(Self(child))
    }

    /// Sends the rest; the answer's first line.
    fn finish(mut self) -> Result<String> {
        self.0.stdin.take().ok_or("no input")?.write_all(b"go\n")?;
        Ok(String::from_utf8(self.0.wait_with_output()?.stdout)?)
    }
}

#[test]
fn request_under_way_is_answered_although_interfaces_change() -> Result<()> {
    let here = Machine::start("inside0,tun0")?;
    let late = here.itself.neighbour("other0", 3)?;
    here.itself.ip(&["link", "set", "other0", "down"])?;
    // From here on the frontend has only so much patience.
    let request = Unfinished::begin(&here.inside, "10.77.1.1")?;
    here.itself.ip(&["link", "set", "other0", "name", "tun0"])?;
    here.itself.ip(&["link", "set", "tun0", "up"])?;
    here.until_answers(&late, "10.77.3.1")?;
    assert_eq!(request.finish()?, "HTTP/1.1 204 No Content\r\n", "{}", here.log());
    Ok(())
}

#[test]
fn interface_that_comes_goes_and_comes_again_is_followed() -> Result<()> {
    let here = Machine::start("tun0,inside0")?;
    for round in 0..2 {
        let late = here.itself.neighbour("tun0", 3)?;
        here.until_answers(&late, "10.77.3.1")?;
        assert!(here.is_silent(&here.outside, "10.77.3.1")?, "round {round} {}", here.log());
        here.itself.ip(&["link", "delete", "tun0"])?;
        // The others go on; and whoever comes behind another name is not let in.
        assert!(here.answers(&here.inside, "10.77.1.1")?, "round {round} {}", here.log());
        let stranger = here.itself.neighbour("other0", 3)?;
        assert!(here.is_silent(&stranger, "10.77.3.1")?, "round {round} {}", here.log());
        here.itself.ip(&["link", "set", "other0", "down"])?;
        here.itself.ip(&["link", "set", "other0", "name", "tun0"])?;
        here.itself.ip(&["link", "set", "tun0", "up"])?;
        here.until_answers(&stranger, "10.77.3.1")?;
        here.itself.ip(&["link", "delete", "tun0"])?;
    }
    Ok(())
}
