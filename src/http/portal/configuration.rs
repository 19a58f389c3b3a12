//! The configuration of an account: what is in force, what was, and how it is changed.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::super::api::pass::{Pass, RevisionMake, RevisionView};
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::effect::{People, Provider, Row, changes, trust};
use super::fields::{Asked, Fields, refusal};
use super::frame::{Frame, at};
use super::name::name;
use super::rules;
use super::visit::Visit;
use crate::account::Stage;
use crate::app::{Applied, Consent, Outcome, Reviewed};
use crate::claims::{self, Fired};
use crate::config::{AccountFile, parse_account, write_account};
use crate::saml::Attribute;
use crate::time::Timestamp;

/// The largest form: metadata of a megabyte, in the encoding of a form.
pub(super) const LARGEST: usize = 4 * 1024 * 1024;

/// So many revisions are listed.
const SHOWN: i64 = 100;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/accounts/{account}/configuration", get(show))
        .route(
            "/portal/accounts/{account}/configuration/edit",
            get(edit).post(change),
        )
        .route(
            "/portal/accounts/{account}/configuration/rollback",
            get(ask_back).post(roll_back),
        )
        .layer(DefaultBodyLimit::max(LARGEST))
}

#[derive(Template)]
#[template(path = "portal_configuration.html")]
struct Page {
    frame: Frame,
    at: String,
    may_change: bool,
    is_demo: bool,
    text: String,
    revisions: Vec<Line>,
}

struct Line {
    number: i64,
    author: String,
    when: String,
    is_active: bool,
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionView>,
) -> Result<Html<String>, Error> {
    let account = &pass.account;
    let mut tx = shared.app.store.read().await?;
    let all = tx.of(account.id).revisions_before(None, SHOWN).await?;
    drop(tx);
    let mut revisions = Vec::new();
    for (number, author, at) in all {
        revisions.push(Line {
            number,
            author: name(&shared, account, &author).await?,
            when: at.for_people(),
            is_active: number == account.active,
        });
    }
    page::show(&Page {
        frame,
        at: at(account.slug.as_str()),
        may_change: pass.allows(&shared, "revision:make")?,
        is_demo: pass.document.stage == Stage::Demo,
        text: write_account(&pass.document),
        revisions,
    })
}

#[derive(Template)]
#[template(path = "portal_edit.html")]
struct Edit {
    frame: Frame,
    at: String,
    text: String,
    metadata: String,
    url: String,
    claims: String,
    wrong: Option<String>,
}

async fn edit(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionMake>,
    Asked(asked): Asked,
) -> Result<Html<String>, Error> {
    let mut metadata = None;
    if let Ok(number) = asked.get("metadata").parse() {
        let mut tx = shared.app.store.read().await?;
        let found = tx.of(pass.account.id).revision(number).await?;
        metadata = found.ok_or_else(Error::not_found)?.metadata;
    }
    page::show(&Edit {
        frame,
        at: at(pass.account.slug.as_str()),
        text: write_account(&pass.document),
        metadata: metadata.unwrap_or_default(),
        url: String::new(),
        claims: String::new(),
        wrong: None,
    })
}

#[derive(Template)]
#[template(path = "portal_review.html")]
struct Review {
    frame: Frame,
    at: String,
    text: String,
    metadata: String,
    before: i64,
    rows: Vec<Row>,
    people: People,
    warnings: Vec<String>,
    provider: Option<Provider>,
    /// What somebody wanted to try, and what each rule would do with it.
    claims: String,
    fired: Vec<Fired>,
    /// The certificates that are to be compared with the client.
    fingerprints: Vec<String>,
    takes_two: bool,
    is_live: bool,
    subject_changes: bool,
    wrong: Option<String>,
}

/// What was typed, with the metadata that it means.
async fn read(
    shared: &Shared,
    pass: &Pass<RevisionMake>,
    fields: &Fields,
) -> Result<Result<AccountFile, String>, Error> {
    let document = match parse_account(fields.get("text"), "the configuration") {
        Ok(document) => document,
        Err(wrong) => return Ok(Err(wrong.to_string())),
    };
    let metadata = match metadata(shared, fields).await {
        Ok(Some(metadata)) => Some(metadata),
        Ok(None) => shared.app.metadata_of(&pass.account).await?,
        Err(error) => return Ok(Err(refusal(error)?)),
    };
    Ok(Ok(AccountFile { document, metadata }))
}

/// The metadata of a form: a file, a text, or what is at an address.
pub(super) async fn metadata(shared: &Shared, fields: &Fields) -> anyhow::Result<Option<Vec<u8>>> {
    let given = fields.some("file").or_else(|| fields.some("metadata"));
    match (given, fields.some("url")) {
        (Some(text), _) => Ok(Some(text.into_bytes())),
        (None, Some(url)) => shared.app.fetch_metadata(&url).await.map(Some),
        (None, None) => Ok(None),
    }
}

async fn change(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionMake>,
    moment: Moment,
    fields: Fields,
) -> Result<Response, Error> {
    let here = at(pass.account.slug.as_str());
    let mut fields = fields;
    if fields.get("rules") == "yes" {
        let described = rules::read(&pass.document, &fields).and_then(|document| {
            let text = write_account(&document);
            let sound = parse_account(&text, "the rules");
            sound.map(|_| text).map_err(|wrong| wrong.to_string())
        });
        fields = match described {
            Ok(text) => fields.with("text", text),
            Err(wrong) => return rules::again(&shared, (&pass, frame), &fields, wrong).await,
        };
    }
    let fields = fields;
    let again = |frame, wrong: Option<String>| Edit {
        frame,
        at: here.clone(),
        text: fields.get("text").to_owned(),
        metadata: fields
            .some("file")
            .unwrap_or_else(|| fields.get("metadata").to_owned()),
        url: fields.get("url").to_owned(),
        claims: fields.get("claims").to_owned(),
        wrong,
    };
    match fields.get("step") {
        "edit" => return Ok(page::show(&again(frame, None))?.into_response()),
        "rules" => {
            return match parse_account(fields.get("text"), "the configuration") {
                Ok(document) => {
                    let claims = fields.get("claims");
                    rules::further(&shared, (&pass, frame), &document, claims).await
                }
                Err(wrong) => unprocessable(&again(frame, Some(wrong.to_string()))),
            };
        }
        _ => {}
    }
    let is_new = ["file", "metadata", "url"]
        .iter()
        .any(|name| !fields.get(name).is_empty());
    let file = match read(&shared, &pass, &fields).await? {
        Ok(file) => file,
        Err(wrong) => return unprocessable(&again(frame, Some(wrong))),
    };
    let reviewed = match shared.app.review(&pass.account, &file).await {
        Ok(reviewed) => reviewed,
        Err(error) => return unprocessable(&again(frame, Some(refusal(error)?))),
    };
    let (before, step) = (reviewed.before.to_string(), fields.get("step"));
    let mut wrong = None;
    if step == "apply" && fields.get("before") != before {
        let says = "somebody changed the configuration since you looked; this is how yours differs from it now";
        wrong = Some(says.to_owned());
    } else if step == "apply" {
        match apply(&shared, &pass, &file, &reviewed, &fields).await {
            Ok(outcome) => return Ok(done(&here, &outcome)),
            Err(error) => wrong = Some(refusal(error)?),
        }
    }
    let status = match &wrong {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::OK,
    };
    let typed = (&file, is_new, fields.get("claims"));
    let page = review(&pass, frame, typed, reviewed, moment.now, wrong);
    Ok((status, page::show(&page)?).into_response())
}

async fn apply(
    shared: &Shared,
    pass: &Pass<RevisionMake>,
    file: &AccountFile,
    reviewed: &Reviewed,
    fields: &Fields,
) -> anyhow::Result<Outcome> {
    let seen: Vec<String> = fields.all("seen").map(str::to_owned).collect();
    let consent = Consent {
        new_subject: fields.get("new_subject") == "yes",
        before: Some(reviewed.before),
        ..Consent::default()
    };
    let (app, author) = (&shared.app, pass.caller.actor().id);
    app.apply_reviewed(file, reviewed, (&seen, &consent), &author)
        .await
}

/// Claims as somebody writes them, one in a line: the name, an equals sign, the value; or a value of the claim before.
fn pasted(text: &str) -> Vec<Attribute> {
    let mut all: Vec<Attribute> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name.trim(), value.trim()),
            None => ("", line),
        };
        let known = all.iter_mut().rev();
        let mut known = known.filter(|known| name.is_empty() || known.name == name);
        match known.next() {
            Some(known) => known.values.push(value.to_owned()),
            None => all.push(Attribute {
                name: name.to_owned(),
                values: vec![value.to_owned()],
            }),
        }
    }
    all
}

fn unprocessable(page: &impl Template) -> Result<Response, Error> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page::show(page)?).into_response())
}

/// Back to the account, with what became of it.
pub(super) fn done(here: &str, outcome: &Outcome) -> Response {
    let done = match (&outcome.applied, &outcome.proposal) {
        (_, Some(_)) => "waits",
        (Applied::Created, None) => "created",
        (Applied::Activated, None) => "activated",
        (Applied::Unchanged, None) => "unchanged",
        (Applied::Draft, None) => "draft",
    };
    page::going_to(&format!("{here}?done={done}"))
}

fn review(
    pass: &Pass<RevisionMake>,
    frame: Frame,
    (file, is_new, claims): (&AccountFile, bool, &str),
    reviewed: Reviewed,
    now: Timestamp,
    wrong: Option<String>,
) -> Review {
    let mut rows = changes(&reviewed.changes);
    let added = reviewed.trust.iter().flat_map(|differs| &differs.added);
    let fingerprints = added.map(|one| one.fingerprint.clone()).collect();
    rows.extend(reviewed.trust.iter().flat_map(trust));
    // What is in force is not sent back and forth.
    let metadata = file.metadata.as_deref().filter(|_| is_new);
    let metadata = metadata.map(String::from_utf8_lossy);
    Review {
        frame,
        at: at(pass.account.slug.as_str()),
        text: write_account(&file.document),
        metadata: metadata.map(String::from).unwrap_or_default(),
        before: reviewed.before,
        rows,
        people: People::from(reviewed.effects),
        warnings: reviewed.warnings,
        fired: claims::rules(&pasted(claims), &file.document.roles, now),
        claims: claims.to_owned(),
        provider: reviewed
            .trust
            .is_some()
            .then_some(reviewed.idp)
            .flatten()
            .map(|idp| Provider::of(&idp, now)),
        fingerprints,
        takes_two: pass.document.approvals(),
        is_live: pass.document.stage == Stage::Live,
        subject_changes: file.document.claims.subject != pass.document.claims.subject,
        wrong,
    }
}

#[derive(Template)]
#[template(path = "portal_rollback.html")]
struct Rollback {
    frame: Frame,
    at: String,
    number: i64,
    before: i64,
    rows: Vec<Row>,
    people: People,
    takes_two: bool,
    subject_changes: bool,
}

async fn ask_back(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<RevisionMake>,
    Asked(asked): Asked,
) -> Result<Html<String>, Error> {
    let number = asked.get("to").parse().map_err(|_| Error::not_found())?;
    let app = &shared.app;
    let (document, differs) = app.rollback_of(&pass.account, number).await?;
    let effects = app.what_if(&pass.account, &document).await?;
    page::show(&Rollback {
        frame,
        at: at(pass.account.slug.as_str()),
        number,
        before: pass.account.active,
        rows: changes(&differs),
        people: People::from(effects),
        takes_two: pass.document.approvals(),
        subject_changes: document.claims.subject != pass.document.claims.subject,
    })
}

async fn roll_back(
    State(shared): State<Shared>,
    Visit { pass, .. }: Visit<RevisionMake>,
    fields: Fields,
) -> Result<Response, Error> {
    let number = fields.get("to").parse().map_err(|_| Error::not_found())?;
    let actor = pass.caller.actor();
    let before = fields
        .get("before")
        .parse()
        .map_err(|_| Error::not_found())?;
    let consent = (fields.get("new_subject") == "yes", Some(before));
    let (app, account) = (&shared.app, &pass.account);
    let outcome = app.rollback(account, number, consent, actor).await?;
    Ok(done(&at(account.slug.as_str()), &outcome))
}
