//! What needs whoever has come.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;

use super::super::api::pass::AccountView;
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::HOME;
use super::frame::{Frame, at};
use super::visit::Visit;
use crate::proposal::State as Stands;
use crate::time::{Span, Timestamp};

/// So long before its end a certificate is shown.
const SOON: Span = Span::days(60);

/// So many proposals are counted.
const MOST: i64 = 100;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/portal", get(show))
}

#[derive(Template)]
#[template(path = "portal_home.html")]
struct Page {
    frame: Frame,
    is_operator: bool,
    own: String,
    /// What waits: a sentence, and where to go.
    needs: Vec<(String, String)>,
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, mut frame }: Visit<AccountView>,
    moment: Moment,
) -> Result<Html<String>, Error> {
    let is_operator = pass.caller.is_operator();
    frame.account = None;
    let own = pass.account.slug.as_str();
    let is_mine = |slug: &str| is_operator || slug == own;
    let mut needs = Vec::new();
    let mut tx = shared.app.store.read().await?;
    let waiting = if is_operator {
        tx.open_proposals(moment.now, false, MOST).await?.len()
            + tx.open_proposals(moment.now, true, MOST).await?.len()
    } else {
        let mut of = tx.of(pass.account.id);
        let open = of.proposals(Some(Stands::Open), true, None, MOST).await?;
        open.iter().filter(|one| one.is_open(moment.now)).count()
    };
    if waiting > 0 {
        let says = match waiting {
            1 => "One decision waits for a second person".to_owned(),
            more => format!("{more} decisions wait for a second person"),
        };
        needs.push((says, format!("{HOME}/proposals")));
    }
    for fresh in tx.freshness().await? {
        if !is_mine(&fresh.slug) {
            continue;
        }
        if fresh.held_at.is_some() {
            let says = format!(
                "A change of the identity provider of {} is held until somebody approves it",
                fresh.slug
            );
            needs.push((says, at(&fresh.slug)));
        } else if fresh.failures > 0 {
            let says = format!(
                "The metadata of {} could not be fetched {} times in a row; the last good copy counts",
                fresh.slug, fresh.failures
            );
            needs.push((says, at(&fresh.slug)));
        }
    }
    for slug in tx.offers().await? {
        if is_operator {
            let says = format!("The client of {slug} has sent its metadata");
            needs.push((says, format!("{}/setup", at(&slug))));
        }
    }
    for watched in tx.watched().await? {
        let ends = Timestamp::from_millis(watched.not_after);
        let left = ends.since(moment.now);
        if !is_mine(&watched.slug) || left > SOON {
            continue;
        }
        let whose = match watched.owner.as_str() {
            "idp" => "the identity provider",
            _ => "ours",
        };
        let says = match left.as_days() {
            days if days >= 0 => format!(
                "A certificate of {} ({whose}) ends in {days} days",
                watched.slug
            ),
            _ => format!("A certificate of {} ({whose}) has ended", watched.slug),
        };
        needs.push((says, at(&watched.slug)));
    }
    drop(tx);
    page::show(&Page {
        frame,
        is_operator,
        own: at(own),
        needs,
    })
}
