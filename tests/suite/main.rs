//! The one test binary.

// With this the lints know that all of it is a test, helpers included.
#![cfg(test)]

mod app;
mod architecture;
mod attack;
mod config;
mod corpus;
mod limits;
mod logout;
mod practice;
mod real;
mod routes;
mod rules;
mod sign_in;
mod store;
