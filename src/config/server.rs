//! The server's configuration; nothing in it is required.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The whole of `config/vestibule.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where it listens and under which names it is reached.
    pub server: Server,
    /// The people who run it.
    pub staff: Staff,
    /// Where it may connect to.
    pub outbound: Outbound,
    /// Where it keeps everything.
    pub database: Database,
    /// What seals secrets at rest.
    pub secrets: Secrets,
    /// What stands behind it, and who may do what there.
    pub gate: Gate,
    /// What it says of itself.
    pub log: Log,
    /// How long personal data is kept.
    pub retention: Retention,
    /// Where what vouches for the audit is handed out.
    pub audit: Audit,
    /// How often strangers may ask.
    pub limits: Limits,
    /// The folder that the file lies in; none where nothing was read.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
}

/// Where the server listens and under which names it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// The public address.
    pub listen: SocketAddr,
    /// How browsers reach it; https except on loopback.
    pub public_url: String,
    /// The address for metrics and gateways.
    pub internal_listen: SocketAddr,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Our host names, for the client's firewall.
    pub host_names: Vec<String>,
    /// Our addresses for agents' browsers, for the client's firewall.
    pub ingress_ips: Vec<String>,
    /// Our addresses when we fetch metadata, for the client's firewall.
    pub egress_ips: Vec<String>,
}

impl Server {
    /// Every authority (`host:port`) under which browsers reach our own pages.
    pub fn authorities(&self) -> Vec<String> {
        let public = url::Url::parse(&self.public_url).ok();
        let port = public.as_ref().and_then(url::Url::port_or_known_default);
        let own = public.as_ref().and_then(|url| url.host_str());
        let names = self.host_names.iter().map(String::as_str);
        let all = own.into_iter().chain(names);
        all.filter_map(|name| Some(format!("{}:{}", name.to_ascii_lowercase(), port?)))
            .collect()
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: "http://127.0.0.1:8080".into(),
            internal_listen: SocketAddr::from(([127, 0, 0, 1], 8090)),
            trusted_proxies: Vec::new(),
            host_names: Vec::new(),
            ingress_ips: Vec::new(),
            egress_ips: Vec::new(),
        }
    }
}

/// The people who run Vestibule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Staff {
    /// The account whose people are operators; none yet where it is empty.
    pub account: String,
    /// Whether a second operator has to approve.
    pub approvals: bool,
}

impl Default for Staff {
    fn default() -> Self {
        Self {
            account: "staff".to_owned(),
            approvals: true,
        }
    }
}

/// Where the server may connect to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outbound {
    /// Private networks in which an identity provider's metadata may be fetched, and webhooks told.
    pub allow_networks: Vec<IpNet>,
}

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`
    pub url: String,
    /// Where to listen for news when `url` goes through a pooler.
    pub listen_url: String,
    /// How many connections are held at most.
    pub max_connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: "sqlite://data/vestibule.db".into(),
            listen_url: String::new(),
            max_connections: 8,
        }
    }
}

/// What seals secrets at rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Secrets {
    /// The key file; beside an SQLite file where it is empty.
    pub master_key_file: String,
}

/// What stands behind the gate, and who may do what there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gate {
    /// The folder with a file for each app; `apps` beside this file where it is empty.
    pub apps: String,
    /// The folder with the policies; `policies` beside this file where it is empty.
    pub policies: String,
}

/// What the server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How a log line is written.
    pub format: Format,
    /// `error`, `warn`, `info`, `debug`, or a filter such as `info,vestibule=debug`.
    pub level: String,
    /// Where traces are sent; nowhere where it is empty.
    pub otlp_endpoint: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: Format::Text,
            level: "info".into(),
            otlp_endpoint: String::new(),
        }
    }
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How long personal data is kept, in days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Users, after their last sign-in.
    pub users_days: i64,
    /// Login attempts.
    pub attempts_days: i64,
    /// The audit.
    pub audit_days: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            users_days: 730,
            attempts_days: 30,
            audit_days: 2_555,
        }
    }
}

/// Where what vouches for the audit is handed out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// The file to which each checkpoint is added as a line; none where it is empty.
    pub checkpoints: String,
}

/// How often strangers may ask, for each address and account; 0 switches a limit off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Sign-ins begun in a minute.
    pub starts_per_minute: u32,
    /// Answers refused in a minute before a signature verified.
    pub refusals_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            starts_per_minute: 1_000,
            refusals_per_minute: 120,
        }
    }
}
