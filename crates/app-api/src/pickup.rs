//! What a buyer shows at the stall to get an order: a link to it as the stall's own screens know it, so that a scanner, the
//! camera of the app and that of any telephone lead to the same place. It says nothing about who ordered what, and whoever
//! has it can do no more than before: an order is handed over by the stall.

use soko_domain::essence::PROOF_SCHEME;
use soko_domain::ids::{LogId, OrderId};

use crate::route::{Route, at_stall, stall_of};

const PATH: &str = "/orders/";
/// Letters that buyer and seller read to each other.
const SHORT: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pickup {
    pub stall: LogId,
    pub order: OrderId,
}

impl Pickup {
    /// Through a server; an empty one is none.
    pub fn link(self, server: &str) -> String {
        let before = if server.is_empty() { PROOF_SCHEME } else { server.trim_end_matches('/') };
        format!("{before}{}", at_stall(&Route::Order(self.order).path(), self.stall))
    }

    /// What was scanned, wherever it leads: a scanner may type capital letters.
    pub fn of_link(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let address = text.get(text.find(PATH)?..)?;
        let Route::Order(order) = Route::of_stranger(address)? else { return None };
        Some(Self { stall: stall_of(address.split_once('?')?.1)?, order })
    }
}

/// The first letters of an order's identity, as buyer and seller read them to each other.
pub fn short_code(order: OrderId) -> String {
    order.to_string().chars().take(SHORT).collect::<String>().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICKUP: Pickup = Pickup { stall: LogId([0xab; 16]), order: OrderId([0x7c; 16]) };

    #[test]
    fn a_link_leads_back_to_its_order_through_any_server_and_none() {
        for server in ["https://soko.example", "http://127.0.0.1:8080/", ""] {
            let link = PICKUP.link(server);
            for typed in [link.clone(), format!(" {link}\n"), link.to_uppercase()] {
                assert_eq!(Pickup::of_link(&typed), Some(PICKUP), "{typed}");
            }
        }
        let (stall, order) = (PICKUP.stall, PICKUP.order);
        assert_eq!(
            PICKUP.link("https://soko.example"),
            format!("https://soko.example/orders/{order}?at={stall}")
        );
        assert_eq!(short_code(PICKUP.order), "7C7C7C");
    }

    #[test]
    fn no_other_code_is_an_order() {
        let (stall, order) = (PICKUP.stall, PICKUP.order);
        for other in [
            "4006381333931".to_owned(),
            order.to_string(),
            format!("https://soko.example/orders/{order}"),
            format!("https://soko.example/my-orders/{order}?at={stall}"),
            format!("https://soko.example/orders/{order}?at={stall}&then=1"),
            format!("https://soko.example/orders/{order}x?at={stall}"),
            format!("https://soko.example/stall/{stall}/{order}"),
            format!("https://soko.example/orders/?at={stall}"),
            format!("/orders/{order}/orders/{order}?at={stall}"),
            String::new(),
            "/orders/".to_owned(),
            "ü/orders/ü".to_owned(),
        ] {
            assert_eq!(Pickup::of_link(&other), None, "{other}");
        }
    }
}
