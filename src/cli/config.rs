//! `vestibule config …`

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};
use url::Url;

use super::out::Out;
use super::trust;
use crate::account;
use crate::app::App;
use crate::config::Config;
use crate::id::Entropy;
use crate::saml::metadata::Descriptor;
use crate::time::{Clock, Timestamp};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Read the configuration, open the database with its master key, and look at every account
    Check,
}

pub(super) async fn run(
    command: &Command,
    config: Config,
    file: Option<&Path>,
    out: Out,
) -> Result<ExitCode> {
    let Command::Check = command;
    let app = App::existing(config, Clock::System, Entropy::System).await?;
    let (now, mut warnings, mut accounts) = (app.clock.now(), app.notes.clone(), 0);
    for account in app.store.read().await?.accounts().await? {
        accounts += 1;
        let mut tx = app.store.read().await?;
        let mut of = tx.of(account.id);
        of.keys(&app.ring).await?;
        let source = of.source().await?;
        let revision = of.revision(account.active).await?;
        let document = revision.as_ref().map(|revision| &revision.document);
        let rules = document.map(|document| account::warnings(document, now));
        let metadata = revision
            .as_ref()
            .and_then(|revision| revision.metadata.clone());
        warnings.extend(
            judge(metadata.as_deref(), now)
                .into_iter()
                .chain(rules.into_iter().flatten())
                .chain(
                    source
                        .iter()
                        .flat_map(|source| trust::warnings(source, account.slug.as_str(), now)),
                )
                .map(|warning| format!("{}: {warning}", account.slug)),
        );
    }
    let server = &app.config.server;
    for (list, what) in [
        (&server.ingress_ips, "server.ingress_ips"),
        (&server.egress_ips, "server.egress_ips"),
    ] {
        if list.is_empty() && server.public_url.starts_with("https://") {
            warnings.push(format!(
                "`{what}` is empty: what clients get for their firewall will lack it"
            ));
        }
    }
    let mut configuration = serde_json::to_value(&app.config)?;
    for key in ["/database/url", "/database/listen_url"] {
        if let Some(Value::String(url)) = configuration.pointer_mut(key) {
            *url = without_password(url);
        }
    }
    let (policy, apps) = (&app.access.policy, app.access.behind.len());
    let policies = app.config.policies()?;
    let counted = policy.sentences().len();
    let value = json!({
        "configuration": configuration,
        "accounts": accounts,
        "policy": { "folder": policies, "revision": policy.revision(), "policies": counted },
        "apps": apps,
        "warnings": warnings,
    });
    out.say(&value, || {
        let source = file.map_or_else(|| "the default file or the defaults".to_owned(), |path| path.display().to_string());
        let mut lines = vec![format!("The configuration is sound ({source}); the master key opens the database; {accounts} accounts")];
        let from = policies.map_or_else(|| "as shipped".to_owned(), |folder| format!("with what {} says", folder.display()));
        lines.push(format!("The policy is sound ({from}): {counted} policies; {apps} apps are behind the gate"));
        lines.extend(warnings.iter().map(|warning| format!("  ! {warning}")));
        lines
    })
}

/// A database's address as it may be shown.
fn without_password(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        return String::new();
    };
    let _ = url.set_password(None);
    url.set_query(None);
    url.into()
}

fn judge(metadata: Option<&str>, now: Timestamp) -> Vec<String> {
    match metadata.map(|text| Descriptor::read(text.as_bytes())) {
        None => vec!["no identity provider yet".into()],
        Some(Err(problem)) => vec![problem.to_string()],
        Some(Ok(descriptor)) => descriptor.warnings(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_shown_without_its_password() {
        for address in [
            "postgres://sso:secret@db.bank.example/sso",
            "postgres://sso@db.bank.example/sso?password=secret",
        ] {
            assert_eq!(
                without_password(address),
                "postgres://sso@db.bank.example/sso"
            );
        }
        let file = "sqlite://data/vestibule.db";
        assert_eq!(without_password(file), file);
    }
}
