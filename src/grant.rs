//! What administrators grant and deny, and the roles that somebody holds by that and by their claims.

use serde::{Deserialize, Serialize};

use crate::account::{Document, Provisioning, RoleRule, RolesFrom, Stage};
use crate::claims::Claimed;
use crate::id::GroupId;
use crate::role::{Role, Roles};
use crate::time::{Timestamp, Until};

/// Whether a role is given or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The person holds the role, whatever their claims say.
    Grant,
    /// The person does not hold it, whatever else gives it.
    Denial,
    /// What a group of the client's directory gives the person counts, for as long as they stay in it.
    Approval,
}

impl Kind {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Denial => "denial",
            Self::Approval => "approval",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Grant, Self::Denial, Self::Approval]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// What an administrator said about one role of one person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Order {
    /// The role.
    pub role: Role,
    /// Whether it is given or taken.
    pub kind: Kind,
    /// Who said so.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    pub created_at: Timestamp,
    /// From then on it does not count; for good where there is none.
    pub ends_at: Option<Timestamp>,
}

impl Order {
    /// Whether it counts at `now`.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }

    /// By whom, since when, until when, and why.
    pub fn sentence(&self) -> String {
        let verb = match self.kind {
            Kind::Grant => "granted",
            Kind::Denial => "denied",
            Kind::Approval => "approved",
        };
        let until = self
            .ends_at
            .map_or_else(String::new, |end| format!(" until {}", Until::from(end)));
        format!(
            "{verb} by {} on {}{until}: {}",
            self.author,
            self.created_at.for_people(),
            self.reason
        )
    }
}

/// What the roles of one person follow from, beside the configuration and the time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basis {
    /// What their claims gave at the last sign-in.
    pub claimed: Vec<Claimed>,
    /// What administrators said.
    pub orders: Vec<Order>,
    /// The groups of the client's directory that they are in.
    pub groups: Vec<InGroup>,
}

/// A group of the client's directory that somebody is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InGroup {
    /// The group.
    pub id: GroupId,
    /// Its name, by which rules know it.
    pub name: String,
    /// Since when they are in it.
    pub since: Timestamp,
}

/// One reason for a role, whether or not something stands against it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Given {
    /// The role.
    pub role: Role,
    /// Since when it is given.
    pub since: Timestamp,
    /// Until when it is given.
    pub until: Option<Timestamp>,
    /// What gives it.
    #[serde(flatten)]
    pub source: Source,
}

/// Whether a directory alone does not give that role in this account.
pub fn needs_approval(role: Role, document: &Document) -> bool {
    document.approvals() && matches!(role, Role::Checker | Role::UamAdmin)
}

/// What gives a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Source {
    /// A claim, by a rule of the configuration.
    Rule {
        /// The rule in one line.
        rule: String,
    },
    /// A group of the client's directory, by a rule of the configuration.
    Group {
        /// The rule in one line.
        rule: String,
    },
    /// An administrator.
    Grant {
        /// Who it was.
        author: String,
        /// Why they did.
        reason: String,
    },
}

impl Source {
    /// What gives it, in words.
    pub fn sentence(&self) -> String {
        match self {
            Self::Rule { rule } | Self::Group { rule } => rule.clone(),
            Self::Grant { author, reason } => format!("granted by {author}: {reason}"),
        }
    }
}

/// The roles of somebody at a moment, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Those that they hold, each with what gives it.
    pub roles: Roles,
    /// Everything that gives a role.
    pub given: Vec<Given>,
    /// The denials in force.
    pub denied: Vec<Order>,
    /// What a group gives only when somebody has approved it: a directory alone makes nobody a checker or an administrator of a
    /// live account.
    pub waiting: Vec<Given>,
    /// Pairs that they would hold and nobody may: they hold neither.
    pub conflicts: Vec<[Role; 2]>,
}

impl Standing {
    /// Whether anything gives the role.
    pub fn is_given(&self, role: Role) -> bool {
        self.given.iter().any(|given| given.role == role)
    }

    /// The names of the roles that they hold.
    pub fn names(&self) -> Vec<String> {
        self.roles.keys().map(Role::to_string).collect()
    }

    /// What is given and yet not held, in words.
    pub fn taken(&self) -> String {
        let denied = self.denied.iter().map(|denial| denial.role);
        let denied = denied
            .filter(|role| self.is_given(*role))
            .map(|role| format!("{role} is denied"));
        let apart = self
            .conflict()
            .map(|pairs| format!("{pairs} are kept apart"));
        denied.chain(apart).collect::<Vec<_>>().join("; ")
    }

    /// The conflicts in words; nothing where there are none.
    pub fn conflict(&self) -> Option<String> {
        let pairs = self.conflicts.iter().map(|[a, b]| format!("{a} and {b}"));
        let pairs: Vec<String> = pairs.collect();
        (!pairs.is_empty()).then(|| pairs.join(", "))
    }
}

impl Basis {
    /// The roles at `now`: what claims and grants give, without what is denied, without pairs that one person may not hold.
    pub fn standing(&self, document: &Document, now: Timestamp) -> Standing {
        let mut given: Vec<Given> = self
            .by_claims(document, now)
            .chain(self.by_groups(document, now))
            .chain(self.by_grants(document, now))
            .filter(|given| (given.role == Role::Operator) == (document.stage == Stage::Staff))
            .collect();
        given.sort();
        given.dedup();
        let waits = |given: &Given| {
            matches!(given.source, Source::Group { .. })
                && needs_approval(given.role, document)
                && !self.is_approved(given, now)
        };
        let (waiting, given): (Vec<Given>, Vec<Given>) = given.into_iter().partition(waits);
        let mut denied: Vec<Order> = self.in_force(Kind::Denial, now).cloned().collect();
        denied.sort();
        let is_denied = |role| denied.iter().any(|denial: &Order| denial.role == role);
        let mut roles = Roles::new();
        for one in given.iter().filter(|given| !is_denied(given.role)) {
            let why = match &one.source {
                Source::Rule { rule } | Source::Group { rule } => rule.clone(),
                Source::Grant { .. } => self.sentence(one.role, now),
            };
            roles
                .entry(one.role)
                .and_modify(|known: &mut String| *known = format!("{known}; {why}"))
                .or_insert(why);
        }
        let apart = document.duties.apart.iter();
        let conflicts: Vec<[Role; 2]> = apart
            .filter(|pair| pair.iter().all(|role| roles.contains_key(role)))
            .copied()
            .collect();
        roles.retain(|role, _| !conflicts.as_flattened().contains(role));
        Standing {
            roles,
            given,
            denied,
            waiting,
            conflicts,
        }
    }

    /// The next moment at which the roles may be others though nobody changes anything.
    pub fn changes_at(&self, document: &Document, now: Timestamp) -> Option<Timestamp> {
        let orders = self.orders.iter().filter_map(|order| order.ends_at);
        let rules = document.roles.iter().filter_map(RoleRule::ends_at);
        orders.chain(rules).filter(|end| now < *end).min()
    }

    fn by_claims(&self, document: &Document, now: Timestamp) -> impl Iterator<Item = Given> {
        let counts = document.users.roles_from != RolesFrom::Uam;
        let rules = document.roles.iter().filter(move |_| counts);
        rules
            .filter(move |rule| !rule.has_ended(now))
            .filter_map(|rule| {
                let by = self.claimed.iter().filter(|claimed| {
                    (claimed.role, Some(claimed.claim.as_str())) == (rule.role, rule.claim())
                        && rule.accepts(&claimed.value)
                });
                by.map(|claimed| claimed.since).min().map(|since| Given {
                    role: rule.role,
                    since,
                    until: rule.ends_at(),
                    source: Source::Rule {
                        rule: rule.describe(),
                    },
                })
            })
    }

    fn by_groups(&self, document: &Document, now: Timestamp) -> impl Iterator<Item = Given> {
        let users = document.users;
        let counts = users.roles_from != RolesFrom::Uam && users.provisioning == Provisioning::Scim;
        let rules = document.roles.iter().filter(move |_| counts);
        rules
            .filter(move |rule| !rule.has_ended(now))
            .filter_map(|rule| {
                let name = rule.group()?;
                let group = self.groups.iter().find(|group| group.name == name)?;
                Some(Given {
                    role: rule.role,
                    since: group.since,
                    until: rule.ends_at(),
                    source: Source::Group {
                        rule: rule.describe(),
                    },
                })
            })
    }

    fn by_grants(&self, document: &Document, now: Timestamp) -> impl Iterator<Item = Given> {
        let counts = document.uam && document.users.roles_from != RolesFrom::Claims;
        self.in_force(Kind::Grant, now)
            .filter(move |_| counts)
            .map(|grant| Given {
                role: grant.role,
                since: grant.created_at,
                until: grant.ends_at,
                source: Source::Grant {
                    author: grant.author.clone(),
                    reason: grant.reason.clone(),
                },
            })
    }

    /// Roles of which somebody approved what no group gives any more.
    pub fn idle_approvals(&self, document: &Document, now: Timestamp) -> Vec<Role> {
        let given: Vec<Role> = self
            .by_groups(document, now)
            .map(|given| given.role)
            .collect();
        let approved = self.in_force(Kind::Approval, now).map(|order| order.role);
        approved.filter(|role| !given.contains(role)).collect()
    }

    /// Whether somebody has approved the role since the person came into the group.
    fn is_approved(&self, given: &Given, now: Timestamp) -> bool {
        self.in_force(Kind::Approval, now)
            .any(|approval| approval.role == given.role && approval.created_at >= given.since)
    }

    fn sentence(&self, role: Role, now: Timestamp) -> String {
        let mut grants = self.in_force(Kind::Grant, now);
        let grant = grants.find(|grant| grant.role == role);
        grant.map_or_else(String::new, Order::sentence)
    }

    /// Whether an administrator gave something that counts: it was meant for whoever they are known as now.
    pub fn is_vouched_for(&self, now: Timestamp) -> bool {
        let mut kinds = [Kind::Grant, Kind::Approval].into_iter();
        kinds.any(|kind| self.in_force(kind, now).next().is_some())
    }

    /// What was said of that kind and still counts.
    pub fn in_force(&self, kind: Kind, now: Timestamp) -> impl Iterator<Item = &Order> {
        let of_kind = self.orders.iter().filter(move |order| order.kind == kind);
        of_kind.filter(move |order| order.is_in_force(now))
    }
}
