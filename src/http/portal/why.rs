//! Why a person may or may not do something, in a situation that whoever looks describes.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::get;

use super::super::api::find_person as find;
use super::super::api::pass::UserView;
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::fields::{Asked, Fields};
use super::frame::{Frame, at, called};
use super::visit::Visit;
use crate::gate::{Call, Cause, Facts, Policy, Subject};
use crate::user::{State as Stands, User};

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/portal/accounts/{account}/users/{user}/why", get(show))
}

#[derive(Template)]
#[template(path = "portal_why.html")]
struct Page {
    frame: Frame,
    at: String,
    name: String,
    actions: Vec<String>,
    calls: [&'static str; 3],
    asked: Fields,
    answer: Option<Answer>,
}

struct Answer {
    action: String,
    is_allowed: bool,
    /// How they stand, where that alone keeps them from everything.
    stands: Option<&'static str>,
    causes: Vec<Cause>,
    reach: &'static str,
    /// What was not said and could make it a yes.
    missing: Vec<&'static str>,
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<UserView>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Result<Html<String>, Error> {
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    let (account, stage) = (pass.account.id, pass.document.stage);
    let policy = &shared.app.access.policy;
    let subject = Subject::person(account, stage, &user);
    let is_ours =
        |action: &&str| is_of(policy, action, "profile") || is_of(policy, action, "account");
    let actions: Vec<String> = policy
        .actions()
        .filter(is_ours)
        .map(str::to_owned)
        .collect();
    let wanted = actions.iter().find(|action| *action == asked.get("action"));
    let answer = wanted.map(|action| answer(policy, &subject, &user, action, &asked));
    page::show(&Page {
        frame,
        at: format!("{}/users/{}", at(pass.account.slug.as_str()), user.id),
        name: called(&user),
        calls: Call::ALL.map(Call::as_str),
        answer: answer.transpose()?,
        actions,
        asked,
    })
}

fn is_of(policy: &Policy, action: &str, resource: &str) -> bool {
    policy.takes("user", action, resource)
}

fn answer(
    policy: &Policy,
    subject: &Subject,
    user: &User,
    action: &str,
    asked: &Fields,
) -> Result<Answer, Error> {
    let facts = if is_of(policy, action, "profile") {
        facts(asked, &subject.id())
    } else {
        Facts::default()
    };
    let explained = policy.explain(subject, action, &facts);
    let explained = explained.map_err(|cause| Error::internal(&cause))?;
    let is_in = user.state == Stands::Active;
    Ok(Answer {
        action: action.to_owned(),
        is_allowed: explained.decision.is_allowed && is_in,
        stands: (!is_in).then(|| user.state.as_str()),
        causes: policy.causes(&explained.decision),
        reach: explained.reach.sentence(),
        missing: explained.missing,
    })
}

/// What is said of the profile; an id of nobody stands for somebody else.
fn facts(asked: &Fields, them: &str) -> Facts {
    let whose = |name: &str| match asked.get(name) {
        "them" => Some(them.to_owned()),
        "another" => Some(String::new()),
        _ => None,
    };
    let concluded = match asked.get("concluded_by") {
        "nobody" => Some(Vec::new()),
        _ => whose("concluded_by").map(|one| vec![one]),
    };
    let call = asked.get("call_state");
    let is_call = Call::ALL.iter().any(|known| known.as_str() == call);
    Facts {
        created_by: whose("created_by"),
        call_state: is_call.then(|| call.to_owned()),
        concluded_by: concluded,
    }
}
