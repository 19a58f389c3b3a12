//! Whom an account trusts, our own keys, and whether it is in use: what an operator does about each.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::super::api::pass::{AccountSwitch, Pass, RevisionMake};
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::effect::{Ends, Row, trust};
use super::fields::{Fields, refusal};
use super::frame::{Frame, at};
use super::visit::Visit;
use crate::account::{Stage, State as Standing};
use crate::app::{Overview, Refreshed, Refused, Seen, Wished};
use crate::saml::rollover::{Known, Purpose, Rollover, State as Life, Step};
use crate::time::{Span, Timestamp};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route(
            "/portal/accounts/{account}/connection",
            get(show).post(change),
        )
        .route("/portal/accounts/{account}/switch", post(switch))
}

#[derive(Template)]
#[template(path = "portal_connection.html")]
struct Page {
    frame: Frame,
    at: String,
    slug: String,
    url: Option<String>,
    held: Option<Held>,
    trusted: Vec<Ends>,
    keys: Vec<Ends>,
    step: &'static str,
    meaning: &'static str,
    /// Whether the step has to be told that the client has our metadata.
    asks_import: bool,
    takes_two: bool,
    /// Whether it is in use; the staff account always is.
    state: Option<Standing>,
    /// What is to be expected when, the nearest first.
    timeline: Vec<(String, i64, String)>,
    /// What was typed about a stolen key.
    typed: Fields,
    says: Option<String>,
    wrong: Option<String>,
}

/// A change of the identity provider that waits for somebody.
struct Held {
    change: String,
    since: String,
    reasons: Vec<&'static str>,
    rows: Vec<Row>,
    fingerprints: Vec<String>,
}

async fn held(shared: &Shared, slug: &str, is_held: bool) -> Result<Option<Held>, Error> {
    if !is_held {
        return Ok(None);
    }
    let pending = shared.app.held(slug).await?;
    let difference = &pending.difference;
    let added = difference.added.iter().map(|one| one.fingerprint.clone());
    Ok(Some(Held {
        change: pending.held.change.clone(),
        since: pending.held.at.for_people(),
        reasons: difference
            .reasons
            .iter()
            .map(|one| one.sentence())
            .collect(),
        rows: trust(difference),
        fingerprints: added.collect(),
    }))
}

async fn view<P>(
    shared: &Shared,
    pass: &Pass<P>,
    frame: Frame,
    moment: &Moment,
) -> Result<Page, Error> {
    let (account, now) = (&pass.account, moment.now);
    let slug = account.slug.as_str();
    let overview = shared.app.overview(account).await?;
    let source = overview.source.as_ref();
    let is_held = source.is_some_and(|source| source.held.is_some());
    let rollover: Rollover = shared.app.rollover(account).await?;
    let timeline = timeline(&overview, &rollover.keys, now);
    let ends = overview.trusted.iter().flat_map(|idp| &idp.signing);
    let ends = ends.map(|key| {
        let certificate = &key.certificate;
        Ends::of(certificate.subject.clone(), certificate, now)
    });
    let keys = rollover.keys.iter().map(|key| {
        let state = match (key.purpose, key.state) {
            (Purpose::Signing, Life::Active) => "signs our requests",
            (Purpose::Encryption, Life::Active) => "is encrypted for",
            (Purpose::Signing, Life::Next) => "will sign our requests",
            (Purpose::Encryption, Life::Next) => "is encrypted for from now on",
            (Purpose::Signing, Life::Old) => "signs no more",
            (Purpose::Encryption, Life::Old) => "still opens what is encrypted for it",
        };
        Ends::of(state.to_owned(), &key.certificate, now)
    });
    Ok(Page {
        frame,
        at: at(slug),
        slug: slug.to_owned(),
        url: source.map(|source| source.url.clone()),
        held: held(shared, slug, is_held).await?,
        trusted: ends.collect(),
        keys: keys.collect(),
        step: rollover.next.as_str(),
        meaning: rollover.next.meaning(),
        asks_import: rollover.next != Step::Publish,
        takes_two: pass.document.approvals(),
        state: Some(account.state).filter(|_| pass.document.stage != Stage::Staff),
        timeline,
        typed: Fields::default(),
        says: None,
        wrong: None,
    })
}

/// Certificates that AD FS makes by itself last a year; longer ones somebody makes by hand, when they think of it.
const BY_ITSELF: Span = Span::days(400);

/// So long before the end of a certificate AD FS publishes the next one, and signs with it.
const PUBLISHED: Span = Span::days(20);
const SIGNS: Span = Span::days(15);

/// So long before the end of a key of ours the client should have the next one.
const OURS: Span = Span::days(60);

/// What is to be expected when: the day, how far off it is, and what.
fn timeline(overview: &Overview, ours: &[Known], now: Timestamp) -> Vec<(String, i64, String)> {
    let mut all = Vec::new();
    for key in overview.trusted.iter().flat_map(|idp| &idp.signing) {
        let one = &key.certificate;
        let print: String = one.fingerprint.chars().take(8).collect();
        let end = one.not_after;
        if end.since(one.not_before) <= BY_ITSELF {
            let says = format!(
                "AD FS is likely to publish what follows {print}…, and its metadata changes"
            );
            all.push((end.minus(PUBLISHED), says));
            let says = format!("AD FS is likely to sign with what follows {print}…");
            all.push((end.minus(SIGNS), says));
        }
        all.push((end, format!("their certificate {print}… ends")));
    }
    for key in ours.iter().filter(|key| key.state != Life::Old) {
        let what = key.purpose.as_str();
        let end = key.certificate.not_after;
        let says = format!("time to publish our next {what} key, so that the client can import it");
        all.push((end.minus(OURS), says));
        all.push((end, format!("our {what} certificate ends")));
    }
    if let Some(source) = &overview.source {
        let says = "their metadata is asked for again".to_owned();
        all.push((source.next_at, says));
        if let Some(until) = source.valid_until {
            let says =
                "their metadata says that it holds no longer; new sign-ins stop three days later";
            all.push((until, says.to_owned()));
        }
    }
    all.retain(|(at, _)| *at > now);
    all.sort();
    let line = |(at, says): (Timestamp, String)| (at.for_people(), at.since(now).as_days(), says);
    all.into_iter().map(line).collect()
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionMake>,
    moment: Moment,
) -> Result<Html<String>, Error> {
    page::show(&view(&shared, &pass, frame, &moment).await?)
}

/// What came of it: something that is said on the page, or a code for the notice.
enum Came {
    Says(String),
    Done(&'static str),
}

async fn change(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionMake>,
    moment: Moment,
    fields: Fields,
) -> Result<Response, Error> {
    let came = match fields.get("do") {
        "approve" => approve(&shared, &pass, &fields).await,
        "refuse" => {
            let (app, actor) = (&shared.app, pass.caller.actor());
            let (slug, change) = (pass.account.slug.as_str(), fields.get("change"));
            let refused = app.refuse_metadata(slug, Some(change), actor).await;
            refused.map(|_| Came::Done("saved"))
        }
        "refresh" => refresh(&shared, &pass).await,
        "distrust" => distrust(&shared, &pass, &fields).await,
        "rotate" => rotate(&shared, &pass, &fields).await,
        _ => return Err(Error::not_found()),
    };
    let mut status = StatusCode::OK;
    let mut page = match came {
        Ok(Came::Done(done)) => {
            let here = at(pass.account.slug.as_str());
            return Ok(page::going_to(&format!("{here}/connection?done={done}")));
        }
        Ok(Came::Says(says)) => {
            let mut page = view(&shared, &pass, frame, &moment).await?;
            page.says = Some(says);
            page
        }
        Err(error) => {
            let wrong = refusal(error)?;
            status = StatusCode::CONFLICT;
            let mut page = view(&shared, &pass, frame, &moment).await?;
            page.wrong = Some(wrong);
            page.typed = fields;
            page
        }
    };
    page.frame.notice = None;
    Ok((status, page::show(&page)?).into_response())
}

async fn approve(
    shared: &Shared,
    pass: &Pass<RevisionMake>,
    fields: &Fields,
) -> anyhow::Result<Came> {
    let seen = Seen {
        change: fields.get("change").to_owned(),
        fingerprints: fields.all("seen").map(str::to_owned).collect(),
        break_glass: None,
    };
    let (app, actor) = (&shared.app, pass.caller.actor());
    let slug = pass.account.slug.as_str();
    Ok(match app.approve_metadata(slug, &seen, actor).await? {
        Wished::Done(_) => Came::Done("activated"),
        Wished::Waits(_) => Came::Done("waits"),
    })
}

async fn refresh(shared: &Shared, pass: &Pass<RevisionMake>) -> anyhow::Result<Came> {
    let refreshed = shared.app.refresh(pass.account.slug.as_str()).await?;
    Ok(Came::Says(match refreshed {
        Refreshed::Unchanged => "The address was asked; nothing that matters is new.".to_owned(),
        Refreshed::Accepted(revision) => {
            format!(
                "The keys changed in a document that a trusted key has signed; revision {revision} is in force."
            )
        }
        Refreshed::Held(_) => "A change came, and is held until somebody approves it.".to_owned(),
        Refreshed::Failed(problem) => format!("{problem}; what was trusted before stays."),
        Refreshed::Dropped => "The account is disabled, or was changed at this moment.".to_owned(),
    }))
}

async fn distrust(
    shared: &Shared,
    pass: &Pass<RevisionMake>,
    fields: &Fields,
) -> anyhow::Result<Came> {
    let (print, reason) = (fields.get("fingerprint"), fields.get("reason"));
    let (app, actor, slug) = (&shared.app, pass.caller.actor(), pass.account.slug.as_str());
    let force = fields.get("force") == "yes";
    let done = app.distrust(slug, print, reason, force, actor).await?;
    Ok(Came::Says(format!(
        "{} is trusted no more and never again; {} sessions have ended, {} keys are left.",
        done.fingerprint, done.sessions_ended, done.left
    )))
}

async fn rotate(
    shared: &Shared,
    pass: &Pass<RevisionMake>,
    fields: &Fields,
) -> anyhow::Result<Came> {
    let (app, account) = (&shared.app, &pass.account);
    let known = [Step::Publish, Step::Switch, Step::Retire].into_iter();
    let mut shown = known.filter(|step| step.as_str() == fields.get("step"));
    let step = shown.next();
    let step = step.ok_or_else(|| Refused("the form does not say which step".into()))?;
    let imported = fields.get("imported") == "yes";
    let actor = pass.caller.actor();
    Ok(
        match app.rotate(account, step, imported, None, actor).await? {
            Wished::Done(_) => Came::Done("saved"),
            Wished::Waits(_) => Came::Done("waits"),
        },
    )
}

async fn switch(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<AccountSwitch>,
    moment: Moment,
    fields: Fields,
) -> Result<Response, Error> {
    let (app, slug, actor) = (&shared.app, pass.account.slug.as_str(), pass.caller.actor());
    let named = fields.get("confirm") == slug;
    let switched = match fields.get("do") {
        "enable" => app.set_account_state(slug, Standing::Enabled, actor).await,
        "disable" if named => app.set_account_state(slug, Standing::Disabled, actor).await,
        "delete" if named => match app.delete_account(slug, actor).await {
            Ok(_) => return Ok(page::going_to("/portal/accounts?done=erased")),
            Err(error) => Err(error),
        },
        "disable" | "delete" => {
            let wrong = format!("type {slug} to confirm it");
            Err(crate::app::Refused(wrong).into())
        }
        _ => return Err(Error::not_found()),
    };
    match switched {
        Ok(_) => Ok(page::going_to(&format!(
            "{}/connection?done=saved",
            at(slug)
        ))),
        Err(error) => {
            let wrong = refusal(error)?;
            let mut page = view(&shared, &pass, frame, &moment).await?;
            page.wrong = Some(wrong);
            Ok((StatusCode::CONFLICT, page::show(&page)?).into_response())
        }
    }
}
