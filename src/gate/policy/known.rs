//! What `entities.json` knows: people and resources of an installation that no database of ours has.

use cedar_policy::{Entity, EntityUid, EvalResult};
use serde_json::{Map, Value};

use super::ask::{question, uid};
use super::{Error, Policy};
use crate::id::AccountId;

impl Policy {
    /// Whether an account may know of something: what names an account is that account's alone.
    pub fn has(&self, account: AccountId, kind: &str, id: &str) -> bool {
        let entity = uid(kind, id).ok().and_then(|uid| self.entities.get(&uid));
        entity.is_some_and(|entity| is_of(entity, account))
    }

    /// The ids of everything of a type that an account may know of, in order.
    pub fn ids(&self, account: AccountId, kind: &str) -> Vec<String> {
        let mut ids: Vec<_> = self
            .entities
            .iter()
            .filter(|entity| is_of(entity, account))
            .map(Entity::uid)
            .filter(|uid| uid.type_name().to_string() == kind)
            .map(|uid| uid.id().unescaped().to_owned())
            .collect();
        ids.sort_unstable();
        ids
    }

    /// Something with other attributes, each of which the schema has.
    pub(super) fn changed(
        &self,
        uid: &EntityUid,
        instead: &Map<String, Value>,
    ) -> Result<Option<Entity>, Error> {
        let Some(entity) = self.entities.get(uid).filter(|_| !instead.is_empty()) else {
            return Ok(None);
        };
        let mut json = entity.to_json_value().map_err(question)?;
        if let Some(Value::Object(attributes)) = json.get_mut("attrs") {
            for (name, value) in instead {
                attributes.insert(name.clone(), value.clone());
            }
        }
        let changed = Entity::from_json_value(json, Some(&self.schema)).map_err(question)?;
        Ok(Some(changed))
    }
}

fn is_of(entity: &Entity, account: AccountId) -> bool {
    match entity.attr("account") {
        None => true,
        Some(Ok(EvalResult::EntityUid(of))) => of.id().unescaped() == account.to_string(),
        Some(_) => false,
    }
}
