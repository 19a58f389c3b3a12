//! What needs whoever has come.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;

use super::super::api::pass::AccountView;
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::HOME;
use super::frame::{Frame, at};
use super::visit::Visit;
use crate::account::{Account, State as Standing};
use crate::proposal::State as Stands;
use crate::saml::check::Code;
use crate::store::Tx;
use crate::time::{Span, Timestamp};

/// So long before its end a certificate is shown.
const SOON: Span = Span::days(60);

/// So long back refused sign-ins are looked for.
const LATELY: Span = Span::days(1);

/// So many proposals are counted.
const MOST: i64 = 100;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/portal", get(show))
}

#[derive(Template)]
#[template(path = "portal_home.html")]
struct Page {
    frame: Frame,
    is_operator: bool,
    own: String,
    /// What waits: a sentence, and where to go.
    needs: Vec<(String, String)>,
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, mut frame }: Visit<AccountView>,
    moment: Moment,
) -> Result<Html<String>, Error> {
    frame.account = None;
    let mut look = Look {
        tx: shared.app.store.read().await?,
        own: (!pass.caller.is_operator()).then_some(&pass.account),
        now: moment.now,
        needs: Vec::new(),
    };
    look.decisions().await?;
    look.metadata().await?;
    look.refusals().await?;
    look.certificates().await?;
    page::show(&Page {
        frame,
        is_operator: look.own.is_none(),
        own: at(pass.account.slug.as_str()),
        needs: look.needs,
    })
}

/// What is looked through for somebody: their own account, or every one.
struct Look<'a> {
    tx: Tx,
    own: Option<&'a Account>,
    now: Timestamp,
    needs: Vec<(String, String)>,
}

impl Look<'_> {
    fn is_mine(&self, slug: &str) -> bool {
        self.own.is_none_or(|own| own.slug.as_str() == slug)
    }

    fn say(&mut self, says: String, target: String) {
        self.needs.push((says, target));
    }

    async fn decisions(&mut self) -> Result<(), Error> {
        let waiting = if let Some(own) = self.own {
            let mut of = self.tx.of(own.id);
            let open = of.proposals(Some(Stands::Open), true, None, MOST).await?;
            open.iter().filter(|one| one.is_open(self.now)).count()
        } else {
            self.tx.open_proposals(self.now, false, MOST).await?.len()
                + self.tx.open_proposals(self.now, true, MOST).await?.len()
        };
        let says = match waiting {
            0 => return Ok(()),
            1 => "One decision waits for a second person".to_owned(),
            more => format!("{more} decisions wait for a second person"),
        };
        self.say(says, format!("{HOME}/proposals"));
        Ok(())
    }

    async fn metadata(&mut self) -> Result<(), Error> {
        for fresh in self.tx.freshness().await? {
            let slug = &fresh.slug;
            let says = if fresh.held_at.is_some() {
                format!(
                    "A change of the identity provider of {slug} is held until somebody approves it"
                )
            } else if fresh.failures > 0 {
                format!(
                    "The metadata of {slug} could not be fetched {} times in a row; the last good copy counts",
                    fresh.failures
                )
            } else {
                continue;
            };
            if self.is_mine(slug) {
                self.say(says, at(slug));
            }
        }
        if self.own.is_none() {
            for slug in self.tx.offers().await? {
                let says = format!("The client of {slug} has sent its metadata");
                self.say(says, format!("{}/setup", at(&slug)));
            }
        }
        Ok(())
    }

    /// People whose claims give no role any more, and accounts into which nobody came while some were refused.
    async fn refusals(&mut self) -> Result<(), Error> {
        let since = self.now.minus(LATELY);
        let mut refused: BTreeMap<String, i64> = BTreeMap::new();
        for one in self.tx.refused(since).await? {
            if !self.is_mine(&one.slug) {
                continue;
            }
            if one.outcome == Code::Roles.as_str() {
                let says = format!(
                    "{} to {} in the last day brought nothing that gives a role",
                    sign_ins(one.count),
                    one.slug
                );
                let place = match self.own {
                    Some(_) => "attempts?outcome=refused",
                    None => "rules",
                };
                self.say(says, format!("{}/{place}", at(&one.slug)));
            }
            *refused.entry(one.slug).or_default() += one.count;
        }
        for (slug, count) in refused {
            let found = self.tx.account(&slug).await?;
            let Some(account) = found.filter(|one| one.state == Standing::Enabled) else {
                continue;
            };
            let last = self.tx.of(account.id).glance().await?.last_sign_in;
            if last.is_none_or(|last| last < since) {
                let says = format!(
                    "Nobody came into {slug} in the last day, and {} failed",
                    sign_ins(count)
                );
                self.say(says, format!("{}/attempts?outcome=refused", at(&slug)));
            }
        }
        Ok(())
    }

    async fn certificates(&mut self) -> Result<(), Error> {
        for watched in self.tx.watched().await? {
            let slug = &watched.slug;
            let left = Timestamp::from_millis(watched.not_after).since(self.now);
            if !self.is_mine(slug) || left > SOON {
                continue;
            }
            let whose = match watched.owner.as_str() {
                "idp" => "the identity provider",
                _ => "ours",
            };
            let says = match left.as_days() {
                days if days >= 0 => {
                    format!("A certificate of {slug} ({whose}) ends in {days} days")
                }
                _ => format!("A certificate of {slug} ({whose}) has ended"),
            };
            self.say(says, at(slug));
        }
        Ok(())
    }
}

fn sign_ins(count: i64) -> String {
    match count {
        1 => "1 sign-in".to_owned(),
        more => format!("{more} sign-ins"),
    }
}
