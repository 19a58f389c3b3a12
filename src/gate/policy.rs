//! The policy in Cedar: strictly validated when it is read, and asked about one subject, action and resource at a time.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId,
    PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use openssl::sha::sha256;

use super::{Decision, Facts, Reach, Reason, Situation, Subject};
use crate::id::hex;

const SCHEMA: &str = include_str!("../../config/policies/vestibule.cedarschema");
const PERMITS: &str = include_str!("../../config/policies/permits.cedar");
const FORBIDS: &str = include_str!("../../config/policies/forbids.cedar");

/// What an installation says in the place of the shipped texts.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// Types and actions; the shipped schema where it is absent.
    pub schema: Option<String>,
    /// What is allowed; the shipped permits where it is absent.
    pub permits: Option<String>,
}

/// Why a policy is not one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The schema cannot be read.
    #[error("the schema: {0}")]
    Schema(String),
    /// The policies cannot be read.
    #[error("{0}")]
    Parse(String),
    /// Each policy says what it is called and what it says.
    #[error("a policy lacks `@{annotation}(\"…\")`: {policy}")]
    Annotation {
        /// Which annotation.
        annotation: &'static str,
        /// The policy.
        policy: String,
    },
    /// Two policies have one name.
    #[error("two policies are called `{0}`")]
    Twice(String),
    /// They do not fit the schema.
    #[error("{0}")]
    Invalid(String),
    /// A question that the schema does not know.
    #[error("the policy cannot be asked that: {0}")]
    Question(String),
}

/// A policy that was validated.
pub struct Policy {
    schema: Schema,
    policies: PolicySet,
    actions: Entities,
    known: BTreeSet<String>,
    revision: String,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy")
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// The shipped policy, with what the installation says instead; the shipped forbids always hold.
    pub fn read(texts: &Texts) -> Result<Self, Error> {
        let schema_text = texts.schema.as_deref().unwrap_or(SCHEMA);
        let permits = texts.permits.as_deref().unwrap_or(PERMITS);
        let (schema, warnings) = Schema::from_cedarschema_str(schema_text)
            .map_err(|error| Error::Schema(error.to_string()))?;
        if let Some(warning) = warnings.into_iter().next() {
            return Err(Error::Schema(warning.to_string()));
        }
        let policies = named(&format!("{FORBIDS}\n{permits}"))?;
        let result = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if !result.validation_passed_without_warnings() {
            let errors = result.validation_errors().map(ToString::to_string);
            let all = errors.chain(result.validation_warnings().map(ToString::to_string));
            return Err(Error::Invalid(all.collect::<Vec<_>>().join("; ")));
        }
        let actions = schema
            .action_entities()
            .map_err(|error| Error::Schema(error.to_string()))?;
        let groups: HashSet<_> = schema.action_groups().collect();
        let known = schema
            .actions()
            .filter(|action| !groups.contains(action))
            .map(|action| action.id().unescaped().to_owned())
            .collect();
        let revision = hex(&sha256(
            format!("{schema_text}\0{FORBIDS}\0{permits}").as_bytes(),
        ));
        Ok(Self {
            schema,
            policies,
            actions,
            known,
            revision,
        })
    }

    /// What this policy is, in a name that no other has.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Every action that may be asked for, in order.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }

    /// Whether there is an action of that name.
    pub fn knows(&self, action: &str) -> bool {
        self.known.contains(action)
    }

    /// What somebody may do in at least one situation.
    pub fn permissions(&self, subject: &Subject) -> Result<BTreeSet<&str>, Error> {
        let mut permitted = BTreeSet::new();
        for action in self.actions() {
            if self.reach(subject, action)? != Reach::Nothing {
                permitted.insert(action);
            }
        }
        Ok(permitted)
    }

    /// For which resources of their own account somebody may do something, whatever is known of these.
    pub fn reach(&self, subject: &Subject, action: &str) -> Result<Reach, Error> {
        if !self.takes(subject, action, "profile") {
            let allowed = self.takes(subject, action, "account")
                && self.administration(subject, action)?.is_allowed;
            return Ok(if allowed { Reach::All } else { Reach::Nothing });
        }
        let id = subject.id();
        let (mut own, mut others) = (Tally::default(), Tally::default());
        for situation in Situation::all() {
            let facts = situation.facts(&id);
            let tally = if situation.is_own {
                &mut own
            } else {
                &mut others
            };
            tally.count(self.profile(subject, action, "", &facts)?.is_allowed);
        }
        Ok(match (own.verdict(), others.verdict()) {
            (Some(true), Some(true)) => Reach::All,
            (Some(false), Some(false)) => Reach::Nothing,
            (Some(true), Some(false)) => Reach::Own,
            (Some(false) | None, Some(true)) | (_, None) | (None, Some(false)) => Reach::Facts,
        })
    }

    /// Whether somebody may do something to a profile of their own account, of which these facts are known.
    pub fn profile(
        &self,
        subject: &Subject,
        action: &str,
        id: &str,
        facts: &Facts,
    ) -> Result<Decision, Error> {
        let mut attributes = HashMap::from([(
            "account".to_owned(),
            reference(uid("account", &subject.account.to_string())?),
        )]);
        if let Some(user) = &facts.created_by {
            attributes.insert("created_by".to_owned(), reference(uid("user", user)?));
        }
        if let Some(state) = &facts.call_state {
            attributes.insert(
                "call_state".to_owned(),
                RestrictedExpression::new_string(state.clone()),
            );
        }
        if let Some(users) = &facts.concluded_by {
            let users = users
                .iter()
                .map(|user| uid("user", user).map(reference))
                .collect::<Result<Vec<_>, _>>()?;
            attributes.insert(
                "concluded_by".to_owned(),
                RestrictedExpression::new_set(users),
            );
        }
        let profile =
            Entity::new(uid("profile", id)?, attributes, HashSet::new()).map_err(question)?;
        self.ask(subject, action, profile.uid(), [profile])
    }

    /// Whether somebody may do something in the administration of their own account.
    pub fn administration(&self, subject: &Subject, action: &str) -> Result<Decision, Error> {
        self.ask(
            subject,
            action,
            uid("account", &subject.account.to_string())?,
            [],
        )
    }

    /// Whether the schema lets such a subject ask for the action on such a resource.
    fn takes(&self, subject: &Subject, action: &str, resource: &str) -> bool {
        let types = EntityTypeName::from_str(subject.kind())
            .ok()
            .zip(EntityTypeName::from_str(resource).ok());
        types.is_some_and(|(principal, resource)| {
            let mut actions = self
                .schema
                .actions_for_principal_and_resource(&principal, &resource);
            actions.any(|known| known.id().unescaped() == action)
        })
    }

    fn ask(
        &self,
        subject: &Subject,
        action: &str,
        resource: EntityUid,
        more: impl IntoIterator<Item = Entity>,
    ) -> Result<Decision, Error> {
        let principal = uid(subject.kind(), &subject.id())?;
        let entities = [entity(subject, &principal)?, account(subject)?]
            .into_iter()
            .chain(more);
        let entities = self
            .actions
            .clone()
            .add_entities(entities, Some(&self.schema))
            .map_err(question)?;
        let request = Request::new(
            principal,
            uid("Action", action)?,
            resource,
            Context::empty(),
            Some(&self.schema),
        )
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

#[derive(Default)]
struct Tally {
    yes: bool,
    no: bool,
}

impl Tally {
    const fn count(&mut self, is_allowed: bool) {
        if is_allowed {
            self.yes = true;
        } else {
            self.no = true;
        }
    }

    /// What all said, where all said the same.
    const fn verdict(&self) -> Option<bool> {
        match (self.yes, self.no) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (true, true) | (false, false) => None,
        }
    }
}

fn named(text: &str) -> Result<PolicySet, Error> {
    let read = PolicySet::from_str(text).map_err(|error| Error::Parse(error.to_string()))?;
    let mut policies = PolicySet::new();
    for policy in read.policies() {
        let said = |annotation| {
            let lacks = || Error::Annotation {
                annotation,
                policy: policy.to_string(),
            };
            policy.annotation(annotation).ok_or_else(lacks)
        };
        said("says")?;
        let id = said("id")?;
        policies
            .add(policy.new_id(PolicyId::new(id)))
            .map_err(|_| Error::Twice(id.to_owned()))?;
    }
    Ok(policies)
}

fn entity(subject: &Subject, uid_of: &EntityUid) -> Result<Entity, Error> {
    let roles = subject
        .roles()
        .map(|role| uid("role", role.as_str()))
        .collect::<Result<_, _>>()?;
    let account = reference(uid("account", &subject.account.to_string())?);
    Entity::new(
        uid_of.clone(),
        HashMap::from([("account".to_owned(), account)]),
        roles,
    )
    .map_err(question)
}

fn account(subject: &Subject) -> Result<Entity, Error> {
    let stage = RestrictedExpression::new_string(subject.stage.as_str().to_owned());
    let attributes = HashMap::from([("stage".to_owned(), stage)]);
    Entity::new(
        uid("account", &subject.account.to_string())?,
        attributes,
        HashSet::new(),
    )
    .map_err(question)
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Error> {
    let name = EntityTypeName::from_str(kind).map_err(question)?;
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}

fn reference(uid: EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid)
}

fn question(error: impl std::fmt::Display) -> Error {
    Error::Question(error.to_string())
}
