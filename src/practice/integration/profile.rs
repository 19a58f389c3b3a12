//! The profiles of customers, in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::refusal::Refusal;
use crate::id::{Entropy, hex};

/// Somebody who works with profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) name: String,
}

/// A customer on the way to an account at the bank.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    pub(super) id: String,
    pub(super) account: String,
    pub(super) customer: String,
    pub(super) created_by: Person,
    pub(super) link: String,
    pub(super) call: Call,
    pub(super) reviews: Vec<Person>,
}

/// How far the call with the customer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    /// Nobody has accepted it.
    Waiting,
    /// Somebody talks to the customer.
    Accepted(Person),
    /// Somebody knows whether the customer is who they say.
    Concluded(Verdict, Person),
}

/// What a call is concluded with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Verified,
    Rejected,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Rejected => "rejected",
        }
    }
}

impl Call {
    /// How far it is, in the word that policies know.
    pub(super) const fn state(&self) -> &'static str {
        match self {
            Self::Waiting | Self::Accepted(_) => "open",
            Self::Concluded(verdict, _) => verdict.as_str(),
        }
    }

    /// Who concluded it.
    pub(super) fn concluded_by(&self) -> Option<&Person> {
        match self {
            Self::Waiting | Self::Accepted(_) => None,
            Self::Concluded(_, by) => Some(by),
        }
    }

    /// How far it is, for people.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Waiting => "waiting for somebody to accept it".to_owned(),
            Self::Accepted(by) => format!("accepted by {}", by.name),
            Self::Concluded(verdict, by) => format!("{} by {}", verdict.as_str(), by.name),
        }
    }
}

impl Profile {
    /// Somebody begins to talk to the customer.
    pub(super) fn accept(&mut self, by: Person) -> Result<(), Refusal> {
        match self.call {
            Call::Waiting => {
                self.call = Call::Accepted(by);
                Ok(())
            }
            Call::Accepted(_) => Err(Refusal::OutOfTurn(
                "Somebody has accepted this call already.",
            )),
            Call::Concluded(..) => Err(Refusal::OutOfTurn("This call is concluded.")),
        }
    }

    /// Whoever talks to the customer says who that is.
    pub(super) fn conclude(&mut self, verdict: Verdict, by: Person) -> Result<(), Refusal> {
        match &self.call {
            Call::Accepted(talking) if *talking == by => {
                self.call = Call::Concluded(verdict, by);
                Ok(())
            }
            Call::Waiting | Call::Accepted(_) => Err(Refusal::OutOfTurn(
                "Whoever concludes a call has accepted it before, and you have not.",
            )),
            Call::Concluded(..) => Err(Refusal::OutOfTurn("This call is concluded.")),
        }
    }
}

/// The profiles of every account.
pub(super) struct Profiles(Mutex<Vec<Profile>>);

impl Profiles {
    /// Two customers to begin with, made by the platform itself: one waits for a call, one for a review.
    pub(super) fn new(account: &str, entropy: &Entropy) -> Self {
        let profiles = Self(Mutex::default());
        let person = |id: &str, name: &str| Person {
            id: id.to_owned(),
            name: name.to_owned(),
        };
        let platform = person("platform", "the platform");
        profiles.create(account, "Ada Example", platform.clone(), entropy);
        let second = profiles.create(account, "Ben Beispiel", platform, entropy);
        let mona = person("mona", "Mona, a maker");
        let _ = profiles.change(account, &second, |profile| {
            profile.call = Call::Concluded(Verdict::Verified, mona);
            Ok(())
        });
        profiles
    }

    /// Adds a customer and returns the profile's id.
    pub(super) fn create(
        &self,
        account: &str,
        customer: &str,
        created_by: Person,
        entropy: &Entropy,
    ) -> String {
        let mut held = self.held();
        let id = format!("prf_{}", held.len().saturating_add(1));
        held.push(Profile {
            id: id.clone(),
            account: account.to_owned(),
            customer: customer.to_owned(),
            created_by,
            link: format!("https://capture.example/{}", hex(&entropy.bytes::<16>())),
            call: Call::Waiting,
            reviews: Vec::new(),
        });
        id
    }

    /// The profiles of an account, newest first.
    pub(super) fn of(&self, account: &str) -> Vec<Profile> {
        let held = self.held();
        let of = held.iter().rev().filter(|known| known.account == account);
        of.cloned().collect()
    }

    /// The account's profile of that id.
    pub(super) fn find(&self, account: &str, id: &str) -> Result<Profile, Refusal> {
        let mut all = self.of(account).into_iter();
        all.find(|known| known.id == id).ok_or(Refusal::Absent)
    }

    /// Changes the account's profile of that id.
    pub(super) fn change(
        &self,
        account: &str,
        id: &str,
        change: impl FnOnce(&mut Profile) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut held = self.held();
        let mut of = held.iter_mut().filter(|known| known.account == account);
        change(of.find(|known| known.id == id).ok_or(Refusal::Absent)?)
    }

    fn held(&self) -> MutexGuard<'_, Vec<Profile>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
