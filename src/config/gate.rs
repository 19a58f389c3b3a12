//! What stands behind the gate and who may do what there: the files of apps, and the policies.

use std::path::{Path, PathBuf};

use super::read::{self, Error};
use super::server::Config;
use crate::gate::{App, Policy, Texts, problems};

impl Config {
    /// The policy in force: the shipped one, with what the policies folder says instead.
    pub fn policy(&self) -> Result<Policy, Error> {
        let Some(folder) = self.beside(&self.gate.policies, "policies")? else {
            return policy(&Texts::default(), "the shipped policies");
        };
        let text = |name| {
            let file = folder.join(name);
            file.exists().then(|| read::text(&file)).transpose()
        };
        let texts = Texts {
            schema: text("vestibule.cedarschema")?,
            permits: text("permits.cedar")?,
        };
        policy(&texts, &folder.display().to_string())
    }

    /// The apps behind the gate, in the order of their files' names.
    pub fn apps(&self, policy: &Policy) -> Result<Vec<App>, Error> {
        let Some(folder) = self.beside(&self.gate.apps, "apps")? else {
            return Ok(Vec::new());
        };
        let mut apps: Vec<App> = Vec::new();
        for path in files(&folder)? {
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
            for other in &apps {
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
            apps.push(app);
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
        files(&folder).map(|_| Some(folder))
    }
}

fn policy(texts: &Texts, file: &str) -> Result<Policy, Error> {
    Policy::read(texts).map_err(|error| Error::Problems {
        file: file.to_owned(),
        problems: vec![error.to_string()],
    })
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::File {
        file: folder.display().to_string(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
