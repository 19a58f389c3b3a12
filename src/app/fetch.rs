//! Fetches metadata from an address that somebody named, and from nowhere else.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use crate::config::Config;

/// The most that is read, in bytes; a real descriptor has about 76,000.
const LARGEST: usize = 2 * 1024 * 1024;

/// Fetches a document over https; http only where we are on loopback ourselves.
pub async fn fetch(address: &str, config: &Config) -> Result<Vec<u8>> {
    let url = Url::parse(address).with_context(|| format!("`{address}` is not an address"))?;
    let loopback = config.server.public_url.starts_with("http://");
    if url.scheme() != "https" && !(loopback && url.scheme() == "http") {
        bail!("`{address}` is not https");
    }
    let vetted = Arc::new(Vetted {
        allowed: config.outbound.allow_networks.clone(),
        loopback,
    });
    // An address in place of a name is not resolved, so it is vetted here.
    if let Some(Ok(literal)) = url
        .host_str()
        .map(|host| host.trim_matches(['[', ']']).parse())
    {
        vetted
            .check(literal)
            .map_err(|reason| anyhow::anyhow!(reason))?;
    }
    let client = reqwest::Client::builder()
        .dns_resolver(vetted)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(15))
        .build()?;
    let mut response = client
        .get(url)
        .send()
        .await
        .with_context(|| format!("fetching {address}"))?;
    if !response.status().is_success() {
        bail!("{address} answered {}", response.status());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            bail!("{address} sends more than {LARGEST} bytes");
        }
    }
    Ok(body)
}

/// A resolver that hands only vetted addresses to the connector.
struct Vetted {
    allowed: Vec<IpNet>,
    loopback: bool,
}

impl Vetted {
    fn check(&self, address: IpAddr) -> Result<(), String> {
        let address = address.to_canonical();
        let allowed = self
            .allowed
            .iter()
            .any(|network| network.contains(&address))
            || (self.loopback && address.is_loopback());
        if allowed || is_public(address) {
            return Ok(());
        }
        Err(format!(
            "{address} is not a public address; `outbound.allow_networks` lists the private networks in which metadata may be fetched"
        ))
    }
}

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let vetted = Self {
            allowed: self.allowed.clone(),
            loopback: self.loopback,
        };
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                vetted.check(address.ip())?;
            }
            Ok::<Addrs, _>(Box::new(found.into_iter()))
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            let special = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_documentation();
            let shared = a == 100 && (64..128).contains(&b);
            let reserved =
                a == 0 || a >= 224 || (a == 192 && b == 0) || (a == 198 && (18..20).contains(&b));
            !special && !shared && !reserved
        }
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            // Only global unicast, without documentation, 6to4, Teredo and the rest of 2001::/23.
            (first & 0xe000) == 0x2000
                && first != 0x2002
                && !(first == 0x2001 && (second < 0x0200 || second == 0x0db8))
                && first != 0x3fff
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_and_listed_networks_are_reached() {
        let vetted = Vetted {
            allowed: vec!["10.1.0.0/16".parse().unwrap()],
            loopback: false,
        };
        let check = |text: &str| vetted.check(text.parse().unwrap()).is_ok();

        for fine in ["8.8.8.8", "2606:4700::1", "10.1.2.3", "::ffff:10.1.2.3"] {
            assert!(check(fine), "{fine}");
        }
        for wrong in [
            "127.0.0.1",
            "10.2.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "224.0.0.1",
        ] {
            assert!(!check(wrong), "{wrong}");
        }
    }
}
