//! The pages: their data, and the files that belong to them.

use askama::Template;
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::{Error, Shared};
use crate::account::ReturnTo;

/// A plain page with a sentence.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    sentence: &'a str,
    reference: &'a str,
    next: Option<(&'a str, &'a str)>,
}

/// A page of ours on the host of an app, where nothing else of ours is.
#[derive(Template)]
#[template(path = "elsewhere.html")]
struct Elsewhere<'a> {
    ours: &'a str,
    title: &'a str,
    sentence: &'a str,
    next: Option<(&'a str, &'a str)>,
}

/// A page that goes on by itself; a form's own redirect may not leave our origin (`form-action`).
#[derive(Template)]
#[template(path = "onward.html")]
struct Onward<'a> {
    target: &'a str,
}

/// A plain page with a sentence and, where there is one, a reference and a way on.
pub(super) fn message(
    title: &str,
    sentence: &str,
    reference: &str,
    next: Option<(&str, &str)>,
) -> String {
    Message {
        title,
        sentence,
        reference,
        next,
    }
    .render()
    .unwrap_or_else(|_| sentence.to_owned())
}

/// A plain page with a sentence on the host of an app; what belongs to it comes from our address.
pub(super) fn elsewhere(
    ours: &str,
    title: &str,
    sentence: &str,
    next: Option<(&str, &str)>,
) -> String {
    Elsewhere {
        ours,
        title,
        sentence,
        next,
    }
    .render()
    .unwrap_or_else(|_| sentence.to_owned())
}

/// A page from its template.
pub(super) fn show(page: &impl Template) -> Result<Html<String>, Error> {
    Ok(Html(page.render()?))
}

/// Sends a browser on by a page of its own.
pub(super) fn onward(target: &str) -> Result<Html<String>, Error> {
    show(&Onward { target })
}

/// Sends a browser to a checked place.
pub(super) fn see_other(target: &ReturnTo) -> Response {
    going_to(target.as_str())
}

/// Sends a browser to an address that we made ourselves.
pub(super) fn going_to(target: &str) -> Response {
    let mut headers = HeaderMap::new();
    match HeaderValue::from_str(target) {
        Ok(value) => {
            headers.insert(header::LOCATION, value);
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(_) => Error::not_found().into_response(),
    }
}

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The style sheet, the script and the icon, which change with the version only.
pub(super) fn assets() -> Router<Shared> {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move {
            (
                [
                    (header::CONTENT_TYPE, kind),
                    (header::CACHE_CONTROL, "public, max-age=3600"),
                    // Pages of ours on the hosts of apps need them too.
                    (RESOURCE_POLICY, "cross-origin"),
                ],
                text,
            )
        })
    };
    Router::new()
        .route(
            "/assets/style.css",
            file("text/css; charset=utf-8", include_str!("assets/style.css")),
        )
        .route(
            "/assets/submit.js",
            file(
                "text/javascript; charset=utf-8",
                include_str!("assets/submit.js"),
            ),
        )
        .route(
            "/assets/link.js",
            file(
                "text/javascript; charset=utf-8",
                include_str!("assets/link.js"),
            ),
        )
        .route(
            "/assets/icon.svg",
            file("image/svg+xml", include_str!("assets/icon.svg")),
        )
}
