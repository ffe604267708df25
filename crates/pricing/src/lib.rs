//! Prices that learn: how a product sells at which price, what follows for its price, between which limits, and why.
//!
//! Pure: no clock, no random source, no file. Days, hours and seeds come in as arguments. It knows days of sales, never who
//! bought: a price for one person cannot be asked for. Inside there are floats; what comes out as money is whole minor units,
//! rounded in one place, and lies between the limits of `guard`, which every caller asks again before a price is changed.

pub mod belief;
pub mod decide;
pub mod endings;
pub mod finite;
pub mod guard;
pub mod history;
pub mod pool;
pub mod seeds;
pub mod spread;
pub mod suggest;
