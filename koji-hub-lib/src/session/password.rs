//! Passwords at rest: argon2. Those that stand in a Koji database in plain text are taken as they are, and stay, since a
//! Python hub knows no others.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::{Error, Result};

/// Each hash takes 19 MiB of memory, so few are made at a time, however many log in. It is never closed.
static TURNS: Semaphore = Semaphore::const_new(2);

/// What is stored of a password.
pub async fn hash_password(password: &str) -> Result<String> {
    let password = password.to_owned();
    let _turn = TURNS.acquire().await;
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    match hashed.await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(e)) => Err(Error::Config(format!("cannot hash the password: {e}"))),
        Err(e) => Err(Error::Config(format!("cannot hash the password: {e}"))),
    }
}

/// Whether a password is the one that is stored.
pub(super) async fn verify(password: &str, stored: &str) -> bool {
    if !stored.starts_with("$argon2") {
        return !stored.is_empty() && stored == password;
    }
    if KNOWN.has(password, stored) {
        return true;
    }
    let (given, hash) = (password.to_owned(), stored.to_owned());
    let _turn = TURNS.acquire().await;
    let right = tokio::task::spawn_blocking(move || {
        argon2::PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(given.as_bytes(), &hash).is_ok())
    });
    let right = right.await.unwrap_or(false);
    if right {
        KNOWN.add(password, stored);
    }
    right
}

/// Passwords that were found right, so that programs that log in again and again do not wait for argon2 each time. Kept in
/// memory alone, as digests with a key that this process made; another stored hash is another entry.
static KNOWN: LazyLock<Known> =
    LazyLock::new(|| Known { key: rand::random(), digests: Mutex::new(HashMap::with_capacity(Known::MOST)) });

struct Known {
    key: [u8; 32],
    digests: Mutex<HashMap<String, [u8; 32]>>,
}

impl Known {
    /// How many are kept; when there are more, all are forgotten.
    const MOST: usize = 1000;

    fn digest(&self, password: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.key).chain_update(password).finalize().into()
    }

    fn has(&self, password: &str, stored: &str) -> bool {
        let digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        digests.get(stored).is_some_and(|known| *known == self.digest(password))
    }

    fn add(&self, password: &str, stored: &str) {
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        if digests.len() >= Self::MOST {
            digests.clear();
        }
        digests.insert(stored.to_owned(), self.digest(password));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn passwords_are_stored_hashed_and_plain_ones_are_taken() {
        let stored = hash_password("secret").await.unwrap();
        assert!(stored.starts_with("$argon2id$") && stored.len() < 255);
        for _ in 0..2 {
            assert!(verify("secret", &stored).await);
            assert!(!verify("other", &stored).await);
        }
        let changed = hash_password("new").await.unwrap();
        assert!(!verify("secret", &changed).await);
        assert!(verify("plain", "plain").await);
        assert!(!verify("", "").await);
    }
}
