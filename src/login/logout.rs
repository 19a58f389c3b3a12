//! Single logout: sessions end here first and in any case, then at the identity provider, or the other way round.

use std::sync::Arc;

use super::visit::is_form;
use super::{Error, Login};
use crate::audit::Event;
use crate::saml::binding::{self, Message};
use crate::saml::connection::Connection;
use crate::saml::logout::{self, Context, Outcome, Request, Verified};
use crate::saml::sending::Sending;
use crate::session::Session;
use crate::time::{Span, Timestamp};

/// A request could be sent again for as long as it is fresh, which is much less than that.
const MEMORY: Span = Span::hours(24);

/// How a browser brought a message.
#[derive(Debug)]
pub enum Delivered {
    /// In the query, as it was received.
    Query(String),
    /// In a posted body, and what that says that it is.
    Form {
        /// The body.
        body: Vec<u8>,
        /// Its content type.
        kind: String,
    },
}

/// What a message led to.
pub enum Logout {
    /// It cannot be read.
    Unreadable(binding::Error),
    /// It does not hold, and nothing has ended.
    Unverified(Unverified),
    /// So many sessions have ended; the answer, where the identity provider takes one.
    Ended(usize, Option<Sending>),
    /// The identity provider has answered our own request.
    Answered(Outcome),
}

/// A message that does not hold, which may deserve an answer.
pub struct Unverified {
    /// What is wrong with it, for the log.
    pub reason: String,
    /// Whether its signature had verified: then it is not limited.
    pub is_signed: bool,
    connection: Arc<Connection>,
    asked: Option<String>,
    relay_state: Option<String>,
}

impl Login {
    /// Asks the identity provider to end its session too: the id of the request and how it gets there. None where it
    /// offers no logout, or has not told us what it calls the person.
    pub async fn ask_logout(
        &self,
        slug: &str,
        session: Session,
        now: Timestamp,
    ) -> Result<Option<(String, Sending)>, Error> {
        let connection = self.connection(slug, now).await?;
        let Some(name_id) = session.name_id.filter(|_| connection.idp.offers_logout()) else {
            return Ok(None);
        };
        let entropy = self.entropy.clone();
        let asked = self.off_thread(move || {
            let index = session.session_index.as_deref();
            logout::ask(&connection, &name_id, index, now, &entropy)
        });
        Ok(Some(asked.await??))
    }

    /// Receives a message; `awaited` is the request that this browser waits for an answer to.
    pub async fn logout(
        &self,
        slug: &str,
        delivered: Delivered,
        awaited: Option<String>,
        now: Timestamp,
    ) -> Result<Logout, Error> {
        let connection = self.connection(slug, now).await?;
        let message = match read(delivered) {
            Ok(message) => message,
            Err(error) => return Ok(Logout::Unreadable(error)),
        };
        let encrypted = message.xml.contains("EncryptedID");
        let (judged, entropy) = (Arc::clone(&connection), self.entropy.clone());
        let verify = move || {
            let context = Context {
                connection: &judged,
                awaited: awaited.as_deref(),
                now,
                entropy: &entropy,
            };
            (logout::verify(&message, &context), message.relay_state)
        };
        let (verdict, relay_state) = if encrypted {
            self.off_thread(verify).await?
        } else {
            verify()
        };
        match verdict {
            Err(refusal) => Ok(Logout::Unverified(Unverified {
                reason: refusal.reason,
                is_signed: refusal.is_signed,
                connection,
                asked: refusal.asked,
                relay_state,
            })),
            Ok(Verified::Answer(outcome)) => Ok(Logout::Answered(outcome)),
            Ok(Verified::Request(request)) => {
                let (ended, done) = self.end_named(&connection, &request, now).await?;
                let answer = self.answer(connection, request.id, relay_state, done, now);
                Ok(Logout::Ended(ended, answer.await?))
            }
        }
    }

    /// The answer to a request that does not hold, where it names the issuer that we know.
    pub async fn refuse_logout(
        &self,
        refused: Unverified,
        now: Timestamp,
    ) -> Result<Option<Sending>, Error> {
        let Some(request) = refused.asked else {
            return Ok(None);
        };
        self.answer(refused.connection, request, refused.relay_state, false, now)
            .await
    }

    /// Ends every session that the request names, once: how many, and whether none of them is left. What is sent again ends
    /// nothing that began since.
    async fn end_named(
        &self,
        connection: &Connection,
        request: &Request,
        now: Timestamp,
    ) -> Result<(usize, bool), Error> {
        let mut tx = self.store.write().await?;
        let mut of = tx.of(connection.account.id);
        let fresh = of.use_up_logout(&request.id, now.plus(MEMORY)).await?;
        let mut named = of.sessions_named(&request.name_id.value).await?;
        named.retain(|session| {
            let index = session.session_index.as_deref();
            let name_id = session.name_id.as_ref();
            name_id.is_some_and(|name_id| request.names(name_id, index, connection))
        });
        if !fresh {
            return Ok((0, named.is_empty()));
        }
        for session in &named {
            of.end_session(session.user, session.id).await?;
            let event = Event::SignedOutByIdentityProvider {
                user: session.user.to_string(),
                session: session.id.to_string(),
                request: request.id.clone(),
            };
            of.audit("system", event, now, &self.entropy).await?;
        }
        tx.commit().await?;
        Ok((named.len(), true))
    }

    async fn answer(
        &self,
        connection: Arc<Connection>,
        request: String,
        relay_state: Option<String>,
        done: bool,
        now: Timestamp,
    ) -> Result<Option<Sending>, Error> {
        if !connection.idp.takes_logout_answers() {
            return Ok(None);
        }
        let entropy = self.entropy.clone();
        let sending = self.off_thread(move || {
            let state = relay_state.as_deref();
            logout::answer(&connection, &request, state, done, now, &entropy)
        });
        Ok(Some(sending.await??))
    }
}

fn read(delivered: Delivered) -> Result<Message, binding::Error> {
    match delivered {
        Delivered::Query(raw) => Message::from_query(&raw),
        Delivered::Form { body, kind } if is_form(&kind) => Message::from_form(&body),
        Delivered::Form { .. } => Err(binding::Error::Shape("a body that is not a form")),
    }
}
