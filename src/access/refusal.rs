//! Why the gate refuses somebody, in a word for programs and a sentence for people.

/// Why the gate refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The peer is none of the app's gateways.
    Gateway,
    /// The host name is none of the app's.
    Host,
    /// The gateway did not say what every gateway of its family says.
    Incomplete,
    /// A header wants the request to be read as another.
    Override,
    /// A header's name could be read as that of another.
    Alias,
    /// The path could be read in more than one way.
    Path,
    /// No route fits.
    NoRoute,
    /// There is such a path, for other methods.
    Method,
    /// A page of somebody else made the browser ask.
    Origin,
    /// The key or token opens nothing.
    Credential,
    /// The key or token is not meant for this.
    Scope,
    /// The account is not the credential's.
    Account,
    /// The app is not for the credential's account or stage.
    Stage,
    /// The account lets nobody in from that network.
    Network,
    /// The policy does not allow it.
    Forbidden,
    /// The policy needs facts that the gate does not have.
    Facts,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::Gateway,
        Self::Host,
        Self::Incomplete,
        Self::Override,
        Self::Alias,
        Self::Path,
        Self::NoRoute,
        Self::Method,
        Self::Origin,
        Self::Credential,
        Self::Scope,
        Self::Account,
        Self::Stage,
        Self::Network,
        Self::Forbidden,
        Self::Facts,
    ];

    /// The stable name, as in `X-Vestibule-Reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway_unknown",
            Self::Host => "host_unknown",
            Self::Incomplete => "gateway_incomplete",
            Self::Override => "request_override",
            Self::Alias => "header_alias",
            Self::Path => "path_ambiguous",
            Self::NoRoute => "no_route",
            Self::Method => "method_not_allowed",
            Self::Origin => "foreign_origin",
            Self::Credential => "invalid_credentials",
            Self::Scope => "scope",
            Self::Account => "foreign_account",
            Self::Stage => "wrong_stage",
            Self::Network => "network_not_allowed",
            Self::Forbidden => "forbidden",
            Self::Facts => "facts_required",
        }
    }

    /// What it means, for whoever meets it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Gateway => "Only the gateway of this app may ask for it.",
            Self::Host => "The host name is none of this app's.",
            Self::Incomplete => "The gateway did not say which request it asks about.",
            Self::Override => "A header asks to read the request as one of another method or path.",
            Self::Alias => "A header's name could be read as that of another.",
            Self::Path => "The path could be read in more than one way.",
            Self::NoRoute => "No route of the app fits the request, and what fits none is refused.",
            Self::Method => "The app knows the path, and not with this method.",
            Self::Origin => "A page of another site made the browser ask.",
            Self::Credential => {
                "The key or token is unknown, was taken back, has expired or is for another app."
            }
            Self::Scope => "The key or token was not made for this.",
            Self::Account => "The request names another account than its credential.",
            Self::Stage => "The app is not for this account.",
            Self::Network => "The account lets nobody in from this network.",
            Self::Forbidden => "Nothing that you hold allows this.",
            Self::Facts => {
                "Whether this is allowed depends on facts that only the app knows, and the route does not say that it asks."
            }
        }
    }
}
