//! What is offered, to whoever may use it.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::answer::{Failed, json};
use super::body::Query;
use super::caller::Caller;
use crate::scim::{self, Kind, MOST, Page};

pub(super) async fn config(caller: Caller, query: Query) -> Result<Response, Failed> {
    no_filter(&query)?;
    let body = scim::service_provider(caller.base(), MOST);
    Ok(json(StatusCode::OK, &body))
}

pub(super) async fn types(caller: Caller, query: Query) -> Result<Response, Failed> {
    no_filter(&query)?;
    Ok(all(scim::resource_types(caller.base())))
}

pub(super) async fn one_type(
    caller: Caller,
    Path((_, name)): Path<(String, String)>,
) -> Result<Response, Failed> {
    one(scim::resource_types(caller.base()), &name)
}

pub(super) async fn schemas(caller: Caller, query: Query) -> Result<Response, Failed> {
    no_filter(&query)?;
    Ok(all(scim::schemas(caller.base())))
}

pub(super) async fn one_schema(
    caller: Caller,
    Path((_, name)): Path<(String, String)>,
) -> Result<Response, Failed> {
    one(scim::schemas(caller.base()), &name)
}

fn all(named: Vec<(&'static str, Value)>) -> Response {
    let resources = named.into_iter().filter_map(|(_, value)| match value {
        Value::Object(fields) => Some(fields),
        _ => None,
    });
    let resources: Vec<_> = resources.collect();
    let total = i64::try_from(resources.len()).unwrap_or_default();
    let page = Page { total, resources };
    json(StatusCode::OK, &scim::answer(&page, 1))
}

fn one(named: Vec<(&'static str, Value)>, wanted: &str) -> Result<Response, Failed> {
    let found = named
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let nothing = || Failed(Kind::NotFound.because("there is none of that name"));
    let (_, body) = found.ok_or_else(nothing)?;
    Ok(json(StatusCode::OK, &body))
}

/// Discovery is not searched (RFC 7644, 4).
fn no_filter(query: &Query) -> Result<(), Failed> {
    let mut names = query.0.iter().map(|(name, _)| name);
    if names.any(|name| name.eq_ignore_ascii_case("filter")) {
        let sentence = "what is offered is read whole, not filtered";
        return Err(Failed(Kind::Forbidden.because(sentence)));
    }
    Ok(())
}
