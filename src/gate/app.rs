//! An app behind the gate, as its file says: where it stands, who may ask for it, and what its requests need.

use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{NormalPath, Pattern};
use crate::account::{Slug, Stage};

/// The name of an app in addresses: a slug, like an account's.
pub type AppSlug = Slug;

/// A service of the platform that is reached through the gate alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Its name in addresses.
    pub app: AppSlug,
    /// What its tokens name.
    pub audience: String,
    /// Whose sessions, tokens and keys it takes.
    pub stage: Stage,
    /// The accounts that may use it; all of the stage where it is empty.
    #[serde(default)]
    pub accounts: Vec<Slug>,
    /// The kind of its one gateway.
    pub gateway: Family,
    /// The TCP peers that may ask for it.
    pub gateways: Vec<IpNet>,
    /// A file with a secret that the gateway has to show as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_key_file: Option<String>,
    /// The host names that it is reached by, with a port where browsers show one.
    pub hosts: Vec<String>,
    /// What its requests need; the first that fits decides.
    #[serde(default)]
    pub routes: Vec<Route>,
}

/// A kind of gateway, by what it tells us of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// nginx, with `auth_request`.
    Nginx,
    /// Caddy and Traefik, with `forward_auth` and `forwardAuth`.
    Forward,
    /// Envoy, with `ext_authz` over HTTP.
    Envoy,
}

impl Family {
    /// The name in configuration and addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Forward => "forward",
            Self::Envoy => "envoy",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which requests need which permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The methods.
    pub methods: Vec<String>,
    /// The paths.
    pub path: Pattern,
    /// What they need.
    pub action: String,
    /// Who knows what the policy asks about a single resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Knows>,
    /// How long ago the person may have proved who they are, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_auth_age_minutes: Option<u32>,
}

/// Who knows the facts of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knows {
    /// The app, which asks for the decision with them or honours the scope.
    App,
}

/// Where a request of an app leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routed<'a> {
    /// To this route, the one of that number.
    To(usize, &'a Route),
    /// There is such a path, for other methods.
    OtherMethod,
    /// Nowhere.
    Nowhere,
}

impl App {
    /// The first route that fits.
    pub fn route(&self, method: &str, path: &NormalPath) -> Routed<'_> {
        let mut found = Routed::Nowhere;
        for (number, route) in self.routes.iter().enumerate() {
            if route.path.matches(path) {
                if route.methods.iter().any(|known| known == method) {
                    return Routed::To(number, route);
                }
                found = Routed::OtherMethod;
            }
        }
        found
    }

    /// Whether it is for this account at all.
    pub fn serves(&self, stage: Stage, account: &Slug) -> bool {
        self.stage == stage && (self.accounts.is_empty() || self.accounts.contains(account))
    }

    /// Whether a host name is one of its own, byte for byte.
    pub fn has_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known == host)
    }
}

/// What is wrong with an app, one sentence each.
pub fn problems(app: &App) -> Vec<String> {
    let mut problems = Vec::new();
    let mut wrong = |is_wrong: bool, sentence: String| {
        if is_wrong {
            problems.push(sentence);
        }
    };
    let uri = url::Url::parse(&app.audience);
    wrong(
        !uri.is_ok_and(|uri| uri.fragment().is_none()),
        "`audience` is a URI without a fragment, such as https://api.example/".to_owned(),
    );
    wrong(
        app.gateways.is_empty(),
        "`gateways` names the addresses of the gateway; with none nobody may ask".to_owned(),
    );
    wrong(
        app.hosts.is_empty(),
        "`hosts` names what browsers call the app; with none no request is its own".to_owned(),
    );
    for host in &app.hosts {
        let is_plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte)
        };
        wrong(
            host.is_empty() || !host.bytes().all(is_plain),
            format!(
                "`{host}` of `hosts` is not a host name in lower case, such as api.example or localhost:8443"
            ),
        );
    }
    for route in &app.routes {
        let path = route.path.as_str();
        wrong(
            route.methods.is_empty(),
            format!("the route {path} has no `methods`"),
        );
        for method in &route.methods {
            wrong(
                method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()),
                format!("`{method}` of the route {path} is not a method such as GET"),
            );
        }
    }
    problems
}
