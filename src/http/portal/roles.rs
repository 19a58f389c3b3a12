//! A change of one role of one person: what it would make of their roles, why, and until when.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::super::api::find_person as find;
use super::super::api::pass::{Pass, RoleView};
use super::super::api::roles::version;
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::fields::{Asked, Fields, refusal};
use super::frame::{Frame, at, called};
use super::visit::Visit;
use crate::account::Stage;
use crate::app::{RoleChange, Wished};
use crate::role::Role;
use crate::time::Until;
use crate::user::User;

pub(super) fn router() -> Router<Shared> {
    Router::new().route(
        "/portal/accounts/{account}/users/{user}/roles",
        get(ask).post(change),
    )
}

#[derive(Template)]
#[template(path = "portal_role.html")]
struct Page {
    frame: Frame,
    at: String,
    change: &'static str,
    title: String,
    role: Role,
    /// Names what the person was shown.
    version: String,
    before: String,
    after: String,
    takes_two: bool,
    reason: String,
    until: String,
    /// Why it cannot be done at all.
    obstacle: Option<String>,
    wrong: Option<String>,
}

/// What is asked for.
struct Wish {
    change: RoleChange,
    role: Role,
}

impl Wish {
    fn read(fields: &Fields) -> Result<Self, Error> {
        let change = RoleChange::parse(fields.get("change"));
        let role = Role::parse(fields.get("role"));
        match (change, role) {
            (Some(change), Some(role)) => Ok(Self { change, role }),
            _ => Err(Error::not_found()),
        }
    }

    /// The permission that it takes.
    const fn permission(&self) -> &'static str {
        match self.change {
            RoleChange::Grant | RoleChange::Lift => "role:grant",
            RoleChange::Take => "role:take",
        }
    }
}

async fn ask(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RoleView>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let wish = Wish::read(&asked)?;
    may(&shared, &pass, &wish)?;
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    let page = view(&shared, &pass, frame, &user, &wish).await?;
    Ok(page::show(&page)?.into_response())
}

/// Whoever may not see to it is told nothing of it.
fn may(shared: &Shared, pass: &Pass<RoleView>, wish: &Wish) -> Result<(), Error> {
    let two = pass.document.stage == Stage::Staff
        && wish.change == RoleChange::Take
        && shared.app.config.staff.approvals;
    if pass.allows(shared, wish.permission())? && !two {
        Ok(())
    } else {
        Err(Error::not_found())
    }
}

async fn view(
    shared: &Shared,
    pass: &Pass<RoleView>,
    frame: Frame,
    user: &User,
    wish: &Wish,
) -> Result<Page, Error> {
    let (app, role) = (&shared.app, wish.role);
    let before = app.standing(&pass.account, user.id).await?;
    let would = app
        .would_stand(&pass.account, user.id, wish.change, role)
        .await;
    let (after, obstacle) = match would {
        Ok(after) => (names(&after.names()), None),
        Err(error) => (String::new(), Some(refusal(error)?)),
    };
    let name = called(user);
    let title = match wish.change {
        RoleChange::Grant => format!("Give {name} the role {role}"),
        RoleChange::Take => format!("Take the role {role} away from {name}"),
        RoleChange::Lift => format!("Let the role {role} come back to {name}"),
    };
    Ok(Page {
        frame,
        at: format!("{}/users/{}", at(pass.account.slug.as_str()), user.id),
        change: wish.change.as_str(),
        title,
        role,
        version: version(&before),
        before: names(&before.names()),
        after,
        takes_two: wish.change != RoleChange::Take && pass.document.approvals(),
        reason: String::new(),
        until: String::new(),
        obstacle,
        wrong: None,
    })
}

fn names(roles: &[String]) -> String {
    match roles {
        [] => "no role".to_owned(),
        some => some.join(", "),
    }
}

async fn change(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RoleView>,
    moment: Moment,
    Path((_, user)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Error> {
    let wish = Wish::read(&fields)?;
    may(&shared, &pass, &wish)?;
    let user = find(&shared, pass.account.id, &user, moment.now).await?;
    let wrong = match carry_out(&shared, &pass, &user, &wish, &fields).await? {
        Ok(done) => {
            let here = at(pass.account.slug.as_str());
            let target = format!("{here}/users/{}?done={done}", user.id);
            return Ok(page::going_to(&target));
        }
        Err(wrong) => wrong,
    };
    let mut page = view(&shared, &pass, frame, &user, &wish).await?;
    fields.get("reason").clone_into(&mut page.reason);
    fields.get("until").clone_into(&mut page.until);
    page.wrong = Some(wrong);
    Ok((StatusCode::CONFLICT, page::show(&page)?).into_response())
}

/// Does it, or asks a second person to; says what came of it, or why nothing did.
async fn carry_out(
    shared: &Shared,
    pass: &Pass<RoleView>,
    user: &User,
    wish: &Wish,
    fields: &Fields,
) -> Result<Result<&'static str, String>, Error> {
    let (app, account, id, role) = (&shared.app, &pass.account, user.id, wish.role);
    let standing = app.standing(account, id).await?;
    if fields.get("version") != version(&standing) {
        let says = "somebody changed their roles since you looked; look again whether your change still fits";
        return Ok(Err(says.to_owned()));
    }
    let until = match fields.some("until").map(|text| text.parse::<Until>()) {
        Some(Err(wrong)) => return Ok(Err(format!("the end {wrong}"))),
        Some(Ok(until)) => Some(until.at()),
        None => None,
    };
    let (reason, actor) = (fields.get("reason"), pass.caller.actor());
    let wished = match wish.change {
        RoleChange::Grant => {
            app.grant_role(account, id, role, until, reason, &actor)
                .await
        }
        RoleChange::Lift => app.lift_denial(account, id, role, &actor).await,
        RoleChange::Take => {
            let taken = app
                .take_role(account, id, role, until, reason, &actor)
                .await;
            taken.map(Wished::Done)
        }
    };
    match wished {
        Ok(Wished::Done(_)) => Ok(Ok("changed")),
        Ok(Wished::Waits(_)) => Ok(Ok("waits")),
        Err(error) => Ok(Err(refusal(error)?)),
    }
}
