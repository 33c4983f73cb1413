//! What makes two bodies the same request.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// A digest of what an endpoint read from a body. The order of keys, the words chosen for them, and fields that the
/// endpoint doesn't know make no difference; `"1.50"` and `1.5` of money are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Over the values by their paths, each with its length before it, so that no two sets make one text.
    pub(crate) fn of(read: &BTreeMap<String, String>) -> Self {
        let mut digest = Sha256::new();
        for (path, value) in read {
            for part in [path, value] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
        }
        Self(digest.finalize().into())
    }
}
