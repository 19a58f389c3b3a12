//! Asks the policy: one principal, one action, one resource, and what is known of them.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::sync::LazyLock;

use cedar_policy::{
    Authorizer, Context, Entity, EntityId, EntityTypeName, EntityUid, PolicyId, Request,
    RestrictedExpression,
};
use serde_json::{Map, Value, json};

use super::{Error, Policy};
use crate::account::Stage;
use crate::gate::{Decision, Facts, Principal, Reason, Resource, Subject};
use crate::id::AccountId;

impl Policy {
    /// Whether somebody may do something to a profile of their own account, of which these facts are known.
    pub fn profile(
        &self,
        subject: &Subject,
        action: &str,
        id: &str,
        facts: &Facts,
    ) -> Result<Decision, Error> {
        let profile = profile(subject.account, id, facts)?;
        let uid = profile.uid();
        self.ask(
            Principal::Live(subject),
            action,
            Context::empty(),
            uid,
            Some(profile),
        )
    }

    /// Whether somebody may do something in the administration of their own account.
    pub fn administration(&self, subject: &Subject, action: &str) -> Result<Decision, Error> {
        self.administers(subject, action, subject.account, subject.stage)
    }

    /// Whether somebody may do something in the administration of an account of that stage, whosever it is.
    pub fn administers(
        &self,
        subject: &Subject,
        action: &str,
        id: AccountId,
        stage: Stage,
    ) -> Result<Decision, Error> {
        let foreign = (id != subject.account).then(|| staged(id, stage));
        self.ask(
            Principal::Live(subject),
            action,
            Context::empty(),
            account(id)?,
            foreign.transpose()?,
        )
    }

    /// Whether somebody may do something in this very way to any resource.
    pub fn decide(
        &self,
        principal: Principal<'_>,
        action: &str,
        properties: &Map<String, Value>,
        resource: &Resource,
    ) -> Result<Decision, Error> {
        // Untyped: a property that no policy asks for is nobody's business, and the wrong type is a failure of the policy.
        let said = json!({ "action": representable(properties) });
        let context = Context::from_json_value(said, None).map_err(question)?;
        let (uid, entity) = match resource {
            Resource::Account => (account(principal.account())?, None),
            Resource::Profile(id, facts) => {
                let profile = profile(principal.account(), id, facts)?;
                (profile.uid(), Some(profile))
            }
            Resource::Known { kind, id, instead } => {
                let uid = uid(kind, id)?;
                (uid.clone(), self.changed(&uid, instead)?)
            }
        };
        self.ask(principal, action, context, uid, entity)
    }

    /// Whether the schema lets such a principal ask for the action on such a resource.
    pub fn takes(&self, principal: &str, action: &str, resource: &str) -> bool {
        let types = type_name(principal).ok().zip(type_name(resource).ok());
        types.is_some_and(|(principal, resource)| {
            let mut actions = self
                .schema
                .actions_for_principal_and_resource(&principal, &resource);
            actions.any(|known| known.id().unescaped() == action)
        })
    }

    /// Whether what we say of somebody and of a profile fits the schema.
    pub(super) fn fits(&self, subject: &Subject, facts: &Facts) -> Result<(), Error> {
        let all = [
            person_or_key(subject)?,
            staged(subject.account, subject.stage)?,
            profile(subject.account, "", facts)?,
        ];
        let fitting = self
            .entities
            .clone()
            .upsert_entities(all, Some(&self.schema));
        fitting.map(|_| ()).map_err(question)
    }

    fn ask(
        &self,
        principal: Principal<'_>,
        action: &str,
        context: Context,
        resource: EntityUid,
        more: Option<Entity>,
    ) -> Result<Decision, Error> {
        let (asks, entity) = match principal {
            Principal::Live(subject) => {
                let entity = person_or_key(subject)?;
                (entity.uid(), Some(entity))
            }
            Principal::Known { kind, id, .. } => (uid(kind, id)?, None),
        };
        let account = staged(principal.account(), principal.stage())?;
        let entities = [Some(account), entity, more].into_iter().flatten();
        // Not held against the schema each time: `fits` has tried their form at the start.
        let known = self.entities.clone();
        // What changes nothing that is known is added at half the cost.
        let entities = if self.entities.get(&resource).is_some() {
            known.upsert_entities(entities, None)
        } else {
            known.add_entities(entities, None)
        };
        let entities = entities.map_err(question)?;
        let request = Request::new(asks, uid("Action", action)?, resource, context, None)
            .map_err(question)?;
        let answer = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        // A policy that fails says nothing; one that forbids must not fall silent.
        if let Some(error) = answer.diagnostics().errors().next() {
            return Err(question(error));
        }
        let mut reasons: Vec<_> = answer
            .diagnostics()
            .reason()
            .map(|id| self.reason(id))
            .collect();
        reasons.sort();
        Ok(Decision {
            is_allowed: answer.decision() == cedar_policy::Decision::Allow,
            reasons,
        })
    }

    fn reason(&self, id: &PolicyId) -> Reason {
        let says = self.policies.annotation(id, "says").unwrap_or_default();
        Reason {
            id: id.to_string(),
            says: says.to_owned(),
        }
    }
}

fn person_or_key(subject: &Subject) -> Result<Entity, Error> {
    let roles = subject
        .roles()
        .map(|role| uid("role", role.as_str()))
        .collect::<Result<_, _>>()?;
    let of = ("account".to_owned(), reference(account(subject.account)?));
    Entity::new(
        uid(subject.kind(), &subject.id())?,
        HashMap::from([of]),
        roles,
    )
    .map_err(question)
}

fn staged(id: AccountId, stage: Stage) -> Result<Entity, Error> {
    let stage = RestrictedExpression::new_string(stage.as_str().to_owned());
    let attributes = HashMap::from([("stage".to_owned(), stage)]);
    Entity::new(account(id)?, attributes, HashSet::new()).map_err(question)
}

fn profile(of: AccountId, id: &str, facts: &Facts) -> Result<Entity, Error> {
    let mut attributes = HashMap::from([("account".to_owned(), reference(account(of)?))]);
    if let Some(user) = &facts.created_by {
        attributes.insert("created_by".to_owned(), reference(uid("user", user)?));
    }
    if let Some(state) = &facts.call_state {
        let state = RestrictedExpression::new_string(state.clone());
        attributes.insert("call_state".to_owned(), state);
    }
    if let Some(users) = &facts.concluded_by {
        let users = users
            .iter()
            .map(|user| uid("user", user).map(reference))
            .collect::<Result<Vec<_>, _>>()?;
        let users = RestrictedExpression::new_set(users);
        attributes.insert("concluded_by".to_owned(), users);
    }
    Entity::new(uid("profile", id)?, attributes, HashSet::new()).map_err(question)
}

/// With an empty record for what Cedar has no form for: no operator takes it, so a policy that asks for it fails,
/// while one that forbids would fall silent if it were left out.
fn representable(properties: &Map<String, Value>) -> Value {
    fn kept(value: &Value) -> Value {
        match value {
            Value::Null => json!({}),
            Value::Number(number) => number.as_i64().map_or_else(|| json!({}), Value::from),
            Value::Bool(_) | Value::String(_) => value.clone(),
            Value::Array(all) => all.iter().map(kept).collect(),
            Value::Object(all) => representable(all),
        }
    }
    let kept = properties
        .iter()
        .map(|(name, value)| (name.clone(), kept(value)));
    Value::Object(kept.collect())
}

fn account(id: AccountId) -> Result<EntityUid, Error> {
    uid("account", &id.to_string())
}

pub(super) fn uid(kind: &str, id: &str) -> Result<EntityUid, Error> {
    let name = type_name(kind)?;
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}

/// The name of a type; reading one costs more than a decision, so ours are read once.
fn type_name(kind: &str) -> Result<EntityTypeName, Error> {
    static OURS: LazyLock<HashMap<&str, EntityTypeName>> = LazyLock::new(|| {
        let ours = ["Action", "account", "key", "profile", "role", "user"];
        let read = ours.map(|kind| Some((kind, EntityTypeName::from_str(kind).ok()?)));
        read.into_iter().flatten().collect()
    });
    match OURS.get(kind) {
        Some(name) => Ok(name.clone()),
        None => EntityTypeName::from_str(kind).map_err(question),
    }
}

fn reference(uid: EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid)
}

pub(super) fn question(error: impl std::fmt::Display) -> Error {
    Error::Question(error.to_string())
}
