//! A sign-in that somebody only tries out, by whichever revision: it uses its ids up and is explained, and lets nobody in.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cookie::{self, Errand};
use super::decide::{Turned, arrive, turned};
use super::visit::{Visit, is_form};
use super::{Error, Finished, Login, Post, ROUNDS};
use crate::account::{Account, ReturnTo, RolesFrom, SetupLink};
use crate::attempt::{Attempt, Outcome, Tester};
use crate::audit::{Actor, Event};
use crate::claims;
use crate::grant::Basis;
use crate::id::AttemptId;
use crate::saml::check::{Code, Rejection, Trace};
use crate::saml::form::Form;
use crate::saml::request::{self, Pending};
use crate::saml::sending::Sending;
use crate::saml::{TrialAssertion, trial};
use crate::store::{self, Changes, OneTime};
use crate::time::Timestamp;
use crate::user::{self, Refusal};

/// A trial, as its browser carries it; the request names the revision that is tried.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Trial {
    pending: Pending,
    attempt: AttemptId,
    tester: Tester,
}

impl Errand for Trial {
    const PURPOSE: &'static str = "trial-cookie";
    const MARK: &'static str = "trial.";

    fn pending(&self) -> &Pending {
        &self.pending
    }
}

impl Trial {
    fn tried(&self, outcome: &Outcome, verified: bool) -> Tried {
        let code = match outcome {
            Outcome::Refused { code, .. } => Some(*code),
            _ => None,
        };
        Tried {
            attempt: self.attempt,
            tester: self.tester,
            request: self.pending.id.clone(),
            code,
            verified,
        }
    }
}

/// A trial that has come back.
#[derive(Debug)]
pub struct Tried {
    /// The attempt that explains it.
    pub attempt: AttemptId,
    /// Who tried it.
    pub tester: Tester,
    /// The id of the request, whose cookie is done with.
    pub request: String,
    /// The code of the rule that was broken; none where all held.
    pub code: Option<Code>,
    /// Whether a signature had verified, of something that was not used before.
    pub verified: bool,
}

/// Somebody on the way to the identity provider to try it out.
#[derive(Debug)]
pub struct Trying {
    /// The attempt that will explain it.
    pub attempt: AttemptId,
    /// How the browser gets there.
    pub sending: Sending,
    /// The tag and the sealed value of the cookie that remembers it.
    pub cookie: (String, String),
}

/// The latest links of an account, among which one is looked for.
const LINKS: i64 = 20;

impl Login {
    /// Starts a trial by a revision of the account, and keeps that it was started.
    pub async fn begin_trial(
        &self,
        account: &Account,
        revision: i64,
        tester: Tester,
        (host, address): (String, IpAddr),
        now: Timestamp,
    ) -> Result<Trying, Error> {
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        let connection = self.compile(&mut of, account.clone(), revision).await?;
        drop(tx);
        let home = ReturnTo::home();
        let trial = Trial {
            pending: Pending::new(&connection, host, home, now, &self.entropy),
            attempt: AttemptId::new(now, &self.entropy),
            tester,
        };
        let attempt = trial.attempt;
        let cookie = cookie::seal(&trial, &self.ring, now, &self.entropy)?;
        let started = Attempt::started(attempt, tester, revision, address.to_string(), now);
        let mut changes = Changes::new(account.id);
        changes.save_attempt(&started, &self.ring, &self.entropy)?;
        self.store.commit(changes).await?;
        let send = move || request::send(&trial.pending, &connection);
        let sending = self.private_keys.run(send).await??;
        Ok(Trying {
            attempt,
            sending,
            cookie,
        })
    }

    /// The trial that a post says it answers, if this browser carries one.
    pub(super) async fn trial(
        &self,
        slug: &str,
        post: &Post,
        now: Timestamp,
    ) -> Result<Option<(Account, Trial)>, Error> {
        if !post.carried.has_marked::<Trial>() || !is_form(&post.kind) {
            return Ok(None);
        }
        let form = Form::read(&post.body, &mut Trace::default());
        let Some(request) = form.ok().and_then(|form| trial::answers(&form.xml)) else {
            return Ok(None);
        };
        let mut tx = self.store.read().await?;
        let account = tx.account(slug).await?.ok_or(Error::NoAccount)?;
        let found: Option<Trial> = post.carried.find(&request, account.id, &self.ring, now);
        let Some(trial) = found.filter(|trial| trial.pending.host == post.host) else {
            return Ok(None);
        };
        // What was begun by a link ends with it.
        if let Tester::SetupLink(id) = trial.tester {
            let known = tx.of(account.id).setup_links(LINKS).await?;
            let is_good = |link: &SetupLink| link.id == id && link.is_good(now);
            if !known.iter().any(is_good) {
                return Ok(None);
            }
        }
        Ok(Some((account, trial)))
    }

    /// Judges what a trial brought back, and keeps the explanation.
    pub(super) async fn finish_trial(
        &self,
        (account, trial): (Account, Trial),
        post: Arc<Post>,
        now: Timestamp,
    ) -> Result<Finished, Error> {
        for _ in 0..ROUNDS {
            let mut tx = self.store.read().await?;
            if let Some((_, ended)) = tx.attempt(trial.attempt, &self.ring).await?
                && ended.outcome != Outcome::Started
            {
                // It is judged once, whatever is sent again.
                return Ok(Finished::Tried(trial.tried(&ended.outcome, false)));
            }
            let mut of = tx.of(account.id);
            let number = trial.pending.revision;
            let connection = self.compile(&mut of, account.clone(), number).await?;
            drop(tx);
            let visit = Visit::new(Arc::new(connection), Arc::clone(&post), now);
            let (visit, verdict) = self.judge_trial(visit, trial.pending.clone()).await?;
            let (finished, changes) = self.settle_trial(&trial, visit, verdict).await?;
            match self.store.commit(changes).await {
                Err(error) if error.is_conflict() => {}
                made => return made.map(|()| finished).map_err(Error::from),
            }
        }
        Err(store::Error::Conflict.into())
    }

    async fn judge_trial(
        &self,
        mut visit: Visit,
        pending: Pending,
    ) -> Result<(Visit, Result<TrialAssertion, Rejection>), Error> {
        let form = match visit.form() {
            Ok(form) => form,
            Err(rejection) => return Ok((visit, Err(rejection))),
        };
        let entropy = self.entropy.clone();
        let verify = move || {
            let verdict = visit.try_out(&form.xml, &pending, &entropy);
            (visit, verdict)
        };
        self.private_keys.run(verify).await
    }

    /// What became of it, and the changes that record it: its ids are used up, and nothing else is touched.
    async fn settle_trial(
        &self,
        trial: &Trial,
        mut visit: Visit,
        verdict: Result<TrialAssertion, Rejection>,
    ) -> Result<(Finished, Changes), Error> {
        let (account, now) = (trial.pending.account, visit.now);
        let (revision, address) = (visit.connection.revision, visit.post.address);
        let mut changes = Changes::new(account);
        let request = trial.pending.id.as_str();
        let ids = visit.reading.spent.as_ref();
        let ids = ids.map(|spent| OneTime::new(&spent.assertion, Some(request), spent.until));
        let mut fresh = false;
        if let Some(ids) = &ids {
            fresh = !self.store.read().await?.of(account).was_used(ids).await?;
            if fresh {
                changes.use_up(ids);
            }
        }
        let verdict = match verdict {
            Ok(assertion) => try_roles(&mut visit, &assertion, fresh),
            Err(rejection) => Err(Turned::from(rejection)),
        };
        let (code, outcome, advice) = match verdict {
            Ok(()) => (None, Outcome::Passed, None),
            Err(Turned { rejection, refusal }) => {
                let code = rejection.code;
                let outcome = Outcome::Refused { code, refusal };
                (Some(code), outcome, rejection.advice.map(|one| *one))
            }
        };
        let outline = visit.outline();
        let record = Attempt {
            outline,
            tester: Some(trial.tester),
            ..visit.attempt(trial.attempt, outcome, advice)
        };
        changes.finish_trial(&record, &self.ring, &self.entropy)?;
        if fresh {
            let event = Event::SignInTried {
                attempt: trial.attempt.to_string(),
                revision,
                code: code.map(|code| code.as_str().to_owned()),
            };
            let actor = Actor::from(trial.tester.to_string()).at(address);
            changes.audit(actor, event, now, &self.entropy);
        }
        Ok((Finished::Tried(trial.tried(&outcome, fresh)), changes))
    }
}

/// What the claims alone would give: what administrators said of anybody is not asked, since nobody is anybody here.
fn try_roles(visit: &mut Visit, assertion: &TrialAssertion, fresh: bool) -> Result<(), Turned> {
    arrive(visit, fresh)?;
    let connection = Arc::clone(&visit.connection);
    let document = &connection.document;
    let trace = &mut visit.reading.trace;
    claims::described(assertion.attributes(), &document.claims, trace)?;
    let basis = Basis {
        claimed: claims::claimed(assertion.attributes(), &document.roles, &[], visit.now),
        ..Basis::default()
    };
    let standing = basis.standing(document, visit.now);
    visit.roles.clone_from(&standing.roles);
    let by_claims_alone = document.users.roles_from == RolesFrom::Claims
        && document.roles.iter().all(|rule| rule.group().is_none());
    let lacking = user::lacking(&standing, document);
    // Who has no role by claims may have one by an administrator's word or by a group.
    let lacking = lacking.filter(|refusal| by_claims_alone || *refusal != Refusal::NoRole);
    if let Some(refusal) = lacking {
        return Err(turned(visit, &standing, refusal));
    }
    let names = match standing.names() {
        names if !names.is_empty() => names.join(", "),
        _ if by_claims_alone => "none, which the account allows".to_owned(),
        _ => "none by claims; administrators or the directory may give some".to_owned(),
    };
    visit.reading.trace.pass(Code::Roles, "Roles", &names);
    Ok(())
}
