//! What a directory looks up: by an index where there is one, else among a bounded number of resources.

use serde_json::{Map, Value};

use super::{Directory, Error};
use crate::account::Link;
use crate::id::{GroupId, UserId};
use crate::scim::{self, Error as Wrong, Filter, GROUP, Group, Key, Kind, List, Page, USER};
use crate::store::Of;
use crate::user::Person;

/// So many resources are looked at for a filter that no index answers, a page at a time.
const LOOKED_AT: i64 = 20_000;
const BATCH: i64 = 500;

/// So many members an answer carries at most.
const MEMBERS: usize = 20_000;

/// What was found, of which only one page is kept.
struct Found {
    page: Page,
    skip: i64,
    count: usize,
}

impl Found {
    fn new(list: &List) -> Self {
        Self {
            page: Page::default(),
            skip: list.start - 1,
            count: usize::try_from(list.count).unwrap_or_default(),
        }
    }

    fn take(&mut self, resource: Map<String, Value>, filter: &Filter) {
        if filter.accepts(&resource) {
            self.page.total += 1;
            if self.page.total > self.skip && self.page.resources.len() < self.count {
                self.page.resources.push(resource);
            }
        }
    }
}

impl Directory<'_> {
    /// People of the account.
    pub async fn people(&self, list: &List) -> Result<Page, Error> {
        let mut tx = self.app.store.read().await?;
        let mut of = tx.of(self.account.id);
        let total = of.count_users().await?;
        let Some(filter) = &list.filter else {
            let users = if beyond(list, total) {
                Vec::new()
            } else {
                let after = match list.start {
                    1 => None,
                    start => of.user_at(start - 1).await?,
                };
                of.persons(after, list.count, self.now).await?
            };
            let shown = users.iter().map(|user| scim::person(user, self.base));
            let resources = shown.collect();
            return Ok(Page { total, resources });
        };
        let mut found = Found::new(list);
        if let Some(key) = filter.key(&USER) {
            for user in self.by_key(&mut of, &key).await? {
                found.take(scim::person(&user, self.base), filter);
            }
            return Ok(found.page);
        }
        demand_few(total, "userName, externalId or id")?;
        let mut after = None;
        loop {
            let users = of.persons(after, BATCH, self.now).await?;
            let Some(end) = users.last() else {
                return Ok(found.page);
            };
            after = Some(end.user.id);
            for user in &users {
                found.take(scim::person(user, self.base), filter);
            }
        }
    }

    /// Groups of the account.
    pub async fn groups(&self, list: &List) -> Result<Page, Error> {
        let mut tx = self.app.store.read().await?;
        let mut of = tx.of(self.account.id);
        let total = of.count_groups().await?;
        let filter = list.filter.as_ref();
        let with_members = list.selection.wants("members", &GROUP)
            || filter.is_some_and(|filter| filter.mentions("members"));
        let mut carried = 0;
        let Some(filter) = filter else {
            let groups = if beyond(list, total) {
                Vec::new()
            } else {
                let after = match list.start {
                    1 => None,
                    start => of.group_at(start - 1).await?,
                };
                of.groups(after, list.count).await?
            };
            let mut resources = Vec::new();
            for group in groups {
                let with_members = with_members.then_some(&mut carried);
                resources.push(self.shown_group(&mut of, &group, with_members).await?);
            }
            return Ok(Page { total, resources });
        };
        let mut found = Found::new(list);
        if let Some(key) = filter.key(&GROUP) {
            for group in groups(&mut of, &key).await? {
                let with_members = with_members.then_some(&mut carried);
                let resource = self.shown_group(&mut of, &group, with_members).await?;
                found.take(resource, filter);
            }
            return Ok(found.page);
        }
        demand_few(total, "displayName, externalId or id")?;
        let mut after = None;
        loop {
            let groups = of.groups(after, BATCH).await?;
            let Some(end) = groups.last() else {
                return Ok(found.page);
            };
            after = Some(end.id);
            for group in groups {
                let with_members = with_members.then_some(&mut carried);
                let resource = self.shown_group(&mut of, &group, with_members).await?;
                found.take(resource, filter);
            }
        }
    }

    /// Whatever of both kinds is meant: people first.
    pub async fn everything(&self, list: &List) -> Result<Page, Error> {
        let mut page = self.people(list).await?;
        let carried = i64::try_from(page.resources.len()).unwrap_or(i64::MAX);
        let rest = List {
            start: (list.start - page.total).max(1),
            count: list.count - carried,
            ..list.clone()
        };
        let groups = self.groups(&rest).await?;
        page.total += groups.total;
        page.resources.extend(groups.resources);
        Ok(page)
    }

    async fn by_key(&self, of: &mut Of<'_>, key: &Key) -> Result<Vec<Person>, Error> {
        let (link, value) = match key {
            Key::Id(id) => {
                let id = UserId::parse(id);
                return Ok(match id {
                    Some(id) => Vec::from_iter(of.person(id, self.now).await?),
                    None => Vec::new(),
                });
            }
            Key::ExternalId(id) => (Link::ExternalId, id),
            Key::Name(name) => (Link::UserName, name),
        };
        Ok(of.users_by_link(link, value, self.now).await?)
    }

    async fn shown_group(
        &self,
        of: &mut Of<'_>,
        group: &Group,
        with_members: Option<&mut usize>,
    ) -> Result<Map<String, Value>, Error> {
        let Some(carried) = with_members else {
            return Ok(group.resource(None, self.base));
        };
        let members = of.members(group.id).await?;
        *carried += members.len();
        if *carried > MEMBERS {
            return Err(Kind::TooMany.because(format!(
                "these groups have more than {MEMBERS} members; ask with `excludedAttributes=members`, or for one group at a time"
            )).into());
        }
        Ok(group.resource(Some(&members), self.base))
    }
}

/// Whether the page begins after the last resource, or holds none.
fn beyond(list: &List, total: i64) -> bool {
    list.count == 0 || list.start > total
}

fn demand_few(total: i64, indexed: &str) -> Result<(), Wrong> {
    if total <= LOOKED_AT {
        return Ok(());
    }
    Err(Kind::TooMany.because(format!(
        "the account has {total} of these; among more than {LOOKED_AT} only what is equal to {indexed} is looked for"
    )))
}

async fn groups(of: &mut Of<'_>, key: &Key) -> Result<Vec<Group>, Error> {
    Ok(match key {
        Key::Id(id) => match GroupId::parse(id) {
            Some(id) => Vec::from_iter(of.group(id).await?),
            None => Vec::new(),
        },
        Key::ExternalId(id) => of.groups_by_external_id(id).await?,
        Key::Name(name) => Vec::from_iter(of.group_named(name).await?),
    })
}
