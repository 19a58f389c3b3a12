//! An account is set up with its client: the link for the client's administrator, what came by it, and sign-ins that are only tried.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::super::address::Address;
use super::super::api::pass::{Pass, RevisionMake};
use super::super::extract::{self, Moment};
use super::super::{Error, Shared, page, sso};
use super::effect::Provider;
use super::explained::Line;
use super::fields::{Asked, Fields, refusal};
use super::frame::{Frame, at};
use super::keys::Secret;
use super::name::name;
use super::visit::Visit;
use crate::account::Stage;
use crate::attempt::Tester;
use crate::id::UserId;
use crate::session::Via;
use crate::time::Timestamp;

/// So many revisions, tests and links are listed.
const LISTED: i64 = 20;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/accounts/{account}/setup", get(show).post(change))
        .route("/portal/accounts/{account}/try", post(begin))
}

#[derive(Template)]
#[template(path = "portal_setup.html")]
struct Page {
    frame: Frame,
    at: String,
    offer: Option<Offer>,
    /// The revisions that can be tried, newest first, and what each is.
    revisions: Vec<(i64, String)>,
    /// The one that somebody would try.
    proposed: i64,
    lines: Vec<(Line, i64, String)>,
    is_demo: bool,
    links: Vec<Link>,
    has_good: bool,
    /// Why no link can be made.
    closed: Option<String>,
    wrong: Option<String>,
}

/// Metadata that came by a link.
struct Offer {
    revision: i64,
    at: String,
    provider: Provider,
    warnings: Vec<String>,
}

/// A setup link.
struct Link {
    made: String,
    by: String,
    state: &'static str,
    is_good: bool,
    until: String,
    opened: String,
}

async fn view(
    shared: &Shared,
    pass: &Pass<RevisionMake>,
    frame: Frame,
    moment: &Moment,
    asked: Option<i64>,
) -> Result<Page, Error> {
    let (account, app, now) = (&pass.account, &shared.app, moment.now);
    let offer = app.offer(account).await?;
    let mut tx = app.store.read().await?;
    let mut of = tx.of(account.id);
    let made = of.revisions().await?;
    let tried = of.trials(None, LISTED, &app.ring).await?;
    let known = of.setup_links(LISTED).await?;
    drop(tx);
    let mut revisions = Vec::new();
    let most = usize::try_from(LISTED).unwrap_or(usize::MAX);
    let with = made.iter().filter(|one| one.metadata.is_some());
    for one in with.take(most) {
        let by = who(shared, pass, &one.author).await?;
        let stands = if one.number == account.active {
            "in force, "
        } else {
            ""
        };
        let when = one.created_at.for_people();
        revisions.push((one.number, format!("{stands}by {by}, {when}")));
    }
    let mut lines = Vec::new();
    for one in &tried {
        let by = match one.tester {
            Some(tester) => who(shared, pass, &tester.to_string()).await?,
            None => String::new(),
        };
        lines.push((Line::of(one, now), one.revision, by));
    }
    let mut shown = Vec::new();
    for link in &known {
        let opened = link.opened.as_ref();
        shown.push(Link {
            made: link.made_at.for_people(),
            by: name(shared, account, &link.made_by).await?,
            state: link.state(now),
            is_good: link.is_good(now),
            until: link.expires_at.for_people(),
            opened: opened.map_or_else(
                || "never".to_owned(),
                |(when, from)| format!("{}, from {from}", when.for_people()),
            ),
        });
    }
    let is_demo = pass.document.stage == Stage::Demo;
    let closed = match app.may_be_set_up(account).await {
        Ok(()) => None,
        Err(error) => Some(refusal(error)?),
    };
    let newest = offer.as_ref().map(|offer| offer.revision);
    Ok(Page {
        frame,
        at: at(account.slug.as_str()),
        proposed: asked.or(newest).unwrap_or(account.active),
        offer: offer.map(|offer| Offer {
            revision: offer.revision,
            at: offer.at.for_people(),
            warnings: offer.idp.warnings(now),
            provider: Provider::of(&offer.idp, now),
        }),
        revisions,
        lines,
        has_good: closed.is_none() && shown.iter().any(|link| link.is_good),
        is_demo,
        links: shown,
        closed,
        wrong: None,
    })
}

/// Whoever made or tried something: a person, or the client.
async fn who(shared: &Shared, pass: &Pass<RevisionMake>, id: &str) -> Result<String, Error> {
    if id.starts_with("lnk_") {
        return Ok("the client".to_owned());
    }
    name(shared, &pass.account, id).await
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionMake>,
    moment: Moment,
    Asked(asked): Asked,
) -> Result<Html<String>, Error> {
    let asked = asked.get("revision").parse().ok();
    page::show(&view(&shared, &pass, frame, &moment, asked).await?)
}

async fn change(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionMake>,
    moment: Moment,
    fields: Fields,
) -> Result<Response, Error> {
    let (app, account, actor) = (&shared.app, &pass.account, pass.caller.actor());
    let back = format!("{}/setup", at(account.slug.as_str()));
    let wrong = match fields.get("do") {
        "end" => {
            app.end_setup_links(account, actor).await?;
            return Ok(page::going_to(&format!("{back}?done=link_ended")));
        }
        "make"
            if pass
                .caller
                .present()
                .session()
                .is_some_and(|one| one.via == Via::Link) =>
        {
            "a session that began by a link is shown no secret that outlasts it".to_owned()
        }
        "make" => {
            let days = fields.get("days").parse().unwrap_or_default();
            match app.make_setup_link(account, days, actor).await {
                Ok((link, url)) => {
                    return Ok(page::show(&Secret {
                        frame,
                        back,
                        title: "The link for the client's ADFS administrator",
                        says: said(link.expires_at),
                        shown: url,
                    })?
                    .into_response());
                }
                Err(error) => refusal(error)?,
            }
        }
        _ => return Err(Error::not_found()),
    };
    let mut page = view(&shared, &pass, frame, &moment, None).await?;
    page.wrong = Some(wrong);
    Ok((StatusCode::CONFLICT, page::show(&page)?).into_response())
}

fn said(until: Timestamp) -> String {
    format!(
        "It is shown this once, opens once, and is good until {}. Send it to the one person who looks after the client's AD FS.",
        until.for_people()
    )
}

async fn begin(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionMake>,
    moment: Moment,
    Address(address): Address,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    let (app, account) = (&shared.app, &pass.account);
    if !shared.limits.allow_start(address, account.slug.as_str()) {
        return Err(Error::too_many());
    }
    let revision = fields
        .get("revision")
        .parse()
        .map_err(|_| Error::not_found())?;
    let person = UserId::parse(&pass.caller.actor().id).ok_or_else(Error::not_found)?;
    let from = (extract::host(&headers), address);
    let tester = Tester::Person(person);
    match app.try_out(account, revision, tester, from).await {
        Ok(trying) => sso::tried(&shared, trying, &headers),
        Err(error) => {
            let wrong = refusal(error)?;
            let mut page = view(&shared, &pass, frame, &moment, Some(revision)).await?;
            page.wrong = Some(wrong);
            Ok((StatusCode::CONFLICT, page::show(&page)?).into_response())
        }
    }
}
