//! The gateway: a plain reverse proxy that hands on what the gate allows, and nothing else.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, TE, TRANSFER_ENCODING, UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower::ServiceExt;

use super::refusal::Refusal;
use super::view::{self, Front};
use super::{Surroundings, app};
use crate::id::Entropy;

/// What one connection says of itself, and the next one says anew.
const OF_A_CONNECTION: [HeaderName; 5] =
    [CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE];

const ACCOUNT: HeaderName = HeaderName::from_static("account-id");

/// What opens doors, and is no concern of the app's.
const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, HeaderName::from_static("api-key")];

struct Gateway {
    gate: String,
    client: reqwest::Client,
    front: Front,
    app: Router,
}

/// The front page and the style sheet, which say nothing of anybody, and the app, of which every request is asked about.
pub(super) fn router(
    surroundings: Surroundings,
    client: &reqwest::Client,
    entropy: Entropy,
) -> Router {
    let gateway = Gateway {
        gate: surroundings.gate.clone(),
        client: client.clone(),
        front: Front {
            sign_in: surroundings.sign_in.clone(),
            home: surroundings.home.clone(),
        },
        app: app::router(surroundings, client, entropy),
    };
    let own = Router::new()
        .route("/", get(front))
        .route("/style.css", get(view::style));
    view::guarded(own)
        .fallback(pass)
        .with_state(Arc::new(gateway))
}

async fn front(State(gateway): State<Arc<Gateway>>) -> Response {
    view::page(StatusCode::OK, &gateway.front)
}

async fn pass(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    // Nobody says by themselves who they are, or who asks.
    without(&mut parts.headers, |name| {
        name.starts_with("x-vestibule-") || name.starts_with("x-forwarded-")
    });
    match gateway.ask(&parts, peer).await {
        Ok(answer) if answer.status() == StatusCode::OK => {
            identify(&mut parts.headers, answer.headers());
            let handed = Request::from_parts(parts, body);
            gateway.app.clone().oneshot(handed).await.into_response()
        }
        Ok(answer) => passed_on(answer).await,
        Err(cause) => {
            tracing::warn!(%cause, "the gate does not answer the practice integration");
            Refusal::Undecided.into_response()
        }
    }
}

impl Gateway {
    /// Asks the gate about a request, as Caddy and Traefik do.
    async fn ask(&self, parts: &Parts, peer: SocketAddr) -> reqwest::Result<reqwest::Response> {
        let mut headers = parts.headers.clone();
        for name in OF_A_CONNECTION {
            headers.remove(name);
        }
        // Once more than once, and the gate refuses it.
        let hosts: Vec<HeaderValue> = headers.get_all(HOST).iter().cloned().collect();
        headers.remove(HOST);
        for host in hosts {
            headers.append("x-forwarded-host", host);
        }
        let uri = parts.uri.path_and_query().map_or("", |uri| uri.as_str());
        let told = [
            ("x-forwarded-method", parts.method.as_str()),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-uri", uri),
            ("x-forwarded-for", &peer.ip().to_string()),
        ];
        for (name, value) in told {
            // What no header can say is not said, and the gate refuses what is incomplete.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        self.client.get(&self.gate).headers(headers).send().await
    }
}

/// In the place of what the client showed stands what the gate says.
fn identify(headers: &mut HeaderMap, answer: &HeaderMap) {
    for name in CREDENTIALS {
        headers.remove(name);
    }
    without(headers, |name| name == ACCOUNT);
    for (name, value) in answer {
        if name.as_str().starts_with("x-vestibule-") || *name == ACCOUNT {
            headers.insert(name, value.clone());
        }
    }
}

/// Removes headers by their names, in whatever way their hyphens are written.
fn without(headers: &mut HeaderMap, is_meant: impl Fn(&str) -> bool) {
    let found: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_meant(&name.as_str().replace('_', "-")))
        .cloned()
        .collect();
    for name in found {
        headers.remove(name);
    }
}

/// What the gate says itself: where to sign in, or why not.
async fn passed_on(answer: reqwest::Response) -> Response {
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
    match answer.bytes().await {
        Ok(body) => (status, headers, Body::from(body)).into_response(),
        Err(_) => Refusal::Undecided.into_response(),
    }
}
