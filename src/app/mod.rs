//! The one place where everything is put together.

mod accounts;
mod audit;
mod carry;
mod case;
mod configuration;
mod credentials;
mod deliver;
pub mod directory;
mod effects;
mod expiry;
mod fetch;
mod forgery;
mod handback;
mod judge;
mod keys;
mod login_link;
mod look;
mod nodes;
mod overview;
mod people;
mod person;
mod probe;
mod promotion;
mod proof;
mod proposals;
mod purge;
mod refresh;
mod revisions;
mod roles;
mod sessions;
mod setup;
mod staff;
mod tidy;
mod tokens;
mod trust;
mod waiting;
mod webhooks;

pub use accounts::{Applied, Consent, Outcome, vet};
pub use carry::Effect;
pub use configuration::Reviewed;
pub use credentials::NewCredential;
pub use deliver::SLOTS;
pub use effects::{Effects, Moved};
pub use fetch::{Fetched, Known, Names, Outbound};
pub use nodes::differences;
pub use overview::{DAYS, Overview};
pub use people::{Edit, Invitation, UserChange};
pub use probe::{Finding, Probe};
pub use promotion::{Consented, Evidence, Promotion, Shown};
pub use proof::{Format, Part, read_checkpoints, verify_export};
pub use proposals::{Examined, Forbidden, Wished};
pub use purge::Purged;
pub use refresh::Refreshed;
pub use roles::RoleChange;
pub use setup::{Guest, Offer};
pub use trust::{Distrusted, Pending, Seen};

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use tokio::sync::Semaphore;

use crate::access::Access;
use crate::config::Config;
use crate::id::Entropy;
use crate::login::Login;
use crate::saml::connection::Keys;
use crate::seal::{Place, Ring};
use crate::store::{Node, Store};
use crate::time::Clock;

/// What every command and every request has at hand.
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The database.
    pub store: Store,
    /// The master keys.
    pub ring: Arc<Ring>,
    /// The sign-in desk.
    pub login: Login,
    /// The gate.
    pub access: Access,
    /// The clock.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Who signs tokens at the moment.
    signers: tokens::Signers,
    /// Who knows the addresses of names.
    pub names: Names,
    /// Descriptors are read one at a time, so that sign-ins keep the processor.
    reading: Semaphore,
    /// This server among those that share the database.
    node: Node,
    /// What the operator should read at the start.
    pub notes: Vec<String>,
    /// Key pairs for new accounts instead of fresh ones; a test makes them once.
    pub given_keys: Option<Keys>,
}

/// What a safety rule refuses: nothing was changed, and the sentence says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// What somebody named is not there: nothing was changed, and the sentence says what was looked for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unknown(pub String);

/// What cannot be done to something as it was seen.
#[derive(Debug, thiserror::Error)]
pub enum Stale {
    /// It is not there any more.
    #[error("it is not there any more")]
    Gone,
    /// Somebody changed it since.
    #[error("somebody changed it since")]
    Changed,
}

/// The setting that marks a database as one of `vestibule demo`.
pub const PRACTICE: &str = "practice";

const PROOF: &str = "master_key_proof";
const PROOF_PLACE: Place<'static> = Place {
    purpose: "settings.value",
    account: "",
    at: PROOF,
};

impl App {
    /// Opens an installation that is there; one that is not is never made, since somebody only looks.
    pub async fn existing(config: Config, clock: Clock, entropy: Entropy) -> Result<Self> {
        if !Store::is_made(&config.database.url)
            .await
            .context("looking for the database")?
        {
            bail!(
                "there is no database at {} yet; `vestibule account apply FILE.toml` or `vestibule serve` makes one. Where there should be one, look at `database.url`, at --config and at the folder that you are in",
                config.database_place()
            )
        }
        Self::open(config, clock, entropy).await
    }

    /// Opens the database and the master key that belongs to it; a fresh key is made for a fresh embedded database only.
    pub async fn open(config: Config, clock: Clock, entropy: Entropy) -> Result<Self> {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        let Some(file) = config.master_key_file() else {
            bail!(
                "`secrets.master_key_file` is needed with PostgreSQL: a file of one base64 key of 32 bytes, made with `openssl rand -base64 32`, mode 0600"
            )
        };
        let policy = config.policy()?;
        let apps = config.apps(&policy)?;
        let given = file.exists().then(|| Ring::read(&file)).transpose()?;
        let store = Store::open(&config.database.url, config.database.max_connections)
            .await
            .context("opening the database")?;
        let mut notes = Vec::new();
        let ring = Arc::new(ring(&file, given, &store, &entropy, &mut notes).await?);
        let login = Login::new(
            store.clone(),
            Arc::clone(&ring),
            entropy.clone(),
            (
                config.server.public_url.clone(),
                config.server.authorities(),
            ),
            apps.iter().map(|behind| behind.app.clone()),
        );
        notes.extend(config.warnings());
        notes.extend(drifted(&store, &config).await?);
        let node = nodes::this(&policy, clock.now(), &entropy);
        let app = Self {
            config,
            store: store.clone(),
            ring,
            login,
            access: Access::new(store.clone(), policy, apps),
            clock,
            entropy,
            signers: tokens::Signers::default(),
            names: Names::default(),
            reading: Semaphore::new(1),
            node,
            notes,
            given_keys: None,
        };
        app.note_approvals().await?;
        Ok(app)
    }
}

/// Proves that the given master key opens this database; makes one for a fresh embedded database.
async fn ring(
    file: &Path,
    given: Option<Ring>,
    store: &Store,
    entropy: &Entropy,
    notes: &mut Vec<String>,
) -> Result<Ring> {
    let mut tx = store.write().await?;
    let proof = tx.setting(PROOF).await?;
    let embedded = matches!(store, Store::Sqlite { .. });
    let ring = if let Some(ring) = given {
        ring
    } else if proof.is_none() && embedded {
        let ring = Ring::generate(entropy);
        make_folder(file)?;
        ring.write(file)?;
        notes.push(format!("made a master key in {}; without it nothing sealed in the database can be read, so keep a copy elsewhere", file.display()));
        ring
    } else if proof.is_some() {
        bail!(
            "the database was sealed with a master key that is not there: put it back at {}",
            file.display()
        )
    } else {
        bail!(
            "there is no master key at {}: make one with `openssl rand -base64 32`, mode 0600",
            file.display()
        )
    };
    // Of two nodes that start at once with different keys, the first to write is right and the other is told.
    let proof = if let Some(proof) = proof {
        proof
    } else {
        let sealed = ring.seal(b"proof", PROOF_PLACE, entropy)?;
        tx.settle(PROOF, &crate::id::hex(&sealed)).await?
    };
    ring.open(&proof_bytes(&proof), PROOF_PLACE)
        .with_context(|| {
            format!(
                "the master key in {} does not open this database",
                file.display()
            )
        })?;
    tx.commit().await?;
    Ok(ring)
}

fn proof_bytes(text: &str) -> Vec<u8> {
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    pairs
        .iter()
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

fn make_folder(file: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let Some(folder) = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("making the folder {}", folder.display()))
}

/// Accounts whose entity id was made under another `public_url`.
async fn drifted(store: &Store, config: &Config) -> Result<Vec<String>> {
    let mut tx = store.read().await?;
    // The demonstration makes its address out of its port, whatever is configured.
    if tx.setting(PRACTICE).await?.is_some() {
        return Ok(Vec::new());
    }
    let public_url = &config.server.public_url;
    let now = format!("{public_url}/saml/");
    let ours =
        |id: &str| id.contains("/saml/") && id.ends_with("/metadata") && !id.starts_with(&now);
    let accounts = tx
        .accounts()
        .await?
        .into_iter()
        .filter(|account| ours(&account.entity_id));
    Ok(accounts.map(|account| format!("the entity id of {} is {}, made under another `server.public_url` than {public_url}; its ADFS trust still names the old one", account.slug, account.entity_id)).collect())
}
