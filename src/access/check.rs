//! One check at the gate, from the credential to the policy.

use std::net::IpAddr;
use std::sync::Arc;

use ::http::HeaderMap;

use super::identity::identity;
use super::present::Answer;
use super::{Access, Error, Present, Refusal};
use crate::gate::{App, NormalPath, Reach, Route, Routed};
use crate::id::Token;
use crate::time::{Span, Timestamp};

/// A request that a gateway asks about.
pub struct Asked<'r> {
    /// The number of the app.
    pub app: usize,
    /// The method.
    pub method: &'r str,
    /// The host that the gateway reached the app by.
    pub host: &'r str,
    /// The path, as it came.
    pub path: &'r str,
    /// Whose credential it carries.
    pub credential: Credential,
    /// The account that it names.
    pub account: Option<&'r str>,
    /// Where the browser is, where the gateway said.
    pub address: Option<IpAddr>,
    /// What the browser says of where the request comes from.
    pub fetch: Fetch<'r>,
}

/// A credential of one kind.
pub enum Credential {
    /// None.
    None,
    /// A session cookie.
    Session(Token),
    /// The cookie of a gate, on an app's own host.
    Gate(Token),
}

/// What a browser says of where a request comes from.
#[derive(Debug, Default, Clone, Copy)]
pub struct Fetch<'r> {
    /// `Origin`.
    pub origin: Option<&'r str>,
    /// `Sec-Fetch-Site`.
    pub site: Option<&'r str>,
    /// Whether it wants to become another protocol.
    pub upgrades: bool,
}

/// What the gate says.
#[derive(Debug)]
pub enum Verdict {
    /// Yes; the app hears this.
    Allowed(Arc<Present>, Arc<HeaderMap>),
    /// Nobody is signed in.
    SignIn,
    /// They proved who they are too long ago: at most that many minutes are allowed.
    StepUp(u32),
    /// No.
    Refused(Refusal),
}

impl Access {
    /// Whether a request may pass; what fails on the way is a no.
    pub async fn check(&self, asked: &Asked<'_>, now: Timestamp) -> Result<Verdict, Error> {
        match self.judge(asked, now).await? {
            Ok(verdict) => Ok(verdict),
            Err(refusal) => Ok(Verdict::Refused(refusal)),
        }
    }

    async fn judge(
        &self,
        asked: &Asked<'_>,
        now: Timestamp,
    ) -> Result<Result<Verdict, Refusal>, Error> {
        let Some(behind) = self.behind.get(asked.app) else {
            return Ok(Err(Refusal::NoRoute));
        };
        let app = &behind.app;
        let (number, route) = match route(app, asked) {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let present = match &asked.credential {
            Credential::None => return Ok(Ok(Verdict::SignIn)),
            Credential::Session(token) | Credential::Gate(token) => {
                if !is_own(asked, app) {
                    return Ok(Err(Refusal::Origin));
                }
                let on_host = matches!(asked.credential, Credential::Gate(_)).then_some(asked.host);
                let Some(present) = self.live.session(token, on_host, now).await? else {
                    return Ok(Ok(Verdict::SignIn));
                };
                present
            }
        };
        if let Err(refusal) = belongs(asked, app, &present) {
            return Ok(Err(refusal));
        }
        if let Some(minutes) = route.max_auth_age_minutes
            && now.since(present.session.authenticated_at) > Span::minutes(i64::from(minutes))
        {
            return Ok(Ok(Verdict::StepUp(minutes)));
        }
        let answer = if let Some(answer) = present.answer(asked.app, number) {
            answer
        } else {
            let reach = self.policy.reach(&present.subject, &route.action)?;
            let identity = Arc::new(identity(&present, reach));
            let answer = Answer {
                app: asked.app,
                route: number,
                reach,
                identity,
            };
            present.remember(answer.clone());
            answer
        };
        Ok(match (answer.reach, route.facts) {
            (Reach::All, _) | (Reach::Own | Reach::Facts, Some(_)) => {
                Ok(Verdict::Allowed(present, answer.identity))
            }
            (Reach::Own | Reach::Facts, None) => Err(Refusal::Facts),
            (Reach::Nothing, _) => Err(Refusal::Forbidden),
        })
    }
}

/// The route that the request takes.
fn route<'a>(app: &'a App, asked: &Asked<'_>) -> Result<(usize, &'a Route), Refusal> {
    if !app.has_host(asked.host) {
        return Err(Refusal::Host);
    }
    let path = NormalPath::parse(asked.path).map_err(|_| Refusal::Path)?;
    match app.route(asked.method, &path) {
        Routed::To(number, route) => Ok((number, route)),
        Routed::OtherMethod => Err(Refusal::Method),
        Routed::Nowhere => Err(Refusal::NoRoute),
    }
}

/// Whether a request that a cookie authenticates comes from the app's own pages, where it could change something.
fn is_own(asked: &Asked<'_>, app: &App) -> bool {
    let looks = matches!(asked.method, "GET" | "HEAD" | "OPTIONS") && !asked.fetch.upgrades;
    if looks || asked.fetch.site == Some("same-origin") {
        return true;
    }
    let host = asked
        .fetch
        .origin
        .and_then(|origin| origin.split_once("://"));
    asked.fetch.site.is_none() && host.is_some_and(|(_, host)| app.has_host(host))
}

/// Whether the app is for whoever asks, from where they ask.
fn belongs(asked: &Asked<'_>, app: &App, present: &Present) -> Result<(), Refusal> {
    let (account, document) = (&present.environment.account, &present.environment.document);
    if asked
        .account
        .is_some_and(|named| named != account.slug.as_str() && named != account.id.to_string())
    {
        return Err(Refusal::Account);
    }
    if !app.serves(document.stage, &account.slug) {
        return Err(Refusal::Stage);
    }
    let networks = &document.access.networks;
    let is_inside = |address: IpAddr| {
        networks
            .iter()
            .any(|network| network.contains(&address.to_canonical()))
    };
    if !networks.is_empty() && !asked.address.is_some_and(is_inside) {
        return Err(Refusal::Network);
    }
    Ok(())
}
