//! Reads the texts of a policy, and refuses what is not whole.

use std::collections::{BTreeSet, HashSet};
use std::str::FromStr;

use cedar_policy::{
    ActionConstraint, Effect as CedarEffect, Entities, EntityUid, PolicyId, PolicySet, Schema,
    ValidationMode, Validator,
};
use miette::Diagnostic;
use openssl::sha::sha256;

use super::reach::Reaches;
use super::texts::{PERMITS, SCHEMA, line};
use super::{Effect, Error, Policy, SHIPPED_FORBIDS, Sentence, Text, Texts};
use crate::account::Stage;
use crate::gate::{Situation, Subject, Who};
use crate::id::{AccountId, CredentialId, UserId, hex};

impl Policy {
    /// The shipped policy, with what the installation says instead; the shipped forbids always hold.
    pub fn read(texts: &Texts) -> Result<Self, Error> {
        let schema_text = texts.schema.as_deref().unwrap_or(SCHEMA);
        let permits = texts.permits.as_deref().unwrap_or(PERMITS);
        let entities_text = texts.entities.as_deref().unwrap_or("[]");
        let schema = schema(schema_text)?;
        let (mut policies, mut sentences) = (PolicySet::new(), Vec::new());
        for (text, content, is_shipped) in [
            (Text::Forbids, SHIPPED_FORBIDS, true),
            (Text::Permits, permits, texts.permits.is_none()),
        ] {
            add(text, content, is_shipped, &mut policies, &mut sentences)?;
        }
        names_actions(&schema, &policies, &sentences)?;
        validate(&schema, &policies, &sentences, permits)?;
        if texts.schema.is_some() {
            keeps_its_actions(&schema)?;
        }
        let groups: HashSet<_> = schema.action_groups().collect();
        let actions: BTreeSet<String> = schema
            .actions()
            .filter(|action| !groups.contains(action))
            .map(|action| action.id().unescaped().to_owned())
            .collect();
        let revision = hex(&sha256(
            format!("{schema_text}\0{SHIPPED_FORBIDS}\0{permits}\0{entities_text}").as_bytes(),
        ));
        let named = policies
            .policies()
            .flat_map(cedar_policy::Policy::entity_literals);
        let names_somebody = named
            .map(|uid| uid.type_name().to_string())
            .any(|kind| ["user", "key", "account", "profile"].contains(&kind.as_str()));
        let policy = Self {
            reaches: (!names_somebody).then(Reaches::default),
            entities: entities(entities_text, &schema)?,
            schema,
            policies,
            actions,
            sentences,
            revision,
        };
        policy.try_out()?;
        Ok(policy)
    }

    /// Asks for everything once, so that a schema which our own questions do not fit is found at the start.
    fn try_out(&self) -> Result<(), Error> {
        let nil = "00000000000000000000000000000000";
        let ids = AccountId::parse(&format!("acc_{nil}"))
            .zip(UserId::parse(&format!("usr_{nil}")))
            .zip(CredentialId::parse(&format!("crd_{nil}")));
        let Some(((account, person), key)) = ids else {
            return Ok(());
        };
        for who in [Who::Person(person, BTreeSet::new()), Who::Key(key)] {
            let subject = Subject {
                account,
                stage: Stage::Live,
                who,
            };
            let id = subject.id();
            let mut situations = Situation::all();
            let fits = situations.try_for_each(|all| self.fits(&subject, &all.facts(&id)));
            fits.and_then(|()| self.permissions(&subject).map(|_| ())).map_err(|error| Error::At {
                text: Text::Schema,
                line: 1,
                message: format!("what is asked does not fit it ({error}); what it adds to `user`, `key`, `account` and `profile` has to be optional, such as `branch?: String`"),
            })?;
        }
        Ok(())
    }
}

fn schema(content: &str) -> Result<Schema, Error> {
    let at = |line, message| Error::At {
        text: Text::Schema,
        line,
        message,
    };
    let (schema, warnings) = Schema::from_cedarschema_str(content)
        .map_err(|error| at(line(content, offset(&error)), sentence(&error)))?;
    match warnings.into_iter().next() {
        Some(warning) => Err(at(line(content, offset(&warning)), warning.to_string())),
        None => Ok(schema),
    }
}

fn add(
    text: Text,
    content: &str,
    is_shipped: bool,
    policies: &mut PolicySet,
    sentences: &mut Vec<Sentence>,
) -> Result<(), Error> {
    let at = |line, message| Error::At {
        text,
        line,
        message,
    };
    let read = PolicySet::from_str(content)
        .map_err(|error| at(line(content, offset(&error)), sentence(&error)))?;
    if let Some(template) = read.templates().next() {
        let found = line(content, place(content, &template.to_cedar()));
        return Err(at(found, "a template decides nothing; write the policy out, without `?principal` and `?resource`".into()));
    }
    let mut found = Vec::new();
    for policy in read.policies() {
        let begins = line(content, place(content, &policy.to_string()));
        let said = |annotation: &str, example: &str| {
            let words = policy
                .annotation(annotation)
                .filter(|words| !words.trim().is_empty());
            words.map(str::to_owned).ok_or_else(|| {
                at(begins, format!("this policy lacks `@{annotation}(\"{example}\")`, which decisions are explained by"))
            })
        };
        let id = said("id", "short-name")?;
        let says = said("says", "What it allows or forbids, in a sentence.")?;
        if let Some(other) = sentences.iter().find(|other| other.id == id) {
            let other = format!("{} line {}", other.text.as_str(), other.line);
            return Err(at(
                begins,
                format!(
                    "the policy of {other} is called `{id}` already; give this one another `@id`"
                ),
            ));
        }
        policies
            .add(policy.new_id(PolicyId::new(&id)))
            .map_err(|_| {
                at(
                    begins,
                    format!("two policies are called `{id}`; give each an `@id` of its own"),
                )
            })?;
        found.push(Sentence {
            id,
            effect: match policy.effect() {
                CedarEffect::Permit => Effect::Permit,
                CedarEffect::Forbid => Effect::Forbid,
            },
            says,
            text,
            is_shipped,
            line: begins,
        });
    }
    found.sort_by_key(|sentence| sentence.line);
    sentences.extend(found);
    Ok(())
}

/// The validator finds a policy about an unknown action impossible, but does not say which action that is.
fn names_actions(
    schema: &Schema,
    policies: &PolicySet,
    sentences: &[Sentence],
) -> Result<(), Error> {
    let known: HashSet<_> = schema.actions().chain(schema.action_groups()).collect();
    for sentence in sentences.iter().filter(|sentence| !sentence.is_shipped) {
        let policy = policies.policy(&PolicyId::new(&sentence.id));
        let named = match policy.map(cedar_policy::Policy::action_constraint) {
            Some(ActionConstraint::Eq(action)) => vec![action],
            Some(ActionConstraint::In(actions)) => actions,
            Some(ActionConstraint::Any) | None => Vec::new(),
        };
        if let Some(unknown) = named.iter().find(|action| !known.contains(action)) {
            return Err(Error::At {
                text: sentence.text,
                line: sentence.line,
                message: format!(
                    "`{}` speaks of {unknown}, which the schema does not have; correct the name, or add the action to vestibule.cedarschema",
                    sentence.id
                ),
            });
        }
    }
    Ok(())
}

fn validate(
    schema: &Schema,
    policies: &PolicySet,
    sentences: &[Sentence],
    permits: &str,
) -> Result<(), Error> {
    let result = Validator::new(schema.clone()).validate(policies, ValidationMode::Strict);
    let errors = result
        .validation_errors()
        .map(|error| (error.policy_id(), sentence(error), labelled(error)));
    let warnings = result
        .validation_warnings()
        .map(|warning| (warning.policy_id(), sentence(warning), labelled(warning)));
    let mut wrong: Vec<_> = errors
        .chain(warnings)
        .map(|(id, message, offset)| {
            let policy = sentences
                .iter()
                .find(|sentence| sentence.id == id.as_ref() as &str);
            match policy {
                // A shipped policy is right; where it does not fit, the installation's schema lacks something.
                Some(shipped) if shipped.is_shipped => (
                    Text::Schema,
                    1,
                    format!(
                        "it lacks what the shipped {} needs: {message}; begin with the shipped schema and only add to it",
                        shipped.text.as_str()
                    ),
                ),
                own => {
                    let begins = own.map_or(1, |own| own.line);
                    let found = offset.map_or(begins, |offset| line(permits, offset));
                    (Text::Permits, found, message)
                }
            }
        })
        .collect();
    wrong.sort_by_key(|(_, line, _)| *line);
    let Some((text, line, _)) = wrong.first().cloned() else {
        return Ok(());
    };
    let said = wrong.into_iter().filter(|other| other.1 == line);
    let said: BTreeSet<String> = said.map(|(_, _, message)| message).collect();
    let message = said.into_iter().collect::<Vec<_>>().join("; ");
    Err(Error::At {
        text,
        line,
        message,
    })
}

/// What is forbidden is said by groups of actions, so an installation may add actions but not move ours.
fn keeps_its_actions(own: &Schema) -> Result<(), Error> {
    let shipped = schema(SCHEMA)?;
    let groups = |schema: &Schema, action: &EntityUid| -> Option<BTreeSet<String>> {
        let entities = schema.action_entities().ok()?;
        let above = entities.ancestors(action)?;
        Some(above.map(ToString::to_string).collect())
    };
    for action in shipped.actions() {
        let (before, now) = (groups(&shipped, action), groups(own, action));
        if before != now {
            let what = if now.is_none() {
                "is missing"
            } else {
                "is in other groups"
            };
            return Err(Error::At {
                text: Text::Schema,
                line: 1,
                message: format!(
                    "{action} {what}, which the shipped forbids.cedar relies on; begin with the shipped schema and only add to it"
                ),
            });
        }
    }
    Ok(())
}

/// What `entities.json` knows, beside the actions; people, keys and accounts are the database's to know.
fn entities(content: &str, schema: &Schema) -> Result<Entities, Error> {
    let at = |line, message: String| Error::At {
        text: Text::Entities,
        line,
        message,
    };
    // Syntax first, since only that error says where.
    if let Err(error) = serde_json::from_str::<serde_json::Value>(content) {
        return Err(at(error.line(), error.to_string()));
    }
    let entities =
        Entities::from_json_str(content, Some(schema)).map_err(|error| at(1, sentence(&error)))?;
    for entity in entities.iter() {
        let uid = entity.uid();
        let (kind, id) = (uid.type_name().to_string(), uid.id().unescaped());
        let is_ours = match kind.as_str() {
            "account" => true,
            "user" => UserId::parse(id).is_some(),
            "key" => CredentialId::parse(id).is_some(),
            _ => false,
        };
        if is_ours {
            let begins = line(content, place(content, &format!("\"{id}\"")));
            return Err(at(
                begins,
                format!("{uid} is known from the database alone; take it out"),
            ));
        }
    }
    Ok(entities)
}

fn place(content: &str, part: &str) -> usize {
    content.find(part).unwrap_or_default()
}

fn offset(error: &impl Diagnostic) -> usize {
    labelled(error).unwrap_or_default()
}

/// Where an error is, if it says so.
fn labelled(error: &impl Diagnostic) -> Option<usize> {
    Some(error.labels()?.next()?.offset())
}

/// What is wrong, with what caused it and what would help.
fn sentence(error: &impl Diagnostic) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_said = inner.to_string();
        if !said.contains(&inner_said) {
            said = format!("{said}: {inner_said}");
        }
        cause = inner.source();
    }
    match error.help() {
        Some(help) => format!("{said} ({help})"),
        None => said,
    }
}
