//! `/setup`: what the client's administrator sees and does who came by a setup link and has no account.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::super::address::Address;
use super::super::api::find_attempt;
use super::super::extract::{self, Moment, SameOrigin};
use super::super::{Error, Shared, page, sso};
use super::configuration::LARGEST;
use super::effect::Provider;
use super::explained::{Explained, Line};
use super::fields::{Asked, Fields, Own, refusal};
use super::handback::{Shown, one, whole};
use super::visit::only_looks;
use crate::app::Guest;
use crate::id::{Token, hex};

/// So many tests are listed.
const LISTED: i64 = 50;

/// Where the pages of a setup link begin.
const HERE: &str = "/setup";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/setup/open", get(ask).post(open))
        .route("/setup", get(show))
        .route("/setup/kit", get(kit))
        .route("/setup/kit/kit.zip", get(packed))
        .route("/setup/kit/files/{name}", get(single))
        .route("/setup/metadata", post(offer))
        .route("/setup/try", post(begin))
        .route("/setup/attempts/{attempt}", get(explain))
        .route("/setup/leave", post(leave))
        .layer(DefaultBodyLimit::max(LARGEST))
}

/// Whoever came by a link that is still good; anybody else is asked for theirs.
struct Came(Guest);

impl FromRequestParts<Shared> for Came {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        let looks = only_looks(parts, shared).await?;
        let carried = extract::cookies(&parts.headers)
            .find(|(name, _)| *name == cookie_name(shared))
            .and_then(|(_, value)| Token::parse(value));
        let now = shared.app.clock.now();
        let guest = match carried {
            Some(token) => shared.app.setup_guest(&token, now).await,
            None => Ok(None),
        };
        match guest {
            Ok(Some(guest)) => Ok(Self(guest)),
            Ok(None) if looks => Err(page::going_to("/setup/open")),
            Ok(None) => Err(no_good().into_response()),
            Err(error) => Err(Error::from(error).into_response()),
        }
    }
}

fn no_good() -> Error {
    Error::new(
        StatusCode::FORBIDDEN,
        "link_no_good",
        "A setup link opens once, for a while, in one browser, and ends when somebody signs in for the first time. Ask whoever gave it to you for another one.",
    )
    .titled("This link is no good any more")
}

fn cookie_name(shared: &Shared) -> &'static str {
    if shared.is_https() {
        "__Host-vestibule-setup"
    } else {
        "vestibule-setup"
    }
}

/// The cookie by which a browser is known that has opened a link.
fn set_cookie(shared: &Shared, response: &mut Response, value: &str, seconds: i64) {
    let secure = if shared.is_https() { "; Secure" } else { "" };
    let name = cookie_name(shared);
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[derive(Template)]
#[template(path = "setup_open.html")]
struct Ask {}

async fn ask() -> Result<Html<String>, Error> {
    page::show(&Ask {})
}

async fn open(
    State(shared): State<Shared>,
    _: SameOrigin,
    moment: Moment,
    Address(address): Address,
    fields: Fields,
) -> Result<Response, Error> {
    if !shared.limits.allow_start(address, "links") {
        return Err(Error::too_many());
    }
    let (app, now) = (&shared.app, moment.now);
    let opened = app.open_setup_link(fields.get("code"), address, now);
    match opened.await? {
        Some((guest, token)) => {
            let mut response = page::going_to(HERE);
            let left = guest.link.expires_at.since(now).as_seconds();
            set_cookie(&shared, &mut response, &hex(&token.reveal()), left);
            Ok(response)
        }
        None if !shared.limits.allow_refusal(address, "links") => Err(Error::too_many()),
        None => Err(no_good()),
    }
}

#[derive(Template)]
#[template(path = "setup_steps.html")]
struct Steps {
    guest: Guest,
    ours: String,
    until: String,
    /// Whom the client's people would sign in at.
    provider: Option<Provider>,
    is_offered: bool,
    sent: String,
    warnings: Vec<String>,
    typed: String,
    lines: Vec<Line>,
    notice: Option<&'static str>,
    wrong: Option<String>,
}

async fn steps(shared: &Shared, guest: Guest, moment: &Moment) -> Result<Steps, Error> {
    let (app, now) = (&shared.app, moment.now);
    let offer = app.offer(&guest.account).await?;
    let (is_offered, sent) = match &offer {
        Some(offer) => (true, offer.at.for_people()),
        None => (false, String::new()),
    };
    let idp = match offer {
        Some(offer) => Some(offer.idp),
        None => app.overview(&guest.account).await?.trusted,
    };
    let mut tx = app.store.read().await?;
    let mut of = tx.of(guest.account.id);
    let tried = of.trials(Some(guest.tester()), LISTED, &app.ring).await?;
    drop(tx);
    let (url, slug) = (&app.config.server.public_url, &guest.account.slug);
    Ok(Steps {
        ours: format!("{url}/saml/{slug}"),
        until: guest.link.expires_at.for_people(),
        warnings: idp.iter().flat_map(|idp| idp.warnings(now)).collect(),
        provider: idp.map(|idp| Provider::of(&idp, now)),
        is_offered,
        sent,
        typed: String::new(),
        lines: tried.iter().map(|one| Line::of(one, now)).collect(),
        notice: None,
        wrong: None,
        guest,
    })
}

async fn show(
    State(shared): State<Shared>,
    Came(guest): Came,
    moment: Moment,
    Asked(asked): Asked,
) -> Result<Html<String>, Error> {
    let mut page = steps(&shared, guest, &moment).await?;
    page.notice = (asked.get("done") == "sent").then_some("Your metadata has arrived.");
    page::show(&page)
}

async fn offer(
    State(shared): State<Shared>,
    Came(guest): Came,
    moment: Moment,
    Address(address): Address,
    fields: Fields,
) -> Result<Response, Error> {
    if !shared.limits.allow_start(address, "setup") {
        return Err(Error::too_many());
    }
    let given = fields.some("file").or_else(|| fields.some("metadata"));
    let wrong = match given {
        None => "choose the file, or paste its text".to_owned(),
        Some(text) => {
            let offered = shared
                .app
                .offer_metadata(&guest, text.into_bytes(), address);
            match offered.await {
                Ok(_) => return Ok(page::going_to("/setup?done=sent")),
                Err(error) => refusal(error)?,
            }
        }
    };
    let mut page = steps(&shared, guest, &moment).await?;
    fields.get("metadata").clone_into(&mut page.typed);
    page.wrong = Some(wrong);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page::show(&page)?).into_response())
}

async fn begin(
    State(shared): State<Shared>,
    Came(guest): Came,
    moment: Moment,
    Address(address): Address,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let slug = guest.account.slug.to_string();
    if !shared.limits.allow_start(address, &slug) {
        return Err(Error::too_many());
    }
    let app = &shared.app;
    let offered = app.offer(&guest.account).await?.map(|offer| offer.revision);
    let revision = offered.unwrap_or(guest.account.active);
    let from = (extract::host(&headers), address);
    match app
        .try_out(&guest.account, revision, guest.tester(), from)
        .await
    {
        Ok(trying) => sso::tried(&shared, trying, &headers),
        Err(error) => {
            let wrong = refusal(error)?;
            let mut page = steps(&shared, guest, &moment).await?;
            page.wrong = Some(wrong);
            Ok((StatusCode::CONFLICT, page::show(&page)?).into_response())
        }
    }
}

#[derive(Template)]
#[template(path = "setup_kit.html")]
struct Kit {
    guest: Guest,
    kit: Shown,
}

async fn kit(
    State(shared): State<Shared>,
    Came(guest): Came,
    Own(asked): Own,
) -> Result<Response, Error> {
    let of = (&guest.account, &guest.document);
    let kit = Shown::of(&shared, of, &asked, format!("{HERE}/kit")).await?;
    let status = match &kit.wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok((status, page::show(&Kit { guest, kit })?).into_response())
}

async fn packed(
    State(shared): State<Shared>,
    Came(guest): Came,
    Own(asked): Own,
) -> Result<Response, Error> {
    whole(&shared, (&guest.account, &guest.document), &asked).await
}

async fn single(
    State(shared): State<Shared>,
    Came(guest): Came,
    Path(name): Path<String>,
    Own(asked): Own,
) -> Result<Response, Error> {
    one(&shared, (&guest.account, &guest.document), &asked, &name).await
}

#[derive(Template)]
#[template(path = "setup_attempt.html")]
struct Explanation {
    guest: Guest,
    one: Explained,
}

async fn explain(
    State(shared): State<Shared>,
    Came(guest): Came,
    moment: Moment,
    Path(attempt): Path<String>,
) -> Result<Html<String>, Error> {
    let account = &guest.account;
    let attempt = find_attempt(&shared, account.id, &attempt).await?;
    // Nobody is told of what others have tried.
    if attempt.tester != Some(guest.tester()) {
        return Err(Error::not_found());
    }
    let one = Explained::of(attempt, &account.entity_id, &guest.document, moment.now);
    page::show(&Explanation { guest, one })
}

async fn leave(
    State(shared): State<Shared>,
    Came(guest): Came,
    Address(address): Address,
) -> Result<Response, Error> {
    let actor = guest.actor(address);
    shared.app.end_setup_links(&guest.account, actor).await?;
    let text = "The link is good for nothing from now on. The people who gave it to you see what you sent and tried.";
    let page = page::message("Thank you", text, "", None);
    let mut response = Html(page).into_response();
    set_cookie(&shared, &mut response, "", 0);
    Ok(response)
}
