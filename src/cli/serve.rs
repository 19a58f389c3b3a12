//! `vestibule serve`

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;

use super::out;
use crate::app::{App, PRACTICE, Refused};
use crate::config::Config;
use crate::http::{self, Listeners, Shared};
use crate::id::Entropy;
use crate::log;
use crate::time::Clock;

/// Runs the server until it is told to stop.
pub(super) async fn run(config: Config) -> Result<ExitCode> {
    log::start(&config.log)?;
    let app = App::open(config, Clock::System, Entropy::System).await?;
    if app.store.read().await?.setting(PRACTICE).await?.is_some() {
        return Err(Refused("this database belongs to `vestibule demo`: its accounts trust a practice identity provider, whose keys anybody can use. Point `database.url` at another one".into()).into());
    }
    for note in &app.notes {
        tracing::warn!("{note}");
    }
    let accounts = app.store.read().await?.accounts().await?.len();
    if accounts == 0 {
        out::note(
            "there is no account yet; `vestibule account apply FILE.toml` makes one while the server runs",
        );
    }
    let listeners = Listeners::bind(&app.config.server, "`server.listen`").await?;
    http::serve(Shared::new(Arc::new(app)), listeners, http::stop()?).await?;
    Ok(ExitCode::SUCCESS)
}
