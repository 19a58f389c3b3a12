//! An app behind the gate: its routes, and the configuration of its gateway.

use std::net::SocketAddr;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::get;

use super::super::api::pass::AccountView;
use super::super::{Error, Shared, page};
use super::frame::Frame;
use super::visit::Visit;
use crate::gate::{App, Family, Knows};

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/portal/apps/{app}", get(show))
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
    Visit { pass, mut frame }: Visit<AccountView>,
    Path(app): Path<String>,
) -> Result<Html<String>, Error> {
    if !pass.caller.is_operator() {
        return Err(Error::not_found());
    }
    frame.account = None;
    let (_, behind) = shared.app.access.app(&app).ok_or_else(Error::not_found)?;
    let (app, config) = (&behind.app, &shared.app.config);
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
    page::show(&Page {
        frame,
        name: app.app.to_string(),
        stage: app.stage.as_str(),
        audience: app.audience.clone(),
        hosts: app.hosts.clone(),
        gateways: app.gateways.iter().map(ToString::to_string).collect(),
        has_key: app.gateway_key_file.is_some(),
        routes: routes.collect(),
        snippets: snippets.collect(),
    })
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
