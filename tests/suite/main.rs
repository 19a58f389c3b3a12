//! The one test binary.

// With this the lints know that all of it is a test, helpers included.
#![cfg(test)]

mod api;
mod app;
mod architecture;
mod attack;
mod audit;
mod authzen;
mod browser;
mod config;
mod corpus;
mod fetch;
mod gate;
mod handback;
mod limits;
mod logout;
mod parts;
mod portal;
mod practice;
mod proposals;
mod real;
mod road;
mod rollover;
mod routes;
mod rules;
mod scim;
mod sign_in;
mod step_up;
mod store;
mod tokens;
mod webhooks;
