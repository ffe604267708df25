//! Counts as they are told to everybody: rounded, so that nobody reads a stall's trade from a model, nor an hour's from two of them.

/// Steps of an eighth to a third, of which people make round sentences; the same again for every ten times as much.
const STEPS: [u32; 18] = [0, 3, 5, 7, 10, 12, 15, 20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 100];
/// From here on steps are multiples of those from ten on.
const FIRST: u32 = 10;
const LAST: u32 = 100;

/// The nearest step, the smaller of two. What is more is told as no less.
pub(super) fn told(count: u32) -> u32 {
    let mut scale = 1u32;
    while count / scale >= LAST {
        scale *= LAST / FIRST;
    }
    let steps = STEPS.iter().filter(|step| scale == 1 || **step >= FIRST);
    let steps = steps.map(|step| step.saturating_mul(scale));
    steps.min_by_key(|step| (step.abs_diff(count), *step)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_rounded_and_more_is_never_told_as_less() {
        let pairs = [(0, 0), (1, 0), (2, 3), (3, 3), (4, 3), (6, 5), (14, 15), (40, 40), (61, 60), (90, 90)];
        let large =
            [(91, 90), (96, 100), (104, 100), (106, 100), (107, 100), (112, 120), (950, 900), (951, 1_000)];
        for (count, expected) in pairs.into_iter().chain(large).chain([(123_456, 120_000)]) {
            assert_eq!(told(count), expected, "{count}");
        }
        let all: Vec<u32> = (0..20_000).map(told).collect();
        assert!(all.is_sorted());
    }
}
