//! Asking a registry: challenges are answered once, what is named by its digest is checked against it.

use std::cell::RefCell;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use serde::Deserialize;

use super::challenge::{Challenge, challenge};
use super::credentials::Credentials;
use super::manifest::{ACCEPTED, Descriptor, Manifest, OCI, digest_of};
use super::reference::{Reference, is_digest};
use crate::fetch::download::{Arrived, Headers, Wanted, discard, download};
use crate::fetch::kept::digest;
use crate::fetch::network::failed;
use devops_core::{Error, Location, Secret};
use devops_net::{Ask, Cause, Method, Opened, Trouble, Wire, encode};

/// Most bytes of a manifest.
const MANIFEST: u64 = 4 << 20;

/// Most bytes of a token's answer.
const TOKEN: u64 = 1 << 20;

/// What is done with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fetch) enum Access {
    /// Read it.
    Pull,
    /// Write to it.
    Push,
}

/// A manifest that was fetched.
pub(in crate::fetch) struct Fetched {
    /// What it says.
    pub(in crate::fetch) manifest: Manifest,
    /// Its digest.
    pub(in crate::fetch) digest: String,
    /// Its bytes.
    pub(in crate::fetch) bytes: Vec<u8>,
}

/// A repository of a registry.
pub(in crate::fetch) struct Registry<'a> {
    wire: &'a Wire,
    reference: &'a Reference,
    /// Its address, up to the name of the repository.
    base: String,
    access: Access,
    credentials: Option<Credentials>,
    /// The value of `Authorization` that the registry accepted last.
    authorization: RefCell<Option<Secret>>,
    /// What must never be printed.
    secrets: RefCell<Vec<Secret>>,
}

/// What a token service answers.
#[derive(Deserialize)]
struct Issued {
    token: Option<String>,
    access_token: Option<String>,
}

impl<'a> Registry<'a> {
    /// The repository of a reference.
    ///
    /// # Errors
    /// Where the registry must not be asked.
    pub(in crate::fetch) fn new(
        wire: &'a Wire,
        reference: &'a Reference,
        credentials: Option<Credentials>,
        access: Access,
    ) -> Result<Self, Error> {
        let at = |scheme: &str| format!("{scheme}://{}", reference.server());
        // Plain http only to this machine and where the workflow allows it, and there because nothing else answers.
        let is_plain = wire.check(&at("http")).is_ok();
        let root = if is_plain { at("http") } else { at("https") };
        wire.check(&root).map_err(|trouble| {
            Error::usage(format!("{}: {}", reference.host, trouble.message))
                .help(trouble.help.unwrap_or_default())
        })?;
        let secrets = credentials.iter().flat_map(Credentials::secrets).collect();
        Ok(Self {
            wire,
            reference,
            base: format!("{root}/v2/{}", reference.repository),
            access,
            credentials,
            authorization: RefCell::new(None),
            secrets: RefCell::new(secrets),
        })
    }

    /// The manifest of a tag or digest, and its digest.
    ///
    /// # Errors
    /// Where it can't be had, or is not what its digest names.
    pub(in crate::fetch) async fn manifest(&self, name: &str) -> Result<(Manifest, String), Error> {
        let fetched = self.fetch_manifest(name).await?;
        Ok((fetched.manifest, fetched.digest))
    }

    /// The same with the bytes that it was read from.
    ///
    /// # Errors
    /// As [`Registry::manifest`].
    pub(in crate::fetch) async fn fetch_manifest(&self, name: &str) -> Result<Fetched, Error> {
        let ask = Ask {
            headers: vec![("accept", ACCEPTED.to_owned())],
            ..Ask::new(Method::Get, format!("{}/manifests/{name}", self.base))
        };
        let attempt = async || {
            let opened = self.open(&ask).await?;
            if opened.status() != 200 {
                return Err(opened.trouble().await);
            }
            let told = opened.header("docker-content-digest").map(str::to_owned);
            Ok((opened.read(MANIFEST).await?, told))
        };
        let (bytes, told) =
            self.wire.retrying(attempt).await.map_err(|trouble| self.failed("manifest", &trouble))?;
        let digest = digest_of(&bytes);
        let expected =
            if is_digest(name) { Some(name.to_owned()) } else { told.filter(|told| is_digest(told)) };
        if expected.as_ref().is_some_and(|expected| *expected != digest) {
            return Err(self.damaged(&format!(
                "the manifest has the digest {digest} instead of {}",
                expected.unwrap_or_default()
            )));
        }
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|error| self.damaged("the manifest can't be read").because(error))?;
        if manifest.schema_version != 2 {
            return Err(self.damaged(&format!("the manifest has version {}", manifest.schema_version)));
        }
        Ok(Fetched { manifest, digest, bytes })
    }

    /// Downloads a blob to a part beside `path`, checks it against its digest, and leaves it there.
    ///
    /// # Errors
    /// Where it can't be had, or is not what its digest names: then it is removed.
    pub(in crate::fetch) async fn blob(
        &self,
        blob: &Descriptor,
        path: &Path,
        limit: u64,
    ) -> Result<(), Error> {
        if !is_digest(&blob.digest) {
            return Err(self.damaged("the manifest names a blob by something that is no SHA-256 digest"));
        }
        if blob.size > limit {
            return Err(Error::input(format!(
                "{}: the blob has {} bytes, more than {limit}",
                self.reference, blob.size
            ))
            .help("check the reference, or raise `--max-size`"));
        }
        let url = format!("{}/blobs/{}", self.base, blob.digest);
        let open =
            async |headers: Headers| self.open(&Ask { headers, ..Ask::new(Method::Get, url.as_str()) }).await;
        let label = self.reference.to_string();
        let wanted = Wanted { label: &label, address: &url, path, limit, is_fixed: true };
        let arrived = download(self.wire, &wanted, None, &open).await;
        let Arrived::Whole(part, _) = arrived.map_err(|trouble| self.failed("blob", &trouble))? else {
            return Err(Error::bug("nothing was known, and it has not changed"));
        };
        let (bytes, sha256) = digest(&part).map_err(|error| Error::unreadable(&part, error))?;
        let found = format!("sha256:{sha256}");
        if (bytes, &found) != (blob.size, &blob.digest) {
            discard(path);
            return Err(self.damaged(&format!("the blob has the digest {found} instead of {}", blob.digest)));
        }
        Ok(())
    }

    /// Writes a blob, unless it is there.
    ///
    /// # Errors
    /// Where the registry does not take it.
    pub(in crate::fetch) async fn push_blob(&self, blob: &Descriptor, bytes: &Bytes) -> Result<(), Error> {
        let attempt = async || {
            let there =
                self.open(&Ask::new(Method::Head, format!("{}/blobs/{}", self.base, blob.digest))).await?;
            if there.status() == 200 {
                return Ok(());
            }
            let start = Ask {
                body: Some(Bytes::new()),
                ..Ask::new(Method::Post, format!("{}/blobs/uploads/", self.base))
            };
            let started = self.open(&start).await?;
            let place = started.header("location").map(str::to_owned).filter(|_| started.status() == 202);
            let Some(place) = place else { return Err(started.trouble().await) };
            let place = self.own(&place)?;
            let mark = if place.contains('?') { '&' } else { '?' };
            let upload = Ask {
                headers: vec![("content-type", "application/octet-stream".to_owned())],
                body: Some(bytes.clone()),
                ..Ask::new(Method::Put, format!("{place}{mark}digest={}", encode(&blob.digest)))
            };
            let sent = self.open(&upload).await?;
            if sent.status() == 201 { Ok(()) } else { Err(sent.trouble().await) }
        };
        self.wire.retrying(attempt).await.map_err(|trouble| self.failed("blob", &trouble))
    }

    /// Writes a manifest under a tag; returns its digest.
    ///
    /// # Errors
    /// Where the registry does not take it.
    pub(in crate::fetch) async fn push_manifest(
        &self,
        manifest: &Manifest,
        tag: &str,
    ) -> Result<String, Error> {
        let bytes = serde_json::to_vec(manifest)
            .map_err(|error| Error::bug("a manifest has no JSON form").because(error))?;
        let digest = digest_of(&bytes);
        let ask = Ask {
            headers: vec![("content-type", OCI.to_owned())],
            body: Some(Bytes::from(bytes)),
            ..Ask::new(Method::Put, format!("{}/manifests/{tag}", self.base))
        };
        let attempt = async || {
            let sent = self.open(&ask).await?;
            if matches!(sent.status(), 200 | 201) { Ok(()) } else { Err(sent.trouble().await) }
        };
        self.wire.retrying(attempt).await.map_err(|trouble| self.failed("manifest", &trouble))?;
        Ok(digest)
    }

    /// The address that an upload goes on at, which must be the registry's own.
    fn own(&self, place: &str) -> Result<String, Trouble> {
        let root = self.base.split("/v2/").next().unwrap_or_default();
        if place.starts_with('/') && !place.starts_with("//") {
            return Ok(format!("{root}{place}"));
        }
        if place.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')) {
            return Ok(place.to_owned());
        }
        Err(Trouble::unable("the registry wants the blob to be sent to another host")
            .help("check the address that the registry is configured with"))
    }

    /// Sends a request, and once more with what the registry wants to see.
    async fn open(&self, ask: &Ask<'_>) -> Result<Opened<'a>, Trouble> {
        let known = self.authorization.borrow().clone();
        let opened = self.wire.open(&Ask { credential: known.as_ref(), ..ask.clone() }).await?;
        if opened.status() != 401 {
            return Ok(opened);
        }
        let wanted = challenge(&opened.headers("www-authenticate"));
        let Some(fresh) = self.authorize(wanted.as_ref()).await? else {
            return Err(opened.trouble().await.help(self.login_help()));
        };
        self.secrets.borrow_mut().extend(fresh.expose().split_once(' ').map(|(_, token)| Secret::new(token)));
        *self.authorization.borrow_mut() = Some(fresh.clone());
        let opened = self.wire.open(&Ask { credential: Some(&fresh), ..ask.clone() }).await?;
        match opened.status() {
            401 | 403 => Err(opened.trouble().await.help(self.login_help())),
            _ => Ok(opened),
        }
    }

    /// The value of `Authorization` that answers a challenge; none where there is nothing to answer it with.
    async fn authorize(&self, wanted: Option<&Challenge>) -> Result<Option<Secret>, Trouble> {
        let basic = match &self.credentials {
            Some(Credentials::Password { user, password }) => {
                let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
                Some(Secret::new(format!("Basic {pair}")))
            }
            _ => None,
        };
        if let Some(Credentials::Token(token)) = &self.credentials {
            return Ok(Some(Secret::new(format!("Bearer {}", token.expose()))));
        }
        match wanted {
            Some(Challenge::Bearer { realm, service }) => {
                let token = self.token(realm, service.as_deref().unwrap_or_default(), basic.as_ref()).await?;
                Ok(Some(Secret::new(format!("Bearer {token}"))))
            }
            Some(Challenge::Basic) => Ok(basic),
            None => Ok(None),
        }
    }

    /// A token of the service that the registry names, for this repository and for nothing else.
    async fn token(&self, realm: &str, service: &str, basic: Option<&Secret>) -> Result<String, Trouble> {
        let of_realm = |trouble: Trouble| Trouble {
            message: format!("the registry's token service: {}", trouble.message),
            ..trouble
        };
        self.wire.check(realm).map_err(of_realm)?;
        if self.wire.is_near(realm) && !self.wire.is_near(&self.base) {
            return Err(of_realm(Trouble::unable("it would be on this machine")));
        }
        let actions = if self.access == Access::Push { "pull,push" } else { "pull" };
        let scope = format!("repository:{}:{actions}", self.reference.repository);
        let query = format!("service={}&scope={}", encode(service), encode(&scope));
        let ask = if let Some(Credentials::Identity(token)) = &self.credentials {
            let form = format!(
                "grant_type=refresh_token&client_id=devops-action&{query}&refresh_token={}",
                encode(token.expose())
            );
            Ask {
                headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
                body: Some(Bytes::from(form)),
                ..Ask::new(Method::Post, realm)
            }
        } else {
            let mark = if realm.contains('?') { '&' } else { '?' };
            Ask { credential: basic, ..Ask::new(Method::Get, format!("{realm}{mark}{query}")) }
        };
        let opened = self.wire.open(&ask).await.map_err(of_realm)?;
        if opened.status() != 200 {
            return Err(of_realm(opened.trouble().await).help(self.login_help()));
        }
        let body = opened.read(TOKEN).await.map_err(of_realm)?;
        let issued: Option<Issued> = serde_json::from_slice(&body).ok();
        let token =
            issued.and_then(|issued| issued.token.or(issued.access_token)).filter(|token| !token.is_empty());
        token.ok_or_else(|| of_realm(Trouble::new(Cause::Unreadable, "the answer contains no token")))
    }

    fn login_help(&self) -> String {
        let host = &self.reference.host;
        if self.credentials.is_some() {
            format!(
                "check that this user may use the repository, and log in again with `docker login {host}`"
            )
        } else {
            format!("check the name; a private repository needs `docker login {host}` first")
        }
    }

    fn failed(&self, what: &str, trouble: &Trouble) -> Error {
        failed(&format!("{what} of {}", self.reference), trouble, &self.secrets.borrow())
    }

    fn damaged(&self, message: &str) -> Error {
        Error::input(message).at(Location::file(self.reference.to_string())).help(
            "do not use it: the artifact was replaced or damaged; find out by whom, or pull a digest that is known",
        )
    }
}
