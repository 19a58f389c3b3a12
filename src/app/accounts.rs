//! Accounts are made and changed: every change is a new revision, and trust in an identity provider is somebody's decision.

use anyhow::{Context, Result, bail};

use super::{App, Refused};
use crate::account::{Account, Change, Document, Revision, Stage, State, diff};
use crate::audit::Event;
use crate::config::{AccountFile, Config};
use crate::id::{AccountId, hex};
use crate::saml::keys::Certificate;
use crate::saml::metadata::{self, Descriptor};
use crate::saml::rollover;
use crate::store::{NewRevision, Of};

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
}

/// What the person at the shell has said on top of the file.
#[derive(Debug, Default)]
pub struct Consent {
    /// Why a live account has to change at once.
    pub break_glass: Option<String>,
    /// That people will be known by another subject.
    pub new_subject: bool,
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
    file.metadata
        .as_deref()
        .map(Descriptor::read)
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
            None => self.create(new, idp).await,
            Some(account) => {
                let idp = self.without_distrusted(&account, idp).await?;
                self.revise(account, new, idp, consent).await
            }
        }
    }

    /// Switches an account on or off; either ends every session of it.
    pub async fn set_account_state(&self, slug: &str, state: State, actor: &str) -> Result<bool> {
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
        })
    }

    async fn revise(
        &self,
        account: Account,
        new: NewRevision<'_>,
        idp: Option<Descriptor>,
        consent: &Consent,
    ) -> Result<Outcome> {
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let active = of
            .revision(account.active)
            .await?
            .context("the account has no active revision")?;
        let latest = of
            .revisions()
            .await?
            .into_iter()
            .next()
            .context("the account has no revision")?;
        let candidate = Revision {
            number: latest.number + 1,
            document: new.document.clone(),
            metadata: new.metadata.map(str::to_owned),
            author: new.author.to_owned(),
            created_at: new.at,
        };
        let changes = diff(&active, &candidate);
        let outcome = |applied, revision, changes| Outcome {
            applied,
            account: account.clone(),
            revision,
            changes,
            idp,
        };
        if changes.is_empty() {
            return Ok(outcome(Applied::Unchanged, active.number, changes));
        }
        self.check_change(&mut of, &account, &active.document, new.document, consent)
            .await?;
        let at_once = new.document.stage == Stage::Demo || consent.break_glass.is_some();
        if !at_once && diff(&latest, &candidate).is_empty() {
            return Ok(outcome(Applied::Draft, latest.number, changes));
        }
        if let Some(reason) = consent
            .break_glass
            .as_ref()
            .filter(|_| new.document.stage != Stage::Demo)
        {
            let event = Event::BreakGlass {
                revision: candidate.number,
                reason: reason.clone(),
            };
            tracing::warn!(account = %account.slug, reason, "a live account is changed at once");
            of.audit(new.author, event, new.at, &self.entropy).await?;
        }
        let outcome = outcome(
            if at_once {
                Applied::Activated
            } else {
                Applied::Draft
            },
            candidate.number,
            changes,
        );
        self.add(
            &mut of,
            new,
            Some(account.active),
            outcome.idp.as_ref(),
            at_once,
        )
        .await?;
        tx.commit().await?;
        self.login.forget(account.slug.as_str());
        Ok(outcome)
    }

    /// What an existing account cannot become, or only when its operator has said so.
    async fn check_change(
        &self,
        of: &mut Of<'_>,
        account: &Account,
        before: &Document,
        after: &Document,
        consent: &Consent,
    ) -> Result<()> {
        if before.stage != after.stage {
            bail!(Refused(format!(
                "{} is a {} account and stays one; a {} account gets a name of its own",
                account.slug,
                before.stage.as_str(),
                after.stage.as_str()
            )));
        }
        let asked = after.saml.as_ref().and_then(|saml| saml.entity_id.as_ref());
        if asked.is_some_and(|asked| *asked != account.entity_id) {
            bail!(Refused(format!(
                "the entity id of {} is {} and stays it, since its ADFS trust names it; make another account for another one",
                account.slug, account.entity_id
            )));
        }
        let people = of.count_users().await?;
        if before.claims.subject != after.claims.subject && people > 0 && !consent.new_subject {
            bail!(Refused(format!(
                "`claims.subject` changes and {people} people are known by the old one: each of them would come back as somebody new, without their history. If that is what you want, say --confirm-subject-change"
            )));
        }
        let expected = of.count_expected().await?;
        if before.link() != after.link() && expected > 0 {
            bail!(Refused(format!(
                "what links people to their sign-in changes from {} to {} (`users.link`), and {expected} people are in the directory or expected by the old one, of whom nobody can say who they are by the new one: keep it, or delete them first",
                before.link().as_str(),
                after.link().as_str()
            )));
        }
        Ok(())
    }

    pub(super) async fn add(
        &self,
        of: &mut Of<'_>,
        new: NewRevision<'_>,
        before: Option<i64>,
        idp: Option<&Descriptor>,
        activate: bool,
    ) -> Result<i64> {
        let (author, now) = (new.author.to_owned(), new.at);
        let digest = hex(&openssl::sha::sha256(&serde_json::to_vec(new.document)?));
        let revision = of.add_revision(new).await?;
        of.audit(
            &author,
            Event::RevisionCreated { revision, digest },
            now,
            &self.entropy,
        )
        .await?;
        if activate {
            of.activate(revision).await?;
            let identity_provider = idp.map_or_else(Vec::new, fingerprints);
            of.audit(
                &author,
                Event::RevisionActivated {
                    revision,
                    before,
                    identity_provider,
                },
                now,
                &self.entropy,
            )
            .await?;
        }
        Ok(revision)
    }
}

fn fingerprints(idp: &Descriptor) -> Vec<String> {
    let print = |certificate: &Certificate| certificate.fingerprint.clone();
    std::iter::once(idp.entity_id.clone())
        .chain(idp.signing.iter().map(|key| print(&key.certificate)))
        .collect()
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
