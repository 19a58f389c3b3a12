//! Messages by class: every hostile one is refused for its own reason and leaves nothing behind, every honest one is accepted.

mod accounts;
mod addressed;
mod algorithms;
mod case;
mod conditions;
mod decrypted;
mod donors;
mod encryption;
mod envelope;
mod exhaustion;
mod judge;
mod kinds;
mod missing;
mod namespaces;
mod parser;
mod redirects;
mod references;
mod replay;
mod requests;
mod scene;
mod signed_info;
mod surgery;
mod text;
mod transforms;
mod transport;
mod trust;
mod wrapping;

use case::{Case, Posted, forged, said, signed, unverified, verified, within, written};
use judge::{post, refuse, refused};
use scene::Scene;
