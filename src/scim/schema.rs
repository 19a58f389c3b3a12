//! Our schemas: what a directory may say of a person and of a group, and what it reads there.

use serde_json::{Value, json};

/// One kind of resource.
#[derive(Debug)]
pub struct Schema {
    /// Its name in `schemas`.
    pub urn: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// The last part of its address.
    pub endpoint: &'static str,
    /// The attribute that no two resources share.
    pub named_by: &'static str,
    about: &'static str,
    pub(super) attributes: &'static [Attribute],
}

/// One attribute, or a part of one.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    about: &'static str,
    pub(super) kind: Kind,
    pub(super) is_many: bool,
    pub(super) is_required: bool,
    /// Whether `A` and `a` differ.
    pub(super) is_exact: bool,
    pub(super) change: Change,
    pub(super) parts: &'static [Attribute],
    choices: &'static [&'static str],
    refers_to: &'static [&'static str],
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Moment,
    Reference,
    Complex,
}

/// Who may change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Always,
    Never,
    /// Only together with what it is a part of.
    Whole,
}

impl Attribute {
    const fn of(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            about,
            kind,
            is_many: false,
            is_required: false,
            is_exact: false,
            change: Change::Always,
            parts: &[],
            choices: &[],
            refers_to: &[],
        }
    }

    const fn text(name: &'static str, about: &'static str) -> Self {
        Self::of(name, Kind::Text, about)
    }

    const fn complex(name: &'static str, parts: &'static [Self], about: &'static str) -> Self {
        Self {
            parts,
            ..Self::of(name, Kind::Complex, about)
        }
    }

    const fn reference(name: &'static str, to: &'static [&'static str]) -> Self {
        Self {
            refers_to: to,
            is_exact: true,
            ..Self::of(name, Kind::Reference, "Its address.")
        }
    }

    const fn many(self) -> Self {
        Self {
            is_many: true,
            ..self
        }
    }

    const fn required(self) -> Self {
        Self {
            is_required: true,
            ..self
        }
    }

    const fn exact(self) -> Self {
        Self {
            is_exact: true,
            ..self
        }
    }

    const fn never(self) -> Self {
        Self {
            change: Change::Never,
            ..self
        }
    }

    const fn whole(self) -> Self {
        Self {
            change: Change::Whole,
            ..self
        }
    }

    const fn one_of(self, choices: &'static [&'static str]) -> Self {
        Self { choices, ..self }
    }

    /// The part of that name.
    pub(super) fn part(&self, name: &str) -> Option<&'static Attribute> {
        named(self.parts, name)
    }

    /// What a schema says of it in which `unique` is the attribute that no two resources share.
    fn json(&self, unique: &str) -> Value {
        let mut said = json!({
            "name": self.name,
            "type": match self.kind {
                Kind::Text => "string",
                Kind::Flag => "boolean",
                Kind::Moment => "dateTime",
                Kind::Reference => "reference",
                Kind::Complex => "complex",
            },
            "multiValued": self.is_many,
            "description": self.about,
            "required": self.is_required,
            "caseExact": self.is_exact,
            "mutability": match self.change {
                Change::Always => "readWrite",
                Change::Never => "readOnly",
                Change::Whole => "immutable",
            },
            "returned": "default",
            "uniqueness": if self.name == unique { "server" } else { "none" },
        });
        let Some(fields) = said.as_object_mut() else {
            return said;
        };
        if !self.parts.is_empty() {
            let parts = self.parts.iter().map(|part| part.json("")).collect();
            fields.insert("subAttributes".to_owned(), Value::Array(parts));
        }
        for (name, list) in [
            ("canonicalValues", self.choices),
            ("referenceTypes", self.refers_to),
        ] {
            if !list.is_empty() {
                fields.insert(name.to_owned(), json!(list));
            }
        }
        said
    }
}

fn named(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

impl Schema {
    /// The attribute of that name, in any case, with what every resource has.
    pub(super) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        named(self.attributes, name).or_else(|| named(COMMON, name))
    }

    /// What `/Schemas` says of it.
    pub(super) fn json(&self, base: &str) -> Value {
        let attributes: Vec<Value> = self
            .attributes
            .iter()
            .map(|attribute| attribute.json(self.named_by))
            .collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.urn,
            "name": self.name,
            "description": self.about,
            "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", self.urn) },
        })
    }

    /// What `/ResourceTypes` says of it.
    pub(super) fn resource_type(&self, base: &str) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": self.name,
            "name": self.name,
            "description": self.about,
            "endpoint": format!("/{}", self.endpoint),
            "schema": self.urn,
            "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", self.name) },
        })
    }
}

/// What every resource has (RFC 7643, 3.1); the standard keeps it out of the schemas.
const COMMON: &[Attribute] = &[
    Attribute::text("schemas", "What the resource is.")
        .many()
        .exact()
        .never(),
    Attribute::text("id", "Our id.").exact().never(),
    Attribute::text("externalId", "The directory's own id.").exact(),
    Attribute::complex(
        "meta",
        &[
            Attribute::text("resourceType", "What the resource is.")
                .exact()
                .never(),
            Attribute::of("created", Kind::Moment, "When it came to be.").never(),
            Attribute::of(
                "lastModified",
                Kind::Moment,
                "When a directory last changed it.",
            )
            .never(),
            Attribute::reference("location", &["uri"]).never(),
            Attribute::text("version", "Changes with what is shown.")
                .exact()
                .never(),
        ],
        "About the resource.",
    )
    .never(),
];

/// A person.
pub const USER: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    endpoint: "Users",
    named_by: "userName",
    about: "A person of the account.",
    attributes: &[
        Attribute::text(
            "userName",
            "The name of the person in the directory; unique in the account, whatever its case.",
        )
        .required(),
        Attribute::complex(
            "name",
            &[
                Attribute::text("givenName", "The given name."),
                Attribute::text("familyName", "The family name."),
            ],
            "The parts of the name.",
        ),
        Attribute::text("displayName", "The name as it is shown."),
        Attribute::complex(
            "emails",
            &[
                Attribute::text("value", "The address."),
                Attribute::text("type", "What it is for.").one_of(&["work", "home", "other"]),
                Attribute::of(
                    "primary",
                    Kind::Flag,
                    "Whether it is the one to show; one at most is.",
                ),
            ],
            "E-mail addresses.",
        )
        .many(),
        Attribute::of(
            "active",
            Kind::Flag,
            "Whether the person may sign in; false ends their sessions.",
        )
        .required(),
        Attribute::complex(
            "groups",
            &[
                Attribute::text("value", "The id of the group.")
                    .exact()
                    .never(),
                Attribute::reference("$ref", &["Group"]).never(),
                Attribute::text("display", "The name of the group.").never(),
            ],
            "The groups of the person; they are changed at the group.",
        )
        .many()
        .never(),
        Attribute::complex(
            "roles",
            &[
                Attribute::text("value", "The role.").exact().never(),
                Attribute::text("display", "What gives it.").never(),
            ],
            "The roles that the person has here; the account's rules give them.",
        )
        .many()
        .never(),
    ],
};

/// A group of people.
pub const GROUP: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    endpoint: "Groups",
    named_by: "displayName",
    about: "A group of people; the account's rules say which role it gives.",
    attributes: &[
        Attribute::text("displayName", "The name that the account's rules know the group by; unique in the account, whatever its case.")
            .required(),
        Attribute::complex(
            "members",
            &[
                Attribute::text("value", "The id of the person.").exact().whole(),
                Attribute::reference("$ref", &["User"]).whole(),
            ],
            "Who belongs to it.",
        )
        .many(),
    ],
};
