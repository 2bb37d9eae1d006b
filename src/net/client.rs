//! The one HTTP client, built when it is first needed.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Url};

use super::answer::{Answer, Trouble};
use super::request::Request;
use devops_core::Secret;

/// The one HTTP client; reading the system's certificates costs more than starting, so it is built when first needed.
#[derive(Debug)]
pub struct Http {
    ca_file: Option<PathBuf>,
    connect: Duration,
    client: OnceCell<Client>,
}

impl Http {
    /// A client that gives up connecting after `connect` and trusts `ca_file` besides the system's certificates.
    pub fn new(ca_file: Option<PathBuf>, connect: Duration) -> Self {
        Self { ca_file, connect, client: OnceCell::new() }
    }

    /// The client.
    ///
    /// # Errors
    /// Where the certificates can't be read.
    pub fn client(&self) -> Result<Client, Trouble> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = self.build()?;
        Ok(self.client.get_or_init(|| client).clone())
    }

    /// Sends a request once, with the credential, where there is one, in the header of this name; `now` is the time in seconds since 1970.
    ///
    /// # Errors
    /// Where it can't be sent, or the answer does not arrive whole.
    pub async fn send(
        &self,
        request: &Request,
        credential: Option<(&str, &Secret)>,
        now: i64,
    ) -> Result<Answer, Trouble> {
        let url = Url::parse(&request.url)
            .map_err(|_| Trouble::unable(format!("`{}` is not an address", request.url)))?;
        let mut builder = self.client()?.request(request.method.into(), url);
        if let Some((header, secret)) = credential {
            builder = builder.header(header, secret.expose());
        }
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        let response = builder.send().await.map_err(|error| Trouble::transport(&error))?;
        Answer::receive(response.into(), now).await
    }

    fn build(&self) -> Result<Client, Trouble> {
        client(&self.own_certificates()?, |builder| builder.connect_timeout(self.connect))
    }

    fn own_certificates(&self) -> Result<Vec<Certificate>, Trouble> {
        let Some(path) = &self.ca_file else {
            return Ok(Vec::new());
        };
        let bytes = devops_files::read(path, devops_files::WRITTEN_BY_HAND)
            .map_err(|error| Trouble::unable(format!("{}: can't be read: {error}", path.display())))?;
        Certificate::from_pem_bundle(&bytes)
            .map_err(|_| Trouble::unable(format!("{}: no certificates in PEM form", path.display())))
    }
}

/// A client of the house, shaped for its purpose, that trusts `own` certificates besides the system's.
///
/// # Errors
/// Where no client can be made.
pub fn client(
    own: &[Certificate],
    shape: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<Client, Trouble> {
    let builder = || {
        let builder = Client::builder()
            .user_agent(concat!("devops-action/", env!("CARGO_PKG_VERSION")))
            // A write that is sent elsewhere is not the write that was meant, and a token must not travel.
            .redirect(Policy::none());
        shape(builder)
    };
    if let Ok(client) = builder().tls_certs_merge(own.to_vec()).build() {
        return Ok(client);
    }
    // Containers made from scratch have no certificates at all, and then no client can be built.
    let bundled = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter_map(|certificate| Certificate::from_der(certificate).ok());
    builder()
        .tls_certs_only(own.iter().cloned().chain(bundled))
        .build()
        .map_err(|error| Trouble::unable(format!("no HTTP client: {error}")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Http;

    #[test]
    fn a_wrong_certificate_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let http = Http::new(Some(path.clone()), Duration::from_secs(1));
        let trouble = http.client().err().unwrap();
        assert!(trouble.message.contains("ca.pem: can't be read"), "{}", trouble.message);
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").unwrap();
        assert!(http.client().is_err());
    }
}
