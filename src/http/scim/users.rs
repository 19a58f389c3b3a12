//! `/Users`

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::answer::{self, Failed};
use super::body::{Body, Query, Versions};
use super::caller::Caller;
use crate::scim::{self, List, Patch, Person, Selection, USER};
use crate::user;

pub(super) async fn list(caller: Caller, query: Query) -> Result<Response, Failed> {
    let list = List::query(&query.0, &[&USER])?;
    Ok(answer::list(caller.directory().people(&list).await?, &list))
}

pub(super) async fn create(
    caller: Caller,
    query: Query,
    Body(body): Body,
) -> Result<Response, Failed> {
    let selection = query.selection()?;
    let known = caller.directory().create(Person::read(&body)?).await?;
    Ok(shown(StatusCode::CREATED, &known, &caller, &selection))
}

pub(super) async fn show(
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    query: Query,
    versions: Versions,
) -> Result<Response, Failed> {
    let selection = query.selection()?;
    let known = caller.directory().person(&id).await?;
    let resource = scim::person(&known, caller.base());
    if versions.knows(resource.get("meta").and_then(|meta| meta.get("version"))) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    Ok(answer::resource(
        StatusCode::OK,
        resource,
        &selection,
        &USER,
    ))
}

pub(super) async fn replace(
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    query: Query,
    versions: Versions,
    Body(body): Body,
) -> Result<Response, Failed> {
    let (selection, person) = (query.selection()?, Person::read(&body)?);
    let directory = caller.directory();
    let known = directory
        .replace(&id, person, versions.matching.as_deref())
        .await?;
    Ok(shown(StatusCode::OK, &known, &caller, &selection))
}

pub(super) async fn patch(
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    query: Query,
    versions: Versions,
    Body(body): Body,
) -> Result<Response, Failed> {
    let (selection, patch) = (query.selection()?, Patch::read(&body, &USER)?);
    let directory = caller.directory();
    let known = directory
        .patch(&id, &patch, versions.matching.as_deref())
        .await?;
    Ok(shown(StatusCode::OK, &known, &caller, &selection))
}

pub(super) async fn delete(
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    versions: Versions,
) -> Result<StatusCode, Failed> {
    let directory = caller.directory();
    directory.delete(&id, versions.matching.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The person as they are now.
fn shown(
    status: StatusCode,
    known: &user::Person,
    caller: &Caller,
    selection: &Selection,
) -> Response {
    let resource = scim::person(known, caller.base());
    answer::resource(status, resource, selection, &USER)
}
