//! The people of an account: listed, found and invited.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use url::form_urlencoded;

use super::super::api::pass::{UserCreate, UserView};
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::fields::{Asked, Fields, refusal};
use super::frame::{Frame, at, called};
use super::visit::Visit;
use crate::account::Provisioning;
use crate::app::Invitation;
use crate::claims::Profile;
use crate::role::Role;
use crate::store::{Place, Wanted};
use crate::time::Timestamp;
use crate::user::{State as Standing, User};

/// So many stand on a page.
const SHOWN: usize = 50;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/accounts/{account}/users", get(list))
        .route(
            "/portal/accounts/{account}/users/new",
            get(ask).post(invite),
        )
}

#[derive(Template)]
#[template(path = "portal_users.html")]
struct Page {
    frame: Frame,
    at: String,
    typed: String,
    state: String,
    role: String,
    states: [&'static str; 3],
    roles: Vec<&'static str>,
    is_filtered: bool,
    may_invite: bool,
    lines: Vec<Line>,
    next: Option<String>,
}

struct Line {
    at: String,
    name: String,
    subject: String,
    state: &'static str,
    roles: Vec<&'static str>,
    last: Option<String>,
    source: &'static str,
}

impl Line {
    fn of(here: &str, user: &User) -> Self {
        Self {
            at: format!("{here}/users/{}", user.id),
            name: called(user),
            subject: user.subject.clone(),
            state: user.state.as_str(),
            roles: user.roles.keys().map(|role| role.as_str()).collect(),
            last: user.last_sign_in.map(Timestamp::for_people),
            source: match (&user.directory, user.last_sign_in) {
                (Some(_), _) => "directory",
                (None, Some(_)) => "sign-in",
                (None, None) => "invited",
            },
        }
    }
}

async fn list(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<UserView>,
    moment: Moment,
    Asked(asked): Asked,
) -> Result<Html<String>, Error> {
    let here = at(pass.account.slug.as_str());
    let wanted = Wanted {
        begins: asked.some("q").map(|q| q.chars().take(200).collect()),
        state: Standing::parse(asked.get("state")),
        role: Role::parse(asked.get("role")),
    };
    let from = Place::parse(asked.get("after"))
        .filter(|place| wanted.is_search() != matches!(place, Place::After(_)));
    let mut tx = shared.app.store.read().await?;
    let mut of = tx.of(pass.account.id);
    let (users, next) = of.search(&wanted, from, SHOWN, moment.now).await?;
    drop(tx);
    let state = wanted.state.map_or("", Standing::as_str).to_owned();
    let role = wanted.role.map_or("", Role::as_str).to_owned();
    let typed = wanted.begins.unwrap_or_default();
    let next = next.map(|place| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("q", &typed)
            .append_pair("state", &state)
            .append_pair("role", &role)
            .append_pair("after", &place.to_string())
            .finish();
        format!("{here}/users?{query}")
    });
    let invites = pass.allows(&shared, "user:create")?;
    page::show(&Page {
        frame,
        is_filtered: !(typed.is_empty() && state.is_empty() && role.is_empty()),
        may_invite: invites && pass.document.users.provisioning != Provisioning::Scim,
        lines: users.iter().map(|user| Line::of(&here, user)).collect(),
        states: [Standing::Active, Standing::Invited, Standing::Suspended].map(Standing::as_str),
        roles: Role::ALL.map(Role::as_str).to_vec(),
        at: here,
        typed,
        state,
        role,
        next,
    })
}

#[derive(Template)]
#[template(path = "portal_invite.html")]
struct Invite {
    frame: Frame,
    at: String,
    /// What an invitation has to name where it names no subject.
    link: &'static str,
    typed: Fields,
    wrong: Option<String>,
}

async fn ask(Visit { pass, frame }: Visit<UserCreate>) -> Result<Html<String>, Error> {
    page::show(&Invite {
        frame,
        at: at(pass.account.slug.as_str()),
        link: pass.document.link().as_str(),
        typed: Fields::default(),
        wrong: None,
    })
}

async fn invite(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<UserCreate>,
    typed: Fields,
) -> Result<Response, Error> {
    let here = at(pass.account.slug.as_str());
    let invitation = Invitation {
        subject: typed.some("subject"),
        external_id: typed.some("external_id"),
        profile: Profile {
            email: typed.some("email"),
            given_name: typed.some("given_name"),
            surname: typed.some("surname"),
        },
    };
    let actor = pass.caller.actor();
    match shared.app.invite(&pass.account, invitation, actor).await {
        Ok(user) => Ok(page::going_to(&format!(
            "{here}/users/{}?done=invited",
            user.id
        ))),
        Err(error) => {
            let page = page::show(&Invite {
                frame,
                at: here,
                link: pass.document.link().as_str(),
                typed,
                wrong: Some(refusal(error)?),
            })?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
    }
}
