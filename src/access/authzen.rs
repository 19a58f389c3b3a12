//! Decisions for a program that asks: about the people of its account as they are now.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::gate::authzen::{
    After, Answer, Batch, Desk, Evaluation, Search, Standing, Thing, Wanted, Wrong,
};
use crate::gate::{DecisionCaller, Policy, Subject};
use crate::id::UserId;
use crate::store::{self, Store};
use crate::time::Timestamp;
use crate::user::{State, User};

/// For one page that many people are looked at, so many times.
const AT_ONCE: i64 = 200;
const ROUNDS: usize = 10;

/// The desk of one caller.
#[derive(Debug, Clone, Copy)]
pub struct Decisions<'d> {
    /// The database.
    pub store: &'d Store,
    /// The policy in force.
    pub policy: &'d Policy,
    /// Who asks.
    pub caller: &'d DecisionCaller,
    /// When.
    pub now: Timestamp,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Ids, or names of actions.
    pub names: Vec<String>,
    /// Where the next page begins; nothing at the end.
    pub next: After,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The question cannot be read.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// The database cannot say.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Decisions<'_> {
    /// The answer to one question.
    pub async fn one(&self, asked: &Evaluation) -> Result<Answer, Error> {
        let standing = self.standing(&asked.subject).await?;
        Ok(self.desk().decide(&standing, asked)?)
    }

    /// The answers to the questions of a batch, up to the one that ends it.
    pub async fn many(&self, batch: &Batch) -> Result<Vec<Answer>, Error> {
        let (mut answers, mut standings) = (Vec::new(), BTreeMap::new());
        for item in &batch.items {
            let answer = match item {
                Err(wrong) => Err(wrong.clone()),
                Ok(asked) => {
                    let subject = (&asked.subject.kind, &asked.subject.id);
                    let standing = match standings.entry(subject) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(new) => new.insert(self.standing(&asked.subject).await?),
                    };
                    self.desk().decide(standing, asked)
                }
            };
            let answer = answer.unwrap_or_else(|wrong| Answer::unread(&wrong));
            let is_allowed = answer.is_allowed;
            answers.push(answer);
            if batch.semantic.ends_with(is_allowed) {
                break;
            }
        }
        Ok(answers)
    }

    /// A page of what fills the gap of a search.
    pub async fn search(&self, search: &Search) -> Result<Found, Error> {
        let mut found = Finding::new(search.page.limit);
        let question = &search.question;
        let standing = match search.wanted {
            Wanted::Subjects => Standing::Known,
            Wanted::Resources | Wanted::Actions => self.standing(&question.subject).await?,
        };
        let first = match search.wanted {
            Wanted::Subjects => self.policy.ids(self.caller.account, &question.subject.kind),
            Wanted::Resources => self
                .policy
                .ids(self.caller.account, &question.resource.kind),
            Wanted::Actions => self.policy.actions().map(str::to_owned).collect(),
        };
        for name in first {
            let is_before = match &search.page.after {
                After::Nothing => false,
                After::Known(after) => name <= *after,
                After::Person(_) => true,
            };
            if !is_before && self.may(&standing, search, &name)? {
                found.add(name.clone(), After::Known(name));
            }
            if found.is_full() {
                return Ok(found.page());
            }
        }
        if search.wanted == Wanted::Subjects && question.subject.kind == "user" {
            self.people(search, &mut found).await?;
        }
        Ok(found.page())
    }

    fn may(&self, standing: &Standing, search: &Search, name: &str) -> Result<bool, Error> {
        match self.desk().decide(standing, &search.about(name)) {
            Ok(answer) => Ok(answer.is_allowed),
            // An action that cannot be done without properties: a search says none.
            Err(_) if search.wanted == Wanted::Actions => Ok(false),
            Err(wrong) => Err(wrong.into()),
        }
    }

    /// The people of the account who may.
    async fn people(&self, search: &Search, found: &mut Finding) -> Result<(), Error> {
        let mut after = match search.page.after {
            After::Person(id) => Some(id),
            After::Nothing | After::Known(_) => None,
        };
        for _ in 0..ROUNDS {
            let mut tx = self.store.read().await?;
            let users = tx
                .of(self.caller.account)
                .users(after, AT_ONCE, self.now)
                .await?;
            drop(tx);
            let Some(last) = users.last().map(|user| user.id) else {
                return Ok(());
            };
            for user in users {
                let id = user.id;
                if self.may(&self.stands(&user), search, &id.to_string())? {
                    found.add(id.to_string(), After::Person(id));
                }
                if found.is_full() {
                    return Ok(());
                }
            }
            after = Some(last);
        }
        found.pause(after.map_or(After::Nothing, After::Person));
        Ok(())
    }

    /// What is known of a subject now.
    async fn standing(&self, subject: &Thing) -> Result<Standing, Error> {
        if self
            .policy
            .has(self.caller.account, &subject.kind, &subject.id)
        {
            return Ok(Standing::Known);
        }
        let mut tx = self.store.read().await?;
        let mut of = tx.of(self.caller.account);
        let standing = match subject.kind.as_str() {
            "user" => match UserId::parse(&subject.id) {
                Some(id) => of.user(id, self.now).await?.map(|user| self.stands(&user)),
                None => None,
            },
            "key" => {
                let keys = of.credentials().await?;
                let key = keys.iter().find(|key| key.id.to_string() == subject.id);
                key.and_then(|key| key.scopes(self.now).map(|scopes| (key, scopes)))
                    .map(|(key, scopes)| {
                        Standing::Key(key.subject(self.caller.stage), scopes.clone())
                    })
            }
            _ => None,
        };
        Ok(standing.unwrap_or(Standing::Unknown))
    }

    fn stands(&self, user: &User) -> Standing {
        match user.state {
            State::Active => Standing::Live(Subject::person(
                self.caller.account,
                self.caller.stage,
                user,
            )),
            State::Suspended => Standing::Suspended,
            State::Invited => Standing::Unknown,
        }
    }

    const fn desk(&self) -> Desk<'_> {
        Desk {
            policy: self.policy,
            caller: self.caller,
        }
    }
}

/// A page as it fills; one more than it holds tells that another follows.
struct Finding {
    limit: usize,
    names: Vec<(String, After)>,
    pause: After,
}

impl Finding {
    const fn new(limit: usize) -> Self {
        Self {
            limit,
            names: Vec::new(),
            pause: After::Nothing,
        }
    }

    fn add(&mut self, name: String, at: After) {
        self.names.push((name, at));
    }

    fn is_full(&self) -> bool {
        self.names.len() > self.limit
    }

    /// Stops looking for now; the next page goes on from there.
    fn pause(&mut self, at: After) {
        self.pause = at;
    }

    fn page(mut self) -> Found {
        let has_more = self.is_full();
        self.names.truncate(self.limit);
        let last = self.names.last().map(|(_, at)| at.clone());
        let next = match last {
            Some(last) if has_more => last,
            _ => self.pause,
        };
        Found {
            names: self.names.into_iter().map(|(name, _)| name).collect(),
            next,
        }
    }
}
