//! The commands, their words and their exit codes.

mod account;
mod attempt;
mod audit;
mod config;
mod explain;
mod gate;
mod handback;
mod key;
mod keys;
mod metadata;
mod out;
mod policy;
mod probe;
mod promotion;
mod proposal;
mod purge;
mod roles;
mod serve;
mod session;
mod setup;
mod token;
mod token_keys;
mod trust;
mod user;
mod webhook;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use out::Out;

use crate::app::{App, Refused};
use crate::config::Config;
use crate::id::Entropy;
use crate::time::Clock;

/// SAML single sign-on and user access management for the clients of a platform.
#[derive(Parser)]
#[command(
    name = "vestibule",
    version,
    max_term_width = 100,
    after_help = "\
Begin here:
  vestibule demo                          try everything out, with a practice ADFS and an app behind the gate
  vestibule metadata inspect FILE         what a client's metadata says, and what is wrong with it
  vestibule account apply FILE.toml       make an account from a file, or change it
  vestibule serve                         run the server
  vestibule explain REFERENCE             why a sign-in went as it went

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a safety rule (the message says which and what to do)."
)]
struct Cli {
    /// The server's configuration [default: config/vestibule.toml, where it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Run an embedded server with a practice ADFS, two accounts and an app behind the gate, and print the addresses to open
    #[cfg(feature = "practice")]
    Demo(crate::demo::Options),
    /// Make, change and look at accounts
    #[command(subcommand)]
    Account(account::Command),
    /// Look at an identity provider's metadata
    #[command(subcommand)]
    Metadata(metadata::Command),
    /// Explain a login attempt, step by step
    Explain {
        /// The reference that the person was shown (att_…)
        reference: crate::id::AttemptId,
    },
    /// Look at login attempts
    #[command(subcommand)]
    Attempt(attempt::Command),
    /// Look at and end sessions
    #[command(subcommand)]
    Session(session::Command),
    /// Print the description of the administration's routes (`OpenAPI` 3.1)
    Openapi,
    /// Look at and manage the people of an account
    #[command(subcommand)]
    User(user::Command),
    /// Look at what waits for a second person, and take it back
    #[command(subcommand)]
    Proposal(proposal::Command),
    /// Make, list and take back the keys of programs
    #[command(subcommand)]
    Key(key::Command),
    /// Make, list and take back the tokens of programs that work on an account
    #[command(subcommand)]
    Token(token::Command),
    /// Tell addresses of what happens in an account
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Make a link by which an operator comes in once, without their identity provider; every operator hears of it
    LoginLink {
        /// The operator's id (usr_…), exact subject, e-mail address or external id
        #[arg(long, value_name = "NAME")]
        operator: String,
    },
    /// Look at and change an account's own keys, and those that sign tokens
    #[command(subcommand)]
    Keys(keys::Command),
    /// Ask what the gate says to a request, and try what its gateways let through
    #[command(subcommand)]
    Gate(gate::Command),
    /// Who may do what, and why
    #[command(subcommand)]
    Policy(policy::Command),
    /// Read, verify and export what was done and refused
    #[command(subcommand)]
    Audit(audit::Command),
    /// Remove people, sign-ins and audit entries whose time is over, as the server does by the minute
    Purge {
        /// Only say what would be removed
        #[arg(long)]
        dry_run: bool,
    },
    /// Look at the configuration
    #[command(subcommand)]
    Config(config::Command),
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let matches = Cli::command().get_matches();
    let (words, config) = (
        words(&matches),
        matches.get_one::<PathBuf>("config").cloned(),
    );
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let out = Out { json: cli.json };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return out.failed(&error.into()),
    };
    match runtime.block_on(dispatch(cli, out)) {
        Ok(code) => code,
        Err(error)
            if error
                .chain()
                .any(|cause| cause.downcast_ref::<Refused>().is_some()) =>
        {
            if let Err(cause) = runtime.block_on(keep_refusal(config, &words, &error)) {
                out::note(&format!("the audit does not say so: {cause:#}"));
            }
            out.refused(&error)
        }
        Err(error) => out.failed(&error),
    }
}

/// The words of the command, without what was typed after them: `user delete`.
fn words(matches: &ArgMatches) -> String {
    let (mut words, mut at) = (Vec::new(), matches);
    while let Some((word, inner)) = at.subcommand() {
        words.push(word);
        at = inner;
    }
    words.join(" ")
}

/// Keeps in the audit that a safety rule refused a command: in that of the account that it names, else in that of the staff.
async fn keep_refusal(config: Option<PathBuf>, words: &str, error: &anyhow::Error) -> Result<()> {
    let config = load(config.as_deref())?;
    if !crate::store::Store::is_made(&config.database.url).await? {
        return Ok(());
    }
    let app = App::existing(config, Clock::System, Entropy::System).await?;
    let named: Vec<String> = std::env::args().skip(1).collect();
    let said = error
        .downcast_ref::<Refused>()
        .map_or_else(|| error.to_string(), ToString::to_string);
    app.keep_refusal(&named, words, said, &actor()).await
}

async fn dispatch(cli: Cli, out: Out) -> Result<ExitCode> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Serve => serve::run(load(file)?).await,
        #[cfg(feature = "practice")]
        Command::Demo(options) => crate::demo::run(load(file)?, options).await,
        Command::Account(command) => Box::pin(account::run(command, load(file)?, out)).await,
        Command::Metadata(command) => metadata::run(command, &load(file)?, out).await,
        Command::Explain { reference } => {
            explain::run(reference, &existing(load(file)?).await?, out).await
        }
        Command::Attempt(command) => {
            attempt::run(command, &existing(load(file)?).await?, out).await
        }
        Command::Session(command) => {
            session::run(command, &existing(load(file)?).await?, out).await
        }
        Command::Openapi => {
            let described = crate::http::description(&load(file)?.server.public_url);
            Out { json: true }.say(&described, Vec::new)
        }
        Command::User(command) => user::run(command, existing(load(file)?).await?, out).await,
        Command::Proposal(command) => {
            proposal::run(command, &existing(load(file)?).await?, out).await
        }
        Command::Key(command) => key::run(command, &existing(load(file)?).await?, out).await,
        Command::Token(command) => {
            // A token of operators is how a new installation begins.
            let config = load(file)?;
            let app = if command.is_operators() {
                open(config).await?
            } else {
                existing(config).await?
            };
            token::run(command, &app, out).await
        }
        Command::Webhook(command) => {
            webhook::run(command, &existing(load(file)?).await?, out).await
        }
        Command::LoginLink { operator } => {
            login_link(&operator, &existing(load(file)?).await?, out).await
        }
        Command::Keys(command) => keys::run(command, &existing(load(file)?).await?, out).await,
        Command::Gate(command) => gate::run(command, load(file)?, out).await,
        Command::Policy(policy::Command::Show) => policy::show(&load(file)?, out),
        Command::Policy(policy::Command::Why(asked)) => {
            policy::why(&asked, &existing(load(file)?).await?, out).await
        }
        Command::Audit(command) => Box::pin(audit::run(command, load(file)?, out)).await,
        Command::Purge { dry_run } => purge::run(dry_run, &existing(load(file)?).await?, out).await,
        Command::Config(command) => config::run(&command, load(file)?, file, out).await,
    }
}

async fn login_link(operator: &str, app: &App, out: Out) -> Result<ExitCode> {
    let (user, url) = app.make_login_link(operator, &actor()).await?;
    let value = serde_json::json!({ "user": user.id, "url": url });
    out.say(&value, || {
        vec![
            format!(
                "{} comes in by this link, once and within ten minutes; the session lasts half an hour, approves nothing and is shown no key:",
                out::plain(&user.subject)
            ),
            url.clone(),
        ]
    })
}

fn load(file: Option<&std::path::Path>) -> Result<Config> {
    Ok(Config::load(file, std::env::vars())?)
}

/// The database and keys, as a running server would open them; made where there are none.
async fn open(config: Config) -> Result<App> {
    Ok(noted(
        App::open(config, Clock::System, Entropy::System).await?,
    ))
}

/// The database and keys that are there.
async fn existing(config: Config) -> Result<App> {
    Ok(noted(
        App::existing(config, Clock::System, Entropy::System).await?,
    ))
}

fn noted(app: App) -> App {
    for note in &app.notes {
        out::note(note);
    }
    app
}

/// Who does something at the shell, for the audit.
fn actor() -> String {
    let name = ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    format!("shell:{}", name.unwrap_or_else(|| "unknown".to_owned()))
}
