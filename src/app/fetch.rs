//! Asks addresses that somebody named, and no others: for documents, and to tell them something.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use ipnet::IpNet;
use native_tls::TlsConnector;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{
    CONTENT_ENCODING, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    LOCATION, RETRY_AFTER,
};
use reqwest::{Response, StatusCode};
use url::{Host, Url};

use crate::config::Config;
use crate::time::Span;

/// The most that is read, in bytes; a real descriptor has about 76,000.
const LARGEST: usize = 1024 * 1024;

/// Longer than any farm needs, shorter than a claim lasts.
const PATIENCE: Duration = Duration::from_secs(15);

/// So many redirects are followed, each checked like the first address.
const REDIRECTS: usize = 3;

/// The system's certificate authorities are read once: that takes longer than everything else about a document.
static TLS: LazyLock<native_tls::Result<TlsConnector>> = LazyLock::new(TlsConnector::new);

/// Who knows the addresses of a name: the system, or a test.
#[derive(Debug, Clone, Default)]
pub enum Names {
    /// The system's resolver.
    #[default]
    System,
    /// These and no others.
    Fixed(Arc<HashMap<String, Vec<IpAddr>>>),
}

/// What a document was called when it came last; a server that has nothing newer says so instead of sending it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    pub last_modified: Option<String>,
}

/// What an address answered.
#[derive(Debug)]
pub enum Fetched {
    /// What is known is still the newest.
    Unchanged,
    /// A document, and what it is called.
    Document(Vec<u8>, Known),
}

/// The one way out: public addresses and those that the configuration allows, never our own.
#[derive(Debug, Clone)]
pub struct Outbound {
    allowed: Vec<IpNet>,
    loopback: bool,
    own_url: Option<Url>,
    own_names: Vec<String>,
    own_ports: Vec<u16>,
    names: Names,
    /// A server that has not sent everything by then is given up.
    pub patience: Duration,
}

impl Outbound {
    /// The way out that the configuration allows.
    pub fn new(config: &Config, names: Names) -> Self {
        let server = &config.server;
        let own_url = Url::parse(&server.public_url).ok();
        let port = own_url.as_ref().and_then(Url::port_or_known_default);
        Self {
            allowed: config.outbound.allow_networks.clone(),
            loopback: server.public_url.starts_with("http://"),
            own_names: server.host_names.clone(),
            own_ports: [server.listen.port(), server.internal_listen.port()]
                .into_iter()
                .chain(port)
                .collect(),
            own_url,
            names,
            patience: PATIENCE,
        }
    }

    /// Fetches a document over https; http only where we are on loopback ourselves.
    pub async fn fetch(&self, address: &str, known: &Known) -> Result<Fetched> {
        let fetching = async {
            let mut url =
                Url::parse(address).with_context(|| format!("`{address}` is not an address"))?;
            let own = self.own_addresses().await;
            for _ in 0..=REDIRECTS {
                let response = self.ask(&url, &own, known).await?;
                if !is_redirect(response.status()) {
                    return read(&url, response).await;
                }
                let next = header(response.headers(), &LOCATION)
                    .with_context(|| format!("{url} redirects to nowhere"))?;
                let next = url.join(&next).context("a redirect to no address")?;
                if url.scheme() == "https" && next.scheme() != "https" {
                    bail!("{url} redirects to {next}, which is not https");
                }
                url = next;
            }
            bail!("{address} redirects more than {REDIRECTS} times")
        };
        tokio::time::timeout(self.patience, fetching)
            .await
            .unwrap_or_else(|_| {
                bail!(
                    "{address} took more than {} seconds to answer",
                    self.patience.as_secs()
                )
            })
    }

    /// Tells an address something, without following where it leads, and gives its status and for how long it wants to be left alone.
    pub async fn tell(
        &self,
        address: &str,
        headers: HeaderMap,
        body: String,
    ) -> Result<(StatusCode, Option<Span>)> {
        let telling = async {
            let url = Url::parse(address).context("not an address")?;
            let own = self.own_addresses().await;
            let request = self.client(&url, &own)?.post(url);
            let response = request.headers(headers).body(body).send().await?;
            let wait = header(response.headers(), &RETRY_AFTER);
            let wait = wait.and_then(|seconds| seconds.parse::<u32>().ok());
            Ok((
                response.status(),
                wait.map(|wait| Span::seconds(wait.into())),
            ))
        };
        tokio::time::timeout(self.patience, telling)
            .await
            .unwrap_or_else(|_| bail!("no answer in {} seconds", self.patience.as_secs()))
    }

    /// Whether something may be told to an address at all, as far as that can be seen now.
    pub async fn vet(&self, address: &str) -> Result<()> {
        let url = Url::parse(address).with_context(|| format!("`{address}` is not an address"))?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            bail!("`{address}` holds more than an address: no name, password or # belongs there");
        }
        let own = self.own_addresses().await;
        self.client(&url, &own)?;
        if let Some(Host::Domain(name)) = url.host() {
            let vetted = self.vetted(&url, &own);
            for found in self.names.resolve(name).await.unwrap_or_default() {
                vetted.check(found).map_err(|reason| anyhow!(reason))?;
            }
        }
        Ok(())
    }

    /// One hop: its scheme, host and addresses are checked before anything is sent.
    async fn ask(&self, url: &Url, own: &[IpAddr], known: &Known) -> Result<Response> {
        let mut request = self.client(url, own)?.get(url.clone());
        if let Some(etag) = &known.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(date) = &known.last_modified {
            request = request.header(IF_MODIFIED_SINCE, date);
        }
        let response = request.send().await;
        response.with_context(|| format!("fetching {url}"))
    }

    fn vetted(&self, url: &Url, own: &[IpAddr]) -> Vetted {
        Vetted {
            way: self.clone(),
            own: own.to_vec(),
            port: url.port_or_known_default().unwrap_or_default(),
        }
    }

    /// Who may ask that address and no other.
    fn client(&self, url: &Url, own: &[IpAddr]) -> Result<reqwest::Client> {
        if url.scheme() != "https" && !(self.loopback && url.scheme() == "http") {
            bail!("`{url}` is not https");
        }
        let vetted = self.vetted(url, own);
        match url.host() {
            // An address in place of a name is not resolved, so it is vetted here.
            Some(Host::Ipv4(literal)) => vetted.check(literal.into()),
            Some(Host::Ipv6(literal)) => vetted.check(literal.into()),
            Some(Host::Domain(name)) => vetted.check_name(name),
            None => Err("an address without a host".into()),
        }
        .map_err(|reason| anyhow!(reason))?;
        let tls = TLS.as_ref().context("preparing TLS")?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .dns_resolver(Arc::new(vetted))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(client)
    }

    /// The addresses behind our public name.
    async fn own_addresses(&self) -> Vec<IpAddr> {
        let name = self.own_url.as_ref().and_then(Url::host_str);
        let found = self.names.resolve(name.unwrap_or_default()).await;
        found.unwrap_or_default()
    }
}

fn is_redirect(status: StatusCode) -> bool {
    status.is_redirection() && status != StatusCode::NOT_MODIFIED
}

async fn read(url: &Url, mut response: Response) -> Result<Fetched> {
    if response.status() == StatusCode::NOT_MODIFIED {
        return Ok(Fetched::Unchanged);
    }
    if !response.status().is_success() {
        bail!("{url} answered {}", response.status());
    }
    // Nothing was said of encodings that we take; what is packed all the same may unpack to anything.
    if let Some(encoding) = header(response.headers(), &CONTENT_ENCODING) {
        bail!("{url} sends its answer encoded as {encoding:.20}, which was not asked for");
    }
    let known = Known {
        etag: header(response.headers(), &ETAG),
        last_modified: header(response.headers(), &LAST_MODIFIED),
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            bail!("{url} sends more than {LARGEST} bytes");
        }
    }
    Ok(Fetched::Document(body, known))
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= 2_000).then(|| value.to_owned())
}

impl Names {
    async fn resolve(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((name.trim_matches(['[', ']']), 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            }
            Self::Fixed(known) => known
                .get(name)
                .cloned()
                .ok_or_else(|| std::io::Error::other("no such name")),
        }
    }
}

/// A resolver that hands only vetted addresses to the connector, for one port.
struct Vetted {
    way: Outbound,
    own: Vec<IpAddr>,
    port: u16,
}

impl Vetted {
    fn check(&self, address: IpAddr) -> Result<(), String> {
        let address = address.to_canonical();
        let networks = &self.way.allowed;
        let allowed = networks.iter().any(|network| network.contains(&address))
            || (self.way.loopback && address.is_loopback());
        // Where our machine may be reached at all, our own ports on it still may not.
        if self.is_own(address) && (!allowed || self.way.own_ports.contains(&self.port)) {
            return Err(format!("{address} is one of our own addresses"));
        }
        if allowed || is_public(address) {
            return Ok(());
        }
        Err(format!(
            "{address} is not a public address; `outbound.allow_networks` lists the private networks that may be asked"
        ))
    }

    fn check_name(&self, name: &str) -> Result<(), String> {
        let same = |own: &str| own.eq_ignore_ascii_case(name.trim_end_matches('.'));
        let public = self.way.own_url.as_ref().and_then(Url::host_str);
        let ours = public.is_some_and(same) && !self.way.loopback;
        if ours || self.way.own_names.iter().any(|own| same(own)) {
            return Err(format!("{name} is one of our own names"));
        }
        Ok(())
    }

    /// Only an address of this machine can be bound to.
    fn is_own(&self, address: IpAddr) -> bool {
        self.own.iter().any(|own| own.to_canonical() == address)
            || address.is_unspecified()
            || UdpSocket::bind((address, 0)).is_ok()
    }
}

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let vetted = Self {
            way: self.way.clone(),
            own: self.own.clone(),
            port: self.port,
        };
        Box::pin(async move {
            let found = vetted.way.names.resolve(name.as_str()).await?;
            // One that is not fine spoils all: who answers so means no good.
            for address in &found {
                vetted.check(*address)?;
            }
            let sockets = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok::<Addrs, _>(Box::new(sockets))
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
        let mut config = Config::default();
        config.server.public_url = "https://sso.test".into();
        config.outbound.allow_networks = vec!["10.1.0.0/16".parse().unwrap()];
        let vetted = Vetted {
            way: Outbound::new(&config, Names::Fixed(Arc::default())),
            own: vec!["8.8.4.4".parse().unwrap()],
            port: 443,
        };
        let check = |text: &str| vetted.check(text.parse().unwrap()).is_ok();

        for fine in ["8.8.8.8", "2606:4700::1", "10.1.2.3", "::ffff:10.1.2.3"] {
            assert!(check(fine), "{fine}");
        }
        for wrong in [
            "127.0.0.1",
            "8.8.4.4",
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
