//! A Vestibule in memory with apps behind its gate, and gateways that ask.

use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::request::Builder;
use axum::http::{Request, StatusCode};
use tower::ServiceExt;
use vestibule::http::{self, Shared};

use crate::app::{Answered, TestApp, document, private_folder};
use crate::browser::Browser;

/// The shipped app, as it stands in a test: for demo accounts, behind one family of gateways.
pub(crate) fn app(name: &str, family: &str) -> String {
    let shipped = include_str!("../../../config/apps/profiles.toml");
    let changed = [
        ("app      = \"profiles\"", format!("app = \"{name}\"")),
        (
            "https://api.platform.example/",
            format!("https://{name}.test/"),
        ),
        ("\"live\"", "\"demo\"".to_owned()),
        ("= \"nginx\"", format!("= \"{family}\"")),
        (
            "\"api.platform.example\"",
            format!("\"{name}.test\", \"{}\"", shared_host(family)),
        ),
    ];
    changed.iter().fold(shipped.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} in {text}");
        text.replace(from, to)
    })
}

/// A host of a family's app to which browsers send our own cookies, since they do not look at ports.
pub(crate) fn shared_host(family: &str) -> String {
    let ports = ["nginx", "forward", "envoy"];
    format!(
        "sso.test:{}",
        8001 + ports.iter().position(|known| *known == family).unwrap()
    )
}

/// What a gateway shows whose app has `gateway_key_file = "key"`.
pub(crate) const GATEWAY_KEY: &str = "a secret of at least 32 characters";

pub(crate) struct Desk {
    pub(crate) test: TestApp,
    _folder: tempfile::TempDir,
}

/// What a gateway asks about.
#[derive(Clone)]
pub(crate) struct Ask<'a> {
    pub(crate) family: &'a str,
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) peer: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(family: &'a str, method: &'a str, uri: &'a str) -> Self {
        Self {
            family,
            method,
            uri,
            peer: "127.0.0.1",
            headers: Vec::new(),
        }
    }

    pub(crate) fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Desk {
    /// The shipped app behind each family of gateways: `nginx-app`, `forward-app`, `envoy-app`.
    pub(crate) async fn new() -> Self {
        let files =
            ["nginx", "forward", "envoy"].map(|family| app(&format!("{family}-app"), family));
        Self::with(&files).await
    }

    pub(crate) async fn with(files: &[String]) -> Self {
        let folder = private_folder();
        for (number, text) in files.iter().enumerate() {
            std::fs::write(folder.path().join(format!("{number}.toml")), text).unwrap();
        }
        let key = folder.path().join("key");
        std::fs::write(&key, GATEWAY_KEY).unwrap();
        let owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&key, owner).unwrap();
        let apps = folder.path().display().to_string();
        let test = TestApp::empty(|config| config.gate.apps = apps).await;
        test.apply(document("acme-demo")).await;
        Self {
            test,
            _folder: folder,
        }
    }

    pub(crate) async fn ask(&self, browser: &Browser<'_>, ask: Ask<'_>) -> Answered {
        self.ask_at(&self.test.shared, browser, ask).await
    }

    /// Asks as a gateway of the family does, at one node.
    pub(crate) async fn ask_at(
        &self,
        node: &Shared,
        browser: &Browser<'_>,
        ask: Ask<'_>,
    ) -> Answered {
        let family = ask.family;
        let host = shared_host(family);
        let (method, uri) = match family {
            "envoy" => (ask.method, format!("/gate/envoy-app/envoy{}", ask.uri)),
            _ => ("GET", format!("/gate/{family}-app/{family}")),
        };
        let mut request = Request::builder().method(method).uri(uri);
        let told = match family {
            "nginx" => ["x-original-method", "x-original-host", "x-original-uri"],
            "forward" => ["x-forwarded-method", "x-forwarded-host", "x-forwarded-uri"],
            _ => ["", "host", ""],
        };
        let overridden = |name: &str| ask.headers.iter().any(|(given, _)| *given == name);
        for (name, value) in told.iter().zip([ask.method, &host, ask.uri]) {
            if !name.is_empty() && !overridden(name) {
                request = request.header(*name, value);
            }
        }
        for (name, value) in ask.headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = browser.cookies.get("__Host-vestibule") {
            request = request.header("cookie", format!("__Host-vestibule={cookie}"));
        }
        let peer: SocketAddr = format!("{}:4711", ask.peer).parse().unwrap();
        Self::internal(node, request.extension(ConnectInfo(peer))).await
    }

    /// What the internal listener answers.
    pub(crate) async fn internal(node: &Shared, request: Builder) -> Answered {
        let request = request.body(Body::empty()).unwrap();
        let response = http::internal(node).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        Answered {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

impl Answered {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("(absent)", |value| value.to_str().unwrap())
    }

    /// What the gate said, in a word.
    pub(crate) fn word(&self) -> String {
        match self.status {
            StatusCode::OK => match self.header("x-vestibule-scope") {
                "" => "ask".to_owned(),
                scope => scope.to_owned(),
            },
            StatusCode::FORBIDDEN => self.header("x-vestibule-reason").to_owned(),
            other => other.as_u16().to_string(),
        }
    }
}
