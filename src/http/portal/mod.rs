//! `/portal`: the pages of who administers accounts; and `/setup`, those of a client whose account is set up.

mod account;
mod accounts;
mod apps;
mod attempts;
mod audit;
mod chart;
mod client;
mod configuration;
mod connection;
mod effect;
mod explained;
mod fields;
mod frame;
mod handback;
mod home;
mod keys;
mod name;
mod new;
mod policy;
mod promotion;
mod proposals;
mod roles;
mod rules;
mod sessions;
mod setup;
mod system;
mod user;
mod users;
mod visit;
mod webhooks;
mod why;

use axum::Router;

use super::Shared;

/// Where the portal begins.
pub(super) const HOME: &str = "/portal";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .merge(home::router())
        .merge(accounts::router())
        .merge(account::router())
        .merge(new::router())
        .merge(configuration::router())
        .merge(rules::router())
        .merge(promotion::router())
        .merge(connection::router())
        .merge(setup::router())
        .merge(client::router())
        .merge(handback::router())
        .merge(keys::router())
        .merge(webhooks::router())
        .merge(users::router())
        .merge(user::router())
        .merge(roles::router())
        .merge(sessions::router())
        .merge(attempts::router())
        .merge(audit::router())
        .merge(proposals::router())
        .merge(policy::router())
        .merge(apps::router())
        .merge(system::router())
}
