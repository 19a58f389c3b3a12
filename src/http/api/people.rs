//! Lists the people of an account, and finds them by how a name begins.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::extract::Moment;
use super::super::{Error, Shared};
use super::page::{Address, Asked, Page, Turn, wrong};
use super::pass::{Pass, UserView};
use super::person::{Person, RoleName, StateName};
use crate::role::Role;
use crate::store::{Place, Wanted};
use crate::user::State as Standing;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
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
    let wanted = filter.wanted()?;
    let is_search = wanted.is_search();
    let from = turn.cursor(|text| {
        Place::parse(text).filter(|place| is_search != matches!(place, Place::After(_)))
    })?;
    let mut tx = shared.app.store.read().await?;
    let (users, next) = tx
        .of(pass.account.id)
        .search(&wanted, from, turn.limit()?, moment.now)
        .await?;
    let people: Vec<Person> = users.into_iter().map(Person::from).collect();
    Ok(address.page(people, next.map(|place| place.to_string())))
}
