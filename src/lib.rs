//! Vestibule: the SAML service provider, user access management and gate of a platform.
//!
//! A module may use what stands above it in this table, never below (`tests/suite/architecture.rs` judges):
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`time`], [`id`] | instants and the clock; ids, one-time secrets and randomness |
//! | `practice` | a practice ADFS, for the demo and the tests; stands on the row above alone |

pub mod id;
#[cfg(feature = "practice")]
pub mod practice;
pub mod time;
