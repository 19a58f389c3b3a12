//! Questions that do not fit into an address, and those about people and groups at once.

use axum::response::Response;

use super::answer::{self, Failed};
use super::body::Body;
use super::caller::Caller;
use crate::scim::{GROUP, List, USER};

pub(super) async fn users(caller: Caller, Body(body): Body) -> Result<Response, Failed> {
    let list = List::search(&body, &[&USER])?;
    Ok(answer::list(caller.directory().people(&list).await?, &list))
}

pub(super) async fn groups(caller: Caller, Body(body): Body) -> Result<Response, Failed> {
    let list = List::search(&body, &[&GROUP])?;
    Ok(answer::list(caller.directory().groups(&list).await?, &list))
}

pub(super) async fn everything(caller: Caller, Body(body): Body) -> Result<Response, Failed> {
    let list = List::search(&body, &[&USER, &GROUP])?;
    let found = caller.directory().everything(&list).await?;
    Ok(answer::list(found, &list))
}
