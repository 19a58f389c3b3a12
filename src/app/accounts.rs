//! Accounts are made and changed: every change is a new revision, and trust in an identity provider is somebody's decision.

use anyhow::{Context, Result, bail};

use super::{App, Refused};
use crate::account::{Account, Change, Document, Revision, Stage, State, diff};
use crate::audit::{Actor, Event};
use crate::config::{AccountFile, Config};
use crate::id::AccountId;
use crate::proposal::Proposal;
use crate::saml::metadata::{self, Descriptor};
use crate::saml::rollover;
use crate::store::NewRevision;

/// What became of a file that was applied.
#[derive(Debug)]
pub enum Applied {
    /// The account is new.
    Created,
    /// A new revision is in force.
    Activated,
    /// The file says what is in force already.
    Unchanged,
    /// A new revision waits for its promotion.
    Draft,
}

/// What became of a file that was applied, with all that a person should look at.
#[derive(Debug)]
pub struct Outcome {
    /// What became of it.
    pub applied: Applied,
    /// The account.
    pub account: Account,
    /// The number of the revision that the file became.
    pub revision: i64,
    /// What it changes against the one in force before.
    pub changes: Vec<Change>,
    /// The identity provider that it trusts.
    pub idp: Option<Descriptor>,
    /// What a second person decides, where a draft waits for that.
    pub proposal: Option<Proposal>,
}

/// What the person at the shell has said on top of the file.
#[derive(Debug, Default)]
pub struct Consent {
    /// Why a live account has to change at once.
    pub break_glass: Option<String>,
    /// That people will be known by another subject.
    pub new_subject: bool,
    /// The revision in force that it was compared with; another one by now is a reason to look again.
    pub before: Option<i64>,
    /// The promotion or the rollback that this is: it was tried, so that it counts at once where it does not take two people.
    pub tried: Option<Event>,
}

/// The identity provider of a file, unless the file is refused whatever there is already.
pub fn vet(file: &AccountFile, config: &Config) -> Result<Option<Descriptor>> {
    let document = &file.document;
    let named = config.staff.account == document.account.as_str();
    if (document.stage == Stage::Staff) != named {
        bail!(Refused(format!(
            "the staff account is the one that `[staff] account` names in the server configuration; `{}` with stage \"{}\" does not fit that",
            document.account,
            document.stage.as_str()
        )));
    }
    let ours = config.server.authorities();
    let read = |bytes: &[u8]| Descriptor::read(bytes)?.elsewhere(&ours);
    file.metadata
        .as_deref()
        .map(read)
        .transpose()
        .context("`saml.idp_metadata` is refused")
}

impl App {
    /// Makes the account, or a new revision of it; the same file twice changes nothing.
    pub async fn apply(
        &self,
        file: &AccountFile,
        author: &str,
        consent: &Consent,
    ) -> Result<Outcome> {
        let idp = vet(file, &self.config)?;
        let text = file.metadata.as_deref().map(metadata::text).transpose()?;
        let existing = self
            .store
            .read()
            .await?
            .account(file.document.account.as_str())
            .await?;
        let new = NewRevision {
            document: &file.document,
            metadata: text.as_deref(),
            author,
            at: self.clock.now(),
        };
        match existing {
            None if self.was_deleted(new.document.account.as_str()).await? => {
                bail!(Refused(format!(
                    "{} is the name of an account that was deleted, and no other one gets it: choose another name",
                    new.document.account
                )))
            }
            None => self.create(new, idp).await,
            Some(account) => {
                let idp = self.without_distrusted(&account, idp).await?;
                self.revise(account, new, idp, consent).await
            }
        }
    }

    /// Switches an account on or off; either ends every session of it.
    pub async fn set_account_state(
        &self,
        slug: &str,
        state: State,
        actor: impl Into<Actor>,
    ) -> Result<bool> {
        let actor = &actor.into();
        let account = self.find_account(slug).await?;
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let changed = of.set_state(state).await?;
        if changed {
            // Also when it is switched on: a sign-in that was under way may have left a session behind.
            of.end_all_sessions().await?;
            let event = match state {
                State::Enabled => Event::AccountEnabled,
                State::Disabled => Event::AccountDisabled,
            };
            of.audit(actor, event, self.clock.now(), &self.entropy)
                .await?;
        }
        tx.commit().await?;
        self.login.forget(account.slug.as_str());
        Ok(changed)
    }

    /// Erases a disabled account for good, its people and its keys with it; its audit stays, and its name is never given again.
    pub async fn delete_account(&self, slug: &str, actor: impl Into<Actor>) -> Result<Account> {
        let (account, now) = (self.find_account(slug).await?, self.clock.now());
        if self.is_staff(&account) {
            bail!(Refused(format!(
                "{slug} is the staff account, without which nobody runs this installation"
            )));
        }
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let account = of.account().await?.context("the account is gone")?;
        if account.state != State::Disabled {
            bail!(Refused(format!(
                "{slug} is in use; `vestibule account disable {slug}` first, and see that nobody misses it"
            )));
        }
        let people = of.count_users().await?;
        let event = Event::AccountDeleted {
            slug: slug.to_owned(),
            people,
        };
        of.audit(actor, event, now, &self.entropy).await?;
        of.delete_account().await?;
        tx.commit().await?;
        self.login.forget(slug);
        Ok(account)
    }

    async fn create(&self, new: NewRevision<'_>, idp: Option<Descriptor>) -> Result<Outcome> {
        let (document, now) = (new.document, new.at);
        let options = document.saml.clone().unwrap_or_default();
        let entity_id = options.entity_id.unwrap_or_else(|| {
            format!(
                "{}/saml/{}/metadata",
                self.config.server.public_url, document.account
            )
        });
        let account = Account {
            id: AccountId::new(now, &self.entropy),
            slug: document.account.clone(),
            state: State::Enabled,
            entity_id,
            active: 1,
            created_at: now,
        };
        let keys = match &self.given_keys {
            Some(keys) => keys.clone(),
            None => self.make_keys(&account, options.key_bits).await?,
        };
        let revision = Revision {
            number: 1,
            document: document.clone(),
            metadata: new.metadata.map(str::to_owned),
            author: new.author.to_owned(),
            created_at: now,
        };
        let author = new.author.to_owned();
        let mut tx = self.store.write().await?;
        let created = tx.create_account(&account).await;
        if created
            .as_ref()
            .is_err_and(crate::store::Error::is_unique_violation)
        {
            bail!(Refused(format!(
                "the entity id {} belongs to another account; every account needs its own",
                account.entity_id
            )));
        }
        created?;
        let mut of = tx.of(account.id);
        of.create_keys(
            &keys,
            rollover::State::Active,
            &self.ring,
            now,
            &self.entropy,
        )
        .await?;
        of.audit(
            &author,
            Event::AccountCreated {
                slug: account.slug.to_string(),
            },
            now,
            &self.entropy,
        )
        .await?;
        self.add(&mut of, new, None, idp.as_ref(), true).await?;
        tx.commit().await?;
        self.login.forget(account.slug.as_str());
        let changes = diff(
            &Revision {
                document: empty(&revision.document),
                metadata: None,
                ..revision.clone()
            },
            &revision,
        );
        Ok(Outcome {
            applied: Applied::Created,
            account,
            revision: 1,
            changes,
            idp,
            proposal: None,
        })
    }
}

/// A document of the same account that says nothing, to show a new one as a difference.
fn empty(document: &Document) -> Document {
    Document {
        saml: None,
        roles: Vec::new(),
        access: crate::account::Access::default(),
        ..document.clone()
    }
}
