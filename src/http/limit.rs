//! How often an address may ask: sign-ins begun, and answers refused before a signature verified.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config;

type PerAddress = DefaultKeyedRateLimiter<(IpAddr, String)>;

/// The limits of one server, each per address and account.
pub(super) struct Limits {
    starts: Option<PerAddress>,
    refusals: Option<PerAddress>,
}

impl Limits {
    /// Limits as configured; 0 switches one off.
    pub(super) fn new(limits: &config::Limits) -> Self {
        let per_minute = |count| {
            NonZeroU32::new(count).map(|count| RateLimiter::keyed(Quota::per_minute(count)))
        };
        Self {
            starts: per_minute(limits.starts_per_minute),
            refusals: per_minute(limits.refusals_per_minute),
        }
    }

    /// Whether one more sign-in may begin.
    pub(super) fn allow_start(&self, address: IpAddr, account: &str) -> bool {
        allow(self.starts.as_ref(), address, account)
    }

    /// Whether one more refused answer gets an ordinary page.
    pub(super) fn allow_refusal(&self, address: IpAddr, account: &str) -> bool {
        allow(self.refusals.as_ref(), address, account)
    }

    /// Forgets addresses that have been quiet.
    pub(super) fn forget(&self) {
        for limiter in [&self.starts, &self.refusals].into_iter().flatten() {
            limiter.retain_recent();
        }
    }
}

fn allow(limiter: Option<&PerAddress>, address: IpAddr, account: &str) -> bool {
    limiter.is_none_or(|limiter| {
        limiter
            .check_key(&(network(address), account.to_owned()))
            .is_ok()
    })
}

/// An IPv6 customer has a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
    }
}
