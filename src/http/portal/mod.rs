//! `/portal`: the pages of who administers accounts.

mod account;
mod accounts;
mod attempts;
mod audit;
mod chart;
mod fields;
mod frame;
mod home;
mod name;
mod policy;
mod proposals;
mod roles;
mod sessions;
mod system;
mod user;
mod users;
mod visit;

use axum::Router;

use super::Shared;

/// Where the portal begins.
pub(super) const HOME: &str = "/portal";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .merge(home::router())
        .merge(accounts::router())
        .merge(account::router())
        .merge(users::router())
        .merge(user::router())
        .merge(roles::router())
        .merge(sessions::router())
        .merge(attempts::router())
        .merge(audit::router())
        .merge(proposals::router())
        .merge(policy::router())
        .merge(system::router())
}
