//! Packing a trained model: products in the order of their fingerprints, factors as whole numbers of a byte, and as many
//! neighbours as the room allows.

use super::bytes::{MAGIC, number, scale};
use super::score::rounded;
use super::{DIMENSION_MAX, PACKED_BYTES_MAX, PACKED_PRODUCTS_MAX, ProductId, fingerprint};
use crate::train::{Histories, Model, Neighbour};

/// What is packed.
pub struct Contents<'a> {
    /// By number.
    pub ids: &'a [ProductId],
    pub model: &'a Model,
    /// What the model was trained on: it says how far apart the scores of its parts are.
    pub histories: &'a Histories,
    /// In how many baskets each product was, where that is not the same as in histories.
    pub counts: &'a [u32],
    /// For each product, by number, what was bought together with it.
    pub together: &'a [Vec<Pair>],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pair {
    pub product: u32,
    /// In how many baskets both were.
    pub both: u32,
}

/// Why a model cannot be packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unpackable {
    TooManyProducts,
    TooManyFactors,
    /// Lists that do not belong together, or two products with one id.
    Unlike,
    TooLarge,
}

impl std::fmt::Display for Unpackable {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(match self {
            Self::TooManyProducts => "a packed model has at most 65,536 products",
            Self::TooManyFactors => "a packed model has at most 512 factors",
            Self::Unlike => "the lists of a model must be of the same products, each once",
            Self::TooLarge => "the model does not fit even without neighbours",
        })
    }
}

impl std::error::Error for Unpackable {}

/// What is kept of the neighbours.
#[derive(Clone, Copy)]
struct Room {
    /// How many weights of the whole catalogue: a product with strong neighbours keeps more of them.
    near: usize,
    /// For each product.
    together: usize,
}

/// All weights, the largest first, so that any number of them has its smallest.
struct Weights(Vec<f32>);

impl Weights {
    fn of(near: &[Vec<Neighbour>]) -> Self {
        let mut all: Vec<f32> =
            near.iter().flatten().map(|it| it.weight.abs()).filter(|it| *it > 0.0).collect();
        all.sort_unstable_by(|a, b| b.total_cmp(a));
        Self(all)
    }

    fn smallest_of(&self, count: usize) -> f32 {
        count.checked_sub(1).and_then(|at| self.0.get(at)).copied().unwrap_or(f32::INFINITY)
    }
}

/// # Errors
/// Where the contents do not fit.
pub fn pack(contents: &Contents<'_>) -> Result<Vec<u8>, Unpackable> {
    pack_within(contents, PACKED_BYTES_MAX)
}

/// The same with less room.
pub(crate) fn pack_within(contents: &Contents<'_>, bytes_max: usize) -> Result<Vec<u8>, Unpackable> {
    let products = contents.ids.len();
    if products > PACKED_PRODUCTS_MAX {
        return Err(Unpackable::TooManyProducts);
    }
    if contents.model.factors.dimension() > DIMENSION_MAX {
        return Err(Unpackable::TooManyFactors);
    }
    if contents.counts.len() != products
        || contents.together.len() != products
        || contents.model.counts.len() != products
    {
        return Err(Unpackable::Unlike);
    }
    let order = Order::of(contents.ids)?;
    let near = contents.model.near(contents.histories);
    let weights = Weights::of(&near);
    // Each takes two bytes or more.
    let mut room = Room { near: weights.0.len().min(PACKED_BYTES_MAX / 2), together: 64 };
    loop {
        let bytes = write(contents, &order, (&near, weights.smallest_of(room.near)), room);
        if bytes.len() <= bytes_max {
            return Ok(bytes);
        }
        // What was bought together is what a register shows: it goes last.
        room = match room {
            Room { near: 0, together: 0 } => return Err(Unpackable::TooLarge),
            Room { near: 0, together } => Room { near: 0, together: together * 7 / 8 },
            Room { near, together } => Room { near: near * 15 / 16, together },
        };
    }
}

/// The products by fingerprint, and where each one went.
pub(crate) struct Order {
    pub(crate) salt: u8,
    pub(crate) sorted: Vec<(u64, usize)>,
    pub(crate) place: Vec<u32>,
}

impl Order {
    pub(crate) fn of(ids: &[ProductId]) -> Result<Self, Unpackable> {
        for salt in 0..=u8::MAX {
            let mut sorted: Vec<(u64, usize)> =
                ids.iter().enumerate().map(|(at, id)| (fingerprint(salt, id), at)).collect();
            sorted.sort_unstable();
            if sorted.windows(2).all(|pair| pair[0].0 != pair[1].0) {
                let mut place = vec![0; ids.len()];
                for (to, (_, from)) in (0u32..).zip(&sorted) {
                    place[*from] = to;
                }
                return Ok(Self { salt, sorted, place });
            }
        }
        Err(Unpackable::Unlike)
    }
}

fn write(
    contents: &Contents<'_>,
    order: &Order,
    (near, smallest): (&[Vec<Neighbour>], f32),
    room: Room,
) -> Vec<u8> {
    let model = contents.model;
    let mut to = MAGIC.to_vec();
    to.push(order.salt);
    to.extend(u32::try_from(order.sorted.len()).unwrap_or(u32::MAX).to_be_bytes());
    let dimension = model.factors.dimension();
    to.extend(u16::try_from(dimension).unwrap_or(u16::MAX).to_be_bytes());
    let ials = model.parameters.ials;
    let near_weight = if near.iter().any(|it| !it.is_empty()) { model.near_weight() } else { 0.0 };
    for value in
        [ials.unobserved, ials.regularisation, ials.exponent, model.parameters.blend.ials, near_weight]
    {
        to.extend(value.to_be_bytes());
    }
    let mut before = 0;
    for (fingerprint, product) in &order.sorted {
        number(fingerprint - before, &mut to);
        before = *fingerprint;
        number(u64::from(contents.counts[*product]), &mut to);
        scaled(model.factors.product(*product).iter().copied(), &mut to);
        write_near(&near[*product], order, smallest, &mut to);
        write_together(&contents.together[*product], order, room.together, &mut to);
    }
    let gram = model.factors.gram();
    for row in 0..dimension {
        for column in row..dimension {
            to.extend(gram(row, column).to_be_bytes());
        }
    }
    to
}

fn write_near(near: &[Neighbour], order: &Order, smallest: f32, to: &mut Vec<u8>) {
    let kept: Vec<&Neighbour> = near.iter().filter(|it| it.weight.abs() >= smallest).collect();
    let exponent = exponent(kept.iter().map(|it| it.weight));
    let step = scale(exponent);
    let whole = |weight: f32| whole(weight / step);
    let mut placed: Vec<(u32, i8)> = kept
        .iter()
        .map(|it| (order.place[crate::train::index(it.product)], whole(it.weight)))
        .filter(|(_, weight)| *weight != 0)
        .collect();
    placed.sort_unstable();
    number(length(placed.len()), to);
    to.push(exponent);
    let mut next = 0;
    for (product, weight) in placed {
        number(u64::from(product - next), to);
        to.push(weight.cast_unsigned());
        next = product + 1;
    }
}

fn write_together(together: &[Pair], order: &Order, most: usize, to: &mut Vec<u8>) {
    let mut kept: Vec<Pair> = together.to_vec();
    kept.sort_unstable_by_key(|it| (std::cmp::Reverse(it.both), it.product));
    kept.truncate(most);
    let mut placed: Vec<(u32, u32)> =
        kept.iter().map(|it| (order.place[crate::train::index(it.product)], it.both)).collect();
    placed.sort_unstable();
    number(length(placed.len()), to);
    let mut next = 0;
    for (product, both) in placed {
        number(u64::from(product - next), to);
        number(u64::from(both), to);
        next = product + 1;
    }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The step for a row of numbers, and the numbers in steps.
fn scaled(values: impl Iterator<Item = f32> + Clone, to: &mut Vec<u8>) {
    let exponent = exponent(values.clone());
    to.push(exponent);
    let step = scale(exponent);
    to.extend(values.map(|value| whole(value / step).cast_unsigned()));
}

pub(crate) fn whole(value: f32) -> i8 {
    i8::try_from(rounded(value).clamp(-127, 127)).unwrap_or(0)
}

/// The smallest scale with which the largest number still fits a byte.
pub(crate) fn exponent(values: impl Iterator<Item = f32>) -> u8 {
    let largest = values.fold(0.0f32, |most, value| most.max(value.abs()));
    if largest == 0.0 {
        return 0;
    }
    u8::try_from(rounded(((largest / 127.0).log2() * 16.0 + 224.0).ceil()).clamp(0, 255)).unwrap_or(0)
}
