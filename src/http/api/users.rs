//! The people of an account.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::extract::Moment;
use super::super::{Error, Shared};
use super::input::{Check, Input, there};
use super::page::{Address, Asked, Page, Turn, wrong};
use super::pass::{Pass, UserChange, UserCreate, UserDelete, UserRestore, UserSuspend, UserView};
use super::version::{Seen, tag};
use crate::app::{self, Invitation, Stale};
use crate::claims::Profile;
use crate::id::UserId;
use crate::role::Role;
use crate::store::{Name, Place, Wanted};
use crate::time::Timestamp;
use crate::user::{State as Standing, User};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change, delete))
        .routes(routes!(suspend))
        .routes(routes!(restore))
}

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
fn shown(status: StatusCode, user: User) -> Response {
    let tag = tag(&user.version());
    (status, tag, Json(Person::from(user))).into_response()
}

/// The person of the address.
pub(super) async fn find(
    shared: &Shared,
    account: crate::id::AccountId,
    id: &str,
    now: Timestamp,
) -> Result<User, Error> {
    let id = UserId::parse(id).ok_or_else(Error::not_found)?;
    let mut tx = shared.app.store.read().await?;
    let user = tx.of(account).user(id, now).await?;
    user.ok_or_else(Error::not_found)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// How their subject, e-mail address, name, family name or external id begins, whatever its case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// `invited`, `active` or `suspended`.
    #[param(inline, value_type = Option<StateName>)]
    state: Option<String>,
    /// A role that they hold.
    #[param(inline, value_type = Option<RoleName>)]
    role: Option<String>,
    /// How many at most; 50 where nobody says.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what may be asked for")]
enum StateName {
    Invited,
    Active,
    Suspended,
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

impl Filter {
    fn wanted(&self) -> Result<Wanted, Error> {
        let state = self.state.as_deref().map(|name| {
            Standing::parse(name)
                .ok_or_else(|| wrong("state", "`state` is invited, active or suspended."))
        });
        let role = self
            .role
            .as_deref()
            .map(|name| Role::parse(name).ok_or_else(|| wrong("role", "`role` is no role.")));
        if self.q.as_ref().is_some_and(|q| q.chars().count() > 200) {
            return Err(wrong("q", "`q` has at most 200 characters."));
        }
        Ok(Wanted {
            begins: self.q.clone(),
            state: state.transpose()?,
            role: role.transpose()?,
        })
    }
}

/// Lists the people of an account, oldest first, or those whose name begins so.
#[utoipa::path(get, path = "/accounts/{account}/users", tag = "users", operation_id = "list_users",
    params(("account" = String, Path, description = "Its name or id."), Filter),
    responses((status = 200, body = Page<Person>)))]
async fn list(
    State(shared): State<Shared>,
    pass: Pass<UserView>,
    moment: Moment,
    address: Address,
    Asked(filter): Asked<Filter>,
) -> Result<Response, Error> {
    let turn = Turn::new(filter.limit, filter.cursor.clone());
    let (wanted, from) = (filter.wanted()?, turn.cursor(place)?);
    let mut tx = shared.app.store.read().await?;
    let (users, next) = tx
        .of(pass.account.id)
        .search(&wanted, from, turn.limit()?, moment.now)
        .await?;
    let people: Vec<Person> = users.into_iter().map(Person::from).collect();
    Ok(address.page(people, next.map(|place| written(&place))))
}

/// Where a page ends, as a cursor.
fn written(place: &Place) -> String {
    match place {
        Place::After(id) => id.to_string(),
        Place::Within(name, key, id) => format!("{}.{key}.{id}", name.letter()),
        Place::Before(name) => name.letter().to_owned(),
    }
}

fn place(text: &str) -> Option<Place> {
    if let Some(id) = UserId::parse(text) {
        return Some(Place::After(id));
    }
    let mut parts = text.split('.');
    let name = Name::of(parts.next()?)?;
    match (parts.next(), parts.next(), parts.next()) {
        (None, None, None) => Some(Place::Before(name)),
        (Some(key), Some(id), None) if key.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Some(Place::Within(name, key.to_owned(), UserId::parse(id)?))
        }
        _ => None,
    }
}

/// Somebody who is expected.
#[derive(Deserialize, ToSchema)]
struct NewPerson {
    /// The exact value by which the identity provider will know them.
    #[schema(
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\x00-\x20\x7f-\x9f\s]+$"
    )]
    subject: String,
    /// The client's own id of them.
    #[schema(
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\x00-\x20\x7f-\x9f\s]+$"
    )]
    external_id: Option<String>,
    /// The e-mail address, shown until they come.
    #[schema(
        min_length = 1,
        max_length = 254,
        pattern = r"^[^\x00-\x20\x7f-\x9f\s]+$"
    )]
    email: Option<String>,
    /// The given name, shown until they come.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x20\x7f-\x9f\s]+$"
    )]
    given_name: Option<String>,
    /// The family name, shown until they come.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x20\x7f-\x9f\s]+$"
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
    Check::default()
        .text("/subject", &new.subject, 256)
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
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, pattern = r"^[^\x00-\x20\x7f-\x9f\s]+$")]
    external_id: Option<Option<String>>,
    /// The e-mail address; the next sign-in replaces it by what the identity provider says.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 254, pattern = r"^[^\x00-\x20\x7f-\x9f\s]+$")]
    email: Option<Option<String>>,
    /// The given name; the next sign-in replaces it.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"^[^\x00-\x20\x7f-\x9f\s]+$")]
    given_name: Option<Option<String>>,
    /// The family name; the next sign-in replaces it.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"^[^\x00-\x20\x7f-\x9f\s]+$")]
    surname: Option<Option<String>>,
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
    let said = |text: &Option<Option<String>>| text.clone().flatten();
    Check::default()
        .maybe("/external_id", said(&patch.external_id).as_ref(), 256)
        .maybe("/email", said(&patch.email).as_ref(), 254)
        .maybe("/given_name", said(&patch.given_name).as_ref(), 100)
        .maybe("/surname", said(&patch.surname).as_ref(), 100)
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
