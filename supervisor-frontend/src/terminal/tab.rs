//! One browser tab: its WebSocket, in both directions at once.

use std::{sync::Arc, time::Duration};

use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, ProtocolError};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, sleep, timeout},
};

use super::{
    frame::{TabHears, TabSays},
    session::{Session, Show, View},
};

/// So many pings without a word from the browser mean that it is gone.
const PINGS_WITHOUT_ANSWER: u32 = 3;
const CLOSE_DEADLINE: Duration = Duration::from_secs(2);

/// Shows the terminal until either side has had enough.
pub(super) async fn run(
    session: Arc<Session>,
    socket: actix_ws::Session,
    mut frames: AggregatedMessageStream,
    ping_interval: Duration,
) {
    let Some((mut view, mut changes)) = session.attach() else {
        let _ = socket.close(Some(reason(CloseCode::Again, "too many tabs"))).await;
        return;
    };
    let tab = view.tab();
    let (sender, answers) = watch::channel(());
    let heard = Heard { sender, ping_interval };
    let outcome = tokio::select! {
        outcome = listen(&session, tab, socket.clone(), &mut frames, &heard) => outcome,
        outcome = show(&session, &mut view, socket.clone(), &mut changes) => outcome,
        outcome = ping(socket.clone(), answers, ping_interval) => outcome,
    };
    session.detach(tab);
    // A browser that takes nothing does not take this either.
    let _ = timeout(CLOSE_DEADLINE, socket.close(outcome)).await;
}

/// Tells the pings that the browser is there.
#[derive(Debug)]
struct Heard {
    sender: watch::Sender<()>,
    ping_interval: Duration,
}

impl Heard {
    fn now(&self) {
        self.sender.send_replace(());
    }

    /// Work during which nobody reads what the browser answers: that is no silence of its own.
    async fn during(&self, work: impl Future<Output = ()>) {
        tokio::pin!(work);
        loop {
            tokio::select! {
                () = &mut work => return,
                () = sleep(self.ping_interval) => self.now(),
            }
        }
    }
}

fn reason(code: CloseCode, description: &str) -> CloseReason {
    CloseReason { code, description: Some(description.to_owned()) }
}

/// What the user types, and what the page says. Ends with the reason to close for.
async fn listen(
    session: &Arc<Session>,
    tab: u64,
    mut socket: actix_ws::Session,
    frames: &mut AggregatedMessageStream,
    heard: &Heard,
) -> Option<CloseReason> {
    let mut is_new = true;
    while let Some(frame) = frames.recv().await {
        heard.now();
        match frame {
            Ok(AggregatedMessage::Binary(bytes)) => heard.during(session.typed(tab, bytes.into())).await,
            Ok(AggregatedMessage::Text(text)) => match TabSays::parse(&text) {
                Ok(said) => {
                    heard.during(obey(session, tab, said)).await;
                    // A tab's first size is what the shell is opened with.
                    if matches!(said, TabSays::Resize(_)) && std::mem::take(&mut is_new) {
                        session.open();
                    }
                }
                Err(nonsense) => return Some(reason(CloseCode::Policy, &nonsense.to_string())),
            },
            Ok(AggregatedMessage::Ping(payload)) => socket.pong(&payload).await.ok()?,
            Ok(AggregatedMessage::Pong(_)) => {}
            Ok(AggregatedMessage::Close(_)) => return None,
            Err(error) => return Some(refused(&error)),
        }
    }
    None
}

async fn obey(session: &Arc<Session>, tab: u64, said: TabSays) {
    match said {
        TabSays::Resize(size) => session.resize(tab, size).await,
        TabSays::Focus => session.look_from(tab).await,
        TabSays::Open => session.open(),
    }
}

fn no_answer() -> CloseReason {
    reason(CloseCode::Away, "no answer")
}

fn refused(error: &ProtocolError) -> CloseReason {
    match error {
        ProtocolError::Overflow => reason(CloseCode::Size, "frame too long"),
        ProtocolError::Io(_) => reason(CloseCode::Invalid, "frame not read"),
        _ => reason(CloseCode::Protocol, "not a frame of this protocol"),
    }
}

/// What the shell writes, and what becomes of it.
async fn show(
    session: &Session,
    view: &mut View,
    mut socket: actix_ws::Session,
    changes: &mut watch::Receiver<()>,
) -> Option<CloseReason> {
    loop {
        changes.mark_unchanged();
        while let Some(shown) = session.next(view) {
            match shown {
                Show::Say(message) => socket.text(message.to_text()).await.ok()?,
                Show::Output(bytes) => socket.binary(bytes).await.ok()?,
                Show::Over => return Some(reason(CloseCode::Normal, "ended")),
            }
        }
        changes.changed().await.ok()?;
    }
}

/// Keeps proxies awake, notices a browser that is gone, and lets the page notice that the device is.
async fn ping(
    mut socket: actix_ws::Session,
    mut answers: watch::Receiver<()>,
    interval: Duration,
) -> Option<CloseReason> {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unanswered = 0;
    loop {
        ticks.tick().await;
        unanswered = if answers.has_changed().ok()? { 0 } else { unanswered + 1 };
        answers.mark_unchanged();
        if unanswered > PINGS_WITHOUT_ANSWER {
            return Some(no_answer());
        }
        // A browser that takes nothing leaves no room for the ping, behind what waits for it.
        let said = async {
            socket.ping(b"").await?;
            socket.text(TabHears::Alive.to_text()).await
        };
        match timeout(interval * PINGS_WITHOUT_ANSWER, said).await {
            Ok(sent) => sent.ok()?,
            Err(_) => return Some(no_answer()),
        }
    }
}
