//! `vestibule demo`: an embedded server, a practice ADFS beside it, an app behind the gate, and Acme Bank with a demo and a live account.

mod integration;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;

use crate::account::{Account, Document};
use crate::app::{App, Consent, Invitation, PRACTICE, Refused};
use crate::claims::Profile;
use crate::config::{AccountFile, Config, Database};
use crate::http::{self, Listeners, Shared};
use crate::id::{Entropy, hex};
use crate::log;
use crate::practice;
use crate::practice::adfs::Adfs;
use crate::practice::key::Key;
use crate::practice::pages::{self, Practice};
use crate::practice::persona::{OLGA, OTTO, Persona, SAM};
use crate::practice::relying_party::RelyingParty;
use crate::time::{Clock, Span};

/// Where the demonstration listens; loopback only.
#[derive(Args)]
pub struct Options {
    /// Where Vestibule listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the practice ADFS listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    practice: SocketAddr,
    /// Where the practice integration listens, which is an app behind the gate
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8082")]
    integration: SocketAddr,
    /// How browsers reach the practice ADFS, where a proxy stands before it
    #[arg(long, hide = true, value_name = "URL")]
    practice_url: Option<String>,
    /// The metadata of another service provider that the practice ADFS trusts
    #[arg(long, hide = true, value_name = "FILE")]
    trust: Vec<PathBuf>,
}

/// The two accounts of the client, and the one of the people who run Vestibule; in each, who is invited, and whether they are suspended.
const ACCOUNTS: [(&str, &[(Persona, bool)]); 3] = [
    (include_str!("acme-demo.toml"), &[(SAM, true)]),
    (include_str!("acme-live.toml"), &[(SAM, true)]),
    (include_str!("staff.toml"), &[(OLGA, false), (OTTO, false)]),
];

/// Runs the demonstration until it is told to stop.
pub async fn run(mut config: Config, options: Options) -> Result<ExitCode> {
    let addresses = [options.listen, options.practice, options.integration];
    if !addresses.iter().all(|address| address.ip().is_loopback()) {
        return Err(Refused(
            "the demonstration listens on loopback only: everybody can sign in to it as anybody"
                .into(),
        )
        .into());
    }
    log::start(&config.log)?;
    config.server.listen = options.listen;
    "staff".clone_into(&mut config.staff.account);
    config.server.public_url = format!("http://localhost:{}", options.listen.port());
    let listeners = Listeners::bind(&config.server, "--listen").await?;
    let listener = http::bind(options.practice, "--practice").await?;
    let entrance = http::bind(options.integration, "--integration").await?;
    let host = format!("localhost:{}", options.integration.port());
    // From here on an interrupt is an ordinary end, so that the folder goes.
    let stop = http::stop()?;
    let folder = Folder::new()?;
    if config.database.url == Database::default().url {
        config.database.url = format!("sqlite://{}", folder.0.join("vestibule.db").display());
    }
    let apps = folder.0.join("apps");
    integration::describe(&apps, &host)?;
    config.gate.apps = apps.display().to_string();
    let app = open(config).await?;
    say("Making the keys of the practice ADFS…");
    let own_url = format!("http://localhost:{}", options.practice.port());
    let adfs = adfs(options.practice_url.as_deref().unwrap_or(&own_url), &app)?;
    say("Making the accounts acme-demo and acme-live…");
    let mut trusts = accounts(&app, &adfs).await?;
    for file in &options.trust {
        trusts.push(trust(file).with_context(|| format!("--trust {}", file.display()))?);
    }
    let surroundings = integration::surroundings(&app, &host).await?;
    say(&welcome(&app, &adfs, &host)?);
    let entropy = app.entropy.clone();
    let practice = Practice::new(adfs, trusts, app.clock.clone(), entropy.clone());
    let served = tokio::try_join!(
        http::serve(Shared::new(Arc::new(app)), listeners, stop.clone()),
        pages::serve(practice, listener, stop.clone()),
        practice::integration::serve(surroundings, entropy, entrance, stop)
    );
    drop(folder);
    served.map(|_| ExitCode::SUCCESS)
}

/// A folder of its own for each run, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!(
            "vestibule-demo-{}",
            hex(&Entropy::System.bytes::<8>())
        ));
        std::fs::create_dir(&path).with_context(|| format!("making {}", path.display()))?;
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Opens the database, and refuses one that was not made here.
async fn open(config: Config) -> Result<App> {
    let app = App::open(config, Clock::System, Entropy::System).await?;
    let mut tx = app.store.write().await?;
    let marked = tx.setting(PRACTICE).await?.is_some();
    if !marked && !tx.accounts().await?.is_empty() {
        return Err(Refused("this database has accounts and was not made by `vestibule demo`; point `database.url` at another one, or leave it out".into()).into());
    }
    tx.set(PRACTICE, "made by vestibule demo").await?;
    tx.commit().await?;
    Ok(app)
}

/// A practice ADFS with fresh keys.
fn adfs(url: &str, app: &App) -> Result<Adfs> {
    let made = app.clock.now().minus(Span::days(40));
    let key = |name: &str| Key::rsa(name, 2048, made, 365, &app.entropy);
    let signing = vec![key("ADFS Signing - localhost")?];
    Ok(Adfs::new(url, signing, key("ADFS Encryption - localhost")?))
}

fn trust(file: &Path) -> Result<RelyingParty> {
    let text = std::fs::read_to_string(file)?;
    Ok(RelyingParty::from_metadata(&text)?)
}

/// The accounts, trusting the practice ADFS and trusted by it.
async fn accounts(app: &App, adfs: &Adfs) -> Result<Vec<RelyingParty>> {
    let mut trusts = Vec::new();
    for (text, people) in ACCOUNTS {
        let document: Document = toml::from_str(text)?;
        let file = AccountFile {
            document,
            metadata: Some(adfs.metadata()?.into_bytes()),
        };
        let consent = Consent {
            break_glass: Some("the practice ADFS has fresh keys at each run".into()),
            ..Consent::default()
        };
        let account = app.apply(&file, "demo", &consent).await?.account;
        let descriptor = app
            .descriptor(account.slug.as_str())
            .await?
            .context("an account without a descriptor")?;
        trusts.push(RelyingParty::from_metadata(&descriptor)?);
        for (persona, is_suspended) in people {
            invite(app, &account, persona, *is_suspended).await?;
        }
    }
    Ok(trusts)
}

/// Lets somebody in who has not come yet, or keeps them out.
async fn invite(app: &App, account: &Account, persona: &Persona, suspended: bool) -> Result<()> {
    if app.find_user(account, persona.upn).await.is_ok() {
        return Ok(());
    }
    let invitation = Invitation {
        subject: Some(persona.upn.into()),
        external_id: None,
        profile: Profile::default(),
    };
    let user = app.invite(account, invitation, "demo").await?;
    if suspended {
        app.suspend(account, user.id, "demo").await?;
    }
    Ok(())
}

fn welcome(app: &App, adfs: &Adfs, integration: &str) -> Result<String> {
    let (ours, practice) = (&app.config.server.public_url, &adfs.base_url);
    let program = std::env::current_exe().context("finding this program")?;
    Ok(format!(
        "\n\
        Vestibule and a practice ADFS are running. Open one of these in a browser and pick a person:\n\n\
        \x20 {ours}/saml/acme-demo/login     the demo account of Acme Bank\n\
        \x20 {ours}/saml/acme-live/login     its live account\n\
        \x20 {ours}/saml/staff/login         the portal of the people who run Vestibule: be Olga or Otto\n\
        \x20 {practice}/adfs/ls/idpinitiatedsignon.aspx   the practice ADFS itself\n\
        \x20 {practice}/adfs/trusts                         whom it trusts; a new account's kit goes there\n\
        \x20 http://{integration}/                          an app behind the gate, whose every button asks Vestibule first\n\n\
        Each person has other roles, and a menu there plays the mistakes that people make in a real ADFS.\n\
        A refused sign-in shows a reference; this explains it, in another terminal:\n\n\
        \x20 VESTIBULE_DATABASE_URL={database} {program} explain att_…\n\n\
        Whoever is suspended is out of the app with the next button:\n\n\
        \x20 VESTIBULE_DATABASE_URL={database} {program} user suspend acme-demo chen@corp.acme.example\n\n\
        End it with Ctrl-C; nothing stays.\n",
        database = app.config.database.url,
        program = program.display(),
    ))
}

fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
