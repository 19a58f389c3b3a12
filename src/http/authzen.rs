//! `AuthZEN` Authorization API 1.0: decisions for programs that protect something by themselves.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::address::Address;
use super::{Error, Shared};
use crate::access::authzen::{self, Decisions};
use crate::gate::DecisionCaller;
use crate::gate::authzen::{Answer, Asked, Evaluation, Search, Wanted, Wrong};

/// `/access/v1/…`, and where its endpoints are written down.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/access/v1/evaluation", post(evaluation))
        .route("/access/v1/evaluations", post(evaluations))
        .route("/access/v1/search/subject", post(subjects))
        .route("/access/v1/search/resource", post(resources))
        .route("/access/v1/search/action", post(actions))
        .route("/.well-known/authzen-configuration", get(configuration))
        .route_layer(middleware::from_fn(echo))
}

async fn evaluation(
    State(shared): State<Shared>,
    Caller(caller): Caller,
    Question(body): Question,
) -> Result<Json<Value>, Error> {
    let asked = Evaluation::read(&body)?;
    let answer = decisions(&shared, &caller).one(&asked).await?;
    Ok(Json(counted(&shared, &caller, &answer)))
}

async fn evaluations(
    State(shared): State<Shared>,
    Caller(caller): Caller,
    Question(body): Question,
) -> Result<Json<Value>, Error> {
    let decisions = decisions(&shared, &caller);
    Ok(Json(match Asked::read(&body)? {
        Asked::One(asked) => counted(&shared, &caller, &decisions.one(&asked).await?),
        Asked::Many(batch) => {
            let answers = decisions.many(&batch).await?;
            let answers = answers
                .iter()
                .map(|answer| counted(&shared, &caller, answer));
            json!({ "evaluations": answers.collect::<Vec<_>>() })
        }
    }))
}

async fn subjects(
    shared: State<Shared>,
    caller: Caller,
    question: Question,
) -> Result<Json<Value>, Error> {
    search(&shared, &caller, &question, Wanted::Subjects).await
}

async fn resources(
    shared: State<Shared>,
    caller: Caller,
    question: Question,
) -> Result<Json<Value>, Error> {
    search(&shared, &caller, &question, Wanted::Resources).await
}

async fn actions(
    shared: State<Shared>,
    caller: Caller,
    question: Question,
) -> Result<Json<Value>, Error> {
    search(&shared, &caller, &question, Wanted::Actions).await
}

async fn search(
    shared: &Shared,
    Caller(caller): &Caller,
    Question(body): &Question,
    wanted: Wanted,
) -> Result<Json<Value>, Error> {
    let search = Search::read(wanted, body)?;
    let found = decisions(shared, caller).search(&search).await?;
    let kind = match wanted {
        Wanted::Subjects => Some(&search.question.subject.kind),
        Wanted::Resources => Some(&search.question.resource.kind),
        Wanted::Actions => None,
    };
    let results = found.names.iter().map(|name| match kind {
        Some(kind) => json!({ "type": kind, "id": name }),
        None => json!({ "name": name }),
    });
    let results: Vec<Value> = results.collect();
    let (count, next) = (results.len(), found.next.token());
    let has_page = search.page.is_asked_for || !next.is_empty();
    Ok(Json(if has_page {
        json!({ "results": results, "page": { "next_token": next, "count": count } })
    } else {
        json!({ "results": results })
    }))
}

async fn configuration(State(shared): State<Shared>) -> impl IntoResponse {
    let base = &shared.app.config.server.public_url;
    let document = json!({
        "policy_decision_point": base,
        "access_evaluation_endpoint": format!("{base}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{base}/access/v1/evaluations"),
        "search_subject_endpoint": format!("{base}/access/v1/search/subject"),
        "search_resource_endpoint": format!("{base}/access/v1/search/resource"),
        "search_action_endpoint": format!("{base}/access/v1/search/action"),
    });
    (
        [(header::CACHE_CONTROL, "public, max-age=300")],
        Json(document),
    )
}

fn decisions<'d>(shared: &'d Shared, caller: &'d DecisionCaller) -> Decisions<'d> {
    Decisions {
        store: &shared.app.store,
        policy: &shared.app.access.policy,
        caller,
        now: shared.app.clock.now(),
    }
}

fn counted(shared: &Shared, caller: &DecisionCaller, answer: &Answer) -> Value {
    shared.metrics.decided(&caller.app, answer.is_allowed);
    answer.json()
}

/// The program that asks, known by its bearer token alone: what a browser sends opens nothing here.
struct Caller(DecisionCaller);

impl FromRequestParts<Shared> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        if parts.headers.contains_key("api-key") {
            return Err(ambiguous().into_response());
        }
        let Ok(Address(address)) = Address::from_request_parts(parts, shared).await;
        let Some(token) = bearer(&parts.headers) else {
            return Err(stranger("Bearer"));
        };
        let app = &shared.app;
        let caller = app
            .access
            .decision_caller(token, address, app.clock.now())
            .await;
        let caller = caller.map_err(|error| Error::from(error).into_response())?;
        caller
            .map(Self)
            .ok_or_else(|| stranger("Bearer error=\"invalid_token\""))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn stranger(challenge: &'static str) -> Response {
    let error = Error::new(
        StatusCode::UNAUTHORIZED,
        "unauthenticated",
        "Decisions are for programs that show a token of theirs: `Authorization: Bearer …`.",
    )
    .titled("The caller is not known");
    let challenge = [(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(challenge),
    )];
    (challenge, error).into_response()
}

fn ambiguous() -> Error {
    Error::new(
        StatusCode::BAD_REQUEST,
        "ambiguous_credentials",
        "The request shows more than one credential. Show the token alone.",
    )
}

/// A body of JSON; whatever else it is, is the caller's mistake: 400.
struct Question(Value);

impl FromRequest<Shared> for Question {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(unreadable("The content type is not application/json.").into_response());
        }
        let body = Bytes::from_request(request, shared)
            .await
            .map_err(IntoResponse::into_response)?;
        if body.is_empty() {
            return Err(unreadable("The body is empty.").into_response());
        }
        let read = serde_json::from_slice(&body);
        read.map(Self).map_err(|error| {
            let sentence = format!(
                "The body is not JSON: line {}, column {}.",
                error.line(),
                error.column()
            );
            unreadable(sentence).into_response()
        })
    }
}

fn unreadable(sentence: impl Into<String>) -> Error {
    Error::new(StatusCode::BAD_REQUEST, "bad_request", sentence)
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        unreadable(format!("The question cannot be read: {wrong}."))
    }
}

impl From<authzen::Error> for Error {
    fn from(error: authzen::Error) -> Self {
        match error {
            authzen::Error::Wrong(wrong) => wrong.into(),
            authzen::Error::Store(error) => error.into(),
        }
    }
}

/// Gives back the id by which the caller knows its request.
async fn echo(request: Request, next: Next) -> Response {
    let id = request.headers().get("x-request-id").cloned();
    let mut response = next.run(request).await;
    if let Some(id) = id {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
