//! Everything that this part of the server may refuse, in order of precedence. Each says what to do about it.

use soko_domain::review::Unfit;
use soko_record_log::StoreError;

use crate::core::CoreRefusal;
use crate::platform::introduction::Unproven;
use crate::platform::passwords::Weak;
use crate::platform::program_keys::Scope;
use crate::store::JobError;

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    #[error("sign in first: the request carries no session or token that is in force")]
    NotSignedIn,
    #[error("nobody used this session for long, or it is old: sign in again")]
    SessionExpired,
    #[error("this is not the e-mail address and password of an account")]
    WrongCredentials,
    #[error("this device was revoked: ask the stall's owner to enrol it as a new one")]
    DeviceRevoked,
    #[error("this token was used before by somebody else: the device's access was ended, enrol it again")]
    RefreshReused,
    #[error("this refresh token is not in force: enrol the device again")]
    RefreshUnknown,
    #[error("the signature over the refresh token is not by the device's key")]
    SignatureWrong,
    #[error("there is no such stall, or you have nothing to do with it")]
    NoSuchStall,
    #[error("your role at this stall does not allow this: ask its owner or a manager")]
    NotAllowed,
    #[error(
        "a program's key reads what `/docs` lists under \"programs\", and nothing else: use a session for this"
    )]
    NotForKeys,
    #[error("this key has no {}: make one that has it", .0.name())]
    ScopeMissing(Scope),
    #[error("there is no such device at this stall")]
    NoSuchDevice,
    #[error("this stall has no such key, or it was ended before")]
    NoSuchKey,
    #[error("this stall tells no such address")]
    NoSuchHook,
    #[error("this stall has no such address of prices")]
    NoSuchFeed,
    #[error("there is no such order at this stall, or it is not yours")]
    NoSuchOrder,
    #[error("there is no such review at this stall, or it is hidden")]
    NoSuchReview,
    #[error(transparent)]
    Review(#[from] Unfit),
    #[error("there is no account with this e-mail address: ask the person to create one first")]
    NoSuchPerson,
    #[error("this account is no member of the stall")]
    NoSuchMember,
    #[error("this enrolment code is not in force: it works once and for ten minutes, ask for another")]
    CodeUnknown,
    #[error("the e-mail address cannot be read: it needs the form name@host")]
    EmailUnreadable,
    #[error(transparent)]
    WeakPassword(#[from] Weak),
    #[error(
        "the name needs 1 to {} characters and no control characters",
        crate::platform::devices::NAME_CHARS_MAX
    )]
    NameUnusable,
    #[error(transparent)]
    Unproven(#[from] Unproven),
    #[error("the introduction belongs to another stall than the request")]
    OtherStall,
    #[error("this is no JPEG, PNG or WebP picture of at most 512 KiB")]
    NoPicture,
    #[error("the bytes are not those that the address names: name them by their SHA-256")]
    OtherPicture,
    #[error("this is the e-mail address of this account already")]
    SameEmail,
    #[error("this was asked for {0} times within a day: try again tomorrow")]
    TooOften(u32),
    #[error("an account with this e-mail address exists: sign in, or use another address")]
    AccountExists,
    #[error("the stall belongs to somebody else")]
    StallTaken,
    #[error("another introduction of this author is known: make a new author")]
    AuthorTaken,
    #[error(
        "this enrolment was completed and its token used: refresh with the newest token, or enrol with a new code"
    )]
    AlreadyEnrolled,
    #[error("a stall needs an owner: make somebody else owner first")]
    LastOwner,
    #[error("this account was locked by whoever runs this market: ask them why")]
    AccountLocked,
    #[error("you are no operator of this market: an admin of it can make you one")]
    NotTheOperator,
    #[error("this needs the rank of {0}: ask an admin of this market")]
    RankTooLow(&'static str),
    #[error(
        "whoever does this does it by name: sign in as an operator. The key names the first admin, and looks"
    )]
    NotByName,
    #[error("the market needs an admin: make somebody else one first")]
    LastAdmin,
    #[error("there are as many as allowed, {0}: remove one first")]
    TooMany(u32),
    /// What the inside of a stall refused.
    #[error(transparent)]
    Core(CoreRefusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CoreRefusal> for Refusal {
    fn from(refusal: CoreRefusal) -> Self {
        match refusal {
            CoreRefusal::Store(error) => Self::Store(error),
            refused @ CoreRefusal::Refused { .. } => Self::Core(refused),
        }
    }
}

impl Refusal {
    /// The stable name that programs look at.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "not_signed_in",
            Self::SessionExpired => "session_expired",
            Self::WrongCredentials => "wrong_credentials",
            Self::DeviceRevoked => "device_revoked",
            Self::RefreshReused => "refresh_reused",
            Self::RefreshUnknown => "refresh_unknown",
            Self::SignatureWrong => "signature_wrong",
            Self::NoSuchStall => "no_such_stall",
            Self::NotAllowed => "not_allowed",
            Self::NotForKeys => "not_for_keys",
            Self::ScopeMissing(_) => "scope_missing",
            Self::NoSuchDevice => "no_such_device",
            Self::NoSuchKey => "no_such_key",
            Self::NoSuchHook => "no_such_hook",
            Self::NoSuchFeed => "no_such_feed",
            Self::NoSuchOrder => "no_such_order",
            Self::NoSuchReview => "no_such_review",
            Self::Review(unfit) => unfit.code(),
            Self::NoSuchPerson => "no_such_person",
            Self::NoSuchMember => "no_such_member",
            Self::CodeUnknown => "code_unknown",
            Self::EmailUnreadable => "email_unreadable",
            Self::WeakPassword(_) => "weak_password",
            Self::NameUnusable => "name_unusable",
            Self::Unproven(_) => "introduction_unproven",
            Self::OtherStall => "other_stall",
            Self::NoPicture => "no_picture",
            Self::OtherPicture => "other_picture",
            Self::SameEmail => "same_email",
            Self::TooOften(_) => "too_often",
            Self::AccountExists => "account_exists",
            Self::StallTaken => "stall_taken",
            Self::AuthorTaken => "author_taken",
            Self::AlreadyEnrolled => "already_enrolled",
            Self::LastOwner => "last_owner",
            Self::AccountLocked => "account_locked",
            Self::NotTheOperator => "not_the_operator",
            Self::RankTooLow(_) => "rank_too_low",
            Self::NotByName => "not_by_name",
            Self::LastAdmin => "last_admin",
            Self::TooMany(_) => "too_many",
            Self::Core(CoreRefusal::Refused { code, .. }) => code,
            Self::Core(CoreRefusal::Store(_)) | Self::Store(_) => "store",
        }
    }
}

impl JobError for Refusal {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) | Self::Core(CoreRefusal::Store(error)) = self { Some(error) } else { None }
    }
}
