//! A credential as it is shown, and what the database has behind it.

use std::sync::Arc;

use openssl::sha::sha256;

use super::{Activity, Environment, Holder, Present};
use crate::account::State;
use crate::gate::{self, Credential, Secret, Subject, Who};
use crate::grant::Basis;
use crate::id::{AccountId, CredentialId, Digest, Token, UserId};
use crate::session::Session;
use crate::store::{Error, Of, Tx};
use crate::time::Timestamp;
use crate::user::{self, Person};

/// A credential of one kind.
pub enum Shown<'r> {
    /// A session cookie.
    Session(&'r Token),
    /// The cookie of a gate, on that host of an app.
    Gate(&'r Token, &'r str),
    /// The key of a program.
    Key(&'r str),
    /// An access token whose signature, app and stage were found good.
    Bearer(&'r str, &'r Arc<gate::Access>),
}

/// What an access token is remembered by.
pub(super) fn bearer(text: &str) -> Digest {
    sha256(format!("token {text}").as_bytes())
}

/// What was found behind it.
pub(super) struct Found {
    holder: Holder,
    basis: Basis,
    host: Option<String>,
    token: Option<Arc<gate::Access>>,
}

impl Shown<'_> {
    /// What it is remembered by; the same text shown as another kind is another credential.
    pub(super) fn digest(&self) -> Digest {
        match self {
            Self::Session(token) | Self::Gate(token, _) => token.hash(),
            Self::Key(text) => sha256(format!("key {text}").as_bytes()),
            Self::Bearer(text, _) => bearer(text),
        }
    }

    /// The host that it is bound to.
    pub(super) const fn host(&self) -> Option<&str> {
        match self {
            Self::Gate(_, host) => Some(host),
            Self::Session(_) | Self::Key(_) | Self::Bearer(..) => None,
        }
    }

    /// Looks it up.
    pub(super) async fn read(
        &self,
        tx: &mut Tx,
        activity: &Activity,
        now: Timestamp,
    ) -> Result<Option<(AccountId, Found)>, Error> {
        match self {
            Self::Session(token) => by_session(tx, token.digest(), activity, now).await,
            Self::Gate(token, host) => {
                let Some(parent) = tx.gate_cookie(&token.digest(), host).await? else {
                    return Ok(None);
                };
                let found = by_session(tx, parent, activity, now).await?;
                let host = Some((*host).to_owned());
                Ok(found.map(|(account, found)| (account, Found { host, ..found })))
            }
            Self::Key(text) => {
                let Ok(secret) = Secret::parse(text) else {
                    return Ok(None);
                };
                let found = tx.credential(&secret.digest()).await?;
                Ok(found.map(program))
            }
            Self::Bearer(_, access) => by_token(tx, access, now).await,
        }
    }
}

impl Found {
    fn new(holder: Holder) -> Self {
        Self {
            holder,
            basis: Basis::default(),
            host: None,
            token: None,
        }
    }

    /// Whoever it is, in their account.
    pub(super) fn present(self, environment: Arc<Environment>, now: Timestamp) -> Present {
        let who = match &self.holder {
            Holder::Person { user, .. } => {
                Who::Person(user.id, user.roles.keys().copied().collect())
            }
            Holder::Key(key) => Who::Key(key.id),
        };
        let subject = Subject {
            account: environment.account.id,
            stage: environment.document.stage,
            who,
        };
        let changes_at = self.basis.changes_at(&environment.document, now);
        let mut present = Present::new(environment, subject, self.holder);
        present.changes_at = changes_at;
        (present.host, present.token) = (self.host, self.token);
        present
    }
}

/// An account that is in use, with its configuration in force.
pub(super) async fn environment(of: &mut Of<'_>) -> Result<Option<Environment>, Error> {
    let account = of.account().await?;
    let Some(account) = account.filter(|account| account.state == State::Enabled) else {
        return Ok(None);
    };
    let revision = of.revision(account.active).await?;
    Ok(revision.map(|revision| Environment {
        account,
        document: revision.document,
    }))
}

async fn by_session(
    tx: &mut Tx,
    digest: String,
    activity: &Activity,
    now: Timestamp,
) -> Result<Option<(AccountId, Found)>, Error> {
    let Some(mut session) = tx.session(&digest).await? else {
        return Ok(None);
    };
    if let Some(seen) = activity.seen(&digest) {
        session.seen_at = session.seen_at.max(seen);
    }
    let found = tx.of(session.account).person(session.user, now).await?;
    Ok(found.map(|found| person(session, Some(digest), found)))
}

/// A token opens only what its own credential still opens, and only until it was taken back.
async fn by_token(
    tx: &mut Tx,
    access: &Arc<gate::Access>,
    now: Timestamp,
) -> Result<Option<(AccountId, Found)>, Error> {
    let mut of = tx.of(access.account);
    if of.is_token_revoked(&access.jti).await? {
        return Ok(None);
    }
    let found = if let Some(id) = access.sid {
        let Some(user) = UserId::parse(&access.sub) else {
            return Ok(None);
        };
        let (sessions, found) = (of.sessions(user).await?, of.person(user, now).await?);
        let session = sessions.into_iter().find(|session| session.id == id);
        let found = found.filter(|found| found.user.state == user::State::Active);
        session.zip(found).map(|(mut session, found)| {
            session.seen_at = session.seen_at.max(access.issued_at());
            person(session, None, found)
        })
    } else {
        let id = CredentialId::parse(&access.sub);
        let keys = of.credentials().await?;
        let key = keys.into_iter().find(|key| Some(key.id) == id);
        key.map(program)
    };
    let token = Some(Arc::clone(access));
    Ok(found.map(|(account, found)| (account, Found { token, ..found })))
}

fn person(session: Session, digest: Option<String>, found: Person) -> (AccountId, Found) {
    let account = session.account;
    let holder = Holder::Person {
        session: Box::new(session),
        digest,
        user: Box::new(found.user),
    };
    let basis = found.basis;
    (
        account,
        Found {
            basis,
            ..Found::new(holder)
        },
    )
}

fn program(key: Credential) -> (AccountId, Found) {
    let account = key.account;
    (account, Found::new(Holder::Key(Box::new(key))))
}
