//! Vestibule: the SAML service provider, user access management and gate of a platform.
//!
//! A module may use what stands above it in this table, never below (`tests/suite/architecture.rs` judges):
//!
//! | module | what it knows |
//! | --- | --- |
//! | [`time`], [`id`] | instants and the clock; ids, one-time secrets and randomness |
//! | [`seal`] | sealing at rest under the master keys |
//! | [`role`] | roles and what they permit |
//! | [`account`] | accounts, their configuration, its rules and differences |
//! | [`saml`] | the messages of SAML 2.0: read, verified, written |
//! | [`claims`] | what a verified assertion says of a person, and the roles that gives |
//! | [`grant`] | what administrators grant and deny, and the roles that gives together with the claims |
//! | [`proposal`] | what one person asks for and a second one decides |
//! | [`user`], [`session`], [`attempt`], [`audit`] | people, their sessions, their sign-ins, and what happened |
//! | [`webhook`] | what an account's own programs are told of what happens |
//! | [`scim`] | what a client's directory says of people and groups |
//! | [`gate`] | who asks, what the policy says, and which request of an app needs which permission |
//! | [`handback`] | what a client gets back to set its identity provider up |
//! | [`store`] | the only place with SQL |
//! | [`login`] | the sign-in: the use case that joins all of the above |
//! | [`access`] | the gate at work: who is behind a credential now, and may they |
//! | [`config`], [`log`], [`app`] | what the operator writes; what the server says; the one place where everything is put together |
//! | [`http`] | the routes, pages and layers |
//! | `practice` | a practice ADFS and an app behind the gate, for the demonstration and the tests; stands on the first row alone |
//! | `demo` | a server, a practice ADFS and an app behind the gate in one |
//! | [`cli`] | the commands |

/// Reading a message makes many small things for a short time, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod access;
pub mod account;
pub mod app;
pub mod attempt;
pub mod audit;
pub mod claims;
pub mod cli;
pub mod config;
#[cfg(feature = "practice")]
pub mod demo;
pub mod gate;
pub mod grant;
pub mod handback;
pub mod http;
pub mod id;
pub mod log;
pub mod login;
#[cfg(feature = "practice")]
pub mod practice;
pub mod proposal;
pub mod role;
pub mod saml;
pub mod scim;
pub mod seal;
pub mod session;
pub mod store;
pub mod time;
pub mod user;
pub mod webhook;
