//! The one test binary.

// Under `cfg(test)` the lints know that all of it is a test, helpers included.
#[cfg(test)]
mod app;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod practice;
#[cfg(test)]
mod real;
#[cfg(test)]
mod sign_in;
