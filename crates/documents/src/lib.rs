//! What people edit: a product, a category, a price list, a stall's profile, an open order, each one small
//! Automerge document. Concurrent edits merge field by field, and nobody's edit is lost in silence.
//!
//! A document is one flat map of scalar registers under names from a closed schema ("name",
//! "barcode/4006381333931", "line/<id>/quantity"). It holds no nested object on purpose: a map or list that
//! two devices create apart would hide one of them, and a flat map leaves a hostile change very little to
//! forge. What every replica must share, the root, is one fixed genesis change per kind.
//!
//! The way in for bytes from outside is always [`prescan`] first, which parses a change without Automerge, and
//! on a server [`worker::handle`] in a child process with limits of its own. Stock, money, grants, permissions
//! and personal data are never in a document: its history keeps what was deleted.
//!
//! Not here: storage, transport, signatures, clocks and randomness. Actors and moments come in as arguments.

mod body;
mod document;
mod edit;
mod fields;
mod genesis;
mod kind;
pub mod limits;
mod prescan;
mod problem;
mod refused;
mod schema;
mod values;
pub mod worker;

pub use body::ChangeBody;
pub use document::{Document, Edited};
pub use edit::{Edit, EditRefused};
pub use fields::{Fields, Typed};
pub use kind::DocumentKind;
pub use limits::Limits;
pub use prescan::{Scanned, ScannedOp, prescan};
pub use problem::{Problem, Scalar};
pub use refused::{Part, Refused};
pub use schema::Field;
pub use values::{Category, OpenOrder, OrderLine, PriceList, Product, Stall, Value, off_edits};
pub use worker::{Applied, apply_checked};
