//! `/Groups`

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::answer::{self, Failed};
use super::body::{Body, Query, Versions};
use super::caller::Caller;
use crate::scim::{GROUP, List, NewGroup, Patch};

pub(super) async fn list(caller: Caller, query: Query) -> Result<Response, Failed> {
    let list = List::query(&query.0, &[&GROUP])?;
    Ok(answer::list(caller.directory().groups(&list).await?, &list))
}

pub(super) async fn create(
    caller: Caller,
    query: Query,
    Body(body): Body,
) -> Result<Response, Failed> {
    let selection = query.selection()?;
    let made = caller
        .directory()
        .create_group(NewGroup::read(&body)?)
        .await?;
    let resource = made.0.resource(Some(&made.1), caller.base());
    Ok(answer::resource(
        StatusCode::CREATED,
        resource,
        &selection,
        &GROUP,
    ))
}

pub(super) async fn show(
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    query: Query,
    versions: Versions,
) -> Result<Response, Failed> {
    let selection = query.selection()?;
    let with_members = selection.wants("members", &GROUP);
    let (group, members) = caller.directory().group(&id, with_members).await?;
    if versions.knows(Some(&json!(group.etag()))) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let resource = group.resource(members.as_deref(), caller.base());
    Ok(answer::resource(
        StatusCode::OK,
        resource,
        &selection,
        &GROUP,
    ))
}

pub(super) async fn replace(
    caller: Caller,
    at: Path<(String, String)>,
    query: Query,
    versions: Versions,
    Body(body): Body,
) -> Result<Response, Failed> {
    let new = NewGroup::read(&body)?;
    let directory = caller.directory();
    directory
        .replace_group(&at.1, new, versions.matching.as_deref())
        .await?;
    show(caller, at, query, UNCONDITIONAL).await
}

/// Whoever changes a group wants its members back only by asking: there may be very many.
pub(super) async fn patch(
    caller: Caller,
    at: Path<(String, String)>,
    query: Query,
    versions: Versions,
    Body(body): Body,
) -> Result<Response, Failed> {
    let patch = Patch::read(&body, &GROUP)?;
    let directory = caller.directory();
    directory
        .patch_group(&at.1, &patch, versions.matching.as_deref())
        .await?;
    if query.selects() {
        return show(caller, at, query, UNCONDITIONAL).await;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn delete(
    caller: Caller,
    Path((_, id)): Path<(String, String)>,
    versions: Versions,
) -> Result<StatusCode, Failed> {
    let directory = caller.directory();
    directory
        .delete_group(&id, versions.matching.as_deref())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

const UNCONDITIONAL: Versions = Versions {
    matching: None,
    known: None,
};
