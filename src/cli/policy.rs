//! `vestibule policy …`

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::out::{Out, plain, table};
use crate::account::{Account, Stage};
use crate::app::App;
use crate::config::{Config, nearest};
use crate::gate::{Explained, Facts, Policy, Reach, Sentence, Subject, everybody};
use crate::id::UserId;
use crate::user::{State, User};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Who may do what: each action and role as a table, then every policy in words and where it stands
    #[command(after_help = "\
In the table:
  all        for every resource of their account
  own        for those that they created
  by facts   for some: what the app knows of the resource decides (`policy why` says which facts)
  -          never

A folder `policies` beside the configuration (or `gate.policies`) replaces the shipped texts:
  permits.cedar           what is allowed
  vestibule.cedarschema   types and actions; begin with the shipped one and add to it
  entities.json           people and resources of your own, in Cedar's form
What the shipped forbids.cedar forbids stays forbidden.")]
    Show,
    /// Why somebody may or may not do something
    #[command(after_help = "\
Examples:
  vestibule policy why usr_0198… profile:review
  vestibule policy why maya@acme.example --account acme-demo profile:view created_by=me
  vestibule policy why usr_0198… profile:review call_state=verified concluded_by=usr_0197…,usr_0196…

Facts about the profile, as its app would say them:
  created_by=USER          who created it; `me` is the person themselves
  call_state=STATE         open, verified or rejected
  concluded_by=USER,…      who concluded its calls; `concluded_by=` for nobody")]
    Why(Why),
}

#[derive(Args)]
pub(super) struct Why {
    /// The person's id (usr_…); with --account also their exact subject, e-mail address or external id
    user: String,
    /// What they want to do, such as profile:review
    action: String,
    /// What is known of the profile, such as `created_by=me`
    #[arg(value_name = "FACT=VALUE")]
    facts: Vec<String>,
    /// The account that they belong to
    #[arg(long)]
    account: Option<String>,
}

/// Prints the policy that a configuration puts in force; no database is needed.
pub(super) fn show(config: &Config, out: Out) -> Result<ExitCode> {
    let policy = config.policy()?;
    let folder = config.policies()?;
    let columns = everybody(Stage::Live).context("an id")?;
    let mut rows = Vec::new();
    for action in policy.actions() {
        let reaches = columns
            .iter()
            .map(|(_, subject)| policy.reach(subject, action));
        rows.push((action, reaches.collect::<Result<Vec<_>, _>>()?));
    }
    let names = || columns.iter().map(|(name, _)| *name);
    let matrix: Map<String, Value> = rows
        .iter()
        .map(|(action, reaches)| {
            let cells = names()
                .map(str::to_owned)
                .zip(reaches.iter().map(|reach| json!(reach)));
            ((*action).to_owned(), Value::Object(cells.collect()))
        })
        .collect();
    let place = |sentence: &Sentence| {
        let file = sentence.text.as_str();
        match folder.as_ref().filter(|_| !sentence.is_shipped) {
            Some(folder) => format!("{}:{}", folder.join(file).display(), sentence.line),
            None => format!("shipped {file}:{}", sentence.line),
        }
    };
    let value = json!({ "revision": policy.revision(), "folder": folder, "matrix": matrix, "policies": policy.sentences() });
    out.say(&value, || {
        let head = std::iter::once(String::new()).chain(names().map(str::to_owned));
        let body = rows.iter().map(|(action, reaches)| {
            let cells = reaches.iter().map(|reach| cell(*reach).to_owned());
            std::iter::once((*action).to_owned()).chain(cells).collect()
        });
        let mut lines = table(
            &std::iter::once(head.collect())
                .chain(body)
                .collect::<Vec<_>>(),
        );
        lines.push(String::new());
        let sentences = policy.sentences().iter().map(|sentence| {
            vec![
                sentence.effect.as_str().into(),
                sentence.id.clone(),
                plain(&sentence.says),
                plain(&place(sentence)),
            ]
        });
        lines.extend(table(&sentences.collect::<Vec<_>>()));
        lines
    })
}

const fn cell(reach: Reach) -> &'static str {
    match reach {
        Reach::All => "all",
        Reach::Own => "own",
        Reach::Facts => "by facts",
        Reach::Nothing => "-",
    }
}

/// Explains a decision about somebody as they are now.
pub(super) async fn why(asked: &Why, app: &App, out: Out) -> Result<ExitCode> {
    let (policy, action) = (&app.access.policy, asked.action.as_str());
    if !policy.knows(action) {
        let near = nearest(action, policy.actions());
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        bail!(
            "the policy knows no action `{}`{near} `vestibule policy show` lists them all",
            plain(action)
        );
    }
    let (account, user) = find(app, asked).await?;
    let document = app
        .document(account.id)
        .await?
        .context("the account has no active revision")?;
    let facts = facts(&asked.facts, &user)?;
    let subject = Subject::person(account.id, document.stage, &user);
    let explained = policy.explain(&subject, action, &facts)?;
    let is_allowed = explained.decision.is_allowed && user.state == State::Active;
    let roles: Vec<_> = user.roles.keys().collect();
    let value = json!({
        "user": user.id, "account": account.slug, "state": user.state, "roles": roles, "action": action,
        "allowed": is_allowed, "reach": explained.reach, "policies": explained.decision.reasons, "missing": explained.missing,
    });
    out.say(&value, || {
        let roles: Vec<_> = user.roles.keys().map(|role| role.as_str()).collect();
        let roles = if roles.is_empty() {
            "no role".to_owned()
        } else {
            roles.join(", ")
        };
        let who = format!("{} of {} ({roles})", plain(&user.subject), account.slug);
        let mut lines = vec![format!(
            "{}: {action} by {who}",
            if is_allowed { "Yes" } else { "No" }
        )];
        if user.state != State::Active {
            lines.push(format!(
                "  The person is {}, so nothing is allowed now; else this would hold:",
                user.state.as_str()
            ));
        }
        lines.extend(self::lines(&explained, policy));
        lines
    })
}

fn lines(explained: &Explained, policy: &Policy) -> Vec<String> {
    let causes = policy.causes(&explained.decision).into_iter();
    let mut lines: Vec<String> = causes
        .map(|cause| format!("  {} {}: {}", cause.id, cause.verb, plain(&cause.says)))
        .collect();
    if lines.is_empty() {
        lines.push("  No policy allows it.".into());
    }
    if !explained.missing.is_empty() {
        let examples = explained.missing.iter().map(|name| match *name {
            "call_state" => "call_state=verified".to_owned(),
            name => format!("{name}=…"),
        });
        lines.push(format!(
            "  It could be a yes, depending on what is not said here: {}",
            examples.collect::<Vec<_>>().join(" ")
        ));
    }
    lines.push(format!("  In general: {}", explained.reach.sentence()));
    lines
}

/// The person, by their id alone or by what their account knows them by.
async fn find(app: &App, asked: &Why) -> Result<(Account, User)> {
    if let Some(slug) = &asked.account {
        let account = app.find_account(slug).await?;
        let user = app.find_user(&account, &asked.user).await?;
        return Ok((account, user));
    }
    let Some(id) = UserId::parse(&asked.user) else {
        bail!(
            "{} is not an id (usr_…); say with --account in which account that name is looked for",
            plain(&asked.user)
        );
    };
    let mut tx = app.store.read().await?;
    for account in tx.accounts().await? {
        if let Some(user) = tx.of(account.id).user(id, app.clock.now()).await? {
            return Ok((account, user));
        }
    }
    bail!("no account has a person {id}; `vestibule user list ACCOUNT` shows who is there")
}

fn facts(said: &[String], user: &User) -> Result<Facts> {
    let person = |name: &str| {
        if name == "me" {
            user.id.to_string()
        } else {
            name.to_owned()
        }
    };
    let mut facts = Facts::default();
    for fact in said {
        let Some((name, value)) = fact.split_once('=') else {
            bail!(
                "`{}` is not a fact such as call_state=verified",
                plain(fact)
            );
        };
        match name {
            "created_by" => facts.created_by = Some(person(value)),
            "call_state" => facts.call_state = Some(value.to_owned()),
            "concluded_by" => {
                let people = value.split(',').filter(|name| !name.is_empty());
                facts.concluded_by = Some(people.map(person).collect());
            }
            _ => {
                let near = nearest(name, Facts::NAMES.into_iter());
                let near =
                    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                bail!(
                    "there is no fact `{}`{near} The facts are {}",
                    plain(name),
                    Facts::NAMES.join(", ")
                );
            }
        }
    }
    Ok(facts)
}
