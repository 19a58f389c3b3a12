//! What becomes of a visit whose signature has verified, and the changes that record it.

use std::mem;
use std::sync::Arc;

use super::known::Before;
use super::visit::Visit;
use super::{Arrival, Error, Finished, Login, Refused};
use crate::account::ReturnTo;
use crate::attempt::{Attempt, Outcome};
use crate::audit::{Actor, Event};
use crate::claims::{self, Claimed};
use crate::grant::{Basis, Standing};
use crate::id::{AttemptId, SessionId, Token};
use crate::role::Role;
use crate::saml::VerifiedAssertion;
use crate::saml::advice::Advice;
use crate::saml::check::{Code, Rejection};
use crate::session::{self, Session, Via};
use crate::store::{Changes, Of, OneTime};
use crate::time::Span;
use crate::user::{self, Admission, Refusal, User};

/// Who was let in, and by which assertion.
pub(super) struct Admitted {
    admission: Admission,
    assertion: VerifiedAssertion,
    before: Before,
    claimed: Vec<Claimed>,
}

/// Who was not, and why.
pub(super) struct Turned {
    pub(super) rejection: Rejection,
    pub(super) refusal: Option<Refusal>,
}

impl From<Rejection> for Turned {
    fn from(rejection: Rejection) -> Self {
        Self {
            rejection,
            refusal: None,
        }
    }
}

impl Login {
    /// Replay, network, claims, roles, admission: the checks that need more than the message.
    pub(super) async fn decide(
        &self,
        of: &mut Of<'_>,
        visit: &mut Visit,
        assertion: VerifiedAssertion,
        fresh: bool,
    ) -> Result<Result<Admitted, Turned>, Error> {
        let connection = Arc::clone(&visit.connection);
        let map = &connection.document.claims;
        let arrived = arrive(visit, fresh)
            .and_then(|()| claims::read(&assertion, map, &mut visit.reading.trace));
        let claims = match arrived {
            Ok(claims) => claims,
            Err(rejection) => return Ok(Err(rejection.into())),
        };
        let (mut known, before) = self.known(of, visit, &claims).await?;
        let document = &visit.connection.document;
        let (attributes, earlier) = (&visit.reading.claims, &known.basis.claimed);
        let basis = Basis {
            claimed: claims::claimed(attributes, &document.roles, earlier, visit.now),
            orders: mem::take(&mut known.basis.orders),
            groups: mem::take(&mut known.basis.groups),
        };
        let standing = basis.standing(document, visit.now);
        let decided = user::admit(
            &known,
            &claims,
            &standing,
            document,
            visit.now,
            &self.entropy,
        );
        note(visit, &standing, decided.as_ref().err().copied());
        let decided = match decided {
            Ok(admission) => Ok(Admitted {
                admission,
                assertion,
                before,
                claimed: basis.claimed,
            }),
            Err(refusal) => Err(turned(visit, &standing, refusal)),
        };
        visit.roles = standing.roles;
        Ok(decided)
    }

    /// Where to go, checked again against what the account allows now.
    fn back(&self, visit: &Visit) -> ReturnTo {
        let asked = visit
            .reading
            .request
            .as_ref()
            .map(|pending| pending.return_to.as_str())
            .or(visit.relay_state.as_deref());
        asked
            .and_then(|text| self.return_to(text, &visit.connection))
            .unwrap_or_else(ReturnTo::home)
    }

    /// Keeps the person, their session, the attempt and the audit entry.
    pub(super) fn receive(
        &self,
        visit: Visit,
        admitted: Admitted,
        ids: &OneTime,
    ) -> Result<(Finished, Changes), Error> {
        let Admitted {
            admission,
            assertion,
            before,
            claimed,
        } = admitted;
        let (user, now) = (admission.user().clone(), visit.now);
        let link = visit.connection.document.link();
        let (token, session) = (
            Token::new(&self.entropy),
            self.session(&visit, &user, &assertion),
        );
        let waits = visit.reading.request.is_none()
            || visit
                .post
                .current
                .as_ref()
                .is_some_and(|c| (c.account, c.user) != (session.account, session.user));
        let arrival = Arrival {
            return_to: self.back(&visit),
            request: visit.request(),
            token,
            session,
            user,
        };
        let mut changes = changes(&visit);
        changes.use_up(ids);
        match before {
            Before::Known(user) => {
                changes.expect_user(&user);
                changes.update_user(&user, &arrival.user)?;
            }
            Before::Nobody { expected, graves } => {
                for grave in &graves {
                    // The one who is expected is there, until now under what links them.
                    let is_own = |user: &User| user.source == grave.source;
                    if !expected.as_ref().is_some_and(is_own) {
                        changes.expect_nobody(&grave.source, &grave.subject, &grave.digest);
                    }
                }
                match &expected {
                    Some(expected) => {
                        changes.expect_user(expected);
                        changes.update_user(expected, &arrival.user)?;
                    }
                    None => changes.save_user(&arrival.user)?,
                }
            }
        }
        changes.claim(arrival.user.id, &claimed)?;
        let (attempt, address) = (AttemptId::new(now, &self.entropy), visit.post.address);
        let event = Event::SignedIn {
            user: arrival.user.id.to_string(),
            attempt: attempt.to_string(),
            session: arrival.session.id.to_string(),
            first: admission.is_new(),
            roles: arrival.user.roles.keys().map(Role::to_string).collect(),
        };
        let record = visit.attempt(
            attempt,
            Outcome::Accepted {
                user: arrival.user.id,
            },
            None,
        );
        changes.create_session(&arrival.session, &arrival.token.digest(), waits)?;
        changes.save_attempt(&record, &self.ring, &self.entropy)?;
        let actor = Actor::from(arrival.user.id.to_string()).at(address);
        if admission.is_linked() {
            let linked = Event::UserLinked {
                user: actor.id.clone(),
                by: link.as_str().to_owned(),
                source: arrival.user.source.clone(),
            };
            changes.audit(&actor, linked, now, &self.entropy);
        }
        changes.audit(actor, event, now, &self.entropy);
        let finished = if waits {
            Finished::Confirm(arrival)
        } else {
            Finished::SignedIn(arrival)
        };
        Ok((finished, changes))
    }

    /// Keeps the attempt and the audit entry of somebody who was turned away after a signature had verified. What was used
    /// before can be sent for ever by whoever holds it, so of that as few are kept as of what nobody has signed.
    pub(super) fn turn_away(
        &self,
        visit: Visit,
        turned: Turned,
        ids: &OneTime,
        fresh: bool,
    ) -> Result<(Finished, Changes), Error> {
        let (now, code) = (visit.now, turned.rejection.code);
        let address = visit.post.address;
        let refused = Refused {
            reference: AttemptId::new(now, &self.entropy),
            code,
            refusal: turned.refusal,
            request: visit.request(),
            verified: fresh,
        };
        let mut changes = changes(&visit);
        if fresh {
            changes.use_up(ids);
        } else {
            changes.use_up_rest(ids);
            if !self.refusals.count(visit.connection.account.id, now) {
                return Ok((Finished::Refused(refused), changes));
            }
        }
        let outcome = Outcome::Refused {
            code,
            refusal: turned.refusal,
        };
        let advice = turned.rejection.advice.map(|advice| *advice);
        let outline = visit.outline();
        let record = Attempt {
            outline,
            ..visit.attempt(refused.reference, outcome, advice)
        };
        let event = Event::SignInRefused {
            attempt: refused.reference.to_string(),
            code: code.as_str().to_owned(),
            refusal: turned.refusal.map(|refusal| refusal.as_str().to_owned()),
        };
        changes.save_attempt(&record, &self.ring, &self.entropy)?;
        let actor = Actor::from("system").at(address);
        changes.audit(actor, event, now, &self.entropy);
        Ok((Finished::Refused(refused), changes))
    }

    fn session(&self, visit: &Visit, user: &user::User, assertion: &VerifiedAssertion) -> Session {
        let (now, policy) = (visit.now, visit.connection.document.session);
        Session {
            id: SessionId::new(now, &self.entropy),
            account: visit.connection.account.id,
            user: user.id,
            roles: user.roles.clone(),
            authenticated_at: assertion.authenticated_at(),
            created_at: now,
            seen_at: now,
            expires_at: session::ends(policy, assertion.session_ends(), now),
            idle: Span::minutes(policy.idle_minutes),
            address: visit.post.address.to_string(),
            browser: visit
                .post
                .browser
                .chars()
                .filter(|c| !c.is_control())
                .take(200)
                .collect(),
            name_id: assertion.name_id().cloned(),
            session_index: assertion.session_index().map(str::to_owned),
            via: Via::Saml,
        }
    }
}

/// Changes that hold only as long as the account is what the visit was judged by.
fn changes(visit: &Visit) -> Changes {
    let mut changes = Changes::new(visit.connection.account.id);
    changes.expect_active(visit.connection.revision);
    changes
}

/// That it was not used before, and from where it comes.
pub(super) fn arrive(visit: &mut Visit, fresh: bool) -> Result<(), Rejection> {
    let document = &visit.connection.document;
    let trace = &mut visit.reading.trace;
    if !fresh {
        return Err(trace.fail(
            Code::Replay,
            "Assertion and request",
            "used before",
            Some(Advice::Replay),
        ));
    }
    trace.pass(Code::Replay, "Assertion and request", "not used before");
    let (networks, address) = (&document.access.networks, visit.post.address);
    let inside = networks.is_empty() || networks.iter().any(|network| network.contains(&address));
    let expected = networks
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let expected = if expected.is_empty() {
        "anywhere".to_owned()
    } else {
        expected
    };
    trace.demand(
        inside,
        Code::Network,
        "Address of the browser",
        &expected,
        &address.to_string(),
    )
}

fn note(visit: &mut Visit, standing: &Standing, refusal: Option<Refusal>) {
    let trace = &mut visit.reading.trace;
    if matches!(refusal, Some(Refusal::NoRole | Refusal::Duties)) {
        return;
    }
    let mut found = standing.names().join(", ");
    if found.is_empty() {
        "none, which the account allows".clone_into(&mut found);
    }
    let taken = standing.taken();
    if !taken.is_empty() {
        found = format!("{found}; {taken}");
    }
    trace.pass(Code::Roles, "Roles", &found);
    if refusal.is_none() {
        trace.pass(Code::Admit, "Person", "may come in");
    }
}

pub(super) fn turned(visit: &mut Visit, standing: &Standing, refusal: Refusal) -> Turned {
    let trace = &mut visit.reading.trace;
    let rejection = match (refusal, standing.conflict()) {
        (Refusal::Duties, Some(conflict)) => {
            trace.fail(Code::Roles, "Roles kept apart", &conflict, None)
        }
        (Refusal::NoRole, _) if standing.given.is_empty() => {
            let advice = claims::advice(&visit.reading.claims, &visit.connection.document);
            trace.fail(Code::Roles, "Roles", "none", Some(advice))
        }
        (Refusal::NoRole, _) => trace.fail(Code::Roles, "Roles", &standing.taken(), None),
        (
            Refusal::Suspended
            | Refusal::Deleted
            | Refusal::NotInvited
            | Refusal::Duties
            | Refusal::SubjectReused
            | Refusal::Twin
            | Refusal::Ambiguous,
            _,
        ) => trace.fail(Code::Admit, "Person", refusal.sentence(), None),
    };
    Turned {
        rejection,
        refusal: Some(refusal),
    }
}
