//! The people of an account.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::extract::Moment;
use super::super::{Error, Shared};
use super::input::{Check, Input};
use super::pass::{Pass, UserChange, UserCreate, UserDelete, UserRestore, UserSuspend, UserView};
use super::person::{Person, find, shown};
use super::version::Seen;
use crate::app::{self, Edit, Invitation, Stale};
use crate::claims::Profile;
use crate::id::UserId;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(show, change, delete))
        .routes(routes!(suspend))
        .routes(routes!(restore))
}

/// Somebody who is expected.
#[derive(Deserialize, ToSchema)]
struct NewPerson {
    /// The exact value by which the identity provider will know them; without it, they are linked to whoever comes with the
    /// external id or e-mail address that `users.link` of the account names.
    #[schema(
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    subject: Option<String>,
    /// The client's own id of them.
    #[schema(
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    external_id: Option<String>,
    /// The e-mail address, shown until they come.
    #[schema(
        min_length = 1,
        max_length = 254,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    email: Option<String>,
    /// The given name, shown until they come.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    given_name: Option<String>,
    /// The family name, shown until they come.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    surname: Option<String>,
}

/// Invites somebody, who can sign in from then on.
#[utoipa::path(post, path = "/accounts/{account}/users", tag = "users", operation_id = "create_user",
    params(("account" = String, Path, description = "Its name or id."), super::once::Key),
    request_body = NewPerson,
    responses((status = 201, body = Person, headers(
        ("Location" = String, description = "The address of the person."),
        ("ETag" = String, description = "Their version.")))))]
async fn create(
    State(shared): State<Shared>,
    pass: Pass<UserCreate>,
    Input(new): Input<NewPerson>,
) -> Result<Response, Error> {
    let mut check = Check::default();
    if new.subject.is_none() && new.external_id.is_none() && new.email.is_none() {
        check.wrong("/subject", "missing", "says by what they will be known");
    }
    check
        .maybe("/subject", new.subject.as_ref(), 256)
        .maybe("/external_id", new.external_id.as_ref(), 256)
        .maybe("/email", new.email.as_ref(), 254)
        .maybe("/given_name", new.given_name.as_ref(), 100)
        .maybe("/surname", new.surname.as_ref(), 100)
        .done()?;
    let invitation = Invitation {
        subject: new.subject,
        external_id: new.external_id,
        profile: Profile {
            email: new.email,
            given_name: new.given_name,
            surname: new.surname,
        },
    };
    let actor = pass.caller.actor();
    let user = shared.app.invite(&pass.account, invitation, &actor).await?;
    let at = format!(
        "{}/accounts/{}/users/{}",
        super::BASE,
        pass.account.slug,
        user.id
    );
    let mut response = shown(StatusCode::CREATED, user);
    if let Ok(at) = at.parse() {
        response.headers_mut().insert(header::LOCATION, at);
    }
    Ok(response)
}

/// Shows a person.
#[utoipa::path(get, path = "/accounts/{account}/users/{user}", tag = "users", operation_id = "show_user",
    params(("account" = String, Path, description = "Its name or id."), ("user" = String, Path, description = "Their id.")),
    responses((status = 200, body = Person, headers(("ETag" = String, description = "Their version.")))))]
async fn show(
    State(shared): State<Shared>,
    pass: Pass<UserView>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
) -> Result<Response, Error> {
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    Ok(shown(StatusCode::OK, user))
}

/// What is to be other about somebody: a key that is absent leaves the value, `null` removes it (RFC 7396).
#[derive(Deserialize, ToSchema)]
struct PersonPatch {
    /// The client's own id of them.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$")]
    external_id: Edit,
    /// The e-mail address; the next sign-in replaces it by what the identity provider says.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 254, pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$")]
    email: Edit,
    /// The given name; the next sign-in replaces it.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$")]
    given_name: Edit,
    /// The family name; the next sign-in replaces it.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$")]
    surname: Edit,
}

/// Changes what is known of a person.
#[utoipa::path(patch, path = "/accounts/{account}/users/{user}", tag = "users", operation_id = "change_user",
    params(("account" = String, Path, description = "Its name or id."), ("user" = String, Path, description = "Their id."),
        ("If-Match" = String, Header, description = "The `ETag` that was read.")),
    request_body(content(
        (PersonPatch = "application/merge-patch+json"),
        (PersonPatch = "application/json"))),
    responses((status = 200, body = Person, headers(("ETag" = String, description = "Their version.")))))]
async fn change(
    State(shared): State<Shared>,
    pass: Pass<UserChange>,
    moment: Moment,
    seen: Seen,
    Path((_, user)): Path<(String, String)>,
    Input(patch): Input<PersonPatch>,
) -> Result<Response, Error> {
    let before = find(&shared, pass.account.id, &user, moment.now).await?;
    let version = before.version();
    let version = seen.check(&version)?;
    Check::default()
        .maybe("/external_id", patch.external_id.value(), 256)
        .maybe("/email", patch.email.value(), 254)
        .maybe("/given_name", patch.given_name.value(), 100)
        .maybe("/surname", patch.surname.value(), 100)
        .done()?;
    let change = app::UserChange {
        email: patch.email,
        given_name: patch.given_name,
        surname: patch.surname,
        external_id: patch.external_id,
    };
    let actor = pass.caller.actor();
    let changed = shared
        .app
        .change_user(&pass.account, before.id, version, change, &actor);
    Ok(shown(StatusCode::OK, changed.await?))
}

/// Removes a person for good; nobody else can come in by their subject afterwards.
#[utoipa::path(delete, path = "/accounts/{account}/users/{user}", tag = "users", operation_id = "delete_user",
    params(("account" = String, Path, description = "Its name or id."), ("user" = String, Path, description = "Their id."),
        ("If-Match" = String, Header, description = "The `ETag` that was read.")),
    responses((status = 204)))]
async fn delete(
    State(shared): State<Shared>,
    pass: Pass<UserDelete>,
    moment: Moment,
    seen: Seen,
    Path((_, user)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    let before = find(&shared, pass.account.id, &user, moment.now).await?;
    let version = before.version();
    let (version, actor) = (seen.check(&version)?, pass.caller.actor());
    shared
        .app
        .delete_user_of(&pass.account, before.id, version, &actor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps a person out and ends their sessions.
#[utoipa::path(post, path = "/accounts/{account}/users/{user}/suspend", tag = "users", operation_id = "suspend_user",
    params(("account" = String, Path, description = "Its name or id."), ("user" = String, Path, description = "Their id.")),
    responses((status = 200, body = Person, headers(("ETag" = String, description = "Their version.")))))]
async fn suspend(
    State(shared): State<Shared>,
    pass: Pass<UserSuspend>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
) -> Result<Response, Error> {
    let id = UserId::parse(&user)
        .ok_or(Stale::Gone)
        .map_err(anyhow::Error::from)?;
    let actor = pass.caller.actor();
    shared.app.suspend(&pass.account, id, &actor).await?;
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    Ok(shown(StatusCode::OK, user))
}

/// Lets a person in again.
#[utoipa::path(post, path = "/accounts/{account}/users/{user}/restore", tag = "users", operation_id = "restore_user",
    params(("account" = String, Path, description = "Its name or id."), ("user" = String, Path, description = "Their id.")),
    responses((status = 200, body = Person, headers(("ETag" = String, description = "Their version.")))))]
async fn restore(
    State(shared): State<Shared>,
    pass: Pass<UserRestore>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
) -> Result<Response, Error> {
    let id = UserId::parse(&user)
        .ok_or(Stale::Gone)
        .map_err(anyhow::Error::from)?;
    let actor = pass.caller.actor();
    shared.app.restore(&pass.account, id, &actor).await?;
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    Ok(shown(StatusCode::OK, user))
}
