//! The gate's own knowledge: who asks, what the policy says, and which request of an app needs which permission.

mod app;
mod decision;
mod facts;
mod path;
mod pattern;
mod policy;
mod subject;

pub use app::{App, AppSlug, Family, Route, Routed, problems};
pub use decision::{Decision, Reach, Reason};
pub use facts::{Call, Facts, Situation};
pub use path::{Ambiguous, NormalPath};
pub use pattern::Pattern;
pub use policy::{Error, Policy, Texts};
pub use subject::{Subject, Who};
