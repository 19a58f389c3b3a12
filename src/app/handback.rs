//! What the kit of an account is written from.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::{App, Refused};
use crate::account::{Account, State};
use crate::handback::{self, Facts, Group, Kit};
use crate::role::Role;
use crate::saml::connection;
use crate::saml::rollover::{Purpose, State as Life};

impl App {
    /// The kit for the client of an account, with the groups that stand for roles.
    pub async fn handback(&self, account: &Account, groups: BTreeMap<Role, Group>) -> Result<Kit> {
        if account.state != State::Enabled {
            bail!(Refused(format!("{} is disabled", account.slug)));
        }
        let (server, slug) = (&self.config.server, account.slug.as_str());
        let descriptor = self.descriptor(slug).await?;
        let document = self.document(account.id).await?;
        let mut tx = self.store.read().await?;
        let mut keys = tx.of(account.id).known_keys().await?;
        // The same kit each time, what signs first.
        keys.sort_by_key(|key| (key.purpose != Purpose::Signing, key.state, key.created_at));
        drop(tx);
        let addresses =
            connection::addresses(&server.public_url, &account.slug, &account.entity_id);
        let named = keys
            .into_iter()
            .filter(|key| key.state != Life::Old)
            .map(|key| (key.purpose.as_str().to_owned(), key.certificate));
        let facts = Facts {
            document: document.context("the account has no active revision")?,
            entity_id: account.entity_id.clone(),
            acs: addresses.acs,
            logout: addresses.logout,
            sign_in: format!("{}/saml/{slug}/login", server.public_url),
            descriptor: descriptor.context("the account has no descriptor")?,
            certificates: named.collect(),
            hosts: hosts(&server.public_url, &server.host_names),
            ingress: server.ingress_ips.clone(),
            egress: server.egress_ips.clone(),
            groups,
        };
        handback::write(&facts).map_err(|wrong| Refused(wrong.to_string()).into())
    }
}

fn hosts(public_url: &str, names: &[String]) -> Vec<String> {
    let own = url::Url::parse(public_url).ok();
    let own = own.and_then(|url| url.host_str().map(str::to_owned));
    let mut all: Vec<String> = own.into_iter().chain(names.iter().cloned()).collect();
    all.dedup();
    all
}
