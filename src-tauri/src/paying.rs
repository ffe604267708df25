//! The one kind of address that leaves the window: where a buyer pays. It is shown in the system's browser, and only if
//! the device gave exactly this address for an order that waits for its buyer. The page can name no other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use soko_app_api::{Answer, BuyerView, OwnPayState};
use soko_domain::ids::OrderId;
use tauri::Url;

/// Orders that wait to be paid at one time, far more than anybody has.
const ORDERS_MAX: usize = 64;

/// Where orders can be paid now, as the device last said.
#[derive(Clone, Default)]
pub(crate) struct Payable(Arc<Mutex<BTreeMap<OrderId, Url>>>);

impl Payable {
    /// An answer of the device on its way to the page. `server` is the address of the device's own server.
    pub(crate) fn passed(&self, answer: &Answer, server: &str) {
        let Answer::Buyer(BuyerView::Order(order)) = answer else { return };
        let page = order.payment.as_ref().filter(|payment| payment.state == OwnPayState::Waiting);
        let page = page.and_then(|payment| Url::parse(&payment.page).ok());
        let page = page.filter(|page| may_leave(page, server));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match page {
            Some(page) if known.len() < ORDERS_MAX || known.contains_key(&order.row.order) => {
                known.insert(order.row.order, page);
            }
            Some(_) => {}
            None => {
                known.remove(&order.row.order);
            }
        }
    }

    /// Whether this is where an order is paid.
    pub(crate) fn has(&self, url: &Url) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().any(|page| page == url)
    }
}

/// Whether an answer is about an order that can be paid somewhere.
pub(crate) fn is_about_paying(answer: &Answer) -> bool {
    matches!(answer, Answer::Buyer(BuyerView::Order(order)) if order.payment.is_some())
}

/// A provider's page, or the own server's page of the money for trying, which may have no certificate at home.
fn may_leave(page: &Url, server: &str) -> bool {
    let is_plain = page.username().is_empty() && page.password().is_none();
    let is_server = Url::parse(server).is_ok_and(|server| server.origin() == page.origin());
    is_plain && (page.scheme() == "https" || (page.scheme() == "http" && is_server))
}

/// Asks the system for its browser, from a thread of its own: it may take its time.
#[cfg(desktop)]
pub(crate) fn show(url: &Url) {
    let url = url.to_string();
    let work = move || {
        let is_shown = browsers().iter().any(|(program, before)| {
            let mut command = std::process::Command::new(program);
            // No shell in between: the address is one argument, whatever is in it.
            command.args(*before).arg(&url).status().is_ok_and(|status| status.success())
        });
        if !is_shown {
            tracing::warn!("this system showed no browser for a payment");
        }
    };
    if let Err(error) = std::thread::Builder::new().name("browser".into()).spawn(work) {
        tracing::warn!(%error, "no thread for a browser");
    }
}

#[cfg(mobile)]
pub(crate) fn show(_: &Url) {
    tracing::warn!("payments on phones are not built yet");
}

/// What systems call whatever shows a page, in the order in which it is tried.
#[cfg(desktop)]
fn browsers() -> &'static [(&'static str, &'static [&'static str])] {
    if cfg!(windows) {
        &[("rundll32", &["url.dll,FileProtocolHandler"])]
    } else if cfg!(target_os = "macos") {
        &[("open", &[])]
    } else {
        &[("xdg-open", &[]), ("gio", &["open"])]
    }
}

#[cfg(test)]
mod tests {
    use soko_app_api::ContactView;
    use soko_app_api::{OwnOrderRow, OwnOrderState, OwnOrderView, OwnPayment};
    use soko_domain::delivery::Handing;
    use soko_domain::entry::PayWay;
    use soko_domain::ids::LogId;

    use super::*;

    const SERVER: &str = "http://127.0.0.1:7300";

    fn order(id: u8, state: OwnPayState, page: &str) -> Answer {
        let row = OwnOrderRow {
            order: OrderId([id; 16]),
            stall: LogId([1; 16]),
            stall_name: "Amina".into(),
            state: OwnOrderState::Held,
            at_ms: 0,
            currency: "KES".into(),
            total_minor: 5_000,
            lines: 1,
            handing: Handing::Pickup,
        };
        let payment = Some(OwnPayment { way: PayWay::Card, state, page: page.into(), transfer: None });
        let view = OwnOrderView {
            row,
            lines: vec![],
            note: String::new(),
            because: String::new(),
            reason: String::new(),
            ended: None,
            cancel_asked: false,
            payment,
            delivery_minor: None,
            zone: String::new(),
            taxes: Vec::new(),
            coupon: String::new(),
            discount_minor: 0,
            card_minor: 0,
            card_back_minor: 0,
            return_days: 0,
            refunds: Vec::new(),
            returns: Vec::new(),
            swaps: Vec::new(),
            pickup: None,
            because_said: String::new(),
            contact: ContactView::default(),
        };
        Answer::Buyer(BuyerView::Order(Box::new(view)))
    }

    fn opens(payable: &Payable, url: &str) -> bool {
        payable.has(&url.parse().unwrap())
    }

    #[test]
    fn only_what_the_device_gave_for_an_order_that_waits_is_opened() {
        let payable = Payable::default();
        let page = "https://pay.example/c/cs_1?x=a%20b#top";
        assert!(!opens(&payable, page), "the page wishes and nobody gave it");
        payable.passed(&order(1, OwnPayState::Waiting, page), SERVER);
        assert!(opens(&payable, page));
        for other in
            ["https://pay.example/", "https://pay.example/c/cs_1", "http://pay.example/c/cs_1?x=a%20b#top"]
        {
            assert!(!opens(&payable, other), "{other}");
        }
        payable.passed(&order(2, OwnPayState::Waiting, "https://pay.example/c/cs_2"), SERVER);
        assert!(opens(&payable, page), "two orders wait");
        payable.passed(&order(1, OwnPayState::Paid, page), SERVER);
        assert!(!opens(&payable, page), "it waits no more");
    }

    #[test]
    fn an_address_that_is_no_place_to_pay_is_not_opened_whoever_gave_it() {
        let payable = Payable::default();
        for page in [
            "",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "ssh://host/-oProxyCommand=x",
            "--help",
            "http://pay.example/c",
            "http://127.0.0.1:7301/v1/test-money/1",
            "https://somebody:secret@pay.example/c",
        ] {
            payable.passed(&order(1, OwnPayState::Waiting, page), SERVER);
            assert!(payable.0.lock().unwrap().is_empty(), "{page}");
        }
        let trying = "http://127.0.0.1:7300/v1/test-money/01";
        payable.passed(&order(1, OwnPayState::Waiting, trying), SERVER);
        assert!(opens(&payable, trying), "the own server's page of the money for trying");
    }
}
