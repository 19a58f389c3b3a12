//! The gate at work: who is behind a credential now, and may they.

mod activity;
pub mod authzen;
mod check;
mod handoff;
mod identity;
mod key;
mod live;
mod present;
mod refusal;
mod shown;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use activity::Activity;
pub use check::{Asked, Credential, Fetch, Verdict};
pub use handoff::Handed;
pub use identity::{IDENTITY, NOT_KEPT};
pub use key::Denied;
pub use live::Live;
pub use present::{Environment, Holder, Present};
pub use refusal::Refusal;
pub use shown::Shown;

use crate::gate::{self, App, Policy};
use crate::store::{self, Store};

/// What every check needs.
pub struct Access {
    /// Who may do what.
    pub policy: Policy,
    /// What stands behind the gate, each with what its gateway has to prove.
    pub behind: Vec<Behind>,
    /// Who is behind which credential.
    pub live: Live,
    /// When credentials were last used.
    pub activity: Arc<Activity>,
    store: Store,
}

/// An app with what its gateway has to prove.
#[derive(Debug)]
pub struct Behind {
    /// The app as its file says.
    pub app: App,
    /// The digest of the secret that its gateway shows, where there is one.
    pub gateway_key: Option<[u8; 32]>,
}

/// Why nobody can say whether something is allowed; then it is not.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The policy failed.
    #[error(transparent)]
    Policy(#[from] gate::Error),
    /// No token for an app could be made.
    #[error(transparent)]
    Unsigned(#[from] gate::Unsigned),
}

impl Access {
    /// The gate of an installation.
    pub fn new(store: Store, policy: Policy, behind: Vec<Behind>) -> Self {
        let activity = Arc::<Activity>::default();
        Self {
            policy,
            behind,
            live: Live::new(store.clone(), Arc::clone(&activity)),
            store,
            activity,
        }
    }

    /// What stands behind the gate.
    pub fn apps(&self) -> impl Iterator<Item = &App> {
        self.behind.iter().map(|behind| &behind.app)
    }

    /// What somebody may do in an app, in at least one situation; nothing where it is not for them.
    pub fn permissions(
        &self,
        present: &Present,
        app: &App,
    ) -> Result<BTreeSet<String>, gate::Error> {
        if !app.serves(present.subject.stage, &present.environment.account.slug) {
            return Ok(BTreeSet::new());
        }
        let permitted = self.policy.permissions(&present.subject)?;
        let here = permitted.into_iter().filter(|action| {
            present.is_meant_for(action) && app.routes.iter().any(|route| route.action == *action)
        });
        Ok(here.map(str::to_owned).collect())
    }

    /// The app of that name, with its number.
    pub fn app(&self, slug: &str) -> Option<(usize, &Behind)> {
        let mut numbered = self.behind.iter().enumerate();
        numbered.find(|(_, behind)| behind.app.app.as_str() == slug)
    }
}
