//! A request with an `Idempotency-Key` is done once, and its answer given again.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use openssl::sha::sha256;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::super::extract::Moment;
use super::super::{Error, Shared};
use super::LARGEST;
use super::caller::Caller;
use crate::id::{AccountId, hex};
use crate::seal::Place;
use crate::store::Given;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes a header")]
pub(super) struct Key {
    /// A name that the caller gives the request: the same one again is answered again, and not done again, for a day.
    #[param(
        rename = "Idempotency-Key",
        required = false,
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$"
    )]
    key: Option<String>,
}

/// What is kept of an answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// What names a request.
struct Named {
    account: AccountId,
    digest: String,
    body: String,
}

/// Looks whether a creating request was answered before, and keeps its answer where it was not.
pub(super) async fn once(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, Response> {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &shared).await;
    let caller = caller.map_err(IntoResponse::into_response)?;
    let Ok(moment) = Moment::from_request_parts(&mut parts, &shared).await;
    let body = to_bytes(body, LARGEST).await.map_err(|_| {
        Error::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "What was sent is larger than anything that belongs here.",
        )
        .into_response()
    })?;
    let named = named(&shared, &parts, &caller, &body).map_err(IntoResponse::into_response)?;
    let given = begin(&shared, &named, &moment).await;
    match given.map_err(IntoResponse::into_response)? {
        Given::New => {
            let request = Request::from_parts(parts, Body::from(body));
            let response = next.run(request).await;
            keep(&shared, &named, response)
                .await
                .map_err(IntoResponse::into_response)
        }
        Given::UnderWay => Err(Error::new(
            StatusCode::CONFLICT,
            "in_flight",
            "The request of this `Idempotency-Key` is being worked on. Ask again in a moment.",
        )
        .titled("Not done yet")
        .into_response()),
        Given::Other => Err(Error::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This `Idempotency-Key` came with another request. Give every request its own.",
        )
        .into_response()),
        Given::Answered(sealed) => {
            again(&shared, &named, &sealed).map_err(IntoResponse::into_response)
        }
    }
}

fn named(
    shared: &Shared,
    parts: &axum::http::request::Parts,
    caller: &Caller,
    body: &Bytes,
) -> Result<Named, Error> {
    let mut keys = parts.headers.get_all(KEY).into_iter();
    let key = keys.next().and_then(|key| key.to_str().ok());
    let key = key.filter(|key| {
        (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    });
    let (Some(key), None) = (key, keys.next()) else {
        return Err(Error::new(
            StatusCode::BAD_REQUEST,
            "bad_idempotency_key",
            "An `Idempotency-Key` is 1 to 255 visible ASCII characters, once.",
        ));
    };
    let account = caller.present().subject.account;
    let said = format!("{}\0{}\0{key}", caller.actor().id, parts.uri.path());
    let place = Place {
        purpose: "given_answers.digest",
        account: &account.to_string(),
        at: "",
    };
    let digest = shared.app.ring.digest(said.as_bytes(), place);
    Ok(Named {
        account,
        digest: digest.map_err(|error| Error::internal(&error))?,
        body: hex(&sha256(body)),
    })
}

async fn begin(shared: &Shared, named: &Named, moment: &Moment) -> Result<Given, Error> {
    let mut tx = shared.app.store.write().await?;
    let mut of = tx.of(named.account);
    let given = of
        .begin_answer(&named.digest, &named.body, moment.now)
        .await?;
    tx.commit().await?;
    Ok(given)
}

/// Keeps an answer without its secret; a request that came to nothing may be tried again.
async fn keep(shared: &Shared, named: &Named, response: Response) -> Result<Response, Error> {
    let mut tx = shared.app.store.write().await?;
    let mut of = tx.of(named.account);
    if !response.status().is_success() {
        of.forget_answer(&named.digest).await?;
        tx.commit().await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await;
    let body = body.map_err(|error| Error::internal(&error))?;
    let kept = Kept {
        status: parts.status.as_u16(),
        headers: [header::CONTENT_TYPE, header::LOCATION, header::ETAG]
            .into_iter()
            .filter_map(|name| {
                let value = parts.headers.get(&name)?.to_str().ok()?;
                Some((name.to_string(), value.to_owned()))
            })
            .collect(),
        body: without_secret(&body),
    };
    let plain = serde_json::to_vec(&kept).map_err(|error| Error::internal(&error))?;
    let app = &shared.app;
    let account = named.account.to_string();
    let sealed = app.ring.seal(&plain, place(named, &account), &app.entropy);
    let sealed = sealed.map_err(|error| Error::internal(&error))?;
    of.keep_answer(&named.digest, &hex(&sealed)).await?;
    tx.commit().await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn without_secret(body: &[u8]) -> String {
    let mut said: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    if let Some(fields) = said.as_object_mut() {
        fields.remove("secret");
    }
    said.to_string()
}

/// The answer that was given before.
fn again(shared: &Shared, named: &Named, sealed: &str) -> Result<Response, Error> {
    let account = named.account.to_string();
    let opened = shared.app.ring.open(&unhex(sealed), place(named, &account));
    let plain = opened.map_err(|error| Error::internal(&error))?;
    let kept: Kept = serde_json::from_slice(&plain).map_err(|error| Error::internal(&error))?;
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, kept.body).into_response();
    let headers = response.headers_mut();
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn place<'a>(named: &'a Named, account: &'a str) -> Place<'a> {
    Place {
        purpose: "given_answers.sealed",
        account,
        at: &named.digest,
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    pairs
        .iter()
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
