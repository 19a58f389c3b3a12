//! `vestibule account setup-link`

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;

use super::actor;
use super::out::Out;
use crate::app::{App, Refused};

#[derive(Args)]
pub(super) struct SetupLink {
    /// The account's name; a demo account that nobody has signed in to yet
    account: String,
    /// For so many days it is good, 30 at most
    #[arg(long, default_value_t = 7)]
    days: i64,
    /// End it instead: it and the browser that opened it open nothing from now on
    #[arg(long, conflicts_with = "days")]
    end: bool,
}

pub(super) async fn run(asked: SetupLink, app: &App, out: Out) -> Result<ExitCode> {
    let account = app.find_account(&asked.account).await?;
    let slug = &account.slug;
    if asked.end {
        if app.end_setup_links(&account, actor()).await? == 0 {
            bail!(Refused(format!(
                "{slug} has no setup link that is still good"
            )));
        }
        let value = json!({ "account": slug, "ended": true });
        return out.say(&value, || {
            vec![format!(
                "The setup link of {slug} opens nothing from now on."
            )]
        });
    }
    let (link, url) = app.make_setup_link(&account, asked.days, actor()).await?;
    let value = json!({ "account": slug, "link": link.id, "url": url, "expires_at": link.expires_at.to_string() });
    out.say(&value, || {
        vec![
            url.clone(),
            String::new(),
            format!(
                "It is shown this once, opens once, and is good until {}. Send it to the one person who looks",
                link.expires_at.for_people()
            ),
            "after the client's AD FS. They read the kit, send their metadata and try the sign-in; what they".to_owned(),
            "send counts only when an operator puts it in force.".to_owned(),
        ]
    })
}
