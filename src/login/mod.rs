//! The sign-in, from the first click to the session: what joins everything above.

mod connections;
mod cookie;
mod decide;
mod logout;
mod refusals;
mod visit;

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Semaphore;

pub use cookie::{Carried, tag};
pub use logout::{Delivered, Logout, Unverified};
use refusals::Refusals;
use visit::Visit;

use crate::account::{ReturnTo, State};
use crate::id::{AttemptId, Entropy, Token};
use crate::saml::VerifiedAssertion;
use crate::saml::check::{Code, Rejection};
use crate::saml::connection;
use crate::saml::request::{self, Pending};
use crate::saml::sending::{self, Sending};
use crate::seal::Ring;
use crate::session::Session;
use crate::store::{self, OneTime, Store};
use crate::time::{Span, Timestamp};
use crate::user::{Refusal, User};

/// What every sign-in needs.
pub struct Login {
    store: Store,
    ring: Arc<Ring>,
    entropy: Entropy,
    public_url: String,
    connections: connections::Cache,
    private_keys: Arc<Semaphore>,
    refusals: Refusals,
}

/// Private-key operations that may run at once, away from the async threads.
const PRIVATE_KEY_JOBS: usize = 2;

/// So often a message is judged anew because something that decided about it was changed at the same moment.
const ROUNDS: usize = 5;

/// How long a person may think before they confirm a sign-in that replaces another.
const CONFIRMATION: Span = Span::minutes(5);

/// Why a sign-in could not even be judged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no account of that name.
    #[error("no account of that name")]
    NoAccount,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A connection cannot be compiled.
    #[error(transparent)]
    Connection(#[from] connection::Error),
    /// A message cannot be sent.
    #[error(transparent)]
    Sending(#[from] sending::Error),
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] crate::seal::Error),
    /// Work away from the async threads was cut off.
    #[error("work was cut off")]
    Cancelled,
}

/// Who posts what, from where.
#[derive(Debug)]
pub struct Post {
    /// The body of the form.
    pub body: Vec<u8>,
    /// What the body says that it is.
    pub kind: String,
    /// The requests that this browser carries.
    pub carried: Carried,
    /// The host name under which the post arrived.
    pub host: String,
    /// The browser's address.
    pub address: IpAddr,
    /// What the browser says that it is.
    pub browser: String,
    /// The live session of this browser, if it has one.
    pub current: Option<Session>,
}

/// A sign-in that is under way.
#[derive(Debug)]
pub struct Begun {
    /// How the browser gets to the identity provider.
    pub sending: Sending,
    /// The tag and the sealed value of the cookie that remembers the request.
    pub cookie: (String, String),
}

/// How a sign-in ended.
pub enum Finished {
    /// The person is in.
    SignedIn(Arrival),
    /// The person has to say that this is what they want, before the session begins.
    Confirm(Arrival),
    /// They are not.
    Refused(Refused),
}

/// Somebody who was let in.
pub struct Arrival {
    /// The secret for the browser.
    pub token: Token,
    /// The new session.
    pub session: Session,
    /// Who it is.
    pub user: User,
    /// Where to go.
    pub return_to: ReturnTo,
    /// The id of the request that was answered, whose cookie is done with.
    pub request: Option<String>,
}

/// Somebody who was not.
#[derive(Debug)]
pub struct Refused {
    /// What people quote.
    pub reference: AttemptId,
    /// The rule that was broken.
    pub code: Code,
    /// Why the person was turned away, where the message itself was sound.
    pub refusal: Option<Refusal>,
    /// The id of the request that was answered, if any.
    pub request: Option<String>,
    /// Whether a signature had verified, of something that was not used before.
    pub verified: bool,
}

impl Login {
    /// Puts a sign-in desk together.
    pub fn new(store: Store, ring: Arc<Ring>, entropy: Entropy, public_url: String) -> Self {
        Self {
            store,
            ring,
            entropy,
            public_url,
            connections: connections::Cache::default(),
            private_keys: Arc::new(Semaphore::new(PRIVATE_KEY_JOBS)),
            refusals: Refusals::default(),
        }
    }

    /// Starts a sign-in; writes nothing.
    pub async fn begin(
        &self,
        slug: &str,
        host: &str,
        return_to: Option<&str>,
        now: Timestamp,
    ) -> Result<Begun, Error> {
        let connection = self.connection(slug, now).await?;
        if connection.account.state == State::Disabled {
            return Err(connection::Error::NotConnected.into());
        }
        let allowed = &connection.document.access.return_to;
        let return_to = return_to
            .and_then(|text| ReturnTo::parse(text, allowed))
            .unwrap_or_else(ReturnTo::home);
        let pending = Pending::new(&connection, host.to_owned(), return_to, now, &self.entropy);
        let cookie = cookie::seal(&pending, &self.ring, now, &self.entropy)?;
        let sending = self
            .off_thread(move || request::send(&pending, &connection))
            .await??;
        Ok(Begun { sending, cookie })
    }

    /// Ends a sign-in: judges what was posted, and writes down what became of it together or not at all. Where something
    /// that decided about it changed at the same moment, nothing is written and it is judged again. That something was used
    /// before is first seen when it cannot be written, which spares the honest a look.
    pub async fn finish(&self, slug: &str, post: Post, now: Timestamp) -> Result<Finished, Error> {
        let post = Arc::new(post);
        for round in 0..ROUNDS {
            let (mut visit, verdict) = self.judge(slug, Arc::clone(&post), now).await?;
            let Some(spent) = &visit.reading.spent else {
                let rejection = verdict.err().unwrap_or(Rejection::plain(Code::Signature));
                return self.turn_away_unverified(visit, rejection).await;
            };
            let ids = OneTime::new(&spent.assertion, visit.request().as_deref(), spent.until);
            let mut look = self.store.read().await?;
            let mut of = look.of(visit.connection.account.id);
            let fresh = round == 0 || !of.was_used(&ids).await?;
            let decided = match verdict {
                Ok(assertion) => self.decide(&mut of, &mut visit, assertion, fresh).await?,
                Err(rejection) => Err(rejection.into()),
            };
            drop(look);
            let (finished, changes) = match decided {
                Ok(admitted) => self.receive(visit, admitted, &ids)?,
                Err(turned) => self.turn_away(visit, turned, &ids, fresh)?,
            };
            match self.store.commit(changes).await {
                Err(error) if error.is_conflict() => self.forget(slug),
                made => return made.map(|()| finished).map_err(Error::from),
            }
        }
        Err(store::Error::Conflict.into())
    }

    /// Lets a session begin that waited for its person to confirm it; works once.
    pub async fn confirm(&self, token: &Token, now: Timestamp) -> Result<Option<Session>, Error> {
        let mut tx = self.store.write().await?;
        let session = tx
            .confirm_session(&token.digest(), now.minus(CONFIRMATION))
            .await?;
        tx.commit().await?;
        Ok(session)
    }

    /// Verifies the response; an encrypted one away from the async threads, since that is private-key work.
    async fn judge(
        &self,
        slug: &str,
        post: Arc<Post>,
        now: Timestamp,
    ) -> Result<(Visit, Result<VerifiedAssertion, Rejection>), Error> {
        let mut visit = Visit::new(self.connection(slug, now).await?, post, now);
        let form = match visit.form() {
            Ok(form) => form,
            Err(rejection) => return Ok((visit, Err(rejection))),
        };
        let (ring, entropy) = (Arc::clone(&self.ring), self.entropy.clone());
        let encrypted = form.xml.contains("EncryptedAssertion");
        let verify = move || {
            let verdict = visit.verify(&form.xml, &ring, &entropy);
            (visit, verdict)
        };
        if encrypted {
            self.off_thread(verify).await
        } else {
            Ok(verify())
        }
    }

    /// Runs private-key work in a bounded pool of its own.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.private_keys)
            .acquire_owned()
            .await
            .map_err(|_| Error::Cancelled)?;
        let done = tokio::task::spawn_blocking(move || {
            let _held = permit;
            work()
        });
        done.await.map_err(|_| Error::Cancelled)
    }
}
