//! The browser's address, through proxies that are trusted and no others.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

use super::Shared;

/// Where the browser is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address(pub IpAddr);

impl FromRequestParts<Shared> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip());
        Ok(Self(of(
            peer,
            &parts.headers,
            &shared.app.config.server.trusted_proxies,
        )))
    }
}

/// The last address before our own proxies; what stands further left anybody may have written.
fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_ours = |address: &IpAddr| {
        trusted
            .iter()
            .any(|network| network.contains(&address.to_canonical()))
    };
    // Hop by hop, since what anybody wrote before it must not hide what our proxy has added.
    let mut hops: Vec<Option<IpAddr>> = headers
        .get_all("x-forwarded-for")
        .into_iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(|hop| std::str::from_utf8(hop).ok()?.trim().parse().ok())
        .collect();
    let mut at = peer.to_canonical();
    while is_ours(&at) {
        match hops.pop() {
            Some(Some(before)) => at = before.to_canonical(),
            Some(None) | None => break,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-forwarded-for",
            "198.51.100.9, 203.0.113.7, 10.0.0.2".parse().unwrap(),
        );
        let of = |peer: &str, headers: &HeaderMap| {
            of(peer.parse().unwrap(), headers, &trusted).to_string()
        };

        assert_eq!(of("10.0.0.1", &headers), "203.0.113.7");
        assert_eq!(of("192.0.2.1", &headers), "192.0.2.1");
        assert_eq!(of("::ffff:10.0.0.1", &headers), "203.0.113.7");
        assert_eq!(of("10.0.0.1", &HeaderMap::new()), "10.0.0.1");
    }
}
