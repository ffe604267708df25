//! The few functions of mathematics that the standard library lacks.

use std::f64::consts::{FRAC_PI_2, PI};

/// The logarithm of the gamma function, for x above 0 (Stirling's series behind ten).
pub(crate) fn ln_gamma(mut x: f64) -> f64 {
    let mut below = 0.0;
    while x < 10.0 {
        below += x.ln();
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1_260.0 - y / 1_680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + series - below
}

/// The part of the error function that is missing to one, for x from 0.
fn erfc(x: f64) -> f64 {
    if x < 2.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..60 {
            let n = f64::from(n);
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        return 1.0 - 2.0 / PI.sqrt() * sum;
    }
    let fraction = (1..80).rev().fold(0.0, |rest, n| f64::from(n) / (2.0 * x * x) / (1.0 + rest));
    (-x * x).exp() / (x * PI.sqrt() * (1.0 + fraction))
}

/// How often chance alone gives a sum of squares as large as this, or larger.
pub(crate) fn chi_square_above(x: f64, freedom: usize) -> f64 {
    let half = x.max(0.0) / 2.0;
    // One or two degrees of freedom in closed form, two more by each step.
    let (mut above, mut at) = if freedom % 2 == 1 { (erfc(half.sqrt()), 0.5) } else { ((-half).exp(), 1.0) };
    while at + 0.5 < freedom as f64 / 2.0 {
        if half > 0.0 {
            above += (at * half.ln() - half - ln_gamma(at + 1.0)).exp();
        }
        at += 1.0;
    }
    above.clamp(0.0, 1.0)
}

/// Student's t stays within plus and minus this with the given probability.
pub(crate) fn student(probability: f64, freedom: usize) -> f64 {
    let freedom = freedom.max(1) as f64;
    // With x = sqrt(freedom) · tan(angle) the density becomes a power of the cosine.
    // Its peak grows narrow; there is nothing to speak of beyond twelve times its width.
    let end = FRAC_PI_2.min(12.0 / freedom.sqrt());
    let all = cosines(end, freedom - 1.0);
    let (mut low, mut high) = (0.0, end);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if cosines(middle, freedom - 1.0) < probability * all { low = middle } else { high = middle }
    }
    freedom.sqrt() * high.tan()
}

/// The integral of the cosine's power from 0 to an angle (Simpson's rule).
fn cosines(angle: f64, power: f64) -> f64 {
    const STEPS: u32 = 400;
    let step = angle / f64::from(STEPS);
    let at = |step_number: u32| (f64::from(step_number) * step).cos().max(0.0).powf(power);
    let weight = |n: u32| {
        if n == 0 || n == STEPS {
            1.0
        } else if n % 2 == 1 {
            4.0
        } else {
            2.0
        }
    };
    (0..=STEPS).map(|n| weight(n) * at(n)).sum::<f64>() * step / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() <= 2e-4 * wanted.abs() + 1e-9, "{found} is not {wanted}");
    }

    #[test]
    fn they_are_what_tables_print() {
        near(ln_gamma(1.0), 0.0);
        near(ln_gamma(0.5), 0.572_364_943);
        near(ln_gamma(100.0), 359.134_205_37);
        for (x, freedom, above) in [
            (3.841_459, 1, 0.05),
            (10.827_57, 1, 0.001),
            (5.991_465, 2, 0.05),
            (7.814_728, 3, 0.05),
            (18.467, 4, 0.001),
            (30.0, 1, 4.320_5e-8),
            (0.0, 3, 1.0),
        ] {
            near(chi_square_above(x, freedom), above);
        }
        for (probability, freedom, wanted) in [
            (0.90, 1, 6.313_75),
            (0.90, 6, 1.943_18),
            (0.95, 6, 2.446_91),
            (0.95, 13, 2.160_37),
            (0.95, 100_000, 1.959_99),
        ] {
            near(student(probability, freedom), wanted);
        }
    }
}
