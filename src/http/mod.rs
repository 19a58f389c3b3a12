//! The routes, and the layers that every request passes.

mod accept;
mod address;
mod api;
mod authzen;
mod browser;
mod carrier;
mod carry;
mod error;
mod extract;
mod gate;
mod gauges;
mod handoff;
mod health;
mod home;
mod limit;
mod link;
mod metrics;
mod page;
mod portal;
mod scim;
mod serve;
mod session;
mod slo;
mod sso;
mod token;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument;

use address::Address;
pub use api::description;
pub use carrier::session_cookie;
use error::Error;
use extract::Moment;
pub use serve::{Listeners, bind, serve, stop};

use crate::access::Refusal;
use crate::app::App;
use crate::saml::form;

/// What every handler reaches.
#[derive(Clone)]
pub struct Shared {
    app: Arc<App>,
    limits: Arc<limit::Limits>,
    metrics: Arc<metrics::Metrics>,
}

impl Shared {
    /// The state of one server.
    pub fn new(app: Arc<App>) -> Self {
        let limits = Arc::new(limit::Limits::new(&app.config.limits));
        Self {
            app,
            limits,
            metrics: Arc::default(),
        }
    }

    fn is_https(&self) -> bool {
        self.app.config.server.public_url.starts_with("https://")
    }

    /// What the name of a cookie that remembers a request begins with.
    fn login_prefix(&self) -> &'static str {
        if self.is_https() {
            "__Host-vestibule-login-"
        } else {
            "vestibule-login-"
        }
    }

    /// The cookie that remembers which account was used last.
    fn last_cookie(&self) -> &'static str {
        if self.is_https() {
            "__Host-vestibule-last"
        } else {
            "vestibule-last"
        }
    }

    /// A cookie that remembers a request.
    fn login_cookie(&self, tag: &str, value: &str, seconds: u32) -> String {
        format!(
            "{}{tag}={value}; Path=/; Max-Age={seconds}; HttpOnly; {}",
            self.login_prefix(),
            self.cross_site()
        )
    }

    /// For a cookie that has to arrive with the identity provider's cross-site post; without https it stays `Lax`.
    fn cross_site(&self) -> &'static str {
        if self.is_https() {
            "SameSite=None; Secure"
        } else {
            "SameSite=Lax"
        }
    }

    /// Writes down what was kept in memory for a minute, and removes what is over.
    pub async fn tidy(&self) -> anyhow::Result<()> {
        let (app, now) = (&self.app, self.app.clock.now());
        app.access.activity.save(&app.store).await?;
        app.access.live.tidy(now);
        self.limits.forget();
        app.login.summarise(now).await?;
        app.at_work(now).await?;
        app.tidy(now).await
    }
}

/// What the whole internet reaches.
pub fn public(shared: &Shared) -> Router {
    let app = &shared.app;
    Router::new()
        .merge(home::router())
        .merge(link::router())
        .merge(portal::router())
        .merge(authzen::router())
        .merge(session::router())
        .merge(sso::router())
        .merge(slo::router())
        .merge(handoff::router())
        .merge(token::router())
        .merge(api::router(shared))
        .merge(scim::router())
        .merge(health::router())
        .merge(page::assets())
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        // Innermost: only handlers of the public listener carry the session.
        .layer(carrier::layer(shared))
        // Who tries one credential after the other is slowed down.
        .layer(middleware::from_fn_with_state(
            shared.clone(),
            wrong_credentials,
        ))
        // What a request is, its first line says.
        .layer(middleware::from_fn(one_method))
        // A form may hold what SAML allows and no more; the handler never sees the rest.
        .layer(DefaultBodyLimit::max(form::LARGEST + 1024))
        // A request that is slow once its head is there is cut off; a slow head is in `accept`.
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            Duration::from_secs(30),
        ))
        // A panic is a page and a log line, not a dead connection.
        .layer(CatchPanicLayer::custom(error::panicked))
        // Errors become a page or a problem document, whichever the caller reads.
        .layer(middleware::from_fn(error::render))
        // Whatever the answer is, it carries these.
        .layer(middleware::from_fn_with_state(
            app.config.server.public_url.starts_with("https://"),
            security_headers,
        ))
        // Outermost: the moment and the id of the request, and its log line.
        .layer(middleware::from_fn_with_state(shared.clone(), moment))
        .with_state(shared.clone())
}

/// What only gateways and monitoring reach.
pub fn internal(shared: &Shared) -> Router {
    Router::new()
        .merge(health::router())
        .merge(gate::router())
        .merge(handoff::internal())
        .route("/metrics", get(metrics::show))
        .fallback(nothing)
        .with_state(shared.clone())
}

async fn nothing() -> Error {
    Error::not_found()
}

async fn wrong_method() -> Error {
    Error::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address does not take requests of that kind.",
    )
}

async fn one_method(request: Request, next: Next) -> Result<Response, Error> {
    if gate::told::has_other_method(request.headers()) {
        return Err(Error::new(
            StatusCode::BAD_REQUEST,
            Refusal::Override.as_str(),
            "A header asks to read the request as one of another method; send that method.",
        ));
    }
    Ok(next.run(request).await)
}

/// Cookies are not counted: nobody guesses one, and a whole bank's may end at the same moment.
async fn wrong_credentials(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let shows = [header::AUTHORIZATION, HeaderName::from_static("api-key")];
    let shows = shows
        .iter()
        .any(|name| request.headers().contains_key(name));
    let (mut parts, body) = request.into_parts();
    let Ok(Address(address)) = Address::from_request_parts(&mut parts, &shared).await;
    let response = next.run(Request::from_parts(parts, body)).await;
    let is_wrong = shows && response.status() == StatusCode::UNAUTHORIZED;
    if is_wrong && !shared.limits.allow_refusal(address, "wrong credentials") {
        return Err(Error::too_many());
    }
    Ok(response)
}

async fn moment(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    let moment = Moment::new(&shared.app);
    let id = HeaderValue::from_str(&moment.id).unwrap_or(HeaderValue::from_static("unknown"));
    let span = tracing::info_span!("request", id = moment.id, method = %request.method(), path = request.uri().path());
    request.extensions_mut().insert(moment.clone());
    let mut response = async {
        let response = next.run(request).await;
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    }
    .instrument(span)
    .await;
    // A program that named its request is answered by that name.
    response
        .headers_mut()
        .entry(HeaderName::from_static("x-request-id"))
        .or_insert(id);
    response
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

async fn security_headers(
    axum::extract::State(https): axum::extract::State<bool>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    // `no-referrer` would make browsers send `Origin: null` with our own forms.
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    );
    if https {
        set(
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=31536000; includeSubDomains",
        );
    }
    response
}
