//! The gate's own knowledge: who asks, what the policy says, and which request of an app needs which permission.

mod app;
pub mod authzen;
mod caller;
mod credential;
mod decision;
mod es256;
mod explained;
mod facts;
mod nobody;
mod path;
mod pattern;
mod policy;
mod resource;
mod subject;
mod token;
mod token_key;

pub use app::{App, AppSlug, Family, Knows, Route, Routed, problems};
pub use caller::DecisionCaller;
pub use credential::{Credential, Kind, SCIM, Secret, State as CredentialState, Wrong, covers};
pub use decision::{Decision, Reach, Reason};
pub use explained::{Cause, Explained, Inexplicable};
pub use facts::{Call, Facts, Situation};
pub use nobody::{everybody, key, person};
pub use path::{Ambiguous, NormalPath};
pub use pattern::Pattern;
pub use policy::{Effect, Error, Policy, SHIPPED_FORBIDS, Sentence, Text, Texts};
pub use resource::Resource;
pub use subject::{Principal, Subject, Who};
pub use token::{Access, AppGrant, Grant, Refusal, Signer, Unsigned};
pub use token_key::{Jwk, Standing, TokenKey};
