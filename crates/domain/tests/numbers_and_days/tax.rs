use soko_domain::money::{Ppm, Rounding};
use soko_domain::tax::{TaxRate, TaxRounding, TaxTotal, Taxable, Taxed, tax_all, tax_one, tax_totals};

fn incl(ppm: u32) -> TaxRate {
    TaxRate::inclusive(Ppm(ppm))
}

fn excl(ppm: u32) -> TaxRate {
    TaxRate::exclusive(Ppm(ppm))
}

fn parts(taxed: &Taxed) -> (i64, Vec<i64>, i64) {
    (taxed.net_minor, taxed.taxes.iter().map(|tax| tax.tax_minor).collect(), taxed.total_minor)
}

#[test]
fn one_amount_with_any_rates() {
    let table: &[(i64, &[TaxRate], (i64, &[i64], i64))] = &[
        (2890, &[incl(220_000)], (2369, &[521], 2890)),
        (125, &[incl(100_000)], (114, &[11], 125)),
        (1000, &[excl(160_000)], (1000, &[160], 1160)),
        (1000, &[], (1000, &[], 1000)),
        (1000, &[incl(0)], (1000, &[0], 1000)),
        // Two equal rates give two equal taxes.
        (999, &[excl(90_000), excl(90_000)], (999, &[90, 90], 1179)),
        (1180, &[incl(90_000), incl(90_000)], (1000, &[90, 90], 1180)),
        // An exclusive rate applies to what is left without the inclusive one.
        (1100, &[incl(100_000), excl(50_000)], (1000, &[100, 50], 1150)),
        (1000, &[excl(50_000), excl(99_750)], (1000, &[50, 100], 1150)),
        (0, &[incl(220_000), excl(220_000)], (0, &[0, 0], 0)),
        // A refund mirrors its sale.
        (-2890, &[incl(220_000)], (-2369, &[-521], -2890)),
    ];
    for (amount_minor, rates, (net, taxes, total)) in table {
        let taxed = tax_one(Taxable { amount_minor: *amount_minor, rates }, Rounding::HalfUp).unwrap();
        assert_eq!(parts(&taxed), (*net, taxes.to_vec(), *total), "{amount_minor} {rates:?}");
        assert_eq!(taxed.tax_minor, taxes.iter().sum::<i64>());
    }
    let huge = Taxable { amount_minor: i64::MAX, rates: &[excl(1)] };
    assert_eq!(tax_one(huge, Rounding::HalfUp), None);
}

#[test]
fn rounding_per_document_sums_before_it_rounds() {
    // Three lines of 0.33 at 22 % exclusive: 0.0726 each, 0.2178 together.
    let rates = [excl(220_000)];
    let amounts = [Taxable { amount_minor: 33, rates: &rates }; 3];
    let taxes = |place| {
        let taxed = tax_all(&amounts, place, Rounding::HalfUp).unwrap();
        taxed.iter().map(|line| line.tax_minor).collect::<Vec<_>>()
    };
    assert_eq!(taxes(TaxRounding::PerLine), [7, 7, 7]);
    assert_eq!(taxes(TaxRounding::PerDocument), [8, 7, 7]);
}

#[test]
fn the_summary_lists_each_rate_once() {
    let rates = [[incl(220_000)], [incl(100_000)], [incl(220_000)]];
    let amounts: Vec<_> = [2890, 125, 1000]
        .iter()
        .zip(&rates)
        .map(|(minor, rates)| Taxable { amount_minor: *minor, rates })
        .collect();
    let summary = |place| tax_totals(&tax_all(&amounts, place, Rounding::HalfUp).unwrap()).unwrap();
    let per_line = [
        TaxTotal { rate: incl(100_000), net_minor: 114, tax_minor: 11 },
        TaxTotal { rate: incl(220_000), net_minor: 3189, tax_minor: 701 },
    ];
    assert_eq!(summary(TaxRounding::PerLine), per_line);
    // 38.90 × 22 / 122 = 7.0148: the same here, computed once on the sum.
    assert_eq!(summary(TaxRounding::PerDocument), per_line);
}

#[test]
fn equal_rates_stay_equal_on_a_document() {
    let rates = [excl(90_000), excl(90_000)];
    let amounts = [Taxable { amount_minor: 350, rates: &rates }, Taxable { amount_minor: 55, rates: &rates }];
    let taxed = tax_all(&amounts, TaxRounding::PerDocument, Rounding::HalfUp).unwrap();
    // 4.05 × 9 % = 0.3645, twice.
    assert_eq!(taxed.iter().map(parts).collect::<Vec<_>>(), [(350, vec![31, 31], 412), (55, vec![5, 5], 65)]);
}

#[test]
fn a_negative_amount_has_no_part_of_a_document() {
    let amounts = [Taxable { amount_minor: -100, rates: &[incl(220_000)] }];
    assert_eq!(tax_all(&amounts, TaxRounding::PerDocument, Rounding::HalfUp), None);
}
