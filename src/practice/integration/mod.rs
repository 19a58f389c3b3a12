//! A practice integration: an app with the profiles of customers, and the gateway before it that asks the gate for every request.

mod app;
mod decision;
mod gateway;
mod profile;
mod refusal;
mod view;
mod visitor;

use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::id::Entropy;

/// Where a practice integration finds the gate and everything else.
#[derive(Debug)]
pub struct Surroundings {
    /// The address at which the gate answers for it.
    pub gate: String,
    /// The address that decides with what only the app knows.
    pub decisions: String,
    /// What it shows there; without it nothing can be decided.
    pub token: Option<SecretString>,
    /// Where people sign in and come back from.
    pub sign_in: String,
    /// Where they see who they are, and sign out.
    pub home: String,
    /// The account whose customers are there at the start.
    pub account: String,
}

/// The gateway with the app behind it.
pub fn router(surroundings: Surroundings, entropy: Entropy) -> anyhow::Result<Router> {
    // Everything that is asked is on this machine.
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(10))
        .build()
        .context("preparing the practice integration")?;
    Ok(gateway::router(surroundings, &client, entropy))
}

/// Listens until `stop` turns true.
pub async fn serve(
    surroundings: Surroundings,
    entropy: Entropy,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let told = async move {
        let _ = stop.wait_for(|stop| *stop).await;
    };
    let service =
        router(surroundings, entropy)?.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(told)
        .await
        .context("serving the practice integration")
}
