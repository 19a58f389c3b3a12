//! Forgeries through a gateway as it is deployed, each judged by what comes back.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::header::{COOKIE, HOST, HeaderMap, LOCATION};
use reqwest::{Client, Method, StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::forgery::{self, Aim, Change, Forgery};
use crate::id::{Entropy, hex};

/// The most that is read of an answer, in bytes.
const LARGEST: usize = 1024 * 1024;

/// Longer than a gateway waits for the gate.
const PATIENCE: Duration = Duration::from_secs(15);

/// What to try forgeries at.
#[derive(Debug)]
pub struct Probe<'p> {
    /// An address of an app behind the gateway, which opens only to whoever is signed in.
    pub address: &'p Url,
    /// The headers of somebody to whom it opens, where there is one.
    pub who: Option<&'p HeaderMap>,
    /// Whether it answers with the headers that the app received.
    pub echoes: bool,
}

/// What was tried, and how it went.
#[derive(Debug, Serialize, Deserialize)]
pub struct Finding {
    /// Who tried: nobody, or somebody.
    pub r#as: String,
    /// What was sent, for people.
    pub sent: String,
    /// What came back: the status, and where it leads.
    pub answer: String,
    /// Whether that is as it should be.
    pub safe: bool,
    /// What is wrong, and what to do.
    pub note: Option<String>,
}

impl Probe<'_> {
    /// Asks with GET and HEAD alone, and says of each try how it went; fails where it cannot be told.
    pub async fn run(&self) -> Result<Vec<Finding>> {
        let mark = format!("forged-{}", hex(&Entropy::System.bytes::<8>()));
        let sender = Sender::new(self.address, mark)?;
        let mut findings = Vec::new();
        let is_guarded = sender.as_nobody(&mut findings).await?;
        if let Some(who) = self.who
            && is_guarded
        {
            sender.as_somebody(who, self.echoes, &mut findings).await?;
        }
        Ok(findings)
    }
}

/// Whoever tries.
struct Sender {
    client: Client,
    address: Url,
    mark: String,
    forgeries: Vec<Forgery>,
}

/// What came back.
struct Answer {
    status: StatusCode,
    location: Option<String>,
    body: String,
}

impl Sender {
    fn new(address: &Url, mark: String) -> Result<Self> {
        if !matches!(address.scheme(), "http" | "https") || !address.has_host() {
            bail!("`{address}` is not an address such as https://api.platform.example/v2/profiles");
        }
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()?;
        let forgeries = forgery::all(address, &mark)?;
        Ok(Self {
            client,
            address: address.clone(),
            mark,
            forgeries,
        })
    }

    async fn ask(&self, who: &HeaderMap, change: &Change) -> Result<Answer> {
        let (mut method, mut address, mut headers) = (Method::GET, &self.address, who.clone());
        match change {
            Change::Nothing => {}
            Change::Method(other) => method = other.clone(),
            Change::Address(other) => address = other,
            Change::Detour(other, name, value) => {
                address = other;
                headers.insert(name, value.clone());
            }
            Change::Header(name, value) => {
                headers.insert(name, value.clone());
            }
        }
        let request = self
            .client
            .request(method, address.clone())
            .headers(headers);
        let asked = request.send().await;
        let mut response = asked.with_context(|| format!("asking {}", self.address))?;
        let location = response.headers().get(LOCATION);
        let location = location
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let mut body = Vec::new();
        while body.len() < LARGEST
            && let Some(chunk) = response.chunk().await?
        {
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status(),
            location,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// Whoever shows nothing gets nothing, whatever they forge; false where even the honest question gets something.
    async fn as_nobody(&self, findings: &mut Vec<Finding>) -> Result<bool> {
        let nobody = HeaderMap::new();
        let honest = self.ask(&nobody, &Change::Nothing).await?;
        if honest.status.is_success() {
            findings.push(honest.finding("nobody", "nothing", Some(OPEN)));
            return Ok(false);
        }
        if honest.status != StatusCode::UNAUTHORIZED && !honest.is_way_to_sign_in() {
            bail!(
                "{} answers {} where the gate would send somebody to sign in; choose an address of an app that one of its routes names, and see that the gateway reaches Vestibule",
                self.address,
                honest.word()
            );
        }
        for forgery in &self.forgeries {
            let answer = self.ask(&nobody, &forgery.change).await?;
            let is_host = matches!(&forgery.change, Change::Header(name, _) if name == HOST);
            // Caddy says so where it knows no such host.
            let is_nothing = is_host && answer.body.is_empty();
            let is_closed = answer.is_closed() || is_nothing;
            let is_led = matches!(forgery.change, Change::Header(..))
                && answer
                    .location
                    .as_ref()
                    .is_some_and(|to| to.contains(&self.mark));
            let note = match (is_closed, is_led) {
                (false, _) => Some(BELIEVED),
                (true, true) => Some(LED),
                (true, false) => None,
            };
            findings.push(answer.finding("nobody", &forgery.sent, note));
        }
        Ok(true)
    }

    /// Whoever may pass is heard as who they are, and nothing else of what they say arrives.
    async fn as_somebody(
        &self,
        who: &HeaderMap,
        echo: bool,
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let honest = self.ask(who, &Change::Nothing).await?;
        if !honest.status.is_success() {
            bail!(
                "{} answers {} to these credentials; it has to open to them",
                self.address,
                honest.word()
            );
        }
        if echo && !honest.body.to_lowercase().contains("x-vestibule-user") {
            bail!(
                "the answer of {} names no X-Vestibule-User: it does not answer with what the app received",
                self.address
            );
        }
        if echo {
            let leaks = secrets(who).any(|secret| honest.body.contains(secret));
            findings.push(honest.finding("somebody", "the credentials", leaks.then_some(LEAKED)));
        }
        let nowhere = self
            .ask(who, &forgery::nowhere(&self.address, &self.mark))
            .await?;
        for forgery in &self.forgeries {
            let is_asked = match forgery.aim {
                Aim::Belief | Aim::Stray => echo,
                Aim::Astray | Aim::Detour => true,
                Aim::Around => false,
            };
            if !is_asked {
                continue;
            }
            let answer = self.ask(who, &forgery.change).await?;
            let arrived = answer.status.is_success() && answer.body.contains(&self.mark);
            let note = match forgery.aim {
                Aim::Astray => (!answer.is_closed()).then_some(BELIEVED),
                Aim::Belief => arrived.then_some(ARRIVED),
                Aim::Detour => (answer.status != nowhere.status).then_some(MISLED),
                Aim::Stray => arrived.then_some(STRAY),
                Aim::Around => None,
            };
            let finding = answer.finding("somebody", &forgery.sent, note);
            let safe = finding.safe || forgery.aim == Aim::Stray;
            findings.push(Finding { safe, ..finding });
        }
        Ok(())
    }
}

const OPEN: &str = "This is open to everybody. Let the location that leads to the app ask the gate, and try again.";
const BELIEVED: &str = "This opens what is closed. Let every location that leads to the app ask the gate, and tell the gate only what the gateway itself knows.";
const MISLED: &str = "The gate judges another path than the app serves. Tell it the path from the gateway alone, and take this header off.";
const LED: &str = "The way to sign in leads where the client said. Tell the gate the host from the gateway's configuration.";
const LEAKED: &str =
    "The app receives a secret. Take Api-Key, Authorization and our cookies off on the way up.";
const ARRIVED: &str = "The app receives what the client forged. Set or clear this header in every location that leads to the app.";
const STRAY: &str = "It arrives, which is harmless as long as apps read no other names than those that the gate sets.";

/// What of somebody's credentials is secret: keys and tokens whole, of cookies ours.
fn secrets(who: &HeaderMap) -> impl Iterator<Item = &str> {
    let texts = who
        .iter()
        .filter_map(|(name, value)| Some((name, value.to_str().ok()?)));
    texts
        .flat_map(|(name, text)| {
            let is_cookie = name == COOKIE;
            let parts = text.split(if is_cookie { ';' } else { ' ' });
            parts.filter_map(move |part| match part.trim().split_once('=') {
                Some((name, value)) if is_cookie => name.contains("vestibule").then_some(value),
                _ => Some(part.trim()),
            })
        })
        // An account's name is no secret, and short.
        .filter(|text| text.len() >= 20)
}

impl Answer {
    /// Whether it leads to where the gate sends somebody to sign in.
    fn is_way_to_sign_in(&self) -> bool {
        let leads =
            |to: &String| to.contains("/.vestibule/start?to=") || to.contains("/login?return_to=");
        self.status.is_redirection() && self.location.as_ref().is_some_and(leads)
    }

    /// Whether nothing of an app came back.
    fn is_closed(&self) -> bool {
        self.status.is_client_error() || self.status.is_server_error() || self.is_way_to_sign_in()
    }

    fn word(&self) -> String {
        let status = self.status.as_u16();
        match &self.location {
            Some(to) => format!("{status}, to {to}"),
            None => status.to_string(),
        }
    }

    fn finding(&self, r#as: &str, sent: &str, note: Option<&str>) -> Finding {
        Finding {
            r#as: r#as.to_owned(),
            sent: sent.to_owned(),
            answer: self.word(),
            safe: note.is_none(),
            note: note.map(str::to_owned),
        }
    }
}
