//! Passwords at rest: argon2. Plain ones of Koji's databases are taken once, and replaced.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
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

/// How a password compares with what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Wrong,
    Right,
    /// Right, and stored in plain text.
    RightButPlain,
}

pub(super) async fn verify(password: &str, stored: &str) -> Verdict {
    if !stored.starts_with("$argon2") {
        return if !stored.is_empty() && stored == password { Verdict::RightButPlain } else { Verdict::Wrong };
    }
    let (password, stored) = (password.to_owned(), stored.to_owned());
    let _turn = TURNS.acquire().await;
    let right = tokio::task::spawn_blocking(move || {
        argon2::PasswordHash::new(&stored)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    });
    if right.await.unwrap_or(false) { Verdict::Right } else { Verdict::Wrong }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn passwords_are_stored_hashed_and_plain_ones_are_noticed() {
        let stored = hash_password("secret").await.unwrap();
        assert!(stored.starts_with("$argon2id$") && stored.len() < 255);
        assert_eq!(verify("secret", &stored).await, Verdict::Right);
        assert_eq!(verify("other", &stored).await, Verdict::Wrong);
        assert_eq!(verify("plain", "plain").await, Verdict::RightButPlain);
        assert_eq!(verify("", "").await, Verdict::Wrong);
    }
}
