//! One person: who they are, what they may do and why, where they are signed in; and what can be done about them.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::super::api::find_person as find;
use super::super::api::pass::{Pass, SessionEnd, UserDelete, UserRestore, UserSuspend, UserView};
use super::super::extract::Moment;
use super::super::{Error, Shared, browser, page};
use super::fields::Fields;
use super::frame::{Frame, at, called};
use super::visit::Visit;
use crate::account::{RolesFrom, Stage};
use crate::grant::{Given, Order, Standing};
use crate::role::Role;
use crate::session::{Session, State as Live};
use crate::time::Timestamp;
use crate::user::{State as Stands, User};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/accounts/{account}/users/{user}", get(show))
        .merge(super::why::router())
        .route(
            "/portal/accounts/{account}/users/{user}/suspend",
            post(suspend),
        )
        .route(
            "/portal/accounts/{account}/users/{user}/restore",
            post(restore),
        )
        .route(
            "/portal/accounts/{account}/users/{user}/end-sessions",
            post(end_sessions),
        )
        .route(
            "/portal/accounts/{account}/users/{user}/delete",
            get(ask_delete).post(delete),
        )
}

#[derive(Template)]
#[template(path = "portal_user.html")]
struct Page {
    frame: Frame,
    at: String,
    name: String,
    user: User,
    created: String,
    last: Option<String>,
    /// Each role they hold, what gives it, and whether it can be taken from here.
    held: Vec<(Role, String)>,
    /// What is given, and does not count.
    idle: Vec<(Role, String)>,
    denied: Vec<(Role, String)>,
    conflict: Option<String>,
    permissions: Vec<String>,
    /// The roles that they could be given.
    lacking: Vec<Role>,
    sessions: Vec<(String, String, String)>,
    attempts: Vec<(String, String, &'static str)>,
    history: String,
    may: May,
}

/// What whoever looks may do, by the names of the actions.
struct May(BTreeSet<&'static str>);

impl May {
    fn of<P>(shared: &Shared, pass: &Pass<P>, user: &User) -> Result<Self, Error> {
        let (uam, users) = (pass.document.uam, pass.document.users);
        let is_out = user.state == Stands::Suspended;
        let all = [
            ("suspend", "user:suspend", !is_out),
            ("restore", "user:restore", is_out),
            ("delete", "user:delete", true),
            (
                "grant",
                "role:grant",
                uam && users.roles_from != RolesFrom::Claims,
            ),
            ("lift", "role:grant", uam),
            ("take", "role:take", uam),
            ("end", "session:end", true),
            ("audit", "audit:view", true),
        ];
        let mut may = BTreeSet::new();
        for (name, action, fits) in all {
            if fits && pass.allows(shared, action)? {
                may.insert(name);
            }
        }
        Ok(Self(may))
    }

    fn is(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<UserView>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
) -> Result<Html<String>, Error> {
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    let app = &shared.app;
    let standing = app.standing(&pass.account, user.id).await?;
    let mut tx = app.store.read().await?;
    let mut of = tx.of(pass.account.id);
    let mut sessions = of.sessions(user.id).await?;
    sessions.retain(|session| session.state(moment.now) == Live::Live);
    let attempts = of.attempts_of(user.id, &app.ring).await?;
    drop(tx);
    let (here, may) = (
        at(pass.account.slug.as_str()),
        May::of(&shared, &pass, &user)?,
    );
    let (account, stage) = (pass.account.id, pass.document.stage);
    let permissions = app.permissions(account, stage, &user)?;
    let permissions = permissions.into_iter().map(str::to_owned).collect();
    let attempt = |attempt: &crate::attempt::Attempt| {
        (
            format!("{here}/attempts/{}", attempt.id),
            attempt.at.for_people(),
            attempt.outcome.as_str(),
        )
    };
    let attempts = attempts.iter().rev().take(10).map(attempt).collect();
    let is_given = |role: &Role| standing.is_given(*role) || standing.roles.contains_key(role);
    let staff = pass.document.stage == Stage::Staff;
    let lacking = Role::ALL.into_iter().filter(|role| !is_given(role));
    let lacking = lacking.filter(|role| (*role == Role::Operator) == staff);
    page::show(&Page {
        frame,
        at: format!("{here}/users/{}", user.id),
        name: called(&user),
        created: user.created_at.for_people(),
        last: user.last_sign_in.map(Timestamp::for_people),
        lacking: lacking.collect(),
        held: standing.roles.clone().into_iter().collect(),
        idle: idle(&standing),
        denied: standing.denied.iter().map(denial).collect(),
        conflict: standing.conflict(),
        permissions,
        sessions: sessions.iter().map(session).collect(),
        attempts,
        history: format!("{here}/audit?target={}", user.id),
        may,
        user,
    })
}

/// What gives a role that they do not hold, and why they do not.
fn idle(standing: &Standing) -> Vec<(Role, String)> {
    let waits = |given: &Given| {
        let why = given.source.sentence();
        (given.role, format!("{why}; it waits for a second person"))
    };
    let waiting = standing.waiting.iter().map(waits);
    let apart = standing.conflicts.as_flattened().iter();
    let apart = apart.map(|role| (*role, "kept apart from the other one".to_owned()));
    waiting.chain(apart).collect()
}

fn denial(order: &Order) -> (Role, String) {
    let sentence = format!(
        "since {}: {}",
        order.created_at.for_people(),
        order.sentence()
    );
    (order.role, sentence)
}

fn session(session: &Session) -> (String, String, String) {
    (
        browser::name(&session.browser),
        session.address.clone(),
        session.seen_at.for_people(),
    )
}

/// The address of the person, with what was done.
fn back<P>(pass: &Pass<P>, user: &User, done: &str) -> Response {
    let here = at(pass.account.slug.as_str());
    page::going_to(&format!("{here}/users/{}?done={done}", user.id))
}

async fn suspend(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<UserSuspend>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
) -> Result<Response, Error> {
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    let actor = pass.caller.actor();
    shared.app.suspend(&pass.account, user.id, actor).await?;
    Ok(back(&pass, &user, "suspended"))
}

async fn restore(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<UserRestore>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
) -> Result<Response, Error> {
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    let actor = pass.caller.actor();
    shared.app.restore(&pass.account, user.id, actor).await?;
    Ok(back(&pass, &user, "restored"))
}

async fn end_sessions(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<SessionEnd>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
) -> Result<Response, Error> {
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    let (account, actor) = (pass.account.id, pass.caller.actor());
    let app = &shared.app;
    app.end_sessions(account, Some(user.id), &actor).await?;
    Ok(back(&pass, &user, "ended"))
}

#[derive(Template)]
#[template(path = "portal_delete.html")]
struct Deletion {
    frame: Frame,
    at: String,
    name: String,
    subject: String,
    wrong: bool,
}

async fn ask_delete(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<UserDelete>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
) -> Result<Html<String>, Error> {
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    page::show(&deletion(&pass, frame, user, false))
}

fn deletion<P>(pass: &Pass<P>, frame: Frame, user: User, wrong: bool) -> Deletion {
    Deletion {
        frame,
        at: format!("{}/users/{}", at(pass.account.slug.as_str()), user.id),
        name: called(&user),
        subject: user.subject,
        wrong,
    }
}

async fn delete(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<UserDelete>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    if fields.get("subject") != user.subject.trim() {
        let page = page::show(&deletion(&pass, frame, user, true))?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let actor = pass.caller.actor();
    shared
        .app
        .delete_user(&pass.account, user.id, actor)
        .await?;
    let here = at(pass.account.slug.as_str());
    Ok(page::going_to(&format!("{here}/users?done=deleted")))
}
