//! One visit to the assertion consumer service, and the attempt that records it.

use std::sync::Arc;

use super::Post;
use crate::attempt::{Attempt, Outcome};
use crate::claims;
use crate::id::{AttemptId, Entropy};
use crate::role::Roles;
use crate::saml::advice::Advice;
use crate::saml::check::{Code, Rejection, Trace};
use crate::saml::connection::Connection;
use crate::saml::form::Form;
use crate::saml::request::Pending;
use crate::saml::response::{self, Context, Reading};
use crate::saml::{TrialAssertion, VerifiedAssertion, outline, trial};
use crate::seal::Ring;
use crate::time::Timestamp;

/// What browsers call a posted form.
const FORM: &str = "application/x-www-form-urlencoded";

/// Whether a body of that kind is a posted form.
pub(super) fn is_form(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case(FORM)
}

/// What is known of a visit while it is judged.
pub(super) struct Visit {
    pub(super) connection: Arc<Connection>,
    pub(super) post: Arc<Post>,
    pub(super) reading: Reading,
    pub(super) relay_state: Option<String>,
    /// The roles that the person holds by all this.
    pub(super) roles: Roles,
    pub(super) now: Timestamp,
}

impl Visit {
    pub(super) fn new(connection: Arc<Connection>, post: Arc<Post>, now: Timestamp) -> Self {
        Self {
            connection,
            post,
            reading: Reading::default(),
            relay_state: None,
            roles: Roles::new(),
            now,
        }
    }

    /// Reads the form; a disabled account refuses before it looks at anything.
    pub(super) fn form(&mut self) -> Result<Form, Rejection> {
        let state = self.connection.account.state;
        let enabled = state == crate::account::State::Enabled;
        self.reading.trace.demand(
            enabled,
            Code::Disabled,
            "Account",
            "enabled",
            state.as_str(),
        )?;
        self.fresh()?;
        let posted = is_form(&self.post.kind);
        self.reading
            .trace
            .demand(posted, Code::Form, "Content type", FORM, &self.post.kind)?;
        let form = Form::read(&self.post.body, &mut self.reading.trace)?;
        self.relay_state.clone_from(&form.relay_state);
        Ok(form)
    }

    /// Keys of a descriptor whose validity ended long ago are trusted no more.
    fn fresh(&mut self) -> Result<(), Rejection> {
        match self.connection.valid_until {
            Some(until) if self.connection.is_stale(self.now) => {
                let found = format!("valid until {}", until.for_people());
                let advice = Some(Advice::StaleMetadata { until });
                let trace = &mut self.reading.trace;
                Err(trace.fail(Code::Disabled, "Metadata", &found, advice))
            }
            _ => Ok(()),
        }
    }

    /// Verifies the response against the requests that this browser carries.
    pub(super) fn verify(
        &mut self,
        xml: &str,
        ring: &Ring,
        entropy: &Entropy,
    ) -> Result<VerifiedAssertion, Rejection> {
        let (post, account, now) = (&self.post, self.connection.account.id, self.now);
        let find = |id: &str| {
            post.carried
                .find(id, account, ring, now)
                .filter(|pending: &Pending| pending.host == post.host)
        };
        let context = Context {
            connection: &self.connection,
            find: &find,
            now,
            entropy,
        };
        response::verify(xml, &context, &mut self.reading)
    }

    /// Tries the response out as the answer to this one request.
    pub(super) fn try_out(
        &mut self,
        xml: &str,
        pending: &Pending,
        entropy: &Entropy,
    ) -> Result<TrialAssertion, Rejection> {
        let find = |id: &str| (id == pending.id).then(|| pending.clone());
        let context = Context {
            connection: &self.connection,
            find: &find,
            now: self.now,
            entropy,
        };
        trial::verify(xml, &context, &mut self.reading)
    }

    /// The id of the request that was answered.
    pub(super) fn request(&self) -> Option<String> {
        self.reading
            .request
            .as_ref()
            .map(|pending| pending.id.clone())
    }

    /// The shape of what came, for the explanation.
    pub(super) fn outline(&self) -> Option<String> {
        let form = Form::read(&self.post.body, &mut Trace::default()).ok()?;
        outline(&form.xml, self.reading.decrypted.as_deref())
    }

    /// The record of the visit.
    pub(super) fn attempt(
        self,
        id: AttemptId,
        outcome: Outcome,
        advice: Option<Advice>,
    ) -> Attempt {
        let rules = &self.connection.document.roles;
        let fired = claims::rules(&self.reading.claims, rules, self.now);
        Attempt {
            id,
            at: self.now,
            revision: self.connection.revision,
            address: self.post.address.to_string(),
            outcome,
            rows: self.reading.trace.finish(),
            advice,
            verified_by: self.reading.spent.map(|spent| spent.fingerprint),
            opened_by: self.reading.opened_by,
            clock_difference: self.reading.clock_difference,
            claims: self.reading.claims,
            rules: fired,
            roles: self.roles,
            outline: None,
            tester: None,
        }
    }
}
