//! What there is to build messages from at the moment of one sign-in.

use vestibule::practice::answer::{Answer, What};
use vestibule::practice::persona::{MAYA, Persona, UMA};
use vestibule::practice::relying_party::RelyingParty;
use vestibule::practice::sign::{Signing, sign};

use super::super::app::{Browser, TestApp};

/// What the identity provider knows and what a stranger who has listened knows, at the moment of one sign-in.
pub(super) struct Scene<'t> {
    pub(super) test: &'t TestApp,
    pub(super) rp: RelyingParty,
    pub(super) request: String,
}

impl<'t> Scene<'t> {
    /// A sign-in that this browser has just started.
    pub(super) async fn begin(test: &'t TestApp, browser: &mut Browser<'_>) -> Self {
        Self {
            test,
            rp: test.trust().await,
            request: browser.begin().await,
        }
    }

    /// What the identity provider would say of this person, in the clear.
    pub(super) fn answer_about(&self, persona: &Persona) -> Answer {
        let mut answer = Answer::honest(
            &self.test.adfs,
            &self.rp,
            persona,
            Some(&self.request),
            self.test.app.clock.now(),
            &self.test.app.entropy,
        );
        answer.encryption = None;
        answer
    }

    /// What the identity provider says: it is Maya.
    pub(super) fn answer(&self) -> Answer {
        self.answer_about(&MAYA)
    }

    /// An unsigned assertion that somebody would like to be believed: it is Uma, who administers access.
    pub(super) fn forged(&self) -> String {
        self.answer_about(&UMA).assertion_xml()
    }

    pub(super) fn respond(&self, answer: &Answer) -> String {
        self.test
            .adfs
            .respond(&self.rp, answer, &self.test.app.entropy)
            .unwrap()
    }

    /// The honest response with this much of it signed.
    pub(super) fn honest(&self, what: What) -> String {
        let mut answer = self.answer();
        answer.sign = what;
        self.respond(&answer)
    }

    /// Signs as the identity provider does.
    pub(super) fn sign(&self, xml: &str, id: &str) -> String {
        sign(xml, id, &self.test.adfs.signing[0], &Signing::default()).unwrap()
    }
}
