//! What each role may do, as it is enforced.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;

use super::super::api::pass::AccountView;
use super::super::{Error, Shared, page};
use super::frame::Frame;
use super::visit::Visit;
use crate::gate::{Reach, everybody};

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/portal/policy", get(show))
}

#[derive(Template)]
#[template(path = "portal_policy.html")]
struct Page {
    frame: Frame,
    columns: Vec<&'static str>,
    rows: Vec<(String, Vec<&'static str>)>,
    sentences: Vec<(String, &'static str, String)>,
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, mut frame }: Visit<AccountView>,
) -> Result<Html<String>, Error> {
    frame.account = None;
    let policy = &shared.app.access.policy;
    let columns = everybody(pass.document.stage).ok_or_else(Error::not_found)?;
    let mut rows = Vec::new();
    for action in policy.actions() {
        let mut cells = Vec::new();
        for (_, subject) in &columns {
            cells.push(match policy.reach(subject, action)? {
                Reach::All => "yes",
                Reach::Own => "their own",
                Reach::Facts => "by facts",
                Reach::Nothing => "",
            });
        }
        rows.push((action.to_owned(), cells));
    }
    let sentences = policy.sentences().iter().map(|sentence| {
        (
            sentence.id.clone(),
            sentence.effect.as_str(),
            sentence.says.clone(),
        )
    });
    page::show(&Page {
        frame,
        columns: columns.iter().map(|(name, _)| *name).collect(),
        rows,
        sentences: sentences.collect(),
    })
}
