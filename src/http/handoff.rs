//! The way of a session to the host of an app: there a nonce, here a code, there a cookie.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use tower_sessions::session::Id;
use url::form_urlencoded::Serializer;

use super::extract::{Moment, SignedIn};
use super::gate::{is_gateway, told};
use super::{Error, Shared, carrier, extract, page};
use crate::access::{Behind, Refusal};
use crate::account::ReturnTo;
use crate::id::Token;
use crate::store::Handoff;

/// `/handoff`, for the whole internet.
pub(super) fn router() -> Router<Shared> {
    Router::new().route("/handoff", get(hand_off))
}

/// `/.vestibule/…` of an app's host, which its gateway passes on.
pub(super) fn internal() -> Router<Shared> {
    Router::new()
        .route("/handoff/{app}/start", get(start))
        .route("/handoff/{app}/finish", get(finish))
}

#[derive(Deserialize)]
struct Wish {
    to: Option<String>,
}

/// The browser is at the app's host: it keeps a nonce there and asks us for a code.
async fn start(
    State(shared): State<Shared>,
    peer: ConnectInfo<SocketAddr>,
    Path(app): Path<String>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Response {
    let Ok((_, host)) = at(&shared, &app, peer.0, &headers) else {
        return lost(&shared);
    };
    let target = wish
        .to
        .as_deref()
        .and_then(|to| ReturnTo::parse(to, &[]))
        .unwrap_or_else(ReturnTo::home);
    let nonce = Token::new(&shared.app.entropy);
    let query = Serializer::new(String::new())
        .append_pair("host", host)
        .append_pair("to", target.as_str())
        .append_pair("nonce", &nonce.digest())
        .finish();
    let location = format!("{}/handoff?{query}", shared.app.config.server.public_url);
    let keeps = cookie(&shared, NONCE, Some(&nonce), 600);
    onward(&location, &[keeps])
}

#[derive(Deserialize)]
struct Order {
    host: String,
    to: String,
    nonce: String,
}

/// The browser is here: whoever is signed in gets a code for the app's host.
async fn hand_off(
    State(shared): State<Shared>,
    moment: Moment,
    signed_in: Option<SignedIn>,
    Query(order): Query<Order>,
) -> Result<Response, Error> {
    let Some(signed_in) = signed_in else {
        let query = Serializer::new(String::new())
            .append_pair("host", &order.host)
            .append_pair("to", &order.to)
            .append_pair("nonce", &order.nonce)
            .finish();
        let back = Serializer::new(String::new())
            .append_pair("return_to", &format!("/handoff?{query}"))
            .finish();
        return Ok(page::going_to(&format!("/login?{back}")));
    };
    let (app, session) = (&shared.app, &signed_in.session);
    let (account, _) = app
        .whose(session)
        .await?
        .ok_or_else(Error::unauthenticated)?;
    let document = app
        .document(account.id)
        .await?
        .ok_or_else(Error::unauthenticated)?;
    let target = ReturnTo::parse(&order.to, &[]);
    let (Some(_), Some(target)) = (
        app.access.takes(&order.host, document.stage, &account),
        target,
    ) else {
        return Err(Error::new(
            StatusCode::FORBIDDEN,
            "no_such_app",
            "There is no app at that address that people of your account may use.",
        )
        .next("Start page", "/"));
    };
    let handoff = Handoff {
        host: order.host.clone(),
        target: target.as_str().to_owned(),
        nonce: order.nonce,
    };
    let code = app
        .access
        .hand_off(session, &handoff, moment.now, &app.entropy)
        .await?;
    let scheme = if shared.is_https() { "https" } else { "http" };
    let code = Id(i128::from_le_bytes(code.reveal()));
    Ok(onward(
        &format!("{scheme}://{}/.vestibule/finish?code={code}", order.host),
        &[],
    ))
}

#[derive(Deserialize)]
struct Brought {
    code: Option<String>,
}

/// The browser is at the app's host again: the code becomes its cookie there.
async fn finish(
    State(shared): State<Shared>,
    peer: ConnectInfo<SocketAddr>,
    Path(app): Path<String>,
    Query(brought): Query<Brought>,
    headers: HeaderMap,
) -> Response {
    let Ok((behind, host)) = at(&shared, &app, peer.0, &headers) else {
        return lost(&shared);
    };
    let name = named(&shared, NONCE);
    let nonce =
        extract::cookies(&headers).find_map(|(found, value)| (found == name).then_some(value));
    let secret = |text: Option<&str>| {
        text.and_then(|text| text.parse::<Id>().ok())
            .map(carrier::token)
    };
    let (Some(code), Some(nonce)) = (secret(brought.code.as_deref()), secret(nonce)) else {
        return lost(&shared);
    };
    let app = &shared.app;
    let taken = app
        .access
        .take_over(
            &code,
            &nonce,
            &behind.app,
            host,
            app.clock.now(),
            &app.entropy,
        )
        .await;
    match taken {
        Ok(Some(handed)) => {
            let cookies = [
                cookie(&shared, NONCE, None, 0),
                cookie(&shared, GATE, Some(&handed.token), 0),
            ];
            onward(handed.target.as_str(), &cookies)
        }
        Ok(None) => lost(&shared),
        Err(cause) => {
            tracing::error!(%cause, "a session was not handed on");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The app, and the host that its gateway says; nobody else may ask.
fn at<'s, 'h>(
    shared: &'s Shared,
    app: &str,
    peer: SocketAddr,
    headers: &'h HeaderMap,
) -> Result<(&'s Behind, &'h str), Refusal> {
    let (_, behind) = shared.app.access.app(app).ok_or(Refusal::Gateway)?;
    if !is_gateway(behind, peer, headers) {
        return Err(Refusal::Gateway);
    }
    let host = told::host(behind.app.gateway, headers)?;
    if behind.app.has_host(host) {
        Ok((behind, host))
    } else {
        Err(Refusal::Host)
    }
}

/// The code is not good any more; the app's own page begins anew.
fn lost(shared: &Shared) -> Response {
    let sentence = "This link was used before, is too old, or belongs to another browser. Go back to the page that you came from.";
    let ours = &shared.app.config.server.public_url;
    Error::new(StatusCode::FORBIDDEN, "handoff_lost", sentence).answer_elsewhere(true, ours)
}

const NONCE: &str = "nonce";
const GATE: &str = "gate";

/// The name of a cookie on an app's host.
fn named(shared: &Shared, what: &str) -> String {
    let prefix = if shared.is_https() { "__Host-" } else { "" };
    format!("{prefix}vestibule-{what}")
}

/// The cookie by which a gate knows a session on an app's own host.
pub(super) fn gate_cookie(shared: &Shared) -> &'static str {
    if shared.is_https() {
        "__Host-vestibule-gate"
    } else {
        "vestibule-gate"
    }
}

/// Keeps a secret on the app's host for so many seconds, for as long as the browser is open where there are none; or removes it.
fn cookie(shared: &Shared, what: &str, secret: Option<&Token>, seconds: u32) -> String {
    let secure = if shared.is_https() { "; Secure" } else { "" };
    let name = named(shared, what);
    let value = secret.map_or_else(String::new, |secret| {
        Id(i128::from_le_bytes(secret.reveal())).to_string()
    });
    let age = match (secret, seconds) {
        (None, _) => "; Max-Age=0".to_owned(),
        (Some(_), 0) => String::new(),
        (Some(_), seconds) => format!("; Max-Age={seconds}"),
    };
    format!("{name}={value}; Path=/{age}; HttpOnly; SameSite=Lax{secure}")
}

fn onward(location: &str, cookies: &[String]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(header::LOCATION, location);
    }
    for cookie in cookies
        .iter()
        .filter_map(|cookie| HeaderValue::from_str(cookie).ok())
    {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}
