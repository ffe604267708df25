//! Secrets as they travel: a prefix says what a token is for, so that one is never taken for another.

use crate::secret::Token;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TokenKind {
    Session,
    Access,
    Refresh,
    /// Of a stall's own program.
    Key,
}

impl TokenKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Session => "soko_s_",
            Self::Access => "soko_a_",
            Self::Refresh => "soko_r_",
            Self::Key => "soko_k_",
        }
    }

    /// Whether a text says that it is such a token.
    pub(crate) fn claims(self, text: &str) -> bool {
        text.starts_with(self.prefix())
    }

    pub(crate) fn show(self, token: &Token) -> String {
        format!("{}{}", self.prefix(), token.reveal())
    }

    pub(crate) fn read(self, text: &str) -> Option<Token> {
        Token::from_hex(text.strip_prefix(self.prefix())?)
    }
}

/// Bytes written as hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok())).collect();
    let digits = digits?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
