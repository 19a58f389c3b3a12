//! A sign-out that a relying party asks for, and one that begins here.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Practice;
use super::sign_in::failed;
use super::view::{Delivery, Message, page};
use crate::practice::Error;
use crate::practice::answer::NameId;
use crate::practice::logout::{self, Asking};
use crate::practice::request::Request;
use crate::practice::sign::{SignatureMethod, Signing};

/// What the button says that ends a session everywhere.
#[derive(Deserialize)]
pub(super) struct Choice {
    session_index: String,
    binding: String,
}

/// `POST /adfs/ls/signout`: the person signs out here, so the relying party has to end its session.
pub(super) async fn everywhere(
    State(practice): State<Practice>,
    Form(choice): Form<Choice>,
) -> Response {
    match begin(&practice, &choice) {
        Ok(response) => response,
        Err(why) => failed(&practice, &why.to_string()),
    }
}

fn begin(practice: &Practice, choice: &Choice) -> Result<Response, Error> {
    let missing = |what: &str| Error::Missing(what.to_owned());
    let session = practice
        .end(|session| session.session_index == choice.session_index)
        .ok_or_else(|| missing("session of that name"))?;
    let trusts = practice.trusts();
    let rp = trusts
        .iter()
        .find(|trust| trust.entity_id == session.relying_party)
        .ok_or_else(|| missing("trust of that session"))?;
    let action = rp
        .logout_url
        .clone()
        .ok_or_else(|| missing("logout endpoint on the trust"))?;
    let (adfs, now, entropy) = (practice.adfs(), practice.now(), practice.entropy());
    let asking = Asking::honest(adfs, rp, &session, now, entropy);
    if choice.binding == "redirect" {
        let method = SignatureMethod::RsaSha256;
        let query = logout::query(adfs, "SAMLRequest", &asking.xml(), None, method)?;
        let location = [(LOCATION, format!("{action}?{query}"))];
        return Ok((StatusCode::FOUND, location).into_response());
    }
    let token = STANDARD.encode(asking.signed(adfs, &Signing::default())?);
    let delivery = Delivery {
        host: adfs.host().to_owned(),
        action,
        field: "SAMLRequest",
        token,
        relay_state: None,
    };
    Ok(page(StatusCode::OK, &delivery))
}

/// Answers a relying party: done, or not where it means nobody's session.
pub(super) fn answer(
    practice: &Practice,
    request: &Request,
    name_id: &NameId,
    indexes: &[String],
) -> Response {
    let rp = &request.relying_party;
    let ended = practice.end(|session| session.is_meant(rp, name_id, indexes));
    let Some(action) = rp.logout_url.clone() else {
        return done(practice);
    };
    let (adfs, now, entropy) = (practice.adfs(), practice.now(), practice.entropy());
    match logout::respond(adfs, request, ended.is_some(), now, entropy) {
        Err(why) => failed(practice, &why.to_string()),
        Ok(xml) => {
            let delivery = Delivery {
                host: adfs.host().to_owned(),
                action,
                field: "SAMLResponse",
                token: STANDARD.encode(xml),
                relay_state: request.relay_state.clone(),
            };
            page(StatusCode::OK, &delivery)
        }
    }
}

/// Nobody is signed in here any more.
pub(super) fn done(practice: &Practice) -> Response {
    let view = Message {
        host: practice.adfs().host().to_owned(),
        title: "Sign out",
        text: "You have successfully signed out.".to_owned(),
    };
    page(StatusCode::OK, &view)
}
