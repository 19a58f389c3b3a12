//! A person as they are shown.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{Error, Shared};
use super::version::tag;
use crate::id::{AccountId, UserId};
use crate::role::Role;
use crate::time::Timestamp;
use crate::user::User;

/// A person of an account.
#[derive(Serialize, ToSchema)]
pub(super) struct Person {
    /// Our id of them.
    id: String,
    /// The exact value by which their identity provider knows them.
    subject: String,
    /// Where that value comes from: `name_id`, or the name of a claim.
    source: String,
    /// The client's own id of them.
    external_id: Option<String>,
    /// `invited`, `active` or `suspended`.
    state: String,
    /// The e-mail address.
    email: Option<String>,
    /// The given name.
    given_name: Option<String>,
    /// The family name.
    surname: Option<String>,
    /// The roles that they hold now; `…/roles` says why.
    roles: Vec<String>,
    /// When they came to exist.
    created_at: String,
    /// When they last signed in.
    last_sign_in: Option<String>,
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            subject: user.subject,
            source: user.source,
            external_id: user.external_id,
            state: user.state.as_str().to_owned(),
            email: user.profile.email,
            given_name: user.profile.given_name,
            surname: user.profile.surname,
            roles: user.roles.keys().map(Role::to_string).collect(),
            created_at: user.created_at.to_string(),
            last_sign_in: user.last_sign_in.map(|at| at.to_string()),
        }
    }
}

/// Somebody with their version.
pub(super) fn shown(status: StatusCode, user: User) -> Response {
    let tag = tag(&user.version());
    (status, tag, Json(Person::from(user))).into_response()
}

/// The person of the address.
pub(in super::super) async fn find(
    shared: &Shared,
    account: AccountId,
    id: &str,
    now: Timestamp,
) -> Result<User, Error> {
    let id = UserId::parse(id).ok_or_else(Error::not_found)?;
    let mut tx = shared.app.store.read().await?;
    let user = tx.of(account).user(id, now).await?;
    user.ok_or_else(Error::not_found)
}

/// The name of a role.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what may be asked for")]
pub(super) enum RoleName {
    Maker,
    Checker,
    Auditor,
    LinkCreator,
    UamAdmin,
    Operator,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what may be asked for")]
pub(super) enum StateName {
    Invited,
    Active,
    Suspended,
}
