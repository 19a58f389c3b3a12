//! What the client of an account gets back, to read, to take one by one, and as one file.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use url::form_urlencoded;

use super::super::api::pass::{AccountView, Pass};
use super::super::{Error, Shared, page};
use super::fields::{Asked, Fields, refusal};
use super::frame::{Frame, at};
use super::visit::Visit;
use crate::account::RoleRule;
use crate::handback::{File, Group, Kit, zip};
use crate::role::Role;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/accounts/{account}/handback", get(show))
        .route("/portal/accounts/{account}/handback/kit.zip", get(packed))
        .route(
            "/portal/accounts/{account}/handback/files/{name}",
            get(single),
        )
}

#[derive(Template)]
#[template(path = "portal_handback.html")]
struct Page {
    frame: Frame,
    at: String,
    /// The groups, as they go on in an address.
    query: String,
    /// Each role that a claim gives, and the group that was named for it.
    roles: Vec<(Role, String)>,
    files: Vec<File>,
    warnings: Vec<String>,
    wrong: Option<String>,
}

/// The roles of which the client sends somebody a claim.
fn roles(pass: &Pass<AccountView>) -> Vec<Role> {
    let rules = pass.document.roles.iter();
    let mut all: Vec<Role> = rules
        .filter(|rule| rule.claim().is_some())
        .map(|rule: &RoleRule| rule.role)
        .collect();
    all.sort();
    all.dedup();
    all
}

fn groups(pass: &Pass<AccountView>, asked: &Fields) -> BTreeMap<Role, Group> {
    let named = roles(pass).into_iter();
    named
        .filter_map(|role| Some((role, Group::parse(asked.get(role.as_str()))?)))
        .collect()
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<AccountView>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let kit = shared.app.handback(&pass.account, groups(&pass, &asked));
    let (kit, wrong) = match kit.await {
        Ok(kit) => (kit, None),
        Err(error) => {
            let files = Vec::new();
            let warnings = Vec::new();
            (Kit { files, warnings }, Some(refusal(error)?))
        }
    };
    let roles = roles(&pass).into_iter();
    let roles: Vec<_> = roles
        .map(|role| (role, asked.get(role.as_str()).to_owned()))
        .collect();
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (role, group) in roles.iter().filter(|(_, group)| !group.is_empty()) {
        query.append_pair(role.as_str(), group);
    }
    let status = match &wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let page = page::show(&Page {
        frame,
        at: format!("{}/handback", at(pass.account.slug.as_str())),
        query: query.finish(),
        roles,
        files: kit.files,
        warnings: kit.warnings,
        wrong,
    })?;
    Ok((status, page).into_response())
}

async fn packed(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<AccountView>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let app = &shared.app;
    let kit = app.handback(&pass.account, groups(&pass, &asked)).await?;
    let bytes = zip(&kit).map_err(|cause| Error::internal(&cause))?;
    let name = format!("{}-handback.zip", pass.account.slug);
    Ok(download("application/zip", &name, bytes))
}

async fn single(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<AccountView>,
    Path((_, name)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let app = &shared.app;
    let kit = app.handback(&pass.account, groups(&pass, &asked)).await?;
    let file = kit.files.into_iter().find(|file| file.name == name);
    let file = file.ok_or_else(Error::not_found)?;
    Ok(download(
        "application/octet-stream",
        file.name,
        file.text.into_bytes(),
    ))
}

/// A file that is kept, never shown: what stands in it is not ours alone.
fn download(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = ([(header::CONTENT_TYPE, kind)], bytes).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
