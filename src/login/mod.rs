//! The sign-in, from the first click to the session: what joins everything above.

mod connections;
mod cookie;
mod decide;
mod jobs;
mod known;
mod logout;
mod refusals;
mod trial;
mod visit;

use std::net::IpAddr;
use std::sync::Arc;

pub use cookie::{Carried, tag};
use jobs::Jobs;
pub use logout::{Delivered, Logout, Unverified};
use refusals::Refusals;
pub use trial::{Tried, Trying};
use visit::Visit;

use crate::account::{AllowedReturn, ReturnTo, State};
use crate::audit::Event;
use crate::gate::App;
use crate::id::{AttemptId, Entropy, SessionId, Token};
use crate::saml::VerifiedAssertion;
use crate::saml::check::{Code, Rejection};
use crate::saml::connection::{self, Connection};
use crate::saml::request::{self, Pending};
use crate::saml::sending::{self, Sending};
use crate::saml::step_up::StepUp;
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
    /// Our own authorities.
    ours: Vec<String>,
    apps: Vec<(App, Vec<AllowedReturn>)>,
    connections: connections::Cache,
    private_keys: Jobs,
    refusals: Refusals,
}

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

/// What a browser asks for that begins a sign-in.
#[derive(Debug)]
pub struct Start {
    /// The host name under which it asks.
    pub host: String,
    /// Where it wants to go afterwards.
    pub return_to: Option<String>,
    /// What it demands of the authentication.
    pub step_up: StepUp,
    /// The live session that it has, if any.
    pub current: Option<Session>,
}

/// What becomes of the wish to sign in.
#[derive(Debug)]
pub enum Begun {
    /// The session that the browser has is all that was asked for.
    Already(ReturnTo),
    /// A sign-in is under way.
    Sent {
        /// How the browser gets to the identity provider.
        sending: Sending,
        /// The tag and the sealed value of the cookie that remembers the request.
        cookie: (String, String),
    },
}

/// How a sign-in ended.
pub enum Finished {
    /// The person is in.
    SignedIn(Arrival),
    /// The person has to say that this is what they want, before the session begins.
    Confirm(Arrival),
    /// They are not.
    Refused(Refused),
    /// It was only tried out.
    Tried(Tried),
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
    pub fn new(
        store: Store,
        ring: Arc<Ring>,
        entropy: Entropy,
        (public_url, ours): (String, Vec<String>),
        apps: impl IntoIterator<Item = App>,
    ) -> Self {
        let scheme = public_url.split("://").next().unwrap_or("https");
        let with_origins = |app: App| {
            let origins = app.hosts.iter().map(|host| format!("{scheme}://{host}/"));
            let origins = origins.filter_map(|origin| AllowedReturn::try_from(origin).ok());
            let origins = origins.collect();
            (app, origins)
        };
        let apps = apps.into_iter().map(with_origins).collect();
        Self {
            store,
            ring,
            entropy,
            public_url,
            ours,
            apps,
            connections: connections::Cache::default(),
            private_keys: Jobs::default(),
            refusals: Refusals::default(),
        }
    }

    /// Where somebody of an account may be sent: where it has listed, and to the apps that take its people.
    fn return_to(&self, text: &str, connection: &Connection) -> Option<ReturnTo> {
        let document = &connection.document;
        let apps = self
            .apps
            .iter()
            .filter(|(app, _)| app.serves(document.stage, &connection.account.slug));
        ReturnTo::parse(text, &document.access.return_to).or_else(|| {
            apps.into_iter()
                .find_map(|(_, origins)| ReturnTo::parse(text, origins))
        })
    }

    /// Starts a sign-in, unless more than a session is asked for and the one that there is suffices; writes nothing.
    pub async fn begin(&self, slug: &str, start: Start, now: Timestamp) -> Result<Begun, Error> {
        let connection = self.connection(slug, now).await?;
        if connection.account.state == State::Disabled {
            return Err(connection::Error::NotConnected.into());
        }
        let return_to = start
            .return_to
            .and_then(|text| self.return_to(&text, &connection))
            .unwrap_or_else(ReturnTo::home);
        let own = start.current.filter(|s| s.account == connection.account.id);
        let met = own.as_ref().is_some_and(|session| {
            let skew = connection.skew();
            start.step_up.is_met(session.authenticated_at, now, skew)
        });
        if let Some(session) = own
            .as_ref()
            .filter(|_| met && start.step_up.max_age.is_some())
        {
            let mut tx = self.store.read().await?;
            if !tx.of(session.account).was_confirmed(session).await? {
                return Ok(Begun::Already(return_to));
            }
        }
        let is_stale = own.is_some() && !met && start.step_up.max_age.is_some();
        let pending = Pending::new(&connection, start.host, return_to, now, &self.entropy)
            .demanding(&start.step_up, is_stale);
        let cookie = cookie::seal(&pending, &self.ring, now, &self.entropy)?;
        let sending = self
            .private_keys
            .run(move || request::send(&pending, &connection))
            .await??;
        Ok(Begun::Sent { sending, cookie })
    }

    /// Ends a sign-in: judges what was posted, and writes down what became of it together or not at all. Where something
    /// that decided about it changed at the same moment, nothing is written and it is judged again. That something was used
    /// before is first seen when it cannot be written, which spares the honest a look.
    pub async fn finish(&self, slug: &str, post: Post, now: Timestamp) -> Result<Finished, Error> {
        let post = Arc::new(post);
        if let Some(trial) = self.trial(slug, &post, now).await? {
            return self.finish_trial(trial, post, now).await;
        }
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

    /// Lets a session begin that waited for its person to confirm it, in place of the one that it replaces; works once.
    pub async fn confirm(
        &self,
        token: &Token,
        replaced: Option<SessionId>,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Option<Session>, Error> {
        let mut tx = self.store.write().await?;
        let session = tx
            .confirm_session(&token.digest(), now.minus(CONFIRMATION), now)
            .await?;
        if let Some(session) = &session {
            let user = session.user.to_string();
            let event = Event::SignInConfirmed {
                user: user.clone(),
                session: session.id.to_string(),
                replaced: replaced.map(|replaced| replaced.to_string()),
                address: address.to_string(),
            };
            tx.of(session.account)
                .audit(&user, event, now, &self.entropy)
                .await?;
        }
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
            self.private_keys.run(verify).await
        } else {
            Ok(verify())
        }
    }
}
