//! The questions and answers of the `AuthZEN` Authorization API 1.0, without the HTTP that carries them.

mod answer;
mod batch;
mod desk;
mod request;
mod search;

pub use answer::{Answer, Code};
pub use batch::{Asked, Batch, Semantic};
pub use desk::{Desk, Standing};
pub use request::{Deed, Evaluation, Thing, Wrong};
pub use search::{After, Page, Search, Wanted};
