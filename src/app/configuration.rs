//! Another configuration of an account: what it would change, and that whoever wants it has seen whom it trusts.

use anyhow::{Context, Result, bail};

use super::carry::trust_difference;
use super::trust::unseen;
use super::{App, Consent, Effects, Fetched, Known, Outbound, Outcome, Refused, vet};
use crate::account::{Account, Change, Revision, diff, warnings};
use crate::config::AccountFile;
use crate::saml::keys::Certificate;
use crate::saml::metadata::{self, Descriptor};
use crate::saml::trust::Difference;

/// What another configuration would change.
#[derive(Debug)]
pub struct Reviewed {
    /// The revision that it was compared with.
    pub before: i64,
    /// What differs.
    pub changes: Vec<Change>,
    /// What differs in whom the account trusts.
    pub trust: Option<Difference>,
    /// Whom it would trust.
    pub idp: Option<Descriptor>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
    /// What it would make of people.
    pub effects: Effects,
}

impl App {
    /// What the configuration would change in an account that exists.
    pub async fn review(&self, account: &Account, file: &AccountFile) -> Result<Reviewed> {
        let idp = vet(file, &self.config)?;
        if file.document.account != account.slug {
            bail!(Refused(format!(
                "the account is called {} and keeps its name; `account` says {}",
                account.slug, file.document.account
            )));
        }
        let now = self.clock.now();
        let idp = self.without_distrusted(account, idp).await?;
        let active = self.in_force(account).await?;
        let text = file.metadata.as_deref().map(metadata::text).transpose()?;
        let then = Revision {
            document: file.document.clone(),
            metadata: text,
            ..active.clone()
        };
        let mut found = warnings(&file.document, now);
        found.extend(idp.iter().flat_map(|idp| idp.warnings(now)));
        Ok(Reviewed {
            before: active.number,
            changes: diff(&active, &then),
            trust: trust_difference(&active, &then)?.filter(|differs| !differs.is_none()),
            effects: self.what_if(account, &file.document).await?,
            warnings: found,
            idp,
        })
    }

    /// Makes it a revision, once every certificate that it newly trusts was compared with the client.
    pub async fn apply_reviewed(
        &self,
        file: &AccountFile,
        reviewed: &Reviewed,
        (seen, consent): (&[String], &Consent),
        author: &str,
    ) -> Result<Outcome> {
        let added = reviewed.trust.iter().flat_map(|differs| &differs.added);
        compared(added, seen)?;
        self.apply(file, author, consent).await
    }

    /// Makes a new account, once every certificate that it trusts was compared with the client.
    pub async fn create_reviewed(
        &self,
        file: &AccountFile,
        seen: &[String],
        author: &str,
    ) -> Result<Outcome> {
        let idp = vet(file, &self.config)?;
        let slug = file.document.account.as_str();
        let known = self.store.read().await?.account(slug).await?;
        if known.is_some() {
            bail!(Refused(format!(
                "there is an account {slug} already; give this one another name"
            )));
        }
        let keys = idp.iter().flat_map(|idp| &idp.signing);
        compared(keys.map(|key| &key.certificate), seen)?;
        self.apply(file, author, &Consent::default()).await
    }

    /// The metadata at an address.
    pub async fn fetch_metadata(&self, url: &str) -> Result<Vec<u8>> {
        let outbound = Outbound::new(&self.config, self.names.clone());
        let fetched = outbound.fetch(url, &Known::default()).await;
        match fetched.map_err(|cause| Refused(format!("{cause:#}")))? {
            Fetched::Document(bytes, _) => Ok(bytes),
            Fetched::Unchanged => bail!(Refused(format!("{url} sent nothing"))),
        }
    }

    /// The metadata in force, for a configuration that says nothing else.
    pub async fn metadata_of(&self, account: &Account) -> Result<Option<Vec<u8>>> {
        let active = self.in_force(account).await.context("the account")?;
        Ok(active.metadata.map(String::into_bytes))
    }
}

/// Whether somebody has compared each of these certificates with the client.
fn compared<'c>(added: impl Iterator<Item = &'c Certificate>, seen: &[String]) -> Result<()> {
    let prints: Vec<String> = added.map(|one| one.fingerprint.clone()).collect();
    let missing = unseen(&prints, seen);
    if missing.is_empty() {
        return Ok(());
    }
    bail!(Refused(format!(
        "compare each new certificate with the client first, by telephone: {}",
        missing.join(", ")
    )))
}
