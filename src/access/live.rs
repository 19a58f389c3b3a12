//! Who is behind a credential: remembered, and forgotten as soon as there is news about them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;

use super::shown::{Shown, bearer, environment};
use super::{Activity, Environment, Holder, Present};
use crate::id::{AccountId, Digest};
use crate::session::State;
use crate::store::{Edition, Error, News, Store};
use crate::time::{Clock, Span, Timestamp};

/// What is remembered counts for so long after the last look at the database.
const BELIEVED: Span = Span::seconds(1);

/// Between two looks, where nobody says that there is news.
const LOOKS: Duration = Duration::from_millis(200);

/// So long nobody listens after the connection for news broke.
const DEAF: Duration = Duration::from_secs(5);

/// Everybody who asked lately.
pub struct Live {
    store: Store,
    activity: Arc<Activity>,
    memory: RwLock<Memory>,
    looking: Mutex<()>,
}

#[derive(Default)]
struct Memory {
    edition: Edition,
    commits: u64,
    looked: Option<Timestamp>,
    holders: HashMap<Digest, Arc<Present>>,
    accounts: HashMap<AccountId, Arc<Environment>>,
}

impl Memory {
    /// Whether nothing can have changed for longer than a second without being seen here.
    fn is_fresh(&self, commits: u64, now: Timestamp) -> bool {
        let age = self.looked.map(|looked| now.since(looked));
        self.commits == commits && age.is_some_and(|age| (Span::millis(0)..BELIEVED).contains(&age))
    }

    /// A gate's cookie is good on its own host alone.
    fn holder(&self, digest: &Digest, host: Option<&str>) -> Option<Arc<Present>> {
        let present = self.holders.get(digest)?;
        (present.host.as_deref() == host).then(|| Arc::clone(present))
    }

    fn forget(&mut self, news: &[News]) {
        for one in news.iter().filter(|one| one.about.is_none()) {
            self.accounts.remove(&one.account);
        }
        self.holders.retain(|_, present| {
            let (account, id) = (present.subject.account, present.subject.id());
            let is_meant = |one: &News| {
                one.account == account && one.about.as_ref().is_none_or(|about| *about == id)
            };
            !news.iter().any(is_meant)
        });
    }
}

impl Live {
    pub(super) fn new(store: Store, activity: Arc<Activity>) -> Self {
        Self {
            store,
            activity,
            memory: RwLock::default(),
            looking: Mutex::default(),
        }
    }

    /// Who is behind a credential, if it is live; the use is noted.
    pub async fn find(
        &self,
        shown: &Shown<'_>,
        now: Timestamp,
    ) -> Result<Option<Arc<Present>>, Error> {
        let digest = shown.digest();
        let present = match self.remembered(&digest, shown.host(), now).await? {
            Some(present) if present.is_good(now) => present,
            // On another node it may have been used since.
            Some(_) | None => match self.load(&digest, shown, now).await? {
                Some(present) if present.state(now) == State::Live => present,
                Some(_) | None => return Ok(None),
            },
        };
        if present.is_used(now) {
            match &present.holder {
                Holder::Person {
                    digest: Some(digest),
                    ..
                } => self.activity.note(digest, now),
                Holder::Person { digest: None, .. } => {}
                Holder::Key(key) => self.activity.note_key(key.id, now),
            }
        }
        Ok(Some(present))
    }

    /// Whoever showed the same access token before, where nothing about them has changed.
    pub(super) async fn known(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<Present>>, Error> {
        let found = self.remembered(&bearer(text), None, now).await?;
        Ok(found.filter(|present| present.is_good(now)))
    }

    async fn remembered(
        &self,
        digest: &Digest,
        host: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<Arc<Present>>, Error> {
        let commits = self.store.commits().count();
        let find = || {
            let memory = self.read();
            memory
                .is_fresh(commits, now)
                .then(|| memory.holder(digest, host))
        };
        if let Some(found) = find() {
            return Ok(found);
        }
        self.look(now).await?;
        Ok(self.read().holder(digest, host))
    }

    /// Asks the database for news, and forgets whom it is about.
    pub async fn look(&self, now: Timestamp) -> Result<(), Error> {
        let _alone = self.looking.lock().await;
        let commits = self.store.commits().count();
        let seen = {
            let memory = self.read();
            if memory.is_fresh(commits, now) && memory.looked == Some(now) {
                return Ok(());
            }
            memory.edition.clone()
        };
        let mut tx = self.store.read().await?;
        let edition = tx.edition().await?;
        let news = if edition.epoch != seen.epoch || edition.revision < seen.revision {
            None
        } else if edition.revision == seen.revision {
            Some(Vec::new())
        } else {
            tx.news(seen.revision).await?
        };
        drop(tx);
        let mut memory = self.write();
        match news {
            Some(news) => {
                // They are numbered without a gap, and some may have come after the edition was read.
                let count = i64::try_from(news.len()).unwrap_or(i64::MAX);
                memory.edition.revision = seen.revision.saturating_add(count);
                if !news.is_empty() {
                    memory.forget(&news);
                }
            }
            None => {
                *memory = Memory {
                    edition,
                    ..Memory::default()
                }
            }
        }
        (memory.commits, memory.looked) = (commits, Some(now));
        Ok(())
    }

    /// Looks for news as soon as there may be some, for as long as the server runs.
    pub async fn follow(&self, listen_url: &str, clock: &Clock) {
        let regularly = async {
            loop {
                self.look_now(clock).await;
                tokio::time::sleep(LOOKS).await;
            }
        };
        let told = async {
            loop {
                if let Err(cause) = self.listen(listen_url, clock).await {
                    tracing::warn!(%cause, "not listening for news; it is asked for instead");
                }
                tokio::time::sleep(DEAF).await;
            }
        };
        tokio::join!(regularly, told);
    }

    /// Looks whenever the database tells of news.
    async fn listen(&self, url: &str, clock: &Clock) -> Result<(), Error> {
        let mut ear = self.store.listen(url).await?;
        loop {
            ear.hear().await?;
            self.look_now(clock).await;
        }
    }

    async fn look_now(&self, clock: &Clock) {
        if let Err(cause) = self.look(clock.now()).await {
            tracing::error!(%cause, "looking for news failed; the gate asks the database about everybody");
        }
    }

    /// Forgets whose time is over.
    pub fn tidy(&self, now: Timestamp) {
        self.write()
            .holders
            .retain(|_, present| present.state(now) == State::Live);
    }

    /// Reads who is behind a credential, and remembers it unless there was news meanwhile.
    async fn load(
        &self,
        digest: &Digest,
        shown: &Shown<'_>,
        now: Timestamp,
    ) -> Result<Option<Arc<Present>>, Error> {
        let before = self.read().edition.clone();
        let mut tx = self.store.read().await?;
        let Some((account, found)) = shown.read(&mut tx, &self.activity, now).await? else {
            return Ok(None);
        };
        let known = self.read().accounts.get(&account).cloned();
        let environment = match known {
            Some(environment) => environment,
            None => match environment(&mut tx.of(account)).await? {
                Some(environment) => Arc::new(environment),
                None => return Ok(None),
            },
        };
        let present = Arc::new(found.present(Arc::clone(&environment), now));
        let mut memory = self.write();
        if memory.edition == before {
            memory.accounts.insert(account, environment);
            memory.holders.insert(*digest, Arc::clone(&present));
        }
        Ok(Some(present))
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Memory> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Memory> {
        self.memory.write().unwrap_or_else(PoisonError::into_inner)
    }
}
