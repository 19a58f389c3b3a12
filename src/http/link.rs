//! `/link`: where an operator's one-time link leads. Its secret stands behind the `#`, which no browser sends, so whoever only opens or previews the
//! address uses nothing up.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::Deserialize;
use tower_sessions::Session as Cookie;

use super::address::Address;
use super::extract::{Moment, SameOrigin};
use super::{Error, Shared, carrier, page};

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/link", get(show).post(take))
}

#[derive(Template)]
#[template(path = "link.html")]
struct Link {}

async fn show() -> Result<Response, Error> {
    Ok(page::show(&Link {})?.into_response())
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

async fn take(
    State(shared): State<Shared>,
    _: SameOrigin,
    moment: Moment,
    Address(address): Address,
    cookie: Cookie,
    headers: HeaderMap,
    Form(form): Form<Code>,
) -> Result<Response, Error> {
    if !shared.limits.allow_start(address, "links") {
        return Err(Error::too_many());
    }
    let browser = headers.get(header::USER_AGENT);
    let browser = browser.and_then(|value| value.to_str().ok());
    let browser = browser.unwrap_or("unknown");
    let app = &shared.app;
    let used = app.use_login_link(&form.code, address, browser, moment.now);
    match used.await? {
        Some(token) => {
            let answer = page::going_to("/");
            carrier::begin(&shared, &cookie, &headers, &token, answer).await
        }
        None if !shared.limits.allow_refusal(address, "links") => Err(Error::too_many()),
        None => Err(Error::new(
            StatusCode::FORBIDDEN,
            "link_no_good",
            "A link is good once, and for ten minutes. Ask whoever made it for another one.",
        )
        .titled("This link is no good any more")),
    }
}
