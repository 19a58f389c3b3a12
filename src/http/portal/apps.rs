//! An app behind the gate: its routes, and the configuration of its gateway.

use std::net::SocketAddr;
use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use url::Url;

use super::super::api::pass::{AccountView, Pass};
use super::super::extract::Moment;
use super::super::{Error, Shared, page};
use super::fields::Fields;
use super::frame::Frame;
use super::visit::Visit;
use crate::app::{Finding, Probe};
use crate::gate::{App, Family, Knows, Route};
use crate::time::Timestamp;

/// So long forgeries are tried.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/portal/apps/{app}", get(show))
        .route("/portal/apps/{app}/probe", post(probe))
}

/// The shipped configurations, which are tried with the real gateways; what stands for an installation's own is replaced.
const SHIPPED: [(Family, &str, &str); 4] = [
    (
        Family::Nginx,
        "nginx",
        include_str!("../../../docs/gateways/nginx.conf"),
    ),
    (
        Family::Forward,
        "Caddy",
        include_str!("../../../docs/gateways/Caddyfile"),
    ),
    (
        Family::Forward,
        "Traefik",
        include_str!("../../../docs/gateways/traefik.yaml"),
    ),
    (
        Family::Envoy,
        "Envoy",
        include_str!("../../../docs/gateways/envoy.yaml"),
    ),
];

#[derive(Template)]
#[template(path = "portal_app.html")]
struct Page {
    frame: Frame,
    name: String,
    stage: &'static str,
    audience: String,
    hosts: Vec<String>,
    gateways: Vec<String>,
    has_key: bool,
    routes: Vec<Line>,
    snippets: Vec<(&'static str, String)>,
    /// Where forgeries are tried, without the path.
    origin: Option<String>,
    path: String,
    probed: Option<Probed>,
    wrong: Option<String>,
}

/// The last time that forgeries were tried.
#[derive(Serialize, Deserialize)]
struct Probed {
    at: Timestamp,
    address: String,
    findings: Vec<Finding>,
}

impl Probed {
    fn when(&self) -> String {
        self.at.for_people()
    }

    /// Those that somebody has to look at.
    fn flaws(&self) -> Vec<&Finding> {
        self.findings.iter().filter(|one| !one.safe).collect()
    }
}

struct Line {
    methods: String,
    path: String,
    action: String,
    facts: &'static str,
    age: Option<u32>,
}

async fn show(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<AccountView>,
    Path(app): Path<String>,
) -> Result<Html<String>, Error> {
    let app = find(&shared, &pass, &app)?;
    page::show(&view(&shared, app, frame).await?)
}

/// The app of that name, for the people who run Vestibule.
fn find<'s>(shared: &'s Shared, pass: &Pass<AccountView>, app: &str) -> Result<&'s App, Error> {
    let found = shared.app.access.app(app);
    let found = found.filter(|_| pass.caller.is_operator());
    found
        .map(|(_, behind)| &behind.app)
        .ok_or_else(Error::not_found)
}

/// Where the last result stands.
fn place(app: &App) -> String {
    format!("probed.{}", app.app)
}

async fn view(shared: &Shared, app: &App, mut frame: Frame) -> Result<Page, Error> {
    frame.account = None;
    let config = &shared.app.config;
    let mut tx = shared.app.store.read().await?;
    let probed = tx.setting(&place(app)).await?;
    drop(tx);
    let is_plain = |route: &&Route| !route.path.as_str().contains('{');
    let first = app.routes.iter().find(is_plain);
    let internal = config.server.internal_listen;
    let snippets = SHIPPED
        .iter()
        .filter(|(family, ..)| *family == app.gateway)
        .map(|(_, name, text)| (*name, fitted(text, app, internal)));
    let routes = app.routes.iter().map(|route| Line {
        methods: route.methods.join(", "),
        path: route.path.as_str().to_owned(),
        action: route.action.clone(),
        facts: match route.facts {
            Some(Knows::App) => "the app knows the facts",
            None => "",
        },
        age: route.max_auth_age_minutes,
    });
    Ok(Page {
        frame,
        name: app.app.to_string(),
        stage: app.stage.as_str(),
        audience: app.audience.clone(),
        hosts: app.hosts.clone(),
        gateways: app.gateways.iter().map(ToString::to_string).collect(),
        has_key: app.gateway_key_file.is_some(),
        routes: routes.collect(),
        snippets: snippets.collect(),
        origin: origin(shared, app),
        path: first.map_or("/", |route| route.path.as_str()).to_owned(),
        probed: probed.and_then(|text| serde_json::from_str(&text).ok()),
        wrong: None,
    })
}

/// The app's first host, reached as people reach ourselves.
fn origin(shared: &Shared, app: &App) -> Option<String> {
    let scheme = if shared.is_https() { "https" } else { "http" };
    let host = app.hosts.first()?;
    Some(format!("{scheme}://{host}"))
}

/// What came back, or why that cannot be told.
async fn tried(address: &Url) -> Result<Vec<Finding>, String> {
    let probe = Probe {
        address,
        who: None,
        echoes: false,
    };
    let in_time = tokio::time::timeout(PATIENCE, probe.run()).await;
    let tried =
        in_time.map_err(|_| "The gateway is too slow: not all was tried within a minute.")?;
    tried.map_err(|cause| format!("{cause:#}"))
}

/// Tries forgeries at the gateway, as nobody, and keeps how that went.
async fn probe(
    State(shared): State<Shared>,
    Visit { pass, frame }: Visit<AccountView>,
    moment: Moment,
    Path(app): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let app = find(&shared, &pass, &app)?;
    let path = fields.get("path");
    let origin = origin(&shared, app).ok_or_else(Error::not_found)?;
    let mut address = Url::parse(&origin).map_err(|cause| Error::internal(&cause))?;
    // Never read as an address of its own, which could lead to another host.
    address.set_path(path);
    let findings = match tried(&address).await {
        Ok(findings) => findings,
        Err(wrong) => {
            let page = Page {
                wrong: Some(wrong),
                path: path.to_owned(),
                ..view(&shared, app, frame).await?
            };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page::show(&page)?).into_response());
        }
    };
    let probed = Probed {
        at: moment.now,
        address: address.into(),
        findings,
    };
    let text = serde_json::to_string(&probed).map_err(|cause| Error::internal(&cause))?;
    let mut tx = shared.app.store.write().await?;
    tx.set(&place(app), &text).await?;
    tx.commit().await?;
    Ok(page::going_to(&format!(
        "/portal/apps/{}?done=probed",
        app.app
    )))
}

/// A shipped configuration with the app's own name and host in it, and where the gate listens.
fn fitted(text: &str, app: &App, internal: SocketAddr) -> String {
    let host = app.hosts.first().map_or("", String::as_str);
    let name = host.split(':').next().unwrap_or_default();
    let apart = format!(
        "address: {}, port_value: {}",
        internal.ip(),
        internal.port()
    );
    let line = |line: &str| {
        let lower = line.to_ascii_lowercase();
        // What is compared with `hosts` is the whole of it; a name of a server has no port.
        let is_whole = lower.contains("-host") || lower.contains("header host");
        line.replace("api.platform.example", if is_whole { host } else { name })
            .replace("profiles", app.app.as_str())
            .replace("127.0.0.1:8090", &internal.to_string())
            .replace("address: 127.0.0.1, port_value: 8090", &apart)
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_names_the_app_its_host_and_where_the_gate_listens() {
        let written = "app = \"calls\"\naudience = \"calls\"\nstage = \"live\"\ngateway = \"nginx\"\ngateways = [\"10.0.0.1/32\"]\nhosts = [\"calls.bank.example:8443\"]";
        let app: App = toml::from_str(written).unwrap();
        let internal = "10.0.0.9:9090".parse().unwrap();

        for (_, name, text) in SHIPPED {
            let text = fitted(text, &app, internal);
            for placeholder in [
                "api.platform.example",
                "profiles",
                ":8090",
                "port_value: 8090",
            ] {
                assert!(!text.contains(placeholder), "{placeholder} in {name}");
            }
            assert!(
                text.contains("/gate/calls/") || text.contains("/handoff/calls"),
                "{name}"
            );
        }
        let (_, _, nginx) = SHIPPED[0];
        let nginx = fitted(nginx, &app, internal);
        assert!(nginx.contains("server_name calls.bank.example;"));
        assert!(nginx.contains("X-Original-Host         calls.bank.example:8443;"));
    }
}
