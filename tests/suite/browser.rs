//! Browsers that talk to a whole Vestibule in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use tower::ServiceExt;
use url::{Url, form_urlencoded};
use vestibule::http::{self, Shared};
use vestibule::practice::persona::{MAYA, Persona};

use super::app::{PUBLIC_URL, TestApp};

/// What a browser got.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answered {
    pub(crate) fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Where a page goes on to by itself.
    pub(crate) fn onward(&self) -> String {
        let rest = self.body.split("content=\"0; url=").nth(1);
        let target = rest.and_then(|rest| rest.split('"').next());
        let target = target.unwrap_or_else(|| panic!("no way on in {}", self.body));
        target.replace("&#38;", "&")
    }

    /// The reference that a page of refusal quotes.
    pub(crate) fn reference(&self) -> &str {
        let at = self
            .body
            .find("att_")
            .unwrap_or_else(|| panic!("no reference in {}", self.body));
        &self.body[at..at + 36]
    }
}

/// A browser with its own cookies and address.
#[derive(Clone)]
pub(crate) struct Browser<'t> {
    test: &'t TestApp,
    node: Shared,
    pub(crate) cookies: BTreeMap<String, String>,
    /// The cookies that stay at home when another site posts.
    lax: BTreeSet<String>,
    pub(crate) address: SocketAddr,
    /// The id of the request that was last begun here.
    pub(crate) last: Option<String>,
}

impl<'t> Browser<'t> {
    pub(super) fn new(test: &'t TestApp) -> Self {
        Self {
            test,
            node: test.shared.clone(),
            cookies: BTreeMap::new(),
            lax: BTreeSet::new(),
            address: SocketAddr::from(([203, 0, 113, 7], 4711)),
            last: None,
        }
    }

    /// The same browser, led to another node of the same installation.
    pub(crate) fn at(&self, node: &Shared) -> Self {
        Self {
            node: node.clone(),
            ..self.clone()
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answered {
        self.send(
            Request::get(path).header(header::ACCEPT, "text/html"),
            Body::empty(),
        )
        .await
    }

    /// The same by a link or a form of one of our own pages.
    pub(crate) async fn follow(&mut self, path: &str) -> Answered {
        let request = Request::get(path).header(header::ACCEPT, "text/html");
        self.send(
            request.header("sec-fetch-site", "same-origin"),
            Body::empty(),
        )
        .await
    }

    /// A form posted from one of our own pages.
    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answered {
        self.post_from(PUBLIC_URL, "same-origin", path, form).await
    }

    async fn post_from(
        &mut self,
        origin: &str,
        site: &str,
        path: &str,
        form: &[(&str, &str)],
    ) -> Answered {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = Request::post(path)
            .header("origin", origin)
            .header("sec-fetch-site", site)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(body)).await
    }

    /// Starts a sign-in and returns the id of its request.
    pub(crate) async fn begin(&mut self) -> String {
        self.begin_at(&format!("/saml/{}/login", self.test.slug))
            .await
    }

    pub(crate) async fn begin_at(&mut self, path: &str) -> String {
        let answered = self.get(path).await;
        assert_eq!(answered.status, StatusCode::SEE_OTHER, "{}", answered.body);
        let id = request_id(answered.location());
        self.last = Some(id.clone());
        id
    }

    /// Posts a response as the identity provider's page would: from elsewhere.
    pub(crate) async fn deliver(&mut self, xml: &str) -> Answered {
        self.deliver_form(&[("SAMLResponse", &STANDARD.encode(xml))])
            .await
    }

    pub(crate) async fn deliver_form(&mut self, form: &[(&str, &str)]) -> Answered {
        let path = format!("/saml/{}/acs", self.test.slug);
        self.post_from("https://adfs.acme.test", "cross-site", &path, form)
            .await
    }

    /// A whole honest sign-in.
    pub(crate) async fn sign_in(&mut self, persona: &Persona) -> Answered {
        let request = self.begin().await;
        let answer = self.test.answer(persona, Some(&request)).await;
        let xml = self.test.respond(&answer).await;
        self.deliver(&xml).await
    }

    /// Maya signs in, as she can after everything that strangers try.
    pub(crate) async fn sign_in_as_maya(&mut self) {
        let answered = self.sign_in(&MAYA).await;
        assert_eq!(
            (answered.status, answered.location()),
            (StatusCode::SEE_OTHER, "/"),
            "{}",
            answered.body
        );
    }

    pub(crate) async fn send(
        &mut self,
        request: axum::http::request::Builder,
        body: Body,
    ) -> Answered {
        let headers = request.headers_ref().unwrap();
        let is_cross_site = headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "cross-site");
        let cookies = self
            .cookies
            .iter()
            .filter(|(name, _)| !(is_cross_site && self.lax.contains(*name)))
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ");
        let mut request = request
            .header(header::HOST, "sso.test")
            .header(header::USER_AGENT, "Test/1");
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies);
        }
        let request = request
            .extension(ConnectInfo(self.address))
            .body(body)
            .unwrap();
        let response = http::public(&self.node).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        Answered {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        // Without https both are on localhost, which is one site.
        if attributes.contains("SameSite=Lax") && attributes.contains("Secure") {
            self.lax.insert(name.to_owned());
        }
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// The id of the request in an address of the redirect binding.
pub(crate) fn request_id(location: &str) -> String {
    let xml = request_xml(location);
    xml.split(" ID=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a request with an ID")
        .to_owned()
}

/// The request in an address of the redirect binding.
pub(crate) fn request_xml(location: &str) -> String {
    let url = Url::parse(location).unwrap();
    let packed = url
        .query_pairs()
        .find(|(name, _)| name == "SAMLRequest")
        .expect("a SAMLRequest")
        .1
        .into_owned();
    let mut xml = String::new();
    std::io::Read::read_to_string(
        &mut DeflateDecoder::new(STANDARD.decode(packed).unwrap().as_slice()),
        &mut xml,
    )
    .unwrap();
    xml
}
