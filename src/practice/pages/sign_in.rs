//! A sign-in from its request to the form that carries the answer.

use axum::Form;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::view::{Delivery, Message, SignIn, page};
use super::{Practice, sign_out};
use crate::practice::answer::Answer;
use crate::practice::binding::value;
use crate::practice::logout::Participant;
use crate::practice::mishap::Mishap;
use crate::practice::request::{Refusal, Request, Wish};
use crate::practice::{Error, persona};

/// What the sign-in page sends.
#[derive(Deserialize)]
pub(super) struct Choice {
    relying_party: String,
    #[serde(default)]
    in_response_to: String,
    #[serde(default)]
    relay_state: String,
    persona: String,
    #[serde(default)]
    mishap: String,
}

/// `GET /adfs/ls/`: a request by redirect, or the end of a sign-out.
pub(super) async fn from_query(
    State(practice): State<Practice>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    if value(&query, "SAMLResponse").is_some()
        || value(&query, "wa").as_deref() == Some("wsignout1.0")
    {
        return sign_out::done(&practice);
    }
    let request = Request::from_query(&query, &practice.trusts());
    receive(&practice, request)
}

/// `POST /adfs/ls/`: the same by form.
pub(super) async fn from_form(State(practice): State<Practice>, body: String) -> Response {
    if value(&body, "SAMLResponse").is_some() {
        return sign_out::done(&practice);
    }
    let request = Request::from_form(&body, &practice.trusts());
    receive(&practice, request)
}

/// `GET /adfs/ls/idpinitiatedsignon.aspx`: the person comes without a request.
pub(super) async fn without_request(
    State(practice): State<Practice>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    // `RelayState=` holds two parameters of its own, encoded once more.
    let inner = value(&query, "RelayState").unwrap_or_default();
    let wanted = value(&query, "loginToRp").or_else(|| value(&inner, "RPID"));
    let mut relying_parties: Vec<_> = practice
        .trusts()
        .into_iter()
        .map(|trust| trust.entity_id)
        .collect();
    if let Some(wanted) = wanted {
        relying_parties.retain(|known| *known == wanted);
    }
    if relying_parties.is_empty() {
        return failed(
            &practice,
            "MSIS7012: An error occurred while processing the request. Contact your administrator for details.",
        );
    }
    let view = SignIn {
        host: practice.adfs().host().to_owned(),
        relying_parties,
        in_response_to: String::new(),
        relay_state: value(&inner, "RelayState").unwrap_or_default(),
        chosen: "",
        sessions: practice.latest_sessions(),
    };
    page(StatusCode::OK, &view)
}

/// `POST /adfs/ls/answer`: the person has chosen.
pub(super) async fn answer(
    State(practice): State<Practice>,
    Form(choice): Form<Choice>,
) -> Response {
    match deliver(&practice, &choice) {
        Ok(delivery) => page(StatusCode::OK, &delivery),
        Err(why) => failed(&practice, &why.to_string()),
    }
}

fn receive(practice: &Practice, request: Result<Request, Refusal>) -> Response {
    match request {
        Err(why) => failed(practice, &why.to_string()),
        Ok(request) => match &request.wish {
            Wish::SignIn { .. } => page(StatusCode::OK, &offer(practice, request)),
            Wish::SignOut {
                name_id,
                session_indexes,
            } => sign_out::answer(practice, &request, name_id, session_indexes),
        },
    }
}

fn offer(practice: &Practice, request: Request) -> SignIn {
    SignIn {
        host: practice.adfs().host().to_owned(),
        chosen: request.consequence().map_or("", Mishap::name),
        relying_parties: vec![request.relying_party.entity_id],
        in_response_to: request.id,
        relay_state: request.relay_state.unwrap_or_default(),
        sessions: Vec::new(),
    }
}

fn deliver(practice: &Practice, choice: &Choice) -> Result<Delivery, Error> {
    let now = practice.now();
    let (adfs, entropy) = (practice.adfs(), practice.entropy());
    let trusts = practice.trusts();
    let rp = trusts
        .iter()
        .find(|trust| trust.entity_id == choice.relying_party)
        .ok_or_else(|| {
            Error::Missing(format!(
                "trust with the identifier {}",
                choice.relying_party
            ))
        })?;
    let persona = persona::find(&choice.persona)
        .ok_or_else(|| Error::Missing(format!("person with the name {}", choice.persona)))?;
    let mishap = Mishap::find(&choice.mishap);
    if let (Some(Mishap::Replay), Some(last)) = (mishap, practice.last_sent(&rp.entity_id)) {
        return Ok(last);
    }
    let request = given(&choice.in_response_to);
    let answer = Answer::honest(adfs, rp, &persona, request, now, entropy);
    let session = answer.name_id.clone().zip(answer.authn.clone());
    let xml = match mishap {
        Some(mishap) => mishap.respond(adfs, rp, answer, now, entropy)?,
        None => adfs.respond(rp, &answer, entropy)?,
    };
    let delivery = Delivery {
        host: adfs.host().to_owned(),
        action: rp.acs_url.clone(),
        field: "SAMLResponse",
        token: STANDARD.encode(xml),
        relay_state: given(&choice.relay_state).map(str::to_owned),
    };
    practice.remember(&rp.entity_id, &delivery);
    if let Some((name_id, session_index)) =
        session.and_then(|(name_id, authn)| Some((name_id, authn.session_index?)))
    {
        practice.signed_in(Participant {
            relying_party: rp.entity_id.clone(),
            name_id,
            session_index,
        });
    }
    Ok(delivery)
}

pub(super) fn failed(practice: &Practice, why: &str) -> Response {
    let view = Message {
        host: practice.adfs().host().to_owned(),
        title: "An error occurred",
        text: why.to_owned(),
    };
    page(StatusCode::BAD_REQUEST, &view)
}

fn given(field: &str) -> Option<&str> {
    (!field.is_empty()).then_some(field)
}
