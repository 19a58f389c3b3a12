//! The browser's side of the practice ADFS: metadata, sign-in page, the form that carries the answer.

mod sign_in;
mod view;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::set_header::SetResponseHeaderLayer;

use self::view::Delivery;
use super::adfs::Adfs;
use super::relying_party::RelyingParty;
use crate::id::Entropy;
use crate::time::Clock;

/// Responses go to any service provider, and browsers hold what follows on them to the same rule.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action *; base-uri 'none'; \
                      frame-ancestors 'none'";

/// A farm with its trusts, ready to serve.
#[derive(Clone, Debug)]
pub struct Practice(Arc<Farm>);

#[derive(Debug)]
struct Farm {
    adfs: Adfs,
    trusts: RwLock<Vec<RelyingParty>>,
    clock: Clock,
    entropy: Entropy,
    /// The last response for each relying party, for replays.
    sent: Mutex<HashMap<String, Delivery>>,
}

impl Practice {
    /// A farm that trusts these relying parties.
    pub fn new(adfs: Adfs, trusts: Vec<RelyingParty>, clock: Clock, entropy: Entropy) -> Self {
        Self(Arc::new(Farm {
            adfs,
            trusts: RwLock::new(trusts),
            clock,
            entropy,
            sent: Mutex::default(),
        }))
    }

    /// The farm.
    pub fn adfs(&self) -> &Adfs {
        &self.0.adfs
    }

    /// Adds a trust, or updates the one with the same identifier.
    pub fn trust(&self, relying_party: RelyingParty) {
        let mut trusts = self
            .0
            .trusts
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        trusts.retain(|known| known.entity_id != relying_party.entity_id);
        trusts.push(relying_party);
    }

    fn trusts(&self) -> Vec<RelyingParty> {
        let trusts = self.0.trusts.read().unwrap_or_else(PoisonError::into_inner);
        trusts.clone()
    }

    fn last_sent(&self, entity_id: &str) -> Option<Delivery> {
        let sent = self.0.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.get(entity_id).cloned()
    }

    fn remember(&self, entity_id: &str, delivery: &Delivery) {
        let mut sent = self.0.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.insert(entity_id.to_owned(), delivery.clone());
    }
}

/// Everything that a browser asks an ADFS for.
pub fn router(practice: Practice) -> Router {
    let sign_in = get(sign_in::from_query).post(sign_in::from_form);
    Router::new()
        .route(
            "/FederationMetadata/2007-06/FederationMetadata.xml",
            get(metadata),
        )
        .route("/adfs/ls", sign_in.clone())
        .route("/adfs/ls/", sign_in)
        .route("/adfs/ls/answer", post(sign_in::answer))
        .route(
            "/adfs/ls/idpinitiatedsignon.aspx",
            get(sign_in::without_request),
        )
        .route("/adfs/portal/css/style.css", get(style))
        .route("/adfs/portal/script/continue.js", get(script))
        .layer(header(CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(CACHE_CONTROL, "no-store"))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .with_state(practice)
}

fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

async fn metadata(State(practice): State<Practice>) -> Response {
    match practice.adfs().metadata() {
        Ok(xml) => ([(CONTENT_TYPE, "application/samlmetadata+xml")], xml).into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response(),
    }
}

async fn style() -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("style.css"),
    )
}

async fn script() -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/javascript; charset=utf-8")],
        include_str!("continue.js"),
    )
}
