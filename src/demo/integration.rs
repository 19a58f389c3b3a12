//! The practice integration of the demonstration: the app behind the gate, and what it needs to ask.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use secrecy::SecretString;

use crate::account::{Slug, Stage};
use crate::app::{App, NewCredential};
use crate::gate::{self, Facts, Family, Kind, Pattern, Route};
use crate::practice::integration::Surroundings;
use crate::time::Span;

/// The app as it is shipped; the demonstration changes where it stands, and no route.
const SHIPPED: &str = include_str!("../../config/apps/profiles.toml");

/// Whose people may use it.
const ACCOUNT: &str = "acme-demo";

/// What its key is called.
const NAME: &str = "practice integration";

/// Writes the file of the app, reached by this host, into a new folder.
pub(super) fn describe(folder: &Path, host: &str) -> Result<()> {
    let mut app: gate::App = toml::from_str(SHIPPED)?;
    app.stage = Stage::Demo;
    app.accounts = Slug::parse(ACCOUNT).into_iter().collect();
    app.gateway = Family::Forward;
    app.hosts = vec![host.to_owned()];
    // Makers list no profiles, so the calls have a page of their own.
    app.routes.push(Route {
        methods: vec!["GET".to_owned()],
        path: Pattern::try_from("/calls".to_owned()).map_err(anyhow::Error::msg)?,
        action: "call:accept".to_owned(),
        facts: None,
        max_auth_age_minutes: None,
    });
    std::fs::create_dir(folder).with_context(|| format!("making {}", folder.display()))?;
    let file = folder.join(format!("{}.toml", app.app));
    std::fs::write(&file, toml::to_string(&app)?)
        .with_context(|| format!("writing {}", file.display()))
}

/// Where the app and its gateway find the gate and everything else.
pub(super) async fn surroundings(app: &App, host: &str) -> Result<Surroundings> {
    let server = &app.config.server;
    Ok(Surroundings {
        gate: format!("http://{}/gate/profiles/forward", server.internal_listen),
        decisions: format!("http://{}/access/v1/evaluation", server.listen),
        token: Some(token(app).await?),
        sign_in: format!(
            "{}/saml/{ACCOUNT}/login?return_to=http://{host}/",
            server.public_url
        ),
        home: format!("{}/", server.public_url),
        account: ACCOUNT.to_owned(),
    })
}

/// A key of its own for this run; what an earlier run left is taken back.
async fn token(app: &App) -> Result<SecretString> {
    let account = app.find_account(ACCOUNT).await?;
    for (_, old) in app.credentials(Some(&account)).await? {
        if old.name == NAME {
            app.revoke_credential(&old, "demo").await?;
        }
    }
    let trusts: BTreeSet<String> = Facts::NAMES.map(|fact| format!("profile.{fact}")).into();
    let wish = NewCredential {
        name: NAME.to_owned(),
        kind: Kind::Decision {
            app: Slug::parse("profiles").context("the name of the app")?,
            trusts,
        },
        networks: Vec::new(),
        lasts: Span::days(1),
    };
    let (_, secret) = app.create_credential(&account, wish, "demo").await?;
    Ok(SecretString::from(secret.reveal()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_file_of_the_app_is_one_that_the_gate_takes() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.gate.apps = folder.path().join("apps").display().to_string();

        describe(config.gate.apps.as_ref(), "localhost:8082").unwrap();
        let policy = config.policy().unwrap();
        let apps = config.apps(&policy).unwrap();

        let [behind] = apps.as_slice() else {
            panic!("one app");
        };
        assert_eq!(behind.app.app.as_str(), "profiles");
        assert!(behind.app.has_host("localhost:8082"));
        assert_eq!(behind.app.stage, Stage::Demo);
    }
}
