//! How one account stands: its connection, its certificates, its last sign-ins.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;

use super::super::api::pass::AccountView;
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::chart::Chart;
use super::effect::{Ends, Provider};
use super::frame::{Frame, at};
use super::visit::Visit;
use crate::account::State as Standing;
use crate::app::Overview;
use crate::attempt::Attempt;
use crate::role::Role;
use crate::time::Timestamp;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/portal/accounts/{account}", get(show))
}

#[derive(Template)]
#[template(path = "portal_account.html")]
struct Page {
    frame: Frame,
    at: String,
    is_disabled: bool,
    revision: i64,
    since: String,
    people: i64,
    waiting: usize,
    sign_in: String,
    metadata: String,
    entity_id: String,
    provider: Option<Provider>,
    ours: Vec<Ends>,
    source: Option<Fetched>,
    clock: Option<String>,
    accepted: Option<Last>,
    by_role: Vec<(Role, Option<String>)>,
    refused: Option<Last>,
    warnings: Vec<String>,
    chart: Chart,
}

/// Where the metadata comes from.
struct Fetched {
    url: String,
    good: Option<String>,
    problem: Option<String>,
    is_held: bool,
}

/// A sign-in.
struct Last {
    at: String,
    when: String,
    outcome: &'static str,
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<AccountView>,
    moment: Moment,
) -> Result<Html<String>, Error> {
    let overview = shared.app.overview(&pass.account).await?;
    let (slug, now) = (pass.account.slug.as_str(), moment.now);
    let ours = format!("{}/saml/{slug}", shared.app.config.server.public_url);
    let last = |attempt: &Option<Attempt>| {
        attempt.as_ref().map(|attempt| Last {
            at: format!("{}/attempts/{}", at(slug), attempt.id),
            when: attempt.at.for_people(),
            outcome: attempt.outcome.as_str(),
        })
    };
    let (accepted, refused) = (last(&overview.last_accepted), last(&overview.last_refused));
    let clock = overview.last_accepted.as_ref();
    let clock = clock.and_then(|attempt| attempt.clock_difference);
    let Overview {
        active,
        trusted,
        source,
        keys,
        people,
        waiting,
        tallies,
        last_by_role,
        warnings,
        ..
    } = overview;
    page::show(&Page {
        frame,
        at: at(slug),
        is_disabled: pass.account.state == Standing::Disabled,
        revision: active.number,
        since: active.created_at.for_people(),
        people,
        waiting,
        sign_in: format!("{ours}/login"),
        metadata: format!("{ours}/metadata"),
        entity_id: pass.account.entity_id.clone(),
        provider: trusted.map(|idp| Provider::of(&idp, now)),
        ours: keys
            .iter()
            .map(|key| {
                let what = format!("{}, {}", key.purpose.as_str(), key.state.as_str());
                Ends::of(what, &key.certificate, now)
            })
            .collect(),
        source: source.map(|source| Fetched {
            url: source.url,
            good: source.good_at.map(Timestamp::for_people),
            problem: source.problem,
            is_held: source.held.is_some(),
        }),
        clock: clock.map(|ahead| ahead.to_string()),
        accepted,
        by_role: last_by_role
            .into_iter()
            .map(|(role, at)| (role, at.map(Timestamp::for_people)))
            .collect(),
        refused,
        warnings,
        chart: Chart::new(&tallies, now),
    })
}
