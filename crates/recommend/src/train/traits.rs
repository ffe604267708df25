//! Products that nobody met yet: what is known of them is what they are like, by category, words of the name and price. Their factors
//! are those of the products that share most of that, held back by how much that is.

use std::collections::BTreeMap;

use super::histories::index;
use super::ials::Factors;
use super::weighed::Weighed;

/// Of how many products a new one is the middle.
const ALIKE_MAX: usize = 8;
/// Sharing less than this with every other says nothing.
const LIKENESS_MIN: f32 = 0.2;

/// The vectors of those that nobody met, by number. `traits`: of each product, numbers of any kind, each once.
pub(super) fn of_new(factors: &Factors, weighed: &Weighed, traits: &[Vec<u32>]) -> Vec<(usize, Vec<f32>)> {
    let is_met = met(weighed);
    let mut holders: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (product, own) in traits.iter().enumerate().filter(|(product, _)| is_met[*product]) {
        own.iter().for_each(|it| holders.entry(*it).or_default().push(product));
    }
    let count = is_met.iter().filter(|is_met| **is_met).count() as f32;
    // What few have says more. What nobody has who was met says nothing.
    let worth = |it: &u32| holders.get(it).map_or(0.0, |of| (1.0 + count / of.len() as f32).ln());
    let length = |own: &[u32]| own.iter().map(|it| worth(it) * worth(it)).sum::<f32>().sqrt();
    let lengths: Vec<f32> = traits.iter().map(|own| length(own)).collect();
    let mut shared = vec![0.0f32; traits.len()];
    let mut touched: Vec<usize> = Vec::new();
    let mut new = Vec::new();
    for (product, own) in traits.iter().enumerate().filter(|(product, _)| !is_met[*product]) {
        for it in own {
            let square = worth(it) * worth(it);
            for other in holders.get(it).into_iter().flatten() {
                if shared[*other] == 0.0 {
                    touched.push(*other);
                }
                shared[*other] += square;
            }
        }
        let alike = touched.drain(..).map(|other| {
            let lengths = lengths[product] * lengths[other];
            (other, std::mem::take(&mut shared[other]) / lengths.max(f32::MIN_POSITIVE))
        });
        let mut near: Vec<(usize, f32)> = alike.filter(|(_, alike)| *alike >= LIKENESS_MIN).collect();
        near.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        near.truncate(ALIKE_MAX);
        if let Some(middle) = middle(factors, &near) {
            new.push((product, middle));
        }
    }
    new
}

/// Which products somebody bought or wanted.
fn met(weighed: &Weighed) -> Vec<bool> {
    let mut is_met = vec![false; weighed.products()];
    for row in 0..weighed.rows() {
        let (had, weights) = weighed.row(row);
        for (product, _) in had.iter().zip(weights).filter(|(_, weight)| **weight > 0.0) {
            is_met[index(*product)] = true;
        }
    }
    is_met
}

fn middle(factors: &Factors, near: &[(usize, f32)]) -> Option<Vec<f32>> {
    let (_, most) = *near.first()?;
    let sum: f32 = near.iter().map(|(_, alike)| alike).sum();
    let mut middle = vec![0.0; factors.dimension()];
    for (other, alike) in near {
        for (to, from) in middle.iter_mut().zip(factors.product(*other)) {
            *to += most * alike / sum * from;
        }
    }
    Some(middle)
}
