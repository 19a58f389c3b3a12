//! `vestibule gate …`

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::out::{Out, table};
use crate::access::Refusal;
use crate::account::{Slug, Stage};
use crate::app::App;
use crate::config::Config;
use crate::gate::{
    self, NormalPath, Policy, Reach, Reason, Route, Routed, Situation, Subject, everybody, key,
    person,
};
use crate::id::AccountId;
use crate::role::Role;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Which route and which policy decide about a request of an app
    Check(Request),
    /// Send forgeries through a deployed gateway, and tell which of them work
    Probe(super::probe::Probe),
}

/// A request as it might come.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule gate check profiles GET /v2/profiles/prf_1                        what each role may
  vestibule gate check profiles GET /v2/profiles/prf_1 --as link_creator      what somebody with that role may, and why
  vestibule gate check profiles GET /v2/profiles --as maya@acme.example --account acme-live")]
pub(super) struct Request {
    /// The app's name
    app: String,
    /// The method, such as GET
    method: String,
    /// The path as it comes, such as /v2/profiles
    path: String,
    /// Whom to try: roles (maker,checker), `key`, or a person of --account by id, subject, e-mail address or external id
    #[arg(long = "as", value_name = "WHO")]
    who: Option<String>,
    /// The account that the person is of
    #[arg(long)]
    account: Option<String>,
}

pub(super) async fn run(command: Command, config: Config, out: Out) -> Result<ExitCode> {
    let request = match command {
        Command::Check(request) => request,
        Command::Probe(probe) => return super::probe::run(&probe, out).await,
    };
    let policy = config.policy()?;
    let apps = config.apps(&policy)?;
    let names: Vec<String> = apps
        .iter()
        .map(|behind| behind.app.app.to_string())
        .collect();
    let app = apps
        .iter()
        .map(|behind| &behind.app)
        .find(|app| app.app.as_str() == request.app)
        .with_context(|| {
            let known = if names.is_empty() {
                "none; a file in the folder `gate.apps` makes one".to_owned()
            } else {
                names.join(", ")
            };
            format!(
                "there is no app `{}`; there are these: {known}",
                request.app
            )
        })?;
    let path = request
        .path
        .split_once('?')
        .map_or(request.path.as_str(), |(path, _)| path);
    let route = match NormalPath::parse(path).map(|path| app.route(&request.method, &path)) {
        Err(_) => Err(Refusal::Path),
        Ok(Routed::Nowhere) => Err(Refusal::NoRoute),
        Ok(Routed::OtherMethod) => Err(Refusal::Method),
        Ok(Routed::To(number, route)) => Ok((number, route)),
    };
    let (number, route) = match route {
        Ok(found) => found,
        Err(refusal) => {
            let value = json!({ "app": request.app, "allowed": false, "reason": refusal.as_str(), "detail": refusal.sentence() });
            return out.say(&value, || {
                vec![format!(
                    "refused: {} ({})",
                    refusal.sentence(),
                    refusal.as_str()
                )]
            });
        }
    };
    let asked = match &request.who {
        None => everybody(app.stage)
            .context("an id")?
            .into_iter()
            .map(|(name, subject)| (name.to_owned(), subject))
            .collect(),
        Some(who) => vec![named(who, request.account.as_deref(), app, config).await?],
    };
    let mut answers = Vec::new();
    for (name, subject) in &asked {
        answers.push(answer(&policy, route, name, subject)?);
    }
    let value = json!({
        "app": request.app,
        "route": { "number": number + 1, "methods": route.methods, "path": route.path.as_str(), "action": route.action },
        "answers": answers.iter().map(Answer::json).collect::<Vec<_>>(),
    });
    out.say(&value, || {
        let route = format!(
            "Route {} of {}: {} {} needs {}",
            number + 1,
            request.app,
            route.methods.join(", "),
            route.path.as_str(),
            route.action
        );
        let rows = answers.iter().map(Answer::row).collect::<Vec<_>>();
        let mut lines = vec![route, String::new()];
        lines.extend(table(&rows));
        lines
    })
}

/// What the gate says to somebody.
struct Answer {
    who: String,
    reach: Reach,
    refusal: Option<Refusal>,
    reasons: Vec<Reason>,
}

impl Answer {
    fn json(&self) -> Value {
        json!({
            "who": self.who,
            "allowed": self.refusal.is_none(),
            "reason": self.refusal.map(Refusal::as_str),
            "scope": self.reach,
            "policies": self.reasons,
        })
    }

    fn row(&self) -> Vec<String> {
        let may = match (self.refusal, self.reach) {
            (Some(refusal), _) => format!("no ({})", refusal.as_str()),
            (None, Reach::All | Reach::Nothing) => "yes".to_owned(),
            (None, Reach::Own) => "their own".to_owned(),
            (None, Reach::Facts) => "where the app's facts allow it".to_owned(),
        };
        let why = self
            .reasons
            .iter()
            .map(|reason| format!("{} [{}]", reason.says, reason.id));
        let why: Vec<String> = why.collect();
        let why = if why.is_empty() {
            "Nothing allows it.".to_owned()
        } else {
            why.join(" ")
        };
        vec![self.who.clone(), may, why]
    }
}

fn answer(policy: &Policy, route: &Route, name: &str, subject: &Subject) -> Result<Answer> {
    let reach = policy.reach(subject, &route.action)?;
    let knows = route.facts.is_some();
    let refusal = match reach {
        Reach::Nothing => Some(Refusal::Forbidden),
        Reach::Own | Reach::Facts if !knows => Some(Refusal::Facts),
        Reach::All | Reach::Own | Reach::Facts => None,
    };
    Ok(Answer {
        who: name.to_owned(),
        reach,
        refusal,
        reasons: reasons(policy, subject, &route.action, reach)?,
    })
}

/// The policies that decide in any situation: those that allow where something is allowed, else those that forbid.
fn reasons(
    policy: &Policy,
    subject: &Subject,
    action: &str,
    reach: Reach,
) -> Result<Vec<Reason>, gate::Error> {
    let id = subject.id();
    let mut found = Vec::new();
    for situation in Situation::all() {
        let decision = policy.profile(subject, action, "", &situation.facts(&id))?;
        if decision.is_allowed != (reach == Reach::Nothing) {
            found.extend(decision.reasons);
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

async fn named(
    who: &str,
    account: Option<&str>,
    app: &gate::App,
    config: Config,
) -> Result<(String, Subject)> {
    if who == "key" {
        return Ok((who.to_owned(), key(app.stage).context("an id")?));
    }
    let roles: Option<Vec<Role>> = who
        .split(',')
        .map(|name| Role::parse(name.trim()))
        .collect();
    if let Some(roles) = roles {
        return Ok((who.to_owned(), person(app.stage, roles).context("an id")?));
    }
    let Some(account) = account else {
        let known = Role::ALL.map(Role::as_str).join(", ");
        bail!(
            "`{who}` is neither `key` nor a list of roles ({known}); say with --account of which account the person is"
        )
    };
    let installed = super::existing(config).await?;
    let (account, user) = found(&installed, account, who).await?;
    if !app.serves(account.stage, &account.slug) {
        bail!(
            "the app {} is for {} accounts{}, and {} is none of them",
            app.app,
            app.stage.as_str(),
            only(&app.accounts),
            account.slug
        )
    }
    let roles = user
        .roles
        .keys()
        .map(|role| role.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let subject = Subject::person(account.id, account.stage, &user);
    Ok((format!("{} ({roles})", user.id), subject))
}

struct Of {
    id: AccountId,
    slug: Slug,
    stage: Stage,
}

async fn found(app: &App, account: &str, who: &str) -> Result<(Of, crate::user::User)> {
    let account = app.find_account(account).await?;
    let document = app
        .document(account.id)
        .await?
        .context("the account has no configuration")?;
    let user = app.find_user(&account, who).await?;
    Ok((
        Of {
            id: account.id,
            slug: account.slug,
            stage: document.stage,
        },
        user,
    ))
}

fn only(accounts: &[Slug]) -> String {
    let names: Vec<&str> = accounts.iter().map(Slug::as_str).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(" ({})", names.join(", "))
    }
}
