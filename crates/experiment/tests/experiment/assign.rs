//! Who gets which arm.

use soko_experiment::assign::{BadShares, Shares};

fn arms(shares: &Shares, experiment: &[u8], people: u64) -> Vec<Option<usize>> {
    (0..people).map(|person| shares.arm(experiment, &person.to_be_bytes())).collect()
}

#[test]
fn a_person_stays_in_their_arm_and_the_hash_never_changes() {
    let shares = Shares::new(&[400_000, 400_000]).unwrap();
    // Devices of different versions must agree: these are written down and never change.
    let found: Vec<_> = arms(&shares, b"first", 12);
    let letter = |arm: &Option<usize>| arm.map_or('-', |arm| if arm == 0 { 'a' } else { 'b' });
    assert_eq!(found.iter().map(letter).collect::<String>(), "-bbaabbaaabb");
    assert_eq!(found, arms(&shares, b"first", 12));
}

#[test]
fn people_are_shared_out_as_planned_and_the_rest_stays_outside() {
    const PEOPLE: u64 = 200_000;
    for parts in [[500_000, 500_000], [100_000, 300_000], [1, 999_999]] {
        let shares = Shares::new(&parts).unwrap();
        let found = arms(&shares, b"any", PEOPLE);
        let outside = 1_000_000 - parts[0] - parts[1];
        for (arm, part) in [(Some(0), parts[0]), (Some(1), parts[1]), (None, outside)] {
            let (count, part) = (found.iter().filter(|it| **it == arm).count() as f64, f64::from(part) / 1e6);
            let wanted = part * PEOPLE as f64;
            let spread = (wanted * (1.0 - part)).sqrt();
            assert!((count - wanted).abs() <= 4.0 * spread + 1e-6, "{count} of {arm:?}, not {wanted}");
        }
    }
}

#[test]
fn one_experiment_says_nothing_of_another() {
    const PEOPLE: u64 = 100_000;
    let shares = Shares::new(&[500_000, 500_000]).unwrap();
    let (first, second) = (arms(&shares, b"first", PEOPLE), arms(&shares, b"second", PEOPLE));
    let both = first.iter().zip(&second).filter(|(first, second)| first == second).count() as f64;
    assert!((both / PEOPLE as f64 - 0.5).abs() < 0.01, "{both}");
}

#[test]
fn shares_are_refused() {
    for (parts, bad) in [
        (&[][..], BadShares::TooFew),
        (&[1_000_000], BadShares::TooFew),
        (&[100_000; 9], BadShares::TooMany),
        (&[500_000, 0], BadShares::Empty),
        (&[500_000, 500_001], BadShares::TooLarge),
        (&[u32::MAX, u32::MAX], BadShares::TooLarge),
    ] {
        assert_eq!(Shares::new(parts), Err(bad), "{parts:?}");
    }
}
