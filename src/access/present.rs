//! Somebody whose credential was found good, with all that a check asks of them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ::http::HeaderMap;

use crate::account::{Account, Document};
use crate::gate::{Reach, Subject};
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
    /// Their session.
    pub session: Session,
    /// The person.
    pub user: User,
    /// The host that the credential is good for, where it is a gate's cookie.
    pub(super) host: Option<String>,
    digest: String,
    seen: AtomicI64,
    answers: RwLock<Vec<Answer>>,
}

/// What was decided about a route of an app.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) app: usize,
    pub(super) route: usize,
    pub(super) reach: Reach,
    pub(super) identity: Arc<HeaderMap>,
}

/// Activity is noted no more often than this.
const NOTED: Span = Span::seconds(10);

impl Present {
    pub(super) fn new(
        digest: &str,
        host: Option<&str>,
        environment: Arc<Environment>,
        subject: Subject,
        session: Session,
        user: User,
    ) -> Self {
        Self {
            environment,
            subject,
            seen: AtomicI64::new(session.seen_at.millis()),
            session,
            user,
            host: host.map(str::to_owned),
            digest: digest.to_owned(),
            answers: RwLock::default(),
        }
    }

    /// What is stored instead of the session's secret.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether the session may be used.
    pub fn state(&self, now: Timestamp) -> State {
        let seen = Timestamp::from_millis(self.seen.load(Ordering::Relaxed));
        self.session.state_since(seen, now)
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

    pub(super) fn answer(&self, app: usize, route: usize) -> Option<Answer> {
        let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        answers
            .iter()
            .find(|answer| (answer.app, answer.route) == (app, route))
            .cloned()
    }

    pub(super) fn remember(&self, answer: Answer) {
        let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|known| (known.app, known.route) != (answer.app, answer.route));
        answers.push(answer);
    }
}
