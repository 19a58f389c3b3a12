//! What pages and commands ask about accounts and people, read as it is now.

use std::collections::BTreeSet;

use anyhow::Context;

use super::App;
use crate::account::{Account, Document, Encryption, Slug, Stage, State};
use crate::gate::{self, Subject};
use crate::id::AccountId;
use crate::saml::{connection, descriptor};
use crate::session::Session;
use crate::store::Error;
use crate::user::User;

impl App {
    /// The account and the person of a session; none where either may not be let in any more.
    pub async fn whose(&self, session: &Session) -> Result<Option<(Account, User)>, Error> {
        let mut tx = self.store.read().await?;
        let mut of = tx.of(session.account);
        let (account, user) = (
            of.account().await?,
            of.user(session.user, self.clock.now()).await?,
        );
        Ok(account
            .filter(|account| account.state == State::Enabled)
            .zip(user))
    }

    /// The configuration of an account that is in force.
    pub async fn document(&self, account: AccountId) -> Result<Option<Document>, Error> {
        self.store.read().await?.of(account).document().await
    }

    /// What a person may do in at least one situation, by the roles that they hold now.
    pub fn permissions(
        &self,
        account: AccountId,
        stage: Stage,
        user: &User,
    ) -> Result<BTreeSet<&str>, gate::Error> {
        let subject = Subject::person(account, stage, user);
        self.access.policy.permissions(&subject)
    }

    /// The client's name.
    pub async fn client(&self, account: AccountId) -> Result<String, Error> {
        Ok(self
            .document(account)
            .await?
            .map_or_else(String::new, |document| document.client))
    }

    /// Who a session belongs to, for people: "X of A".
    pub async fn person(&self, session: &Session) -> Result<String, Error> {
        let client = self.client(session.account).await?;
        let user = self.whose(session).await?.map(|(_, user)| user);
        let name = user.and_then(|user| user.profile.name().or(Some(user.subject)));
        Ok(format!(
            "{} of {client}",
            name.unwrap_or_else(|| "somebody".into())
        ))
    }

    /// The one account of a client that there is, where there is one.
    pub async fn only_account(&self) -> Result<Option<Slug>, Error> {
        let mut accounts = self.store.read().await?.accounts().await?;
        accounts.retain(|account| !self.is_staff(account));
        Ok(match accounts.as_slice() {
            [one] => Some(one.slug.clone()),
            _ => None,
        })
    }

    /// Our descriptor for an account that is in use, as its identity provider imports it.
    pub async fn descriptor(&self, slug: &str) -> Result<Option<String>, Error> {
        let mut tx = self.store.read().await?;
        let account = tx.account(slug).await?;
        let Some(account) = account.filter(|account| account.state == State::Enabled) else {
            return Ok(None);
        };
        let mut of = tx.of(account.id);
        let keys = of.keys(&self.ring).await?;
        let document = of
            .revision(account.active)
            .await?
            .ok_or(Error::Stored("revision"))?
            .document;
        let saml = document.saml.unwrap_or_default();
        let addresses = connection::addresses(
            &self.config.server.public_url,
            &account.slug,
            &account.entity_id,
        );
        let signing: Vec<_> = keys.signing.iter().collect();
        let encryption = keys
            .encryption
            .first()
            .filter(|_| saml.encryption != Encryption::Off);
        let xml = descriptor::write(&addresses, &signing, encryption, saml.sign_requests);
        Ok(Some(xml.map_err(|_| Error::Stored("key"))?))
    }

    /// The account of that name, or an error that says which there are.
    pub async fn find_account(&self, slug: &str) -> anyhow::Result<Account> {
        let mut tx = self.store.read().await?;
        if let Some(account) = tx.account(slug).await? {
            return Ok(account);
        }
        if self.was_deleted(slug).await? {
            anyhow::bail!(
                "`{slug}` was deleted; its audit stays: `vestibule audit list {slug}` shows it"
            );
        }
        let known = tx
            .accounts()
            .await?
            .iter()
            .map(|account| account.slug.to_string())
            .collect::<Vec<_>>()
            .join(", ");
        let known = if known.is_empty() {
            "none yet; `vestibule account apply FILE.toml` makes one".to_owned()
        } else {
            known
        };
        Err(anyhow::anyhow!("there are these accounts: {known}"))
            .with_context(|| format!("there is no account `{slug}`"))
    }

    /// The account of that name, also one that was deleted: its audit stays.
    pub async fn account_ever(&self, slug: &str) -> anyhow::Result<Account> {
        let ever = self.store.read().await?.accounts_ever().await?;
        let found = ever.into_iter().find(|one| one.slug.as_str() == slug);
        match found {
            Some(account) => Ok(account),
            None => self.find_account(slug).await,
        }
    }

    /// Whether an account of that name was deleted.
    pub(super) async fn was_deleted(&self, slug: &str) -> Result<bool, Error> {
        let mut tx = self.store.read().await?;
        let ever = tx.accounts_ever().await?;
        Ok(ever.iter().any(|one| one.slug.as_str() == slug) && tx.account(slug).await?.is_none())
    }
}
