//! Listens until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};

use super::accept::accept;
use super::{Shared, internal, public};
use crate::app::SLOTS;
use crate::config::Server;

/// Between two tidyings.
const MINUTE: Duration = Duration::from_mins(1);

/// Both addresses, bound.
pub struct Listeners {
    public: TcpListener,
    internal: TcpListener,
}

impl Listeners {
    /// Binds both; `chooses` is what a person sets to choose another public address.
    pub async fn bind(server: &Server, chooses: &str) -> Result<Self> {
        let internal = "`server.internal_listen` (VESTIBULE_SERVER_INTERNAL_LISTEN)";
        Ok(Self {
            public: bind(server.listen, chooses).await?,
            internal: bind(server.internal_listen, internal).await?,
        })
    }
}

/// Serves both addresses; `stop` turning true lets open requests end and then returns.
pub async fn serve(
    shared: Shared,
    listeners: Listeners,
    stop: watch::Receiver<bool>,
) -> Result<()> {
    let server = &shared.app.config.server;
    tracing::info!(listen = %server.listen, internal = %server.internal_listen, url = server.public_url, "listening");
    let app = &shared.app;
    app.at_work(app.clock.now()).await?;
    let outer = accept(listeners.public, public(&shared), stop.clone());
    let inner = accept(listeners.internal, internal(&shared), stop);
    let tidying = tokio::spawn(tidy(shared.clone()));
    let refreshing = tokio::spawn(refresh(shared.clone()));
    let following = tokio::spawn(follow(shared.clone()));
    let sealing = tokio::spawn(seal(shared.clone()));
    let telling = tokio::spawn(tell(shared.clone()));
    tokio::join!(outer, inner);
    tidying.abort();
    refreshing.abort();
    following.abort();
    sealing.abort();
    telling.abort();
    shared
        .tidy()
        .await
        .context("writing down what was in memory")?;
    app.seal_audit().await?;
    let now = app.clock.now();
    app.checkpoint(now, true).await?;
    app.leave(now).await
}

/// Turns true when the process is asked to end.
pub fn stop() -> Result<watch::Receiver<bool>> {
    let (told, stop) = watch::channel(false);
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let _ = told.send(true);
    });
    Ok(stop)
}

/// Listens on an address; `chooses` is what a person sets to choose another one.
pub async fn bind(address: SocketAddr, chooses: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("listening on {address}: another program may use it already; {chooses} chooses another address"))
}

async fn tidy(shared: Shared) {
    loop {
        tokio::time::sleep(MINUTE).await;
        if let Err(cause) = shared.tidy().await {
            tracing::error!(%cause, "tidying failed");
        }
    }
}

/// Between two looks at what the audit's chains do not hold yet: every entry is in its chain within a second.
const SEAL: Duration = Duration::from_millis(500);

async fn seal(shared: Shared) {
    let app = &shared.app;
    loop {
        tokio::time::sleep(SEAL).await;
        let sealed = app.seal_audit().await;
        let vouched = app.checkpoint(app.clock.now(), false).await;
        if let Err(cause) = sealed.and(vouched) {
            tracing::error!(%cause, "sealing the audit failed");
        }
    }
}

/// Between two looks at what receivers are to be told.
const TELL: Duration = Duration::from_millis(500);

async fn tell(shared: Shared) {
    let slots = Arc::new(Semaphore::new(SLOTS));
    loop {
        tokio::time::sleep(TELL).await;
        match shared.app.deliver(&slots).await {
            // Who is slow to answer keeps nobody else waiting.
            Ok(mut tasks) => tasks.detach_all(),
            Err(cause) => tracing::error!(%cause, "telling webhooks failed"),
        }
    }
}

async fn follow(shared: Shared) {
    let app = &shared.app;
    let listen_url = &app.config.database.listen_url;
    app.access.live.follow(listen_url, &app.clock).await;
}

/// Between two looks at which identity provider is to be asked for its metadata.
const LOOK: Duration = Duration::from_secs(10);

/// So many looks make an hour, after which certificates are looked at again.
const HOUR: usize = 360;

async fn refresh(shared: Shared) {
    for round in (0..HOUR).cycle() {
        if let Err(cause) = shared.app.refresh_due().await {
            tracing::error!(%cause, "refreshing metadata failed");
        }
        if round == 0
            && let Err(cause) = shared.app.watch_certificates().await
        {
            tracing::error!(%cause, "looking at certificates failed");
        }
        tokio::time::sleep(LOOK).await;
    }
}
