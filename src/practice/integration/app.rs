//! The app: what the gate let through, with profiles.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::Surroundings;
use super::decision::Decisions;
use super::profile::{Profile, Profiles, Verdict};
use super::refusal::Refusal;
use super::view::{self, Link, List, One};
use super::visitor::{Scope, Visitor};
use crate::id::Entropy;

struct App {
    profiles: Profiles,
    decisions: Decisions,
    home: String,
    entropy: Entropy,
}

type Shared = State<Arc<App>>;

/// The addresses of the shipped app `profiles`, and a page for those who make calls.
pub(super) fn router(
    surroundings: Surroundings,
    client: &reqwest::Client,
    entropy: Entropy,
) -> Router {
    let app = App {
        profiles: Profiles::new(&surroundings.account, &entropy),
        decisions: Decisions {
            address: surroundings.decisions,
            token: surroundings.token,
            client: client.clone(),
        },
        home: surroundings.home,
        entropy,
    };
    let routes = Router::new()
        .route("/v2/profiles", get(list).post(create))
        .route("/v2/async/profiles", post(create))
        .route("/v2/profiles/{id}", get(show))
        .route("/v2/profiles/{id}/link", get(link))
        .route("/v2/profiles/{id}/call/accept", post(accept))
        .route("/v2/profiles/{id}/call/conclude", post(conclude))
        .route("/v2/profiles/{id}/review", post(review))
        .route("/calls", get(calls))
        .fallback(async || Refusal::Absent);
    view::guarded(routes).with_state(Arc::new(app))
}

async fn list(State(app): Shared, visitor: Visitor) -> Result<Response, Refusal> {
    let mut profiles = Vec::new();
    for profile in app.profiles.of(&visitor.account) {
        match app.permits(&visitor, "profile:list", &profile).await {
            Ok(()) => profiles.push(profile),
            Err(Refusal::NotOwn | Refusal::Denied(_)) => {}
            Err(other) => return Err(other),
        }
    }
    let says = match visitor.scope {
        Scope::All => "Everything that there is in your account.",
        Scope::Own => "What you created yourself; the gate said that you may see no more.",
        Scope::Asked => "What the decision with the facts of each allows you to see.",
    };
    Ok(app.listed(visitor, "Profiles", says, profiles))
}

async fn calls(State(app): Shared, visitor: Visitor) -> Response {
    let mut profiles = app.profiles.of(&visitor.account);
    profiles.retain(|profile| profile.call.concluded_by().is_none());
    app.listed(
        visitor,
        "Calls",
        "The calls that are not concluded.",
        profiles,
    )
}

#[derive(Deserialize)]
struct Customer {
    customer: String,
}

async fn create(
    State(app): Shared,
    visitor: Visitor,
    Form(wish): Form<Customer>,
) -> Result<Response, Refusal> {
    let customer = wish.customer.trim();
    if customer.is_empty() || customer.chars().count() > 64 {
        return Err(Refusal::Unreadable(
            "The name of a customer has 1 to 64 characters.",
        ));
    }
    let (account, person) = (&visitor.account, visitor.person);
    app.profiles.create(account, customer, person, &app.entropy);
    Ok(see("/v2/profiles"))
}

async fn show(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let profile = app.profiles.find(&visitor.account, &id)?;
    app.permits(&visitor, "profile:view", &profile).await?;
    let home = app.home.clone();
    Ok(view::page(
        StatusCode::OK,
        &One {
            visitor,
            home,
            profile,
        },
    ))
}

async fn link(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let profile = app.profiles.find(&visitor.account, &id)?;
    app.permits(&visitor, "link:copy", &profile).await?;
    let home = app.home.clone();
    Ok(view::page(
        StatusCode::OK,
        &Link {
            visitor,
            home,
            profile,
        },
    ))
}

async fn accept(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let profile = app.profiles.find(&visitor.account, &id)?;
    app.permits(&visitor, "call:accept", &profile).await?;
    let by = visitor.person;
    let change = |profile: &mut Profile| profile.accept(by);
    app.profiles.change(&visitor.account, &id, change)?;
    Ok(see("/calls"))
}

#[derive(Deserialize)]
struct Outcome {
    verdict: Verdict,
}

async fn conclude(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(outcome): Form<Outcome>,
) -> Result<Response, Refusal> {
    let profile = app.profiles.find(&visitor.account, &id)?;
    app.permits(&visitor, "call:conclude", &profile).await?;
    let by = visitor.person;
    let change = |profile: &mut Profile| profile.conclude(outcome.verdict, by);
    app.profiles.change(&visitor.account, &id, change)?;
    Ok(see("/calls"))
}

async fn review(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let profile = app.profiles.find(&visitor.account, &id)?;
    app.permits(&visitor, "profile:review", &profile).await?;
    let by = visitor.person;
    app.profiles.change(&visitor.account, &id, |known| {
        // The decision was about that call.
        if known.call != profile.call {
            return Err(Refusal::OutOfTurn("The call has changed meanwhile."));
        }
        known.reviews.push(by);
        Ok(())
    })?;
    Ok(see("/v2/profiles"))
}

impl App {
    /// What the gate left to the app: to honour the scope, and to ask with the facts where there is none.
    async fn permits(
        &self,
        visitor: &Visitor,
        action: &str,
        profile: &Profile,
    ) -> Result<(), Refusal> {
        match visitor.scope {
            Scope::All => Ok(()),
            Scope::Own if profile.created_by.id == visitor.person.id => Ok(()),
            Scope::Own => Err(Refusal::NotOwn),
            Scope::Asked => self.decisions.ask(&visitor.person, action, profile).await,
        }
    }

    fn listed(
        &self,
        visitor: Visitor,
        title: &'static str,
        says: &'static str,
        profiles: Vec<Profile>,
    ) -> Response {
        let home = self.home.clone();
        view::page(
            StatusCode::OK,
            &List {
                visitor,
                home,
                title,
                says,
                profiles,
            },
        )
    }
}

fn see(path: &'static str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response()
}
