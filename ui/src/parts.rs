//! What screens are built of. A part knows how it looks and behaves, and nothing about a shop.

mod because;
mod chart;
mod dialog;
mod field;
mod given_up;
mod icon;
mod list;
mod qr;
mod sheet;
mod states;
mod toasts;

pub use because::because;
pub use chart::{Chart, ChartKind, Heat, Mark};
pub use dialog::{Confirm, Dialog};
pub use field::{Choice, Field, SearchBox, Segmented, Stepper, TextArea, use_id};
pub use given_up::{given_up, left_at_that};
pub use icon::{Icon, icon};
pub use list::{Slot, Windowed};
pub use qr::{Qr, Squares};
pub use sheet::{Cell, Sheet, SheetNote};
pub use states::{Badge, Busy, Empty, Loading, Photo, Problem, SavedTone};
pub use toasts::ToastShelf;
