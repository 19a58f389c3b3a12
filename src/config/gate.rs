//! What stands behind the gate and who may do what there: the files of apps, and the policies.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use openssl::sha::sha256;

use super::read::{self, Error};
use super::server::Config;
use crate::access::Behind;
use crate::gate::{self, App, Policy, SHIPPED_FORBIDS, Text, Texts, problems};

impl Config {
    /// The policy in force: the shipped one, with what the policies folder says instead.
    pub fn policy(&self) -> Result<Policy, Error> {
        let Some(folder) = self.policies()? else {
            return Policy::read(&Texts::default())
                .map_err(|error| mistake(error, "the shipped policy".as_ref()));
        };
        for path in files(&folder, &["cedar", "cedarschema", "json"])? {
            refuse_strange(&path)?;
        }
        let text = |text: Text| {
            let file = folder.join(text.as_str());
            file.exists().then(|| read::text(&file)).transpose()
        };
        let texts = Texts {
            schema: text(Text::Schema)?,
            permits: text(Text::Permits)?,
            entities: text(Text::Entities)?,
        };
        Policy::read(&texts).map_err(|error| mistake(error, &folder))
    }

    /// The folder with an installation's own policies, where it has one.
    pub fn policies(&self) -> Result<Option<PathBuf>, Error> {
        self.beside(&self.gate.policies, "policies")
    }

    /// The apps behind the gate, in the order of their files' names.
    pub fn apps(&self, policy: &Policy) -> Result<Vec<Behind>, Error> {
        let Some(folder) = self.beside(&self.gate.apps, "apps")? else {
            return Ok(Vec::new());
        };
        let mut apps: Vec<Behind> = Vec::new();
        for path in files(&folder, &["toml"])? {
            let file = path.display().to_string();
            let app: App = read::parse(&read::text(&path)?, &file)?;
            let mut problems = problems(&app);
            for route in app
                .routes
                .iter()
                .filter(|route| !policy.knows(&route.action))
            {
                let near = read::nearest(&route.action, policy.actions())
                    .map(|near| format!("; did you mean `{near}`?"));
                let (action, path) = (&route.action, route.path.as_str());
                problems.push(format!(
                    "the route {path} needs `{action}`, which the policy does not know{}",
                    near.unwrap_or_default()
                ));
            }
            for Behind { app: other, .. } in &apps {
                if other.app == app.app {
                    problems.push(format!("there is an app `{}` already", app.app));
                }
                if other.audience == app.audience {
                    problems.push(format!(
                        "the app `{}` has this `audience` already; a token for one would open both",
                        other.app
                    ));
                }
                if let Some(host) = app.hosts.iter().find(|host| other.has_host(host)) {
                    problems.push(format!(
                        "the app `{}` has the host {host} already",
                        other.app
                    ));
                }
            }
            if !problems.is_empty() {
                return Err(Error::Problems { file, problems });
            }
            let gateway_key = app
                .gateway_key_file
                .as_ref()
                .map(|name| key(&folder.join(name), &file))
                .transpose()?;
            apps.push(Behind { app, gateway_key });
        }
        Ok(apps)
    }

    /// A folder that is named, or that lies beside the configuration; one that is named has to be there.
    fn beside(&self, named: &str, usual: &str) -> Result<Option<PathBuf>, Error> {
        let folder = match (named.is_empty(), &self.folder) {
            (false, _) => PathBuf::from(named),
            (true, Some(folder)) => folder.join(usual),
            (true, None) => return Ok(None),
        };
        if named.is_empty() && !folder.exists() {
            return Ok(None);
        }
        files(&folder, &[]).map(|_| Some(folder))
    }
}

/// The digest of the secret that a gateway shows; the file may be read by its owner alone.
fn key(path: &Path, file: &str) -> Result<[u8; 32], Error> {
    let failed = |source| Error::File {
        file: format!("{file}: `gateway_key_file`: {}", path.display()),
        source,
    };
    let mode = std::fs::metadata(path)
        .map_err(failed)?
        .permissions()
        .mode();
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let problem = if mode & 0o077 != 0 {
        "may be read by others than its owner; run: chmod 600"
    } else if text.trim().len() < 32 {
        "holds less than 32 characters; make one with: openssl rand -base64 32 >"
    } else {
        return Ok(sha256(text.trim().as_bytes()));
    };
    Err(Error::Problems {
        file: file.to_owned(),
        problems: vec![format!("`gateway_key_file` {problem} {}", path.display())],
    })
}

/// A mistake of the policy, in the file that it stands in.
fn mistake(error: gate::Error, folder: &Path) -> Error {
    match error {
        gate::Error::At {
            text,
            line,
            message,
        } => Error::At {
            file: folder.join(text.as_str()).display().to_string(),
            line,
            message,
        },
        gate::Error::Question(_) => Error::Problems {
            file: folder.display().to_string(),
            problems: vec![error.to_string()],
        },
    }
}

/// A file that would not be read is a mistake, above all one that means to replace what is always forbidden.
fn refuse_strange(path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default();
    let known = Text::ALL.into_iter().find(|text| name == text.as_str());
    let problem = match known {
        Some(Text::Forbids) if read::text(path)? != SHIPPED_FORBIDS => {
            "the shipped forbids always hold and cannot be changed; take this file out, and write what else is forbidden into permits.cedar"
        }
        Some(_) => return Ok(()),
        None => {
            "this file would not be read; the policies folder holds vestibule.cedarschema, permits.cedar and entities.json"
        }
    };
    Err(Error::Problems {
        file: path.display().to_string(),
        problems: vec![problem.to_owned()],
    })
}

/// The files of a folder that have one of these endings, in order.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::File {
        file: folder.display().to_string(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let ending = path.extension();
        if ending.is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
