//! Somebody whose credential was found good, with all that a check asks of them.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ::http::HeaderMap;

use crate::account::{Account, Document};
use crate::gate::{Access, Credential, CredentialState, Kind, Reach, Subject};
use crate::session::{Session, State};
use crate::time::{Span, Timestamp};
use crate::user::User;

/// An account with its configuration in force.
#[derive(Debug)]
pub struct Environment {
    /// The account.
    pub account: Account,
    /// Its configuration.
    pub document: Document,
}

/// Somebody who is there.
#[derive(Debug)]
pub struct Present {
    /// Their account.
    pub environment: Arc<Environment>,
    /// What the policy knows of them.
    pub subject: Subject,
    /// What is behind the credential.
    pub holder: Holder,
    /// The access token that was shown, which is good for one app, some actions and a while.
    pub token: Option<Arc<Access>>,
    /// Until then their roles are what they are now, unless there is news.
    pub(super) changes_at: Option<Timestamp>,
    /// The host that the credential is good for, where it is a gate's cookie.
    pub(super) host: Option<String>,
    seen: AtomicI64,
    answers: RwLock<Vec<Answer>>,
}

/// What is behind a credential.
#[derive(Debug)]
pub enum Holder {
    /// A person.
    Person {
        /// Their session.
        session: Box<Session>,
        /// What is stored instead of the session's secret, where that came with the request.
        digest: Option<String>,
        /// Themselves.
        user: Box<User>,
    },
    /// A program.
    Key(Box<Credential>),
}

/// What was decided about a route of an app.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) app: usize,
    pub(super) route: usize,
    pub(super) reach: Reach,
    pub(super) identity: Arc<HeaderMap>,
    /// Until then the app's token in it is good for long enough.
    pub(super) fresh: Timestamp,
}

/// Activity is noted no more often than this.
const NOTED: Span = Span::seconds(10);

impl Present {
    pub(super) fn new(environment: Arc<Environment>, subject: Subject, holder: Holder) -> Self {
        let seen = match &holder {
            Holder::Person { session, .. } => session.seen_at,
            Holder::Key(key) => key.last_used.unwrap_or(Timestamp::from_millis(0)),
        };
        Self {
            environment,
            subject,
            holder,
            token: None,
            changes_at: None,
            host: None,
            seen: AtomicI64::new(seen.millis()),
            answers: RwLock::default(),
        }
    }

    /// Whether the credential may be used.
    pub fn state(&self, now: Timestamp) -> State {
        if self
            .token
            .as_ref()
            .is_some_and(|token| now >= token.expires_at())
        {
            return State::Expired;
        }
        match &self.holder {
            Holder::Person { session, .. } => {
                let seen = Timestamp::from_millis(self.seen.load(Ordering::Relaxed));
                session.state_since(seen, now)
            }
            Holder::Key(key) => match key.state(now) {
                CredentialState::Living => State::Live,
                CredentialState::Expired | CredentialState::Revoked => State::Expired,
            },
        }
    }

    /// Whether the credential may be used, and what is known of whoever it is holds in time.
    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        self.state(now) == State::Live && self.changes_at.is_none_or(|change| now < change)
    }

    /// How long ago a person proved who they are.
    pub(super) fn age(&self, now: Timestamp) -> Option<Span> {
        self.session()
            .map(|session| now.since(session.authenticated_at))
    }

    /// The session of a person.
    pub fn session(&self) -> Option<&Session> {
        match &self.holder {
            Holder::Person { session, .. } => Some(session),
            Holder::Key(_) => None,
        }
    }

    /// The one host that the credential is good for, where it is a gate's cookie.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Whether whoever it is uses apps; who asks for decisions about one uses none.
    pub fn uses_apps(&self) -> bool {
        match &self.holder {
            Holder::Person { .. } => true,
            Holder::Key(key) => matches!(key.kind, Kind::Integration { .. }),
        }
    }

    /// Whether the credential may be used for an action at all; the policy decides the rest.
    pub(super) fn is_meant_for(&self, action: &str) -> bool {
        let by_token = self
            .token
            .as_ref()
            .is_none_or(|token| token.permissions.contains(action));
        by_token
            && match &self.holder {
                Holder::Person { .. } => true,
                Holder::Key(key) => match &key.kind {
                    Kind::Integration { scopes } => scopes.contains(action),
                    Kind::Api { .. } | Kind::Decision { .. } => false,
                },
            }
    }

    /// Whether it may be used from there; an address that nobody knows is nowhere.
    pub fn may_come_from(&self, address: Option<IpAddr>) -> bool {
        let networks = match &self.holder {
            Holder::Person { .. } => &self.environment.document.access.networks,
            Holder::Key(key) => &key.networks,
        };
        let is_inside = |address: IpAddr| {
            let address = address.to_canonical();
            networks.iter().any(|network| network.contains(&address))
        };
        networks.is_empty() || address.is_some_and(is_inside)
    }

    /// Whether it was used long enough ago for that to be noted again; then it is used now.
    pub(super) fn is_used(&self, now: Timestamp) -> bool {
        let seen = self.seen.load(Ordering::Relaxed);
        let noted = now >= Timestamp::from_millis(seen).plus(NOTED);
        if noted {
            self.seen.fetch_max(now.millis(), Ordering::Relaxed);
        }
        noted
    }

    pub(super) fn answer(&self, app: usize, route: usize, now: Timestamp) -> Option<Answer> {
        let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        let mut fresh = answers.iter().filter(|answer| now < answer.fresh);
        fresh
            .find(|answer| (answer.app, answer.route) == (app, route))
            .cloned()
    }

    pub(super) fn remember(&self, answer: Answer) {
        let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|known| (known.app, known.route) != (answer.app, answer.route));
        answers.push(answer);
    }
}
