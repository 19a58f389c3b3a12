//! What the client of an account gets back, to read, to take one by one, and as one file.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use url::form_urlencoded;

use super::super::api::pass::AccountView;
use super::super::{Error, Shared, page};
use super::fields::{Fields, Own, refusal};
use super::frame::{Frame, at};
use super::visit::Visit;
use crate::account::{Account, Document, RoleRule};
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
    kit: Shown,
}

/// The kit as it is shown, with what was filled in for it.
pub(super) struct Shown {
    /// The address of the page that it is on, and of its files.
    pub(super) at: String,
    /// The groups, as they go on in an address.
    pub(super) query: String,
    /// Each role that a claim gives, and the group that was named for it.
    pub(super) roles: Vec<(Role, String)>,
    pub(super) files: Vec<File>,
    pub(super) warnings: Vec<String>,
    pub(super) wrong: Option<String>,
}

/// The roles of which the client sends somebody a claim.
fn roles(document: &Document) -> Vec<Role> {
    let rules = document.roles.iter();
    let mut all: Vec<Role> = rules
        .filter(|rule| rule.claim().is_some())
        .map(|rule: &RoleRule| rule.role)
        .collect();
    all.sort();
    all.dedup();
    all
}

/// The group that was named for each role.
fn groups(document: &Document, asked: &Fields) -> BTreeMap<Role, Group> {
    let named = roles(document).into_iter();
    named
        .filter_map(|role| Some((role, Group::parse(asked.get(role.as_str()))?)))
        .collect()
}

impl Shown {
    /// The kit of an account, on the page at an address.
    pub(super) async fn of(
        shared: &Shared,
        (account, document): (&Account, &Document),
        asked: &Fields,
        at: String,
    ) -> Result<Self, Error> {
        let kit = shared.app.handback(account, groups(document, asked));
        let (kit, wrong) = match kit.await {
            Ok(kit) => (kit, None),
            Err(error) => {
                let files = Vec::new();
                let warnings = Vec::new();
                (Kit { files, warnings }, Some(refusal(error)?))
            }
        };
        let roles = roles(document).into_iter();
        let roles: Vec<_> = roles
            .map(|role| (role, asked.get(role.as_str()).to_owned()))
            .collect();
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (role, group) in roles.iter().filter(|(_, group)| !group.is_empty()) {
            query.append_pair(role.as_str(), group);
        }
        Ok(Self {
            at,
            query: query.finish(),
            roles,
            files: kit.files,
            warnings: kit.warnings,
            wrong,
        })
    }
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<AccountView>,
    Own(asked): Own,
) -> Result<Response, Error> {
    let at = format!("{}/handback", at(pass.account.slug.as_str()));
    let kit = Shown::of(&shared, (&pass.account, &pass.document), &asked, at).await?;
    let status = match &kit.wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok((status, page::show(&Page { frame, kit })?).into_response())
}

async fn packed(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<AccountView>,
    Own(asked): Own,
) -> Result<Response, Error> {
    whole(&shared, (&pass.account, &pass.document), &asked).await
}

async fn single(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<AccountView>,
    Path((_, name)): Path<(String, String)>,
    Own(asked): Own,
) -> Result<Response, Error> {
    one(&shared, (&pass.account, &pass.document), &asked, &name).await
}

/// The kit as one zip.
pub(super) async fn whole(
    shared: &Shared,
    (account, document): (&Account, &Document),
    asked: &Fields,
) -> Result<Response, Error> {
    let kit = shared.app.handback(account, groups(document, asked));
    let bytes = zip(&kit.await?).map_err(|cause| Error::internal(&cause))?;
    let name = format!("{}-handback.zip", account.slug);
    Ok(download("application/zip", &name, bytes))
}

/// One file of the kit.
pub(super) async fn one(
    shared: &Shared,
    (account, document): (&Account, &Document),
    asked: &Fields,
    name: &str,
) -> Result<Response, Error> {
    let kit = shared.app.handback(account, groups(document, asked));
    let file = kit.await?.files.into_iter().find(|file| file.name == name);
    let file = file.ok_or_else(Error::not_found)?;
    let bytes = file.text.into_bytes();
    Ok(download("application/octet-stream", file.name, bytes))
}

/// A file that is kept, never shown: what stands in it is not ours alone.
pub(super) fn download(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = ([(header::CONTENT_TYPE, kind)], bytes).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
