//! What a form says, and what becomes of an answer that nobody can read.

use std::convert::Infallible;

use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::super::{Error, Shared};
use crate::app::{Forbidden, Refused, Unknown};
use crate::saml::metadata;
use crate::saml::metadata::Problem;

/// The fields of a form, by name; a name may come more than once.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a posted form or a query.
    pub(super) fn read(text: &str) -> Self {
        Self(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// What stands in a field, without the white space around it; nothing where it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        let mut named = self.0.iter().filter(|(known, _)| known == name);
        named.next().map_or("", |(_, value)| value.trim())
    }

    /// What stands in every field of a name.
    pub(super) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        let named = self.0.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.trim())
    }

    /// The same with this in a field, whatever stood there.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: String) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
        self
    }

    /// The rest of the names that begin so, and what stands in each.
    pub(super) fn beginning<'f>(
        &'f self,
        start: &'f str,
    ) -> impl Iterator<Item = (&'f str, &'f str)> {
        let named = self.0.iter();
        named.filter_map(move |(name, value)| Some((name.strip_prefix(start)?, value.trim())))
    }

    /// What stands in a field that is not left empty.
    pub(super) fn some(&self, name: &str) -> Option<String> {
        Some(self.get(name).to_owned()).filter(|text| !text.is_empty())
    }
}

impl FromRequest<Shared> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let is_form_data = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
        if is_form_data {
            let parts = Multipart::from_request(request, shared).await;
            return Self::with_files(parts.map_err(IntoResponse::into_response)?)
                .await
                .map_err(IntoResponse::into_response);
        }
        let body = String::from_request(request, shared).await;
        body.map(|body| Self::read(&body))
            .map_err(IntoResponse::into_response)
    }
}

impl Fields {
    /// Reads a form that may bring files, which are texts in whatever encoding they have.
    async fn with_files(mut parts: Multipart) -> Result<Self, MultipartError> {
        let mut all = Vec::new();
        while let Some(part) = parts.next_field().await? {
            let name = part.name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await?;
            let text = metadata::text(&bytes)
                .unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned());
            all.push((name, text));
        }
        Ok(Self(all))
    }
}

/// The parameters of the address.
pub(super) struct Asked(pub(super) Fields);

impl axum::extract::FromRequestParts<Shared> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &Shared,
    ) -> Result<Self, Infallible> {
        Ok(Self(Fields::read(parts.uri.query().unwrap_or_default())))
    }
}

/// The parameters of the address, where a page of ours led there; nothing where anybody else may have written them.
pub(super) struct Own(pub(super) Fields);

impl axum::extract::FromRequestParts<Shared> for Own {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        shared: &Shared,
    ) -> Result<Self, Infallible> {
        let said = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let ours = format!("{}/", shared.app.config.server.public_url);
        let is_ours = match said("sec-fetch-site") {
            Some(site) => site == "same-origin",
            None => said("referer").is_some_and(|from| from.starts_with(&ours)),
        };
        if !is_ours {
            return Ok(Self(Fields::default()));
        }
        let Ok(Asked(asked)) = Asked::from_request_parts(parts, shared).await;
        Ok(Self(asked))
    }
}

/// Why something was refused, to be said beside the form; any other error is an answer of its own.
pub(super) fn refusal(error: anyhow::Error) -> Result<String, Error> {
    if error.is::<Problem>() {
        Ok(format!("{error:#}"))
    } else if error.is::<Refused>() || error.is::<Forbidden>() || error.is::<Unknown>() {
        Ok(error.to_string())
    } else {
        Err(error.into())
    }
}
