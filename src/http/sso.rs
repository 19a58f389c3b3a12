//! The service provider's addresses of an account: metadata, sign-in, assertion consumer service.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use tower_sessions::Session as Cookie;

use super::address::Address;
use super::carry::{Way, carry};
use super::extract::{self, Moment, SameOrigin};
use super::{Error, Shared, carrier, page};
use crate::attempt::Tester;
use crate::id::Token;
use crate::login::{self, Arrival, Begun, Carried, Finished, Post, Refused, Start, Trying};
use crate::saml::check::Code;
use crate::saml::sending::Sending;
use crate::saml::step_up::StepUp;
use crate::seal::Place;
use crate::user::Refusal;

/// Everything under `/saml/{account}`, and the answer to "continue as …?".
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/saml/{account}/metadata", get(metadata))
        .route("/saml/{account}/login", get(login))
        .route("/saml/{account}/acs", post(acs))
        .route("/session/continue", post(proceed))
}

async fn metadata(
    State(shared): State<Shared>,
    Path(account): Path<String>,
) -> Result<impl IntoResponse, Error> {
    let xml = shared
        .app
        .descriptor(&account)
        .await?
        .ok_or_else(Error::not_found)?;
    Ok((
        [(header::CONTENT_TYPE, "application/samlmetadata+xml")],
        xml,
    ))
}

#[derive(Deserialize)]
struct Wish {
    return_to: Option<String>,
    max_age: Option<String>,
    authn_context: Option<String>,
}

async fn login(
    State(shared): State<Shared>,
    Path(account): Path<String>,
    Query(wish): Query<Wish>,
    moment: Moment,
    Address(address): Address,
    cookie: Cookie,
    headers: HeaderMap,
) -> Result<Response, Error> {
    // Signing is private-key work: the account is known and the limit is asked before it.
    let connection = match shared.app.login.connection(&account, moment.now).await {
        Err(login::Error::NoAccount) => return Err(super::error::not_connected()),
        other => other?,
    };
    if !shared.limits.allow_start(address, &account) {
        return Err(Error::too_many());
    }
    let (age, class) = (wish.max_age.as_deref(), wish.authn_context.as_deref());
    let start = Start {
        host: extract::host(&headers),
        return_to: wish.return_to,
        step_up: StepUp::parse(age, class, connection.saml()).map_err(Error::bad_demand)?,
        current: carrier::session(&cookie).await?,
    };
    match shared.app.login.begin(&account, start, moment.now).await? {
        Begun::Already(return_to) => Ok(page::see_other(&return_to)),
        Begun::Sent { sending, cookie } => {
            shared.metrics.started();
            let sent = (sending, cookie, Way::SignIn);
            let mut response = started(&shared, sent, &headers)?;
            set_last(&mut response, &shared, &account);
            Ok(response)
        }
    }
}

/// The redirect or the form that carries the request, and the cookie that remembers it.
fn started(
    shared: &Shared,
    (sending, (tag, value), way): (Sending, (String, String), Way),
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let mut response = carry(sending, way)?;
    let mut set = |name: &str, value: &str, age: u32| {
        if let Ok(cookie) = HeaderValue::from_str(&shared.login_cookie(name, value, age)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    };
    set(&tag, &value, 600);
    // A browser holds at most four open sign-ins; its cookies come in the order in which they were set.
    let open: Vec<String> = carried(shared, headers)
        .map(|(tag, _)| tag.to_owned())
        .collect();
    for old in open.iter().take(open.len().saturating_sub(3)) {
        set(old, "", 0);
    }
    Ok(response)
}

/// The same for somebody who only tries it, from a form of ours.
pub(super) fn tried(
    shared: &Shared,
    trying: Trying,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let sent = (trying.sending, trying.cookie, Way::Trial);
    started(shared, sent, headers)
}

/// Remembers which account was used here last, for people who come without one.
fn set_last(response: &mut Response, shared: &Shared, account: &str) {
    let secure = if shared.is_https() { "; Secure" } else { "" };
    let cookie = format!(
        "{}={account}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}",
        shared.last_cookie()
    );
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

fn carried<'h>(
    shared: &Shared,
    headers: &'h HeaderMap,
) -> impl Iterator<Item = (&'h str, &'h str)> {
    let prefix = shared.login_prefix();
    extract::cookies(headers)
        .filter_map(move |(name, value)| name.strip_prefix(prefix).map(|tag| (tag, value)))
}

async fn acs(
    State(shared): State<Shared>,
    Path(account): Path<String>,
    moment: Moment,
    Address(address): Address,
    cookie: Cookie,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    let current = carrier::current(&shared, &cookie, &headers).await?;
    let post = Post {
        body: body.to_vec(),
        kind: said(&headers, &header::CONTENT_TYPE),
        carried: Carried(
            carried(&shared, &headers)
                .take(8)
                .map(|(tag, value)| (tag.to_owned(), value.to_owned()))
                .collect(),
        ),
        host: extract::host(&headers),
        address,
        browser: said(&headers, &header::USER_AGENT),
        current: current.clone(),
    };
    let (request, mut response) = match shared.app.login.finish(&account, post, moment.now).await? {
        Finished::SignedIn(arrival) => {
            shared.metrics.accepted();
            tracing::info!(account, user = %arrival.user.id, "signed in");
            let answer = page::see_other(&arrival.return_to);
            (
                arrival.request.clone(),
                carrier::begin(&shared, &cookie, &headers, &arrival.token, answer).await?,
            )
        }
        Finished::Confirm(arrival) => {
            shared.metrics.accepted();
            tracing::info!(account, user = %arrival.user.id, "signed in, to be confirmed");
            (
                arrival.request.clone(),
                ask(&shared, arrival, current).await?,
            )
        }
        Finished::Tried(tried) => {
            let code = tried.code.map_or("none", Code::as_str);
            tracing::info!(account, reference = %tried.attempt, code, "a sign-in was tried out");
            let limited = !tried.verified && !shared.limits.allow_refusal(address, &account);
            let to = match tried.tester {
                Tester::Person(_) => {
                    format!("/portal/accounts/{account}/attempts/{}", tried.attempt)
                }
                Tester::SetupLink(_) => format!("/setup/attempts/{}", tried.attempt),
            };
            let response = if limited {
                Error::too_many().into_response()
            } else {
                page::going_to(&to)
            };
            (Some(tried.request), response)
        }
        Finished::Refused(refused) => {
            shared.metrics.refused(refused.code.as_str());
            tracing::info!(account, reference = %refused.reference, code = refused.code.as_str(), "sign-in refused");
            let limited = !refused.verified && !shared.limits.allow_refusal(address, &account);
            (
                refused.request.clone(),
                if limited {
                    Error::too_many().into_response()
                } else {
                    refusal(&refused, &account).into_response()
                },
            )
        }
    };
    if let Some(done) = request
        .map(|id| shared.login_cookie(&login::tag(&id), "", 0))
        .and_then(|text| HeaderValue::from_str(&text).ok())
    {
        response.headers_mut().append(header::SET_COOKIE, done);
    }
    Ok(response)
}

/// What a header says, or that it is unknown.
fn said(headers: &HeaderMap, name: &HeaderName) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or("unknown").to_owned()
}

/// All refusals read the same, except that a known person without a role, or with two that do not go together, is told so, and
/// whom to ask.
fn refusal(refused: &Refused, account: &str) -> Error {
    let reference = refused.reference.to_string();
    let again = format!("/saml/{account}/login");
    if refused.refusal == Some(Refusal::NoRole) {
        let sentence = "Your company knows you, but it has given you no role here. Ask the people who manage your access at your company to add you to the right group, then sign in again.";
        return Error::new(StatusCode::FORBIDDEN, "no_role", sentence)
            .titled("You have no role here yet")
            .reference(reference)
            .next("Sign in again", again);
    }
    if refused.refusal == Some(Refusal::Duties) {
        let sentence = "Your company has given you two roles that one person may not hold together. Ask the people who manage your access at your company to take one of them away, then sign in again.";
        return Error::new(StatusCode::FORBIDDEN, "roles_kept_apart", sentence)
            .titled("Your roles do not go together")
            .reference(reference)
            .next("Sign in again", again);
    }
    let malformed = matches!(
        refused.code,
        Code::Form | Code::Base64 | Code::Limits | Code::Xml
    );
    let status = if malformed {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::FORBIDDEN
    };
    let sentence = "Your company's sign-in answered, but we could not let you in. Try once more; if it happens again, give the reference to your administrator.";
    Error::new(status, "sign_in_refused", sentence)
        .titled("Sign-in did not work")
        .reference(reference)
        .next("Try again", again)
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm {
    person: String,
    client: String,
    current: Option<String>,
    ticket: String,
}

/// Asks before a sign-in that nobody started here, or that replaces somebody else's session.
async fn ask(
    shared: &Shared,
    arrival: Arrival,
    current: Option<crate::session::Session>,
) -> Result<Response, Error> {
    let ticket = Ticket {
        token: arrival.token.reveal(),
        replaces: current.as_ref().map(|session| session.id),
        return_to: arrival.return_to,
    };
    let plain = serde_json::to_vec(&ticket).unwrap_or_default();
    let sealed = shared
        .app
        .ring
        .seal(&plain, TICKET, &shared.app.entropy)
        .map_err(login::Error::from)?;
    let page = Confirm {
        person: arrival.user.profile.name().unwrap_or(arrival.user.subject),
        client: shared.app.client(arrival.session.account).await?,
        current: match current {
            Some(session) => Some(shared.app.person(&session).await?),
            None => None,
        },
        ticket: URL_SAFE_NO_PAD.encode(sealed),
    };
    Ok(page::show(&page)?.into_response())
}

/// A session that waits, bound to the one that it would replace.
#[derive(serde::Serialize, Deserialize)]
struct Ticket {
    token: [u8; 16],
    replaces: Option<crate::id::SessionId>,
    return_to: crate::account::ReturnTo,
}

const TICKET: Place<'static> = Place {
    purpose: "continue",
    account: "",
    at: "ticket",
};

#[derive(Deserialize)]
struct Proceed {
    ticket: String,
}

async fn proceed(
    State(shared): State<Shared>,
    _: SameOrigin,
    moment: Moment,
    Address(address): Address,
    cookie: Cookie,
    headers: HeaderMap,
    axum::Form(form): axum::Form<Proceed>,
) -> Result<Response, Error> {
    let stale = || {
        Error::new(
            StatusCode::CONFLICT,
            "stale",
            "This question is no longer open. Sign in again.",
        )
        .titled("Too late")
        .next("Sign in", "/login")
    };
    let sealed = URL_SAFE_NO_PAD.decode(&form.ticket).map_err(|_| stale())?;
    let plain = shared.app.ring.open(&sealed, TICKET).map_err(|_| stale())?;
    let ticket: Ticket = serde_json::from_slice(&plain).map_err(|_| stale())?;
    let current = carrier::session(&cookie).await?;
    if ticket.replaces != current.map(|current| current.id) {
        return Err(stale());
    }
    let token = Token::from_bytes(ticket.token);
    shared
        .app
        .login
        .confirm(&token, ticket.replaces, address, moment.now)
        .await?
        .ok_or_else(stale)?;
    let target = ticket.return_to.as_str();
    let answer = if target.starts_with('/') {
        page::see_other(&ticket.return_to)
    } else {
        page::onward(target)?.into_response()
    };
    carrier::begin(&shared, &cookie, &headers, &token, answer).await
}
