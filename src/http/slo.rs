//! Signing out: here first and in any case, then at the identity provider; or because that one asks.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::address::Address;
use super::carry::{Way, carry};
use super::extract::{self, Moment, SameOrigin, SignedIn};
use super::{Error, Shared, carrier, page, session};
use crate::login::{Delivered, Logout, Unverified};
use crate::saml::binding;
use crate::saml::logout::Outcome;
use crate::saml::sending::Sending;

/// `/logout`, and where the identity provider sends its side of it.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/logout", post(logout))
        .route("/saml/{account}/logout", get(from_query).post(from_form))
}

async fn logout(
    State(shared): State<Shared>,
    _: SameOrigin,
    moment: Moment,
    signed_in: Option<SignedIn>,
) -> Result<Response, Error> {
    let Some(signed_in) = signed_in else {
        let sentence = "There was no session in this browser, or it had ended already.";
        return Ok((carrier::removal(&shared), signed_out(sentence)).into_response());
    };
    session::sign_out(&shared, &signed_in, &moment).await?;
    let mut response = match asked(&shared, signed_in, &moment).await {
        Some((id, sending)) => {
            let mut response = carry(sending, Way::SignOut)?;
            set(&mut response, &shared, &id, 600);
            response
        }
        None => signed_out(
            "Your session here has ended. At your company's own sign-in you may still be signed in, and whoever uses this browser next could come back as you: close all its windows, or lock your computer.",
        )
        .into_response(),
    };
    for (name, value) in carrier::removal(&shared).0 {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(name, value);
        }
    }
    Ok(response)
}

/// The request to the identity provider, where there can be one; nothing that goes wrong with it keeps a session alive here.
async fn asked(shared: &Shared, signed_in: SignedIn, moment: &Moment) -> Option<(String, Sending)> {
    let app = &shared.app;
    let whose = app.whose(&signed_in.session).await.ok().flatten()?;
    let slug = whose.0.slug.to_string();
    match app
        .login
        .ask_logout(&slug, signed_in.session, moment.now)
        .await
    {
        Ok(asked) => asked,
        Err(cause) => {
            tracing::warn!(%cause, account = slug, "signed out here only");
            None
        }
    }
}

async fn from_query(
    State(shared): State<Shared>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    moment: Moment,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let delivered = Delivered::Query(query.unwrap_or_default());
    receive(&shared, &account, delivered, &moment, address, &headers).await
}

async fn from_form(
    State(shared): State<Shared>,
    Path(account): Path<String>,
    moment: Moment,
    address: Address,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    let kind = headers.get(header::CONTENT_TYPE);
    let delivered = Delivered::Form {
        body: body.to_vec(),
        kind: kind
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default()
            .to_owned(),
    };
    receive(&shared, &account, delivered, &moment, address, &headers).await
}

async fn receive(
    shared: &Shared,
    account: &str,
    delivered: Delivered,
    moment: &Moment,
    Address(address): Address,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let login = &shared.app.login;
    let awaited = extract::cookies(headers)
        .find_map(|(name, value)| (name == cookie(shared)).then(|| value.to_owned()));
    match login
        .logout(account, delivered, awaited, moment.now)
        .await?
    {
        Logout::Ended(ended, answer) => {
            tracing::info!(account, ended, "signed out by the identity provider");
            match answer {
                Some(sending) => carry(sending, Way::Back),
                None => Ok(
                    signed_out("Your company's sign-in has ended your session here.")
                        .into_response(),
                ),
            }
        }
        Logout::Answered(outcome) => {
            tracing::info!(
                account,
                ?outcome,
                "the identity provider answered a sign-out"
            );
            let mut response = answered(&outcome).into_response();
            set(&mut response, shared, "", 0);
            Ok(response)
        }
        Logout::Unverified(refused) if refused.is_signed => {
            refuse(shared, account, refused, moment).await
        }
        // What nobody has signed is cheap to send and dear to answer: only so often.
        _ if !shared.limits.allow_refusal(address, account) => Err(Error::too_many()),
        Logout::Unreadable(error) => {
            tracing::info!(account, reason = %error, "logout message refused");
            Err(unreadable(&error))
        }
        Logout::Unverified(refused) => refuse(shared, account, refused, moment).await,
    }
}

/// Nothing has ended; an issuer that we know is told so.
async fn refuse(
    shared: &Shared,
    account: &str,
    refused: Unverified,
    moment: &Moment,
) -> Result<Response, Error> {
    tracing::info!(account, reason = refused.reason, "logout message refused");
    match shared.app.login.refuse_logout(refused, moment.now).await? {
        Some(sending) => carry(sending, Way::Back),
        None => Err(Error::new(
            StatusCode::FORBIDDEN,
            "logout_refused",
            "A message about signing out arrived, and we could not make sure that it came from your company's sign-in for this browser. Nothing was changed. If you want to sign out, do it on the start page.",
        )
        .titled("This sign-out could not be checked")
        .next("Start page", "/")),
    }
}

fn unreadable(error: &binding::Error) -> Error {
    let refuse = |sentence: &str| {
        Error::new(StatusCode::BAD_REQUEST, "logout_unreadable", sentence).next("Start page", "/")
    };
    match error {
        binding::Error::Nothing => refuse(
            "This address is for the messages of your company's sign-in when somebody signs out there. To sign out yourself, use the start page.",
        )
        .titled("Nothing to do here"),
        binding::Error::Shape(_) => refuse(
            "The message about signing out that arrived here cannot be read, so nothing was changed. If you want to sign out, do it on the start page.",
        ),
    }
}

fn signed_out(sentence: &str) -> Html<String> {
    let next = Some(("Sign in again", "/login"));
    Html(page::message("You are signed out", sentence, "", next))
}

/// What the identity provider said to our request, in words of people.
fn answered(outcome: &Outcome) -> Html<String> {
    let sentence = match outcome {
        Outcome::Everywhere => {
            "Your session here has ended, and so has the one at your company's own sign-in."
        }
        Outcome::Partly => {
            "Your session here has ended, and so has the one at your company's own sign-in. Another service that you used did not confirm it: close all windows of this browser to be sure."
        }
        Outcome::NotDone(status) if status.starts_with("Requester") => {
            "Your session here has ended. Your company's own sign-in did not recognise it as one of its own, so there you may still be signed in: close all windows of this browser, or lock your computer."
        }
        Outcome::NotDone(_) => {
            "Your session here has ended. Your company's own sign-in could not end its own, so there you may still be signed in: close all windows of this browser, or lock your computer."
        }
    };
    signed_out(sentence)
}

/// The cookie that remembers which answer this browser waits for: the id of our request, which is no secret.
fn cookie(shared: &Shared) -> &'static str {
    if shared.is_https() {
        "__Host-vestibule-logout"
    } else {
        "vestibule-logout"
    }
}

fn set(response: &mut Response, shared: &Shared, value: &str, seconds: u32) {
    let text = format!(
        "{}={value}; Path=/; Max-Age={seconds}; HttpOnly; {}",
        cookie(shared),
        shared.cross_site()
    );
    if let Ok(text) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, text);
    }
}
