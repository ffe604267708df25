//! Passwords: which are accepted, how they are kept, how one is checked. Slow on purpose; whoever calls this
//! limits how many run at once.

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};

pub const CHARS_MIN: usize = 12;
/// Longer input only costs time.
pub const BYTES_MAX: usize = 512;

/// Passwords of allowed length that guessers try first, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// What one hash costs. A stored hash of another cost is replaced at the next sign-in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2 }
    }
}

/// Why a password is not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Weak {
    #[error("the password needs at least {CHARS_MIN} characters: several unrelated words do well")]
    Short,
    #[error("the password is longer than {BYTES_MAX} bytes")]
    Long,
    #[error("this password is among the first that guessers try: choose several unrelated words")]
    Common,
    #[error("the password must not be made from the e-mail address")]
    LikeEmail,
}

/// Whether a new password is good enough.
pub fn accept(password: &str, email: &str) -> Result<(), Weak> {
    if password.len() > BYTES_MAX {
        return Err(Weak::Long);
    }
    if password.chars().count() < CHARS_MIN {
        return Err(Weak::Short);
    }
    let lower = password.to_lowercase();
    if COMMON.lines().any(|common| common == lower) || has_few_letters(password) {
        return Err(Weak::Common);
    }
    let person = email.split('@').next().unwrap_or_default().to_lowercase();
    if lower == email.to_lowercase() || (person.len() >= 6 && lower.starts_with(&person)) {
        return Err(Weak::LikeEmail);
    }
    Ok(())
}

/// The password cannot be hashed: the parameters or the memory do not allow it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("passwords cannot be hashed here: {0}")]
pub struct HashFault(String);

/// What a check found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checked {
    Wrong,
    Right,
    /// Right, and kept at another cost than is wanted now.
    RightButOld,
}

/// Hashes and checks at one cost.
#[derive(Clone, Debug)]
pub struct Passwords {
    cost: Cost,
    engine: Argon2<'static>,
    /// Checked when there is no account, so that the answer takes as long.
    nobody: String,
}

impl Passwords {
    pub fn new(cost: Cost) -> Result<Self, HashFault> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None).map_err(fault)?;
        let engine = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash_with(&engine, "nobody has this password", [0; 16])?;
        Ok(Self { cost, engine, nobody })
    }

    /// The text to keep.
    pub fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, HashFault> {
        hash_with(&self.engine, password, salt)
    }

    /// Compares with what is kept; without an account the same work is done, and the answer is `Wrong`.
    pub fn check(&self, password: &str, kept: Option<&str>) -> Checked {
        let Ok(hash) = PasswordHash::new(kept.unwrap_or(&self.nobody)) else {
            return Checked::Wrong;
        };
        let bounded = if password.len() > BYTES_MAX { "" } else { password };
        if self.engine.verify_password(bounded.as_bytes(), &hash).is_err() || kept.is_none() {
            return Checked::Wrong;
        }
        if self.is_current(&hash) { Checked::Right } else { Checked::RightButOld }
    }

    fn is_current(&self, hash: &PasswordHash) -> bool {
        Params::try_from(hash)
            .is_ok_and(|kept| kept.m_cost() == self.cost.memory_kib && kept.t_cost() == self.cost.passes)
    }
}

fn hash_with(engine: &Argon2<'_>, password: &str, salt: [u8; 16]) -> Result<String, HashFault> {
    engine.hash_password_with_salt(password.as_bytes(), &salt).map(|hash| hash.to_string()).map_err(fault)
}

fn fault(error: impl std::fmt::Display) -> HashFault {
    HashFault(error.to_string())
}

/// "aaaaaaaaaaaa" and "123412341234".
fn has_few_letters(password: &str) -> bool {
    let mut letters: Vec<char> = password.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len() < 5
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };

    #[test]
    fn guessable_passwords_are_refused() {
        let cases = [
            ("short", Err(Weak::Short)),
            ("ÄÖÜäöüÄÖÜäö", Err(Weak::Short)),
            ("Password1234", Err(Weak::Common)),
            ("121212121212", Err(Weak::Common)),
            ("amina.market9", Err(Weak::LikeEmail)),
            ("orchid ladder frost", Ok(())),
            ("ÄÖÜäöüÄÖÜäöx", Ok(())),
        ];
        for (password, expected) in cases {
            assert_eq!(accept(password, "amina.market@example.org"), expected, "{password}");
        }
        assert_eq!(accept(&"ab1 ".repeat(200), "a@b.c"), Err(Weak::Long));
    }

    #[test]
    fn the_list_holds_only_passwords_that_length_alone_would_let_through() {
        for common in COMMON.lines() {
            assert!(common.chars().count() >= CHARS_MIN && common == common.to_lowercase(), "{common}");
        }
    }

    #[test]
    fn a_hash_is_checked_and_grows_with_the_cost() {
        let cheap = Passwords::new(CHEAP).unwrap();
        let dearer = Passwords::new(Cost { memory_kib: 16, passes: 1 }).unwrap();
        let kept = cheap.hash("orchid ladder frost", [7; 16]).unwrap();
        assert_eq!(cheap.check("orchid ladder frost", Some(&kept)), Checked::Right);
        assert_eq!(dearer.check("orchid ladder frost", Some(&kept)), Checked::RightButOld);
        assert_eq!(cheap.check("orchid ladder frosT", Some(&kept)), Checked::Wrong);
        assert_eq!(cheap.check("nobody has this password", None), Checked::Wrong);
        assert_eq!(cheap.check("anything", Some("not a hash")), Checked::Wrong);
    }

    #[test]
    fn the_default_is_what_owasp_asks_for() {
        let kept = Passwords::new(Cost::default()).unwrap().hash("orchid ladder frost", [7; 16]).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
    }
}
