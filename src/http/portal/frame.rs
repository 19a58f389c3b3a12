//! What stands around every page of the portal: where one is, and where one can go.

use axum::http::request::Parts;

use super::super::api::Caller;
use super::super::api::pass::Pass;
use super::super::{Error, Shared};
use super::HOME;
use super::fields::Fields;
use crate::access::Holder;
use crate::user::User;

/// What stands around a page.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    /// Who looks.
    pub(super) person: String,
    /// Where one can go.
    pub(super) menu: Vec<Item>,
    /// The account that the page is about.
    pub(super) account: Option<Tabs>,
    /// What was just done.
    pub(super) notice: Option<&'static str>,
}

/// A way to somewhere.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) label: &'static str,
    pub(super) target: String,
    pub(super) is_here: bool,
}

/// An account, and its pages.
#[derive(Debug, Clone)]
pub(super) struct Tabs {
    pub(super) client: String,
    pub(super) slug: String,
    pub(super) stage: &'static str,
    pub(super) items: Vec<Item>,
}

/// What a page says that was come to by having done something.
const NOTICES: [(&str, &str); 16] = [
    (
        "probed",
        "The forgeries were tried; this is what came back.",
    ),
    ("link_ended", "The link opens nothing from now on."),
    ("invited", "They are invited and can sign in from now on."),
    (
        "suspended",
        "They are kept out from now on, and their sessions have ended.",
    ),
    ("restored", "They can sign in again."),
    ("ended", "The sessions have ended."),
    (
        "deleted",
        "They are deleted, with everything that named them.",
    ),
    (
        "changed",
        "The roles are changed, also where they are signed in.",
    ),
    ("waits", "Nothing has changed yet: a second person decides."),
    ("saved", "It is done."),
    (
        "revoked",
        "The key is taken back and opens nothing from now on.",
    ),
    ("activated", "The configuration is in force."),
    (
        "unchanged",
        "Nothing was different, so nothing has changed.",
    ),
    ("draft", "It is kept as a draft and is not in force."),
    ("created", "The account is made."),
    ("erased", "The account is deleted; its audit stays."),
];

/// The pages of an account: their names, their addresses in it, and the permission of each.
const TABS: [(&str, &str, &str); 11] = [
    ("Overview", "", "account:view"),
    ("People", "/users", "user:view"),
    ("Sessions", "/sessions", "session:view"),
    ("Sign-ins", "/attempts", "audit:view"),
    ("Setup", "/setup", "revision:make"),
    ("Connection", "/connection", "revision:make"),
    ("Handback", "/handback", "account:view"),
    ("Configuration", "/configuration", "revision:view"),
    ("Keys", "/keys", "key:view"),
    ("Webhooks", "/webhooks", "webhook:view"),
    ("Audit", "/audit", "audit:view"),
];

impl Frame {
    /// Around a page that is about no account.
    pub(super) fn new(caller: &Caller, parts: &Parts) -> Self {
        let path = parts.uri.path();
        let own = &caller.present().environment.account.slug;
        let is_operator = caller.is_operator();
        let accounts = if is_operator {
            ("Accounts", format!("{HOME}/accounts"))
        } else {
            ("Your account", at(own.as_str()))
        };
        let mut all = vec![
            ("Home", HOME.to_owned()),
            accounts,
            ("Decisions", format!("{HOME}/proposals")),
            ("Policy", format!("{HOME}/policy")),
        ];
        if is_operator {
            all.push(("System", format!("{HOME}/system")));
        }
        let item = |(label, target): (&'static str, String)| Item {
            is_here: if target == HOME {
                path == HOME
            } else {
                path.starts_with(&target)
            },
            label,
            target,
        };
        Self {
            person: match &caller.present().holder {
                Holder::Person { user, .. } => called(user),
                Holder::Key(_) => String::new(),
            },
            menu: all.into_iter().map(item).collect(),
            account: None,
            notice: notice(parts),
        }
    }

    /// Around a page about an account.
    pub(super) fn about<P>(shared: &Shared, pass: &Pass<P>, parts: &Parts) -> Result<Self, Error> {
        let (path, here) = (parts.uri.path(), at(pass.account.slug.as_str()));
        let mut items = Vec::new();
        for (label, place, permission) in TABS {
            if pass.allows(shared, permission)? {
                let target = format!("{here}{place}");
                items.push(Item {
                    is_here: if place.is_empty() {
                        path == target
                    } else {
                        path.starts_with(&target)
                    },
                    label,
                    target,
                });
            }
        }
        Ok(Self {
            account: Some(Tabs {
                client: pass.document.client.clone(),
                slug: pass.account.slug.to_string(),
                stage: pass.document.stage.as_str(),
                items,
            }),
            ..Self::new(&pass.caller, parts)
        })
    }
}

/// The address of an account's pages.
pub(super) fn at(slug: &str) -> String {
    format!("{HOME}/accounts/{slug}")
}

/// What somebody is called.
pub(super) fn called(user: &User) -> String {
    user.profile.name().unwrap_or_else(|| user.subject.clone())
}

fn notice(parts: &Parts) -> Option<&'static str> {
    let fields = Fields::read(parts.uri.query().unwrap_or_default());
    let done = NOTICES.iter().find(|(code, _)| *code == fields.get("done"));
    done.map(|(_, sentence)| *sentence)
}
