//! The key that signs access tokens: given by the environment, or made at the first start.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use api_contract::PublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{self, DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::EncodingKey;
use sha2::{Digest, Sha256};

use crate::auth::KeyConfig;

/// Why there is no signing key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The environment's key can't be used.
    #[error("DAYBOOK_JWT_KEY must be an Ed25519 key as PKCS #8 PEM, or the path of a file with one")]
    Given(#[source] Box<KeyError>),
    /// The file can't be read or made.
    #[error("the signing key {0} could not be read or made")]
    File(PathBuf, #[source] io::Error),
    /// Anybody on the machine could sign with it.
    #[error("the signing key {0} can be read by others: give it mode 0600")]
    Exposed(PathBuf),
    /// Not a key.
    #[error("not an Ed25519 key as PKCS #8 PEM")]
    NotAKey(#[from] pkcs8::Error),
}

/// A pair of keys. The private half leaves this process only for its file.
#[derive(Clone)]
pub struct KeyPair {
    kid: String,
    public: [u8; 32],
    private: EncodingKey,
}

impl KeyPair {
    /// The key that the configuration names, made now if there is none yet.
    pub fn load(config: &KeyConfig) -> Result<Self, KeyError> {
        match &config.key {
            Some(given) => Self::given(given).map_err(|error| KeyError::Given(Box::new(error))),
            None => Self::own(&config.folder),
        }
    }

    fn given(given: &str) -> Result<Self, KeyError> {
        if given.trim_start().starts_with("-----BEGIN") {
            // Some tools can't put a line break into a variable.
            return Self::from_pem(&given.replace("\\n", "\n"));
        }
        Self::from_file(Path::new(given))
    }

    fn own(folder: &Path) -> Result<Self, KeyError> {
        let file = folder.join("signing.pem");
        if !file.exists() {
            make(folder, &file)?;
        }
        Self::from_file(&file)
    }

    fn from_file(file: &Path) -> Result<Self, KeyError> {
        let failed = |error| KeyError::File(file.to_owned(), error);
        let mode = fs::metadata(file).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed(file.to_owned()));
        }
        Self::from_pem(&fs::read_to_string(file).map_err(failed)?)
    }

    fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = SigningKey::from_pkcs8_pem(pem.trim())?;
        let public = key.verifying_key().to_bytes();
        let private = EncodingKey::from_ed_der(key.to_pkcs8_der()?.as_bytes());
        Ok(Self { kid: thumbprint(&public), public, private })
    }

    /// The key's id in the header of a token.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The half that everybody may know.
    pub fn public(&self) -> PublicKey {
        PublicKey { kid: self.kid.clone(), key: self.public }
    }

    /// The half that signs.
    pub(crate) fn private(&self) -> &EncodingKey {
        &self.private
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// The JWK thumbprint of RFC 7638, so that one key has one id wherever it is loaded.
fn thumbprint(public: &[u8; 32]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

/// Makes a key in `file`: whole or not at all, and of two processes that start at once one makes it.
fn make(folder: &Path, file: &Path) -> Result<(), KeyError> {
    let pem = SigningKey::from_bytes(&rand::random()).to_pkcs8_pem(LineEnding::LF)?;
    let draft = folder.join(format!("signing.pem.{}", std::process::id()));
    let write = || {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        out.write_all(pem.as_bytes())?;
        out.sync_all()?;
        // Unlike a rename, a link never replaces the key that another process has made meanwhile.
        match fs::hard_link(&draft, file) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::remove_file(&draft),
        }
    };
    write().map_err(|error| KeyError::File(file.to_owned(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_key_that_only_its_owner_reads_and_later_starts_find_it() {
        let home = tempfile::tempdir().unwrap();
        let config = KeyConfig { key: None, folder: home.path().join("keys") };
        let made = KeyPair::load(&config).unwrap();
        assert_eq!(KeyPair::load(&config).unwrap().public(), made.public());
        let file = config.folder.join("signing.pem");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&config.folder).unwrap().count(), 1);

        let pem = fs::read_to_string(&file).unwrap();
        for given in [pem.clone(), pem.replace('\n', "\\n"), file.to_str().unwrap().to_owned()] {
            let given = KeyConfig { key: Some(given), folder: "/nowhere".into() };
            assert_eq!(KeyPair::load(&given).unwrap().public(), made.public());
        }

        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(KeyPair::load(&config), Err(KeyError::Exposed(_))));
    }

    #[test]
    fn a_key_that_is_none_is_named() {
        for given in
            ["-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "/no/such/file", "secret"]
        {
            let config = KeyConfig { key: Some(given.to_owned()), folder: "/nowhere".into() };
            assert!(KeyPair::load(&config).unwrap_err().to_string().contains("DAYBOOK_JWT_KEY"), "{given}");
        }
    }

    #[test]
    fn a_key_id_is_the_thumbprint_of_the_standard() {
        // RFC 8037, appendix A.3.
        let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(thumbprint(&x.try_into().unwrap()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn debugging_shows_no_secret() {
        let home = tempfile::tempdir().unwrap();
        let key = KeyPair::load(&KeyConfig { key: None, folder: home.path().into() }).unwrap();
        assert_eq!(format!("{key:?}"), format!("KeyPair {{ kid: {:?}, .. }}", key.kid()));
    }
}
