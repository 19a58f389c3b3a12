//! Forward-auth: one address for each family of gateways, which reads only what that family sets.

mod answer;
pub(super) mod told;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::any;
use openssl::memcmp;
use openssl::sha::sha256;
use tower_sessions::session::Id;

use self::answer::Reader;
use self::told::{Ambiguous, Told};
use super::{Shared, carrier, extract, handoff};
use crate::access::{Asked, Behind, Credential, Fetch, Refusal, Verdict};
use crate::gate::Family;

/// `/gate/{app}/{family}`, on the internal listener alone.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/gate/{app}/nginx", any(nginx))
        .route("/gate/{app}/forward", any(forward))
        .route("/gate/{app}/envoy", any(envoy))
        .route("/gate/{app}/envoy/", any(envoy))
        .route("/gate/{app}/envoy/{*path}", any(envoy))
}

async fn nginx(State(shared): State<Shared>, peer: Peer, request: Request) -> Response {
    check(&shared, Family::Nginx, peer, &request.into_parts().0).await
}

async fn forward(State(shared): State<Shared>, peer: Peer, request: Request) -> Response {
    check(&shared, Family::Forward, peer, &request.into_parts().0).await
}

async fn envoy(State(shared): State<Shared>, peer: Peer, request: Request) -> Response {
    check(&shared, Family::Envoy, peer, &request.into_parts().0).await
}

type Peer = ConnectInfo<SocketAddr>;

async fn check(shared: &Shared, family: Family, peer: Peer, request: &Parts) -> Response {
    let slug = request.uri.path().split('/').nth(2).unwrap_or_default();
    let access = &shared.app.access;
    let found = access
        .app(slug)
        .filter(|(_, behind)| behind.app.gateway == family);
    let Some((number, behind)) = found else {
        return answer::no_app();
    };
    let headers = &request.headers;
    let ours = &shared.app.config.server.public_url;
    let reader = Reader {
        family,
        headers,
        ours,
    };
    if !is_gateway(behind, peer.0, headers) {
        return refused(shared, &reader, Refusal::Gateway);
    }
    let told = match Told::read(family, slug, request) {
        Ok(told) => told,
        Err(refusal) => return refused(shared, &reader, refusal),
    };
    let Ok(credential) = credential(shared, told.host, headers) else {
        return answer::ambiguous(&reader);
    };
    let asked = Asked {
        app: number,
        method: told.method,
        host: told.host,
        path: told.path,
        credential,
        account: told::once(headers, &told::ACCOUNT).ok().flatten(),
        address: told.address,
        fetch: Fetch {
            origin: told::once(headers, &header::ORIGIN).ok().flatten(),
            site: told::once(headers, &told::SITE).ok().flatten(),
            upgrades: headers.contains_key(header::UPGRADE),
        },
    };
    let verdict = judged(shared, &asked).await.unwrap_or_else(|cause| {
        tracing::error!(%cause, "the gate cannot decide");
        None
    });
    match verdict {
        Some(Verdict::Allowed(identity)) => {
            shared.metrics.passed();
            answer::allowed(&identity)
        }
        Some(Verdict::SignIn) => {
            shared.metrics.gate("sign_in");
            answer::sign_in(shared, &reader, &told, None)
        }
        Some(Verdict::StepUp(minutes)) => {
            shared.metrics.gate("step_up");
            answer::sign_in(shared, &reader, &told, Some(minutes))
        }
        Some(Verdict::Refused(refusal)) => refused(shared, &reader, refusal),
        Some(Verdict::Unsigned) | None => {
            shared.metrics.gate("failed");
            answer::failed(&reader)
        }
    }
}

/// The verdict, with the signer where there is none without it.
async fn judged(shared: &Shared, asked: &Asked<'_>) -> anyhow::Result<Option<Verdict>> {
    let (app, now) = (&shared.app, shared.app.clock.now());
    let verdict = app.access.check(asked, None, now).await?;
    if !matches!(verdict, Verdict::Unsigned) {
        return Ok(Some(verdict));
    }
    let signer = app.signer(now).await?;
    Ok(Some(app.access.check(asked, Some(&signer), now).await?))
}

fn refused(shared: &Shared, reader: &Reader<'_>, refusal: Refusal) -> Response {
    shared.metrics.gate(refusal.as_str());
    answer::refused(reader, refusal)
}

/// Whether the TCP peer is the app's gateway, and shows its secret where it has one.
pub(super) fn is_gateway(behind: &Behind, peer: SocketAddr, headers: &HeaderMap) -> bool {
    let address = peer.ip().to_canonical();
    let known = behind
        .app
        .gateways
        .iter()
        .any(|network| network.contains(&address));
    known
        && behind.gateway_key.as_ref().is_none_or(|expected| {
            let shown = told::once(headers, &told::GATEWAY_KEY).ok().flatten();
            shown.is_some_and(|shown| memcmp::eq(&sha256(shown.as_bytes()), expected))
        })
}

/// The one credential of a request; two of different kinds, or one twice, could each be meant for somebody else.
fn credential(shared: &Shared, host: &str, headers: &HeaderMap) -> Result<Credential, Ambiguous> {
    let is_ours = shares_cookies(shared, host);
    let name = if is_ours {
        carrier::session_cookie(shared.is_https())
    } else {
        handoff::gate_cookie(shared)
    };
    let mut values =
        extract::cookies(headers).filter_map(|(found, value)| (found == name).then_some(value));
    let cookie = values.next();
    if values.next().is_some() {
        return Err(Ambiguous);
    }
    // A cookie that is none of ours is still a second credential beside a key.
    let by_cookie = cookie.map(|value| match value.parse::<Id>() {
        Ok(id) if is_ours => Credential::Session(carrier::token(id)),
        Ok(id) => Credential::Gate(carrier::token(id)),
        Err(_) => Credential::None,
    });
    let key = told::once(headers, &told::API_KEY)?.map(|key| Credential::Key(key.to_owned()));
    let authorization = told::once(headers, &header::AUTHORIZATION)?;
    // Any other scheme is the app's own.
    let bearer = authorization.and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        let is_ours = scheme.eq_ignore_ascii_case("bearer");
        is_ours.then(|| Credential::Bearer(token.trim().to_owned()))
    });
    let mut all = [by_cookie, key, bearer].into_iter().flatten();
    match (all.next(), all.next()) {
        (_, Some(_)) => Err(Ambiguous),
        (one, None) => Ok(one.unwrap_or(Credential::None)),
    }
}

/// Whether browsers send our own cookies to a host: they do not look at its port.
fn shares_cookies(shared: &Shared, host: &str) -> bool {
    let ours = &shared.app.config.server.public_url;
    let ours = ours.split_once("://").map_or("", |(_, host)| host);
    without_port(ours) == without_port(host)
}

fn without_port(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}
