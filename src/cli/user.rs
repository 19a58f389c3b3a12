//! `vestibule user …`

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use super::out::{Out, plain, table};
use super::{actor, roles};
use crate::account::Account;
use crate::app::{App, Edit, Invitation, Refused, UserChange};
use crate::claims::Profile;
use crate::id::UserId;
use crate::role::Role;
use crate::store::{Place, Wanted};
use crate::user::{State, User};

#[derive(Subcommand)]
pub(super) enum Command {
    /// The people of an account, oldest first
    List {
        /// The account's name
        account: String,
        /// Only those of whom the subject, e-mail address, name, family name or external id begins so
        #[arg(long, conflicts_with = "after")]
        search: Option<String>,
        /// Only those in this state: invited, active or suspended
        #[arg(long, value_parser = state)]
        state: Option<State>,
        /// Only those who hold this role
        #[arg(long, value_parser = roles::role)]
        role: Option<Role>,
        /// Begin after this person's id
        #[arg(long, value_name = "USER_ID")]
        after: Option<UserId>,
        /// At most that many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
    },
    /// One person: what is known of them, and their sessions
    Show(Named),
    /// Invite somebody by the exact subject that the identity provider knows them by
    Create {
        /// The account's name
        account: String,
        /// The exact NameID, or the value of the claim that `claims.subject` names; without it the person is found by what
        /// `users.link` names
        #[arg(long)]
        subject: Option<String>,
        /// The client's own id of the person
        #[arg(long)]
        external_id: Option<String>,
        /// The e-mail address, shown until they come
        #[arg(long)]
        email: Option<String>,
        /// The given name
        #[arg(long)]
        given_name: Option<String>,
        /// The family name
        #[arg(long)]
        surname: Option<String>,
    },
    /// The roles of somebody: why, since when, by whom, until when; grant one, take one away, or lift a denial
    Roles(roles::Roles),
    /// Change what is known of somebody; an empty text removes a value
    Change {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        to: To,
    },
    /// Keep somebody out and end their sessions
    Suspend(Named),
    /// Let somebody in again
    Restore(Named),
    /// Everything that is held about somebody, as JSON: who they are, sessions, sign-ins, and what the audit says of them
    Export(Named),
    /// Remove somebody for good, with what names them in sign-ins and the audit; nobody else can come in by their subject afterwards
    Delete {
        #[command(flatten)]
        named: Named,
        /// The person's id once more, since this cannot be undone
        #[arg(long, value_name = "USER_ID")]
        confirm: Option<UserId>,
    },
}

#[derive(Args)]
#[group(required = true, multiple = true)]
pub(super) struct To {
    /// The client's own id of the person
    #[arg(long)]
    external_id: Option<String>,
    /// The e-mail address; the next sign-in replaces it
    #[arg(long)]
    email: Option<String>,
    /// The given name; the next sign-in replaces it
    #[arg(long)]
    given_name: Option<String>,
    /// The family name; the next sign-in replaces it
    #[arg(long)]
    surname: Option<String>,
}

#[derive(Args)]
pub(super) struct Named {
    /// The account's name
    account: String,
    /// The person's id (usr_…), exact subject, e-mail address or external id
    user: String,
}

pub(super) async fn run(command: Command, app: App, out: Out) -> Result<ExitCode> {
    match command {
        Command::List {
            account,
            search,
            state,
            role,
            after,
            limit,
        } => {
            let wanted = Wanted {
                begins: search,
                state,
                role,
            };
            list(&app, &account, &wanted, after, limit, out).await
        }
        Command::Show(named) => show(&app, &named, out).await,
        Command::Create {
            account,
            subject,
            external_id,
            email,
            given_name,
            surname,
        } => {
            let account = app.find_account(&account).await?;
            let invitation = Invitation {
                subject,
                external_id,
                profile: Profile {
                    email,
                    given_name,
                    surname,
                },
            };
            let user = app.invite(&account, invitation, &actor()).await?;
            out.say(&user, || {
                vec![format!(
                    "{} is invited: {} can sign in to {} from now on",
                    user.id,
                    plain(&user.subject),
                    account.slug
                )]
            })
        }
        Command::Roles(wish) => roles::run(wish, &app, out).await,
        Command::Change { named, to } => change(&app, &named, to, out).await,
        Command::Suspend(named) => {
            let (account, user) = find(&app, &named).await?;
            let ended = app.suspend(&account, user.id, &actor()).await?;
            out.say(
                &json!({ "user": user.id, "state": "suspended", "sessions_ended": ended }),
                || {
                    vec![format!(
                        "{} stays out from now on; {ended} of their sessions ended",
                        plain(&user.subject)
                    )]
                },
            )
        }
        Command::Restore(named) => {
            let (account, user) = find(&app, &named).await?;
            app.restore(&account, user.id, &actor()).await?;
            out.say(&json!({ "user": user.id, "state": "active" }), || {
                vec![format!("{} can sign in again", plain(&user.subject))]
            })
        }
        Command::Export(named) => {
            let (account, user) = find(&app, &named).await?;
            let all = app.export_person(&account, user.id, actor()).await?;
            let text = serde_json::to_string_pretty(&all)?;
            out.say(&all, || vec![text])
        }
        Command::Delete { named, confirm } => {
            let (account, user) = find(&app, &named).await?;
            if confirm != Some(user.id) {
                return Err(Refused(format!(
                    "deleting {} cannot be undone. Run it again with --confirm {}",
                    plain(&user.subject),
                    user.id
                ))
                .into());
            }
            let ended = app.delete_user(&account, user.id, &actor()).await?;
            out.say(
                &json!({ "user": user.id, "deleted": true, "sessions_ended": ended }),
                || {
                    vec![format!(
                        "{} is deleted; {ended} of their sessions ended",
                        plain(&user.subject)
                    )]
                },
            )
        }
    }
}

pub(super) async fn find(app: &App, named: &Named) -> Result<(Account, User)> {
    let account = app.find_account(&named.account).await?;
    let user = app.find_user(&account, &named.user).await?;
    Ok((account, user))
}

async fn change(app: &App, named: &Named, to: To, out: Out) -> Result<ExitCode> {
    let (account, user) = find(app, named).await?;
    let edit = |text: Option<String>| match text {
        None => Edit::Keep,
        Some(text) if text.trim().is_empty() => Edit::Remove,
        Some(text) => Edit::To(text),
    };
    let change = UserChange {
        external_id: edit(to.external_id),
        email: edit(to.email),
        given_name: edit(to.given_name),
        surname: edit(to.surname),
    };
    let user = app
        .change_user(&account, user.id, None, change, &actor())
        .await?;
    out.say(&user, || {
        vec![format!(
            "{} is known as you say from now on",
            plain(&user.subject)
        )]
    })
}

fn state(text: &str) -> Result<State, String> {
    State::parse(text).ok_or_else(|| "the states are invited, active, suspended".to_owned())
}

async fn list(
    app: &App,
    slug: &str,
    wanted: &Wanted,
    after: Option<UserId>,
    limit: i64,
    out: Out,
) -> Result<ExitCode> {
    let account = app.find_account(slug).await?;
    let (most, now) = (usize::try_from(limit)?, app.clock.now());
    let (mut users, mut place) = (Vec::new(), after.map(Place::After));
    loop {
        let mut tx = app.store.read().await?;
        let mut of = tx.of(account.id);
        let rest = most.saturating_sub(users.len());
        let (found, next) = of.search(wanted, place, rest, now).await?;
        users.extend(found);
        place = next;
        if place.is_none() || users.len() >= most {
            break;
        }
    }
    out.say(&users, || {
        if users.is_empty() {
            if wanted.is_narrowed() {
                return vec![format!("{slug} has nobody like that")];
            }
            return vec![format!("{slug} has no people yet; they appear at their first sign-in, or by `vestibule user create`")];
        }
        let head = ["ID", "SUBJECT", "NAME", "STATE", "ROLES", "LAST SIGN-IN"].map(String::from).to_vec();
        let rows = users.iter().map(|user| {
            let roles = user.roles.keys().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
            let last = user.last_sign_in.map_or_else(|| "never".to_owned(), crate::time::Timestamp::for_people);
            vec![user.id.to_string(), plain(&user.subject), plain(&user.profile.name().unwrap_or_default()), user.state.as_str().into(), roles, last]
        });
        let mut lines = table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
        lines.extend(place.map(|place| match place {
            Place::After(last) => format!("There may be more: --after {last}"),
            Place::Within(..) | Place::Before(_) => "There may be more; search for more of the name, or raise --limit".to_owned(),
        }));
        lines
    })
}

async fn show(app: &App, named: &Named, out: Out) -> Result<ExitCode> {
    let (account, user) = find(app, named).await?;
    let sessions = app
        .store
        .read()
        .await?
        .of(account.id)
        .sessions(user.id)
        .await?;
    let standing = app.standing(&account, user.id).await?;
    let value = json!({ "user": user, "standing": standing, "sessions": sessions });
    out.say(&value, || {
        let pair = |name: &str, text: String| vec![name.to_owned(), text];
        let mut lines = table(&[
            pair("User", format!("{} of {}", user.id, account.slug)),
            pair(
                "Subject",
                format!("{} (from {})", plain(&user.subject), plain(&user.source)),
            ),
            pair("Name", plain(&user.profile.name().unwrap_or_default())),
            pair("E-mail", plain(user.profile.email.as_deref().unwrap_or(""))),
            pair(
                "External id",
                plain(user.external_id.as_deref().unwrap_or("")),
            ),
            pair("State", user.state.as_str().into()),
            pair("Made", user.created_at.for_people()),
            pair(
                "Last sign-in",
                user.last_sign_in
                    .map_or_else(|| "never".to_owned(), crate::time::Timestamp::for_people),
            ),
        ]);
        lines.extend(roles::lines(&standing));
        lines.extend(sessions.iter().map(|session| {
            format!(
                "Session {} from {} since {}",
                session.id,
                session.address,
                session.created_at.for_people()
            )
        }));
        lines
    })
}
