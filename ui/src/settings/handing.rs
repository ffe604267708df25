//! How a stall hands orders over: where and when buyers come, and what bringing and sending cost.

use soko_app_api::{Query, StallEdit, StallView, View};
use soko_domain::delivery::{Tariff, Terms};
use soko_domain::ids::LogId;
use soko_domain::money::Ppm;
use soko_domain::tax::{TaxMode, TaxRate};
use soko_domain::verbs::return_goods::DAYS_MAX;
use yew::prelude::*;

use super::saving::{saves, sets_in};
use crate::doing::use_doing;
use crate::live::use_query;
use crate::parts::{Busy, Choice, Field, TextArea};
use crate::speech::{Speech, use_speech};
use crate::typed;

const NONE: &str = "none";
const FLAT: &str = "flat";
const WEIGHT: &str = "weight";
const ZONE: &str = "zone";
const GRAMS: i64 = 1_000;

#[derive(Properties, PartialEq)]
pub(super) struct HandingProps {
    pub stall: LogId,
}

#[component]
pub(super) fn Handing(props: &HandingProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Stall(props.stall)));
    html! {
        <section class="card stack" aria-labelledby="handing">
            <h2 id="handing">{ speech.say("handing.title") }</h2>
            if let Some(View::Stall(view)) = live.view() {
                <Fields key={format!("{:?}", (view.no_pickup, &view.pickup_text, &view.local_terms, &view.shipping_terms, view.return_days))}
                    stall={props.stall} view={view.clone()} />
            } else {
                <Busy {live} />
            }
        </section>
    }
}

/// One way of bringing, as it stands in its fields.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Way {
    kind: String,
    flat: String,
    /// A line for each weight or zone, with its price behind a colon.
    table: String,
    free: String,
    tax: String,
    tax_inclusive: bool,
}

impl Way {
    fn of(terms: &str, currency: &str) -> Self {
        let mut way = Self {
            kind: NONE.into(),
            flat: String::new(),
            table: String::new(),
            free: String::new(),
            tax: String::new(),
            tax_inclusive: true,
        };
        let Ok(terms) = Terms::parse(terms) else { return way };
        let line = |name: String, price: i64| format!("{name}: {}", typed::plain(price, currency));
        match &terms.tariff {
            Tariff::Flat(price) => (way.kind, way.flat) = (FLAT.into(), typed::plain(*price, currency)),
            Tariff::ByWeight(steps) => {
                let lines = steps.iter().map(|(grams, price)| line(kilograms(*grams), *price));
                (way.kind, way.table) = (WEIGHT.into(), lines.collect::<Vec<_>>().join("\n"));
            }
            Tariff::ByZone(zones) => {
                let lines = zones.iter().map(|(name, price)| line(name.clone(), *price));
                (way.kind, way.table) = (ZONE.into(), lines.collect::<Vec<_>>().join("\n"));
            }
        }
        way.free = terms.free_from_minor.map(|minor| typed::plain(minor, currency)).unwrap_or_default();
        if let Some(tax) = &terms.tax {
            (way.tax, way.tax_inclusive) = (tax.ppm.to_string(), tax.mode == TaxMode::Inclusive);
        }
        way
    }

    /// As the profile keeps it; none while something cannot be kept.
    fn terms(&self, currency: &str) -> Option<String> {
        let rows = || -> Option<Vec<(String, i64)>> {
            let lines = self.table.lines().map(str::trim).filter(|line| !line.is_empty());
            let row = |line: &str| {
                let (name, price) = line.rsplit_once([':', '='])?;
                Some((name.trim().to_owned(), typed::amount(price, currency)?))
            };
            lines.map(row).collect()
        };
        let tariff = match self.kind.as_str() {
            FLAT => Tariff::Flat(typed::amount(&self.flat, currency)?),
            WEIGHT => {
                let steps = rows()?.into_iter().map(|(weight, price)| Some((grams(&weight)?, price)));
                Tariff::ByWeight(steps.collect::<Option<_>>()?)
            }
            ZONE => Tariff::ByZone(rows()?),
            _ => return Some(String::new()),
        };
        let free_from_minor = match self.free.trim() {
            "" => None,
            free => Some(typed::amount(free, currency)?),
        };
        let tax = match self.tax.trim() {
            "" => None,
            percent => {
                let ppm: Ppm = typed::latin(percent).replace(',', ".").parse().ok()?;
                Some(if self.tax_inclusive { TaxRate::inclusive(ppm) } else { TaxRate::exclusive(ppm) })
            }
        };
        let terms = Terms { tariff, free_from_minor, tax };
        terms.check().ok().map(|()| terms.to_string())
    }
}

/// `1.5` kilograms as grams.
fn grams(text: &str) -> Option<i64> {
    let text = typed::latin(text).replace(',', ".");
    let text = text.trim().trim_end_matches("kg").trim();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || whole.is_empty() {
        return None;
    }
    let thousandths = typed::whole(&format!("{part:0<3}"))?;
    typed::whole(whole)?.checked_mul(GRAMS)?.checked_add(thousandths)
}

fn kilograms(grams: i64) -> String {
    let (whole, part) = (grams / GRAMS, grams % GRAMS);
    if part == 0 { whole.to_string() } else { format!("{whole}.{part:03}").trim_end_matches('0').to_owned() }
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Form {
    no_pickup: bool,
    pickup_text: String,
    local: Way,
    shipping: Way,
    return_days: String,
}

impl Form {
    fn of(view: &StallView) -> Self {
        Self {
            no_pickup: view.no_pickup,
            pickup_text: view.pickup_text.clone(),
            local: Way::of(&view.local_terms, &view.currency),
            shipping: Way::of(&view.shipping_terms, &view.currency),
            return_days: if view.return_days == 0 { String::new() } else { view.return_days.to_string() },
        }
    }

    /// Nothing typed takes nothing back; none where it is no such number of days.
    fn days(&self) -> Option<u16> {
        if self.return_days.trim().is_empty() {
            return Some(0);
        }
        typed::whole(&self.return_days)
            .filter(|days| *days <= i64::from(DAYS_MAX))
            .and_then(|days| u16::try_from(days).ok())
    }

    /// What differs from what is stored; none while something cannot be kept.
    fn edits(&self, view: &StallView) -> Option<Vec<StallEdit>> {
        let (local, shipping) = (self.local.terms(&view.currency)?, self.shipping.terms(&view.currency)?);
        let said = self.pickup_text.trim();
        let days = self.days()?;
        let edits = [
            (self.no_pickup != view.no_pickup).then_some(StallEdit::NoPickup(self.no_pickup)),
            (said != view.pickup_text).then(|| StallEdit::PickupText(said.to_owned())),
            (local != view.local_terms).then_some(StallEdit::LocalTerms(local)),
            (shipping != view.shipping_terms).then_some(StallEdit::ShippingTerms(shipping)),
            (days != view.return_days).then_some(StallEdit::ReturnDays(days)),
        ];
        Some(edits.into_iter().flatten().collect())
    }
}

#[derive(Properties, PartialEq)]
struct FieldsProps {
    stall: LogId,
    view: StallView,
}

#[component]
fn Fields(props: &FieldsProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let form = use_state(|| Form::of(&props.view));
    let edits = form.edits(&props.view);
    let set = |change: fn(&mut Form, String)| sets_in(&form, change);
    let on_pickup = {
        let form = form.clone();
        Callback::from(move |_: Event| form.set(Form { no_pickup: !form.no_pickup, ..(*form).clone() }))
    };
    let on_local = {
        let form = form.clone();
        Callback::from(move |local: Way| form.set(Form { local, ..(*form).clone() }))
    };
    let on_shipping = {
        let form = form.clone();
        Callback::from(move |shipping: Way| form.set(Form { shipping, ..(*form).clone() }))
    };
    let onsubmit = saves(&doing, (props.stall, &edits), || ());
    let currency = AttrValue::from(props.view.currency.clone());
    let is_ready = edits.as_ref().is_some_and(|edits| !edits.is_empty()) && !doing.is_busy();
    html! {
        <form class="stack" {onsubmit}>
            <label class="check"><input type="checkbox" checked={!form.no_pickup} onchange={on_pickup} />
                <span>{ speech.say("handing.pickup") }</span></label>
            if !form.no_pickup {
                <TextArea label={speech.say("handing.pickup-text")} value={form.pickup_text.clone()}
                    on_input={set(|form, text| form.pickup_text = text)} hint={speech.say("handing.pickup-hint")} />
            }
            <WayFields title={speech.say("handing.local")} way={form.local.clone()} on_way={on_local} currency={currency.clone()} />
            <WayFields title={speech.say("handing.shipping")} way={form.shipping.clone()} on_way={on_shipping} {currency} />
            <Field label={speech.say("handing.returns")} value={form.return_days.clone()} inputmode="numeric"
                on_input={set(|form, text| form.return_days = text)} hint={speech.say("handing.returns-hint")}
                problem={form.days().is_none().then(|| speech.say("form.amount"))} />
            <footer class="row form-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("settings.save") }</button>
            </footer>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct WayProps {
    title: AttrValue,
    way: Way,
    on_way: Callback<Way>,
    currency: AttrValue,
}

#[component]
fn WayFields(props: &WayProps) -> Html {
    let speech = use_speech();
    let way = &props.way;
    let set = |change: fn(&mut Way, String)| {
        let (way, on_way) = (way.clone(), props.on_way.clone());
        Callback::from(move |text: String| {
            let mut way = way.clone();
            change(&mut way, text);
            on_way.emit(way);
        })
    };
    let on_inclusive = {
        let (way, on_way) = (way.clone(), props.on_way.clone());
        Callback::from(move |_: Event| on_way.emit(Way { tax_inclusive: !way.tax_inclusive, ..way.clone() }))
    };
    let wrong = way.terms(&props.currency).is_none().then(|| speech.say("handing.wrong"));
    html! {
        <fieldset class="stack-tight">
            <legend>{ props.title.clone() }</legend>
            <Choice label={speech.say("handing.price")} value={AttrValue::from(way.kind.clone())} options={kinds(&speech)}
                on_choose={set(|way, kind| way.kind = kind)} />
            if way.kind == FLAT {
                <Field label={speech.say("handing.flat-price")} value={way.flat.clone()} inputmode="decimal" sign={props.currency.clone()}
                    on_input={set(|way, text| way.flat = text)} problem={wrong.clone()} />
            }
            if way.kind == WEIGHT || way.kind == ZONE {
                <TextArea label={speech.say(if way.kind == ZONE { "handing.zones" } else { "handing.weights" })} value={way.table.clone()}
                    on_input={set(|way, text| way.table = text)}
                    hint={speech.say(if way.kind == ZONE { "handing.zones-hint" } else { "handing.weights-hint" })} />
                if let Some(wrong) = wrong {
                    <p class="remark remark-bad" role="status">{ wrong }</p>
                }
            }
            if way.kind != NONE {
                <div class="pair">
                    <Field label={speech.say("handing.free")} value={way.free.clone()} inputmode="decimal" sign={props.currency.clone()}
                        on_input={set(|way, text| way.free = text)} hint={speech.say("handing.free-hint")} />
                    <Field label={speech.say("product.tax")} value={way.tax.clone()} inputmode="decimal" sign="%"
                        on_input={set(|way, text| way.tax = text)} />
                </div>
                <label class="check"><input type="checkbox" checked={way.tax_inclusive} onchange={on_inclusive} />
                    <span>{ speech.say("product.tax-inclusive") }</span></label>
            }
        </fieldset>
    }
}

fn kinds(speech: &Speech) -> Vec<(AttrValue, AttrValue)> {
    vec![
        (AttrValue::Static(NONE), speech.say("handing.none")),
        (AttrValue::Static(FLAT), speech.say("handing.flat")),
        (AttrValue::Static(WEIGHT), speech.say("handing.by-weight")),
        (AttrValue::Static(ZONE), speech.say("handing.by-zone")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_back_from_the_fields_as_they_went_in() {
        for terms in [
            "",
            "flat 30000",
            "flat 0\nfree 500000\ntax 160000 inclusive",
            "weight 500 20000\nweight 1500 45000\ntax 160000 exclusive",
            "zone 15000 Westlands\nzone 30000 Upper Hill: north\nfree 900000",
        ] {
            assert_eq!(Way::of(terms, "KES").terms("KES"), Some(terms.to_owned()));
        }
    }

    #[test]
    fn what_is_typed_is_read_in_every_language_or_not_at_all() {
        let way = |kind: &str, table: &str, flat: &str, free: &str| Way {
            kind: kind.into(),
            flat: flat.into(),
            table: table.into(),
            free: free.into(),
            tax: String::new(),
            tax_inclusive: true,
        };
        for (way, expected) in [
            (way("zone", " Town : 150 \n\nHills: 300,50", "", ""), Some("zone 15000 Town\nzone 30050 Hills")),
            (way("weight", "1 kg: 200\n٢٫٥: 400", "", ""), Some("weight 1000 20000\nweight 2500 40000")),
            (way("zone", "Town 150", "", ""), None),
            (way("zone", "", "", ""), None),
            (way("weight", "2: 200\n1: 400", "", ""), None),
            (way("weight", "1.2345: 200", "", ""), None),
            (way("flat", "", "", ""), None),
            (way("flat", "", "12", "x"), None),
            (way("none", "nonsense", "x", "y"), Some("")),
        ] {
            assert_eq!(way.terms("KES").as_deref(), expected, "{way:?}");
        }
    }
}
