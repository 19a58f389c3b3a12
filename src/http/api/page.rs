//! Lists, a page at a time.

use axum::Json;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::super::error::Fault;
use super::super::{Error, Shared};

/// The most that one page holds, and how much it holds where nobody says.
const MOST: usize = 200;
const USUAL: usize = 50;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// What is on it.
    pub(super) items: Vec<T>,
    /// The `cursor` of the next page; absent on the last one. A page may hold fewer than `limit`, and still not be the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// Which page is asked for.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// How many at most.
    limit: Option<usize>,
    /// Where it begins.
    cursor: Option<String>,
}

impl Turn {
    /// That many, from there.
    pub(super) const fn new(limit: Option<usize>, cursor: Option<String>) -> Self {
        Self { limit, cursor }
    }

    /// How many are asked for.
    pub(super) fn limit(&self) -> Result<usize, Error> {
        match self.limit {
            None => Ok(USUAL),
            Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
            Some(_) => Err(wrong("limit", "`limit` is 1 to 200.")),
        }
    }

    /// One more than are asked for, which says whether there is a next page.
    pub(super) fn one_more(&self) -> Result<i64, Error> {
        Ok(i64::try_from(self.limit()?).unwrap_or_default() + 1)
    }

    /// Where the page begins.
    pub(super) fn cursor<T>(
        &self,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        match &self.cursor {
            None => Ok(None),
            Some(text) => read(text)
                .map(Some)
                .ok_or_else(|| wrong("cursor", "`cursor` is no `next` of a page of this list.")),
        }
    }
}

/// A parameter that cannot be read.
pub(super) fn wrong(name: &str, message: &str) -> Error {
    Error::new(StatusCode::BAD_REQUEST, "bad_parameter", message).faults(vec![Fault {
        pointer: name.to_owned(),
        code: "invalid",
        message: message.to_owned(),
    }])
}

/// The parameters of the address.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for Asked<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Error> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        read.map(|Query(asked)| Self(asked)).map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let sentence = format!(
                "The parameters of the address cannot be read: {}.",
                cause.unwrap_or_else(|| "they have another form".to_owned())
            );
            Error::new(StatusCode::BAD_REQUEST, "bad_parameter", sentence)
        })
    }
}

/// The address of a list, for the link to its next page.
pub(super) struct Address {
    path: String,
    query: Vec<(String, String)>,
}

impl FromRequestParts<Shared> for Address {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Error> {
        // Without what the routes stand under.
        let uri = &parts.uri;
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Ok(Self {
            path: format!(
                "{}{}{}",
                shared.app.config.server.public_url,
                super::BASE,
                uri.path()
            ),
            query: query
                .into_owned()
                .filter(|(name, _)| name != "cursor")
                .collect(),
        })
    }
}

impl Address {
    /// Answers with a page, and a link to the next one where there is one.
    pub(super) fn page<T: Serialize>(&self, items: Vec<T>, next: Option<String>) -> Response {
        let link = next.as_ref().map(|next| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&self.query).append_pair("cursor", next);
            format!("<{}?{}>; rel=\"next\"", self.path, query.finish())
        });
        let mut response = Json(Page { items, next }).into_response();
        if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }

    /// The same of one more than were asked for: the one too many says that there is a next page.
    pub(super) fn cut<T, V: Serialize>(
        &self,
        mut all: Vec<T>,
        turn: &Turn,
        name: impl Fn(&T) -> String,
        view: impl Fn(T) -> V,
    ) -> Result<Response, Error> {
        let is_more = all.len() > turn.limit()?;
        all.truncate(turn.limit()?);
        let next = all.last().filter(|_| is_more).map(name);
        Ok(self.page(all.into_iter().map(view).collect(), next))
    }
}
