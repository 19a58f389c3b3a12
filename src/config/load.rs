//! Reads the server's configuration from its file and the environment, and checks it.

use std::path::{Path, PathBuf};

use toml::{Table, Value};
use url::Url;

use super::read::{self, Error};
use super::server::Config;

/// Where the configuration is looked for when nothing is said.
const DEFAULT_FILE: &str = "config/vestibule.toml";

impl Config {
    /// Reads the file, or the default one where that exists, and lets the environment override it.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let found = file
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()));
        let name = found.as_ref().map_or_else(
            || "the defaults".to_owned(),
            |path| path.display().to_string(),
        );
        let text = found
            .as_ref()
            .map(|path| read::text(path))
            .transpose()?
            .unwrap_or_default();
        let config: Self = read::parse(&text, &name)?;
        let mut config = config.overridden(environment)?;
        let file = found.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
        config.folder = file.parent().map(Path::to_path_buf);
        let problems = config.problems();
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(Error::Problems {
                file: name,
                problems,
            })
        }
    }

    /// `VESTIBULE_<SECTION>_<KEY>` for each key; lists are separated by commas.
    fn overridden(
        self,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let mut table = Table::try_from(&self).unwrap_or_default();
        let mut changed = None;
        for (name, text) in environment {
            let Some((section, key)) = name
                .strip_prefix("VESTIBULE_")
                .and_then(|rest| rest.split_once('_'))
            else {
                continue;
            };
            let (section, key) = (section.to_lowercase(), key.to_lowercase());
            let Some(Value::Table(section)) = table.get_mut(&section) else {
                continue;
            };
            let Some(value) = section.get_mut(&key) else {
                let near = read::nearest(&key, section.keys().map(String::as_str))
                    .map(|near| format!("; did you mean {}?", near.to_uppercase()));
                return Err(Error::Environment {
                    message: format!("unknown key{}", near.unwrap_or_default()),
                    name,
                });
            };
            *value = typed(value, &text).ok_or_else(|| Error::Environment {
                name: name.clone(),
                message: format!("`{text}` is not of its kind ({})", value.type_str()),
            })?;
            changed = Some(name);
        }
        let Some(name) = changed else { return Ok(self) };
        table
            .try_into()
            .map_err(|error: toml::de::Error| Error::Environment {
                name,
                message: read::hint(error.message()),
            })
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        match Url::parse(&self.server.public_url) {
            Ok(url)
                if url.path() != "/"
                    || url.query().is_some()
                    || url.fragment().is_some()
                    || self.server.public_url.ends_with('/') =>
            {
                problems.push("`server.public_url` is an origin without a path or a slash at the end, such as https://sso.example.com".to_owned());
            }
            Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) => {
            }
            _ => problems
                .push("`server.public_url` must be https; http is for localhost only".to_owned()),
        }
        let database = &self.database.url;
        if !["sqlite://", "postgres://", "postgresql://"]
            .iter()
            .any(|scheme| database.starts_with(scheme))
        {
            problems.push("`database.url` begins with sqlite:// or postgres://".to_owned());
        }
        if self.retention.users_days < 1
            || self.retention.attempts_days < 1
            || self.retention.audit_days < 1
        {
            problems.push("`retention` is at least one day each".to_owned());
        }
        if self.database.max_connections == 0 {
            problems.push("`database.max_connections` is at least 1".to_owned());
        }
        problems
    }

    /// What is allowed, and that the operator should know of.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = self
            .unused()
            .iter()
            .map(|key| format!("`{key}` is set, and has no effect in this version"))
            .collect();
        let proxies = &self.server.trusted_proxies;
        if let Some(all) = proxies.iter().find(|network| network.prefix_len() == 0) {
            warnings.push(format!("`server.trusted_proxies` holds {all}, which is everybody: whoever sends an `X-Forwarded-For` chooses the address that networks, limits and the audit go by. Name the addresses of your own proxies"));
        }
        warnings
    }

    /// What is set but has no effect in this version.
    fn unused(&self) -> Vec<&'static str> {
        let mut unused = Vec::new();
        let mut note = |set: bool, key| {
            if set {
                unused.push(key);
            }
        };
        note(!self.log.otlp_endpoint.is_empty(), "log.otlp_endpoint");
        unused
    }

    /// Where the database is, as it may be shown: without a password.
    pub fn database_place(&self) -> String {
        let address = &self.database.url;
        match (address.strip_prefix("sqlite://"), Url::parse(address)) {
            (Some(file), _) => std::path::absolute(file)
                .map_or_else(|_| file.to_owned(), |path| path.display().to_string()),
            (None, Ok(url)) => {
                let (host, path) = (url.host_str().unwrap_or_default(), url.path());
                format!("{}://{host}{path}", url.scheme())
            }
            (None, Err(_)) => "`database.url`".to_owned(),
        }
    }

    /// Where checkpoints of the audit are handed out.
    pub fn checkpoints_file(&self) -> Option<PathBuf> {
        let file = &self.audit.checkpoints;
        (!file.is_empty()).then(|| PathBuf::from(file))
    }

    /// Where the master key lies.
    pub fn master_key_file(&self) -> Option<PathBuf> {
        if !self.secrets.master_key_file.is_empty() {
            return Some(PathBuf::from(&self.secrets.master_key_file));
        }
        let file = self.database.url.strip_prefix("sqlite://")?;
        Some(Path::new(file).with_file_name("master.key"))
    }
}

fn typed(known: &Value, text: &str) -> Option<Value> {
    Some(match known {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Integer(_) => Value::Integer(text.trim().parse().ok()?),
        Value::Boolean(_) => Value::Boolean(text.trim().parse().ok()?),
        Value::Array(_) => Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(Value::from)
                .collect(),
        ),
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => return None,
    })
}

/// Whether an address is this machine's own.
fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, Error> {
        let config: Config = read::parse(text, "vestibule.toml")?;
        config.overridden(
            environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn the_environment_overrides_the_file_and_lists_are_separated_by_commas() {
        let config = load(
            "[server]\nlisten = \"127.0.0.1:1\"",
            &[
                ("VESTIBULE_SERVER_LISTEN", "127.0.0.1:2"),
                ("VESTIBULE_SERVER_EGRESS_IPS", "192.0.2.1, 192.0.2.2"),
                ("VESTIBULE_LIMITS_STARTS_PER_MINUTE", "0"),
            ],
        );

        let config = config.unwrap();
        assert_eq!(config.server.listen.port(), 2);
        assert_eq!(config.server.egress_ips, ["192.0.2.1", "192.0.2.2"]);
        assert_eq!(config.limits.starts_per_minute, 0);
    }

    #[test]
    fn a_mistake_is_named_with_file_line_and_the_nearest_key() {
        let message = |text, environment| load(text, environment).unwrap_err().to_string();

        assert_eq!(
            message(
                "[server]\n\nlisten = \"127.0.0.1:1\"\npublic_uri = \"x\"",
                &[]
            ),
            "vestibule.toml:4: unknown key `public_uri`; did you mean `public_url`?"
        );
        assert_eq!(
            message("[server]\nlisten = \"8080\"", &[]),
            "vestibule.toml:2: not an address with a port, such as 127.0.0.1:8080"
        );
        let listen = [("VESTIBULE_SERVER_LISTEN", "8080")];
        assert!(message("", &listen).ends_with("such as 127.0.0.1:8080"));
        assert!(message("", &[("VESTIBULE_SERVER_LISTNE", "x")]).contains("did you mean LISTEN?"));
        assert!(message("", &[("VESTIBULE_DATABASE_MAX_CONNECTIONS", "many")]).contains("`many`"));
    }

    #[test]
    fn a_proxy_that_is_everybody_is_warned_of() {
        let warnings = |list: &str| {
            let config = load(&format!("[server]\ntrusted_proxies = [{list}]"), &[]);
            config.unwrap().warnings().concat()
        };

        for everybody in ["0.0.0.0/0", "::/0"] {
            let all = warnings(&format!("\"10.0.0.2/32\", \"{everybody}\""));
            assert!(
                all.contains(&format!("holds {everybody}, which is everybody")),
                "{all}"
            );
        }
        assert_eq!(warnings("\"10.0.0.0/8\""), "");
    }
}
