//! A client's administrator, who has no account, sets their side up by a link: what they send counts only when an operator puts it in force.

use std::net::IpAddr;

use anyhow::{Context, Result, bail};

use super::{App, Refused, vet};
use crate::account::{Account, Document, LONGEST_LINK, SetupLink, Stage, State};
use crate::attempt::Tester;
use crate::audit::{Actor, Event};
use crate::config::AccountFile;
use crate::id::{SetupLinkId, Token, hex};
use crate::login::Trying;
use crate::saml::metadata::{self, Descriptor, Problem};
use crate::store::{NewRevision, Of};
use crate::time::Timestamp;

/// So many times metadata may be sent by one link.
const UPLOADS: i64 = 20;

/// So many trials may be started by one link.
const TRIALS: i64 = 200;

/// Somebody who came by a setup link.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The account that they set up.
    pub account: Account,
    /// Its configuration in force.
    pub document: Document,
    /// By which link.
    pub link: SetupLink,
}

/// Metadata that came by a setup link.
#[derive(Debug)]
pub struct Offer {
    /// The revision that holds it.
    pub revision: i64,
    /// Who sent it.
    pub link: SetupLinkId,
    /// When.
    pub at: Timestamp,
    /// What it says, without keys that are trusted no more.
    pub idp: Descriptor,
}

impl App {
    /// Makes a link for the client's administrator, in place of the one before. Its secret stands behind the `#`.
    pub async fn make_setup_link(
        &self,
        account: &Account,
        days: i64,
        actor: impl Into<Actor>,
    ) -> Result<(SetupLink, String)> {
        let actor = &actor.into();
        let Some(lasting) = SetupLink::lasting(days) else {
            bail!(Refused(format!(
                "a setup link is good for 1 to {LONGEST_LINK} days"
            )));
        };
        let (now, token) = (self.clock.now(), Token::new(&self.entropy));
        let link = SetupLink {
            id: SetupLinkId::new(now, &self.entropy),
            made_by: actor.id.clone(),
            made_at: now,
            expires_at: now.plus(lasting),
            opened: None,
            ended_at: None,
        };
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let document = may_be_set_up(&mut of).await?;
        self.end_links(&mut of, actor, now).await?;
        of.save_setup_link(&link, &token.digest()).await?;
        let event = Event::SetupLinkMade {
            link: link.id.to_string(),
            expires_at: link.expires_at,
        };
        of.audit(actor, event, now, &self.entropy).await?;
        tx.commit().await?;
        tracing::info!(account = %document.account, link = %link.id, actor = actor.id, "a setup link was made");
        let (url, secret) = (&self.config.server.public_url, hex(&token.reveal()));
        Ok((link, format!("{url}/setup/open#{secret}")))
    }

    /// That an account may be set up by its client, or why not.
    pub async fn may_be_set_up(&self, account: &Account) -> Result<()> {
        let mut tx = self.store.read().await?;
        may_be_set_up(&mut tx.of(account.id)).await.map(|_| ())
    }

    /// Ends the links of an account; says how many were still good.
    pub async fn end_setup_links(
        &self,
        account: &Account,
        actor: impl Into<Actor>,
    ) -> Result<usize> {
        let mut tx = self.store.write().await?;
        let mut of = tx.of(account.id);
        of.alone().await?;
        let (actor, now) = (actor.into(), self.clock.now());
        let ended = self.end_links(&mut of, &actor, now).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn end_links(&self, of: &mut Of<'_>, actor: &Actor, now: Timestamp) -> Result<usize> {
        let ended = of.end_setup_links(now).await?;
        for link in &ended {
            let event = Event::SetupLinkEnded {
                link: link.id.to_string(),
            };
            of.audit(actor, event, now, &self.entropy).await?;
        }
        Ok(ended.len())
    }

    /// Uses a link up; what the browser carries from then on, or nothing where the link is good for nothing.
    pub async fn open_setup_link(
        &self,
        code: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Option<(Guest, Token)>> {
        let Some(code) = Token::parse(code) else {
            return Ok(None);
        };
        let token = Token::new(&self.entropy);
        let digests = (code.digest(), token.digest());
        let mut tx = self.store.write().await?;
        let opened = tx
            .open_setup_link((&digests.0, &digests.1), &address.to_string(), now)
            .await?;
        let Some((account, link)) = opened else {
            return Ok(None);
        };
        let mut of = tx.of(account);
        let guest = guest(&mut of, link).await?;
        let Some(guest) = guest else { return Ok(None) };
        let event = Event::SetupLinkOpened {
            link: guest.link.id.to_string(),
        };
        let actor = guest.actor(address);
        of.audit(&actor, event, now, &self.entropy).await?;
        tx.commit().await?;
        Ok(Some((guest, token)))
    }

    /// Who a browser is that carries this, as long as their link is good and nobody has ever signed in.
    pub async fn setup_guest(&self, token: &Token, now: Timestamp) -> Result<Option<Guest>> {
        let mut tx = self.store.read().await?;
        let found = tx.setup_link(&token.digest()).await?;
        match found.filter(|(_, link)| link.is_good(now)) {
            Some((account, link)) => guest(&mut tx.of(account), link).await,
            None => Ok(None),
        }
    }

    /// Keeps metadata that a guest sends as a revision that is not in force; says which.
    pub async fn offer_metadata(
        &self,
        guest: &Guest,
        bytes: Vec<u8>,
        address: IpAddr,
    ) -> Result<i64> {
        let (now, author) = (self.clock.now(), guest.link.id.to_string());
        let mut document = guest.document.clone();
        document.saml.get_or_insert_default().idp_metadata_url = None;
        let text = metadata::text(&bytes)?;
        let file = AccountFile {
            document,
            metadata: Some(bytes),
        };
        let (turn, config) = (self.reading.acquire().await?, self.config.clone());
        let judged = tokio::task::spawn_blocking(move || {
            let idp = vet(&file, &config);
            (file, idp)
        });
        let (file, idp) = judged.await?;
        drop(turn);
        // The client is told what is wrong with their file, not with our configuration.
        let idp = idp.map_err(|error| {
            error
                .downcast::<Problem>()
                .map_or_else(|other| other, Into::into)
        })?;
        let idp = self.without_distrusted(&guest.account, idp).await?;
        let idp = idp.context("metadata without a descriptor")?;
        let mut tx = self.store.write().await?;
        let mut of = tx.of(guest.account.id);
        of.alone().await?;
        let document = may_be_set_up(&mut of).await?;
        let is_good = |link: &SetupLink| link.id == guest.link.id && link.is_good(now);
        if !of.setup_links(1).await?.iter().any(is_good) {
            bail!(Refused("the link is good for nothing any more".into()));
        }
        if document != guest.document {
            bail!(Refused(
                "the account was changed at this moment; send it once more".into()
            ));
        }
        let account = of.account().await?.context("the account is gone")?;
        let offered = of.offered().await?.unwrap_or(account.active);
        let latest = of.revision(offered).await?.context("a revision is gone")?;
        if latest.metadata.as_deref() == Some(text.as_str()) {
            return Ok(latest.number);
        }
        if of.count_revisions_by(&author).await? >= UPLOADS {
            bail!(Refused(format!(
                "metadata was sent {UPLOADS} times by this link: ask the people who gave it to you for another one"
            )));
        }
        let new = NewRevision {
            document: &file.document,
            metadata: Some(&text),
            author: &author,
            at: now,
        };
        let revision = self.add(&mut of, new, None, Some(&idp), false).await?;
        let prints = idp.signing.iter();
        let event = Event::MetadataOffered {
            revision,
            identity_provider: idp.entity_id.clone(),
            fingerprints: prints
                .map(|key| key.certificate.fingerprint.clone())
                .collect(),
        };
        let actor = guest.actor(address);
        of.audit(&actor, event, now, &self.entropy).await?;
        tx.commit().await?;
        tracing::info!(account = %guest.account.slug, revision, "metadata came by a setup link and waits for an operator");
        Ok(revision)
    }

    /// The metadata that came by a link and nobody has put in force.
    pub async fn offer(&self, account: &Account) -> Result<Option<Offer>> {
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        let Some(number) = of.offered().await? else {
            return Ok(None);
        };
        let revision = of.revision(number).await?.context("a revision is gone")?;
        let text = revision.metadata.context("an offer without metadata")?;
        let distrusted = of.distrusted().await?;
        Ok(Some(Offer {
            revision: number,
            link: SetupLinkId::parse(&revision.author).context("an offer of nobody")?,
            at: revision.created_at,
            idp: Descriptor::read(text.as_bytes())?.without(&distrusted),
        }))
    }

    /// Starts a trial of a sign-in by a revision of the account.
    pub async fn try_out(
        &self,
        account: &Account,
        revision: i64,
        tester: Tester,
        from: (String, IpAddr),
    ) -> Result<Trying> {
        let now = self.clock.now();
        if account.state == State::Disabled {
            bail!(Refused(format!("{} is disabled", account.slug)));
        }
        let mut tx = self.store.read().await?;
        let mut of = tx.of(account.id);
        let found = of.revision(revision).await?;
        if matches!(tester, Tester::SetupLink(_)) && of.count_trials(tester).await? >= TRIALS {
            bail!(Refused(format!(
                "{TRIALS} sign-ins were tried by this link: ask the people who gave it to you for another one"
            )));
        }
        drop(tx);
        if found.is_none_or(|found| found.metadata.is_none()) {
            bail!(Refused(format!(
                "revision {revision} has no metadata of an identity provider, so there is nobody to sign in at"
            )));
        }
        let trying = self.login.begin_trial(account, revision, tester, from, now);
        Ok(trying.await?)
    }
}

impl Guest {
    /// Who does what they do.
    pub fn actor(&self, address: IpAddr) -> Actor {
        Actor::from(self.link.id.to_string()).at(address)
    }

    /// Whose trials theirs are.
    pub fn tester(&self) -> Tester {
        Tester::SetupLink(self.link.id)
    }
}

/// That an account is a demo account that nobody has ever been in; its configuration in force.
async fn may_be_set_up(of: &mut Of<'_>) -> Result<Document> {
    let account = of.account().await?.context("the account is gone")?;
    let document = of.document().await?.context("no active revision")?;
    let slug = &account.slug;
    if document.stage != Stage::Demo {
        bail!(Refused(format!(
            "{slug} is a {} account: a setup link is for a demo account, whose configuration is promoted once it was tried",
            document.stage.as_str()
        )));
    }
    if account.state == State::Disabled {
        bail!(Refused(format!("{slug} is disabled")));
    }
    if of.was_ever_used().await? {
        bail!(Refused(format!(
            "somebody has signed in to {slug} already: an account in use is changed by its operators alone"
        )));
    }
    Ok(document)
}

/// Who came by a link, as long as the account may be set up.
async fn guest(of: &mut Of<'_>, link: SetupLink) -> Result<Option<Guest>> {
    match may_be_set_up(of).await {
        Ok(document) => Ok(Some(Guest {
            account: of.account().await?.context("the account is gone")?,
            document,
            link,
        })),
        Err(error) if error.is::<Refused>() => Ok(None),
        Err(error) => Err(error),
    }
}
