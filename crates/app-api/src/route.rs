//! Which screen an address shows, and the address of each screen: one list for the screens, for links from outside, and for
//! whoever writes a link to one. What a browser's history has to do with it is the screens' own.

use soko_domain::essence::PROOF_TEXT_BYTES_MAX;
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId, SaleId, ShiftId, ThingId};

use crate::{Browse, Sort, address};

/// No address of a screen is longer: the text of a receipt's code is the longest that one carries.
pub const ADDRESS_BYTES_MAX: usize = PROOF_TEXT_BYTES_MAX + 100;

/// Every screen with an address of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Route {
    /// Where a device begins: selling when it has a stall, the market otherwise.
    Home,
    /// Create a stall.
    Begin,
    Sell,
    Pay,
    Receipt(SaleId),
    Orders,
    Order(OrderId),
    /// What buyers say of this stall's goods.
    Reviews,
    /// Codes that take something off orders.
    Coupons,
    Products,
    NewProduct {
        code: String,
    },
    /// Products out of a file.
    ImportProducts,
    Categories,
    /// What only a person can settle.
    NeedsEye,
    Product(ProductId),
    Labels,
    /// Prices that could be better.
    Prices,
    /// One product's price.
    Price(ProductId),
    Stock,
    /// Many products at once.
    StockSession(Session),
    StockOf(ProductId),
    Today,
    /// What does not add up at the stall, and what to do about it.
    Incidents,
    Figures,
    Drawer,
    /// The report of the shift that is open here.
    ShiftReportNow,
    ShiftReport(AuthorId, ShiftId),
    Sales,
    Sale(SaleId),
    Customers,
    Customer(ThingId),
    /// Gift cards.
    Cards,
    Settings,
    Market,
    Search {
        text: String,
    },
    /// A category of the whole market, as somebody wants to see it.
    Category(Browse),
    Stall(LogId),
    Offer(LogId, ProductId),
    Basket,
    /// A step between a stall's basket and the order.
    Checkout(LogId, Leg),
    MyOrders,
    MyOrder(OrderId),
    /// What is liked.
    Likes,
    /// The addresses that are kept for orders.
    Addresses,
    Me,
    /// What the code on a receipt proves; without a text, a place to put one in.
    Verify {
        proof: String,
    },
    SignIn,
    Devices,
    /// What somebody is told outside of the app.
    Told,
    /// What an owner lets programs of their own do.
    Programs,
    People,
    Audit,
    NotFound,
}

/// What is done with many products at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Session {
    Receive,
    Count,
    /// Spoilt, broken, given away, found.
    Gone,
    /// Units that this register may promise from now on.
    TakeAlong,
    GiveBack,
    /// To another register.
    Pass,
}

impl Session {
    const ALL: [Self; 6] =
        [Self::Receive, Self::Count, Self::Gone, Self::TakeAlong, Self::GiveBack, Self::Pass];

    pub fn word(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Count => "count",
            Self::Gone => "gone",
            Self::TakeAlong => "take",
            Self::GiveBack => "give-back",
            Self::Pass => "pass",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What is asked between the basket and the order, in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Leg {
    /// How it gets into the buyer's hands, and whom it is for.
    Delivery,
    /// How it is paid, and what takes something off.
    Payment,
    /// All of it once more, with what it comes to, before the last tap.
    Review,
}

impl Leg {
    pub const ALL: [Self; 3] = [Self::Delivery, Self::Payment, Self::Review];

    pub fn word(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Payment => "payment",
            Self::Review => "review",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|leg| leg.word() == word)
    }
}

/// Which of the two audiences a screen is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Seller,
    Shopper,
}

impl Route {
    pub fn parse(path: &str, search: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let known = match parts.as_slice() {
            [] => Some(Self::Home),
            ["begin"] => Some(Self::Begin),
            ["sell"] => Some(Self::Sell),
            ["sell", "pay"] => Some(Self::Pay),
            ["sell", "receipt", sale] => SaleId::from_hex(sale).map(Self::Receipt),
            ["orders"] => Some(Self::Orders),
            ["orders", order] => OrderId::from_hex(order).map(Self::Order),
            ["reviews"] => Some(Self::Reviews),
            ["coupons"] => Some(Self::Coupons),
            ["products"] => Some(Self::Products),
            ["products", "new"] => Some(Self::NewProduct { code: parameter(search, "code") }),
            ["products", "import"] => Some(Self::ImportProducts),
            ["products", "categories"] => Some(Self::Categories),
            ["products", "questions"] => Some(Self::NeedsEye),
            ["products", "labels"] => Some(Self::Labels),
            ["products", "prices"] => Some(Self::Prices),
            ["products", "prices", product] => ProductId::from_hex(product).map(Self::Price),
            ["products", product] => ProductId::from_hex(product).map(Self::Product),
            ["stock"] => Some(Self::Stock),
            ["stock", "many", kind] => Session::from_word(kind).map(Self::StockSession),
            ["stock", product] => ProductId::from_hex(product).map(Self::StockOf),
            ["today"] => Some(Self::Today),
            ["incidents"] => Some(Self::Incidents),
            ["figures"] => Some(Self::Figures),
            ["drawer"] => Some(Self::Drawer),
            ["drawer", "now"] => Some(Self::ShiftReportNow),
            ["drawer", register, shift] => AuthorId::from_hex(register)
                .zip(ShiftId::from_hex(shift))
                .map(|(register, shift)| Self::ShiftReport(register, shift)),
            ["sales"] => Some(Self::Sales),
            ["sales", sale] => SaleId::from_hex(sale).map(Self::Sale),
            ["customers"] => Some(Self::Customers),
            ["customers", customer] => ThingId::from_hex(customer).map(Self::Customer),
            ["cards"] => Some(Self::Cards),
            ["settings"] => Some(Self::Settings),
            ["market"] => Some(Self::Market),
            ["search"] => Some(Self::Search { text: parameter(search, "q") }),
            ["category"] => Some(Self::Category(browse(String::new(), search))),
            ["category", slug] => Some(Self::Category(browse(address::decoded(slug), search))),
            ["stall", stall] => LogId::from_hex(stall).map(Self::Stall),
            ["stall", stall, product] => LogId::from_hex(stall)
                .zip(ProductId::from_hex(product))
                .map(|(stall, product)| Self::Offer(stall, product)),
            ["basket"] => Some(Self::Basket),
            ["basket", stall, leg] => {
                LogId::from_hex(stall).zip(Leg::from_word(leg)).map(|(stall, leg)| Self::Checkout(stall, leg))
            }
            ["my-orders"] => Some(Self::MyOrders),
            ["my-orders", order] => OrderId::from_hex(order).map(Self::MyOrder),
            ["liked"] => Some(Self::Likes),
            ["addresses"] => Some(Self::Addresses),
            ["me"] => Some(Self::Me),
            ["verify"] => Some(Self::Verify { proof: String::new() }),
            ["verify", proof] => Some(Self::Verify { proof: (*proof).into() }),
            ["sign-in"] => Some(Self::SignIn),
            ["devices"] => Some(Self::Devices),
            ["told"] => Some(Self::Told),
            ["programs"] => Some(Self::Programs),
            ["people"] => Some(Self::People),
            ["audit"] => Some(Self::Audit),
            _ => None,
        };
        known.unwrap_or(Self::NotFound)
    }

    /// The screen of an address that a stranger may have written: only one that is written just as [`Self::path`] writes it, with
    /// at most the stall that it is about. Anything else is nothing.
    pub fn of_stranger(address: &str) -> Option<Self> {
        let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"-_.~/?=&%".contains(&it);
        let (path, search) = address.split_once('?').unwrap_or((address, ""));
        let leads_elsewhere = path.split('/').any(|part| part == "." || part == "..");
        if address.len() > ADDRESS_BYTES_MAX || !address.bytes().all(is_plain) || leads_elsewhere {
            return None;
        }
        let screen = Self::parse(path, search);
        let plain = screen.path();
        let is_written_so =
            address == plain || stall_of(search).is_some_and(|stall| address == at_stall(&plain, stall));
        (screen != Self::NotFound && is_written_so).then_some(screen)
    }

    pub fn path(&self) -> String {
        match self {
            Self::Home | Self::NotFound => "/".into(),
            Self::Begin => "/begin".into(),
            Self::Sell => "/sell".into(),
            Self::Pay => "/sell/pay".into(),
            Self::Receipt(sale) => format!("/sell/receipt/{sale}"),
            Self::Orders => "/orders".into(),
            Self::Order(order) => format!("/orders/{order}"),
            Self::Reviews => "/reviews".into(),
            Self::Coupons => "/coupons".into(),
            Self::Products => "/products".into(),
            Self::NewProduct { code } => with_parameter("/products/new", "code", code),
            Self::ImportProducts => "/products/import".into(),
            Self::Categories => "/products/categories".into(),
            Self::NeedsEye => "/products/questions".into(),
            Self::StockSession(kind) => format!("/stock/many/{}", kind.word()),
            Self::Product(product) => format!("/products/{product}"),
            Self::Labels => "/products/labels".into(),
            Self::Prices => "/products/prices".into(),
            Self::Price(product) => format!("/products/prices/{product}"),
            Self::Stock => "/stock".into(),
            Self::StockOf(product) => format!("/stock/{product}"),
            Self::Today => "/today".into(),
            Self::Incidents => "/incidents".into(),
            Self::Figures => "/figures".into(),
            Self::Drawer => "/drawer".into(),
            Self::ShiftReportNow => "/drawer/now".into(),
            Self::ShiftReport(register, shift) => format!("/drawer/{register}/{shift}"),
            Self::Sales => "/sales".into(),
            Self::Sale(sale) => format!("/sales/{sale}"),
            Self::Customers => "/customers".into(),
            Self::Customer(customer) => format!("/customers/{customer}"),
            Self::Cards => "/cards".into(),
            Self::Settings => "/settings".into(),
            Self::Market => "/market".into(),
            Self::Search { text } => with_parameter("/search", "q", text),
            Self::Category(browse) => browse_path(browse),
            Self::Stall(stall) => format!("/stall/{stall}"),
            Self::Offer(stall, product) => format!("/stall/{stall}/{product}"),
            Self::Basket => "/basket".into(),
            Self::Checkout(stall, leg) => format!("/basket/{stall}/{}", leg.word()),
            Self::MyOrders => "/my-orders".into(),
            Self::MyOrder(order) => format!("/my-orders/{order}"),
            Self::Likes => "/liked".into(),
            Self::Addresses => "/addresses".into(),
            Self::Me => "/me".into(),
            Self::Verify { proof } if proof.is_empty() => "/verify".into(),
            Self::Verify { proof } => format!("/verify/{proof}"),
            Self::SignIn => "/sign-in".into(),
            Self::Devices => "/devices".into(),
            Self::Told => "/told".into(),
            Self::Programs => "/programs".into(),
            Self::People => "/people".into(),
            Self::Audit => "/audit".into(),
        }
    }

    /// None for screens that both audiences see.
    pub fn mode(&self) -> Option<Mode> {
        match self {
            Self::Begin
            | Self::Sell
            | Self::Pay
            | Self::Receipt(_)
            | Self::Orders
            | Self::Order(_)
            | Self::Reviews
            | Self::Coupons
            | Self::Products
            | Self::NewProduct { .. }
            | Self::ImportProducts
            | Self::Categories
            | Self::NeedsEye
            | Self::Product(_)
            | Self::Labels
            | Self::Prices
            | Self::Price(_)
            | Self::Stock
            | Self::StockSession(_)
            | Self::StockOf(_)
            | Self::Today
            | Self::Figures
            | Self::Drawer
            | Self::ShiftReportNow
            | Self::ShiftReport(..)
            | Self::Programs
            | Self::People
            | Self::Audit
            | Self::Customers
            | Self::Customer(_)
            | Self::Cards
            | Self::Incidents
            | Self::Sales
            | Self::Sale(_) => Some(Mode::Seller),
            Self::Market
            | Self::Search { .. }
            | Self::Category(_)
            | Self::Stall(_)
            | Self::Offer(..)
            | Self::Basket
            | Self::Checkout(..)
            | Self::MyOrders
            | Self::MyOrder(_)
            | Self::Likes
            | Self::Addresses
            | Self::Me => Some(Mode::Shopper),
            Self::Home
            | Self::Settings
            | Self::Verify { .. }
            | Self::SignIn
            | Self::Devices
            | Self::Told
            | Self::NotFound => None,
        }
    }

    /// The entry of the navigation that a screen stands under.
    pub fn section(&self) -> Self {
        match self {
            Self::Pay | Self::Receipt(_) => Self::Sell,
            Self::Order(_) | Self::Reviews | Self::Coupons => Self::Orders,
            Self::NewProduct { .. }
            | Self::ImportProducts
            | Self::Categories
            | Self::NeedsEye
            | Self::Labels
            | Self::Prices
            | Self::Price(_)
            | Self::Product(_) => Self::Products,
            Self::StockOf(_) | Self::StockSession(_) => Self::Stock,
            Self::Sales
            | Self::Sale(_)
            | Self::Customers
            | Self::Customer(_)
            | Self::Cards
            | Self::Incidents
            | Self::Figures
            | Self::Drawer
            | Self::ShiftReportNow
            | Self::ShiftReport(..) => Self::Today,
            Self::Devices | Self::Told | Self::Programs | Self::People | Self::Audit => Self::Settings,
            Self::Search { .. } => Self::Search { text: String::new() },
            Self::Category(_) | Self::Stall(_) | Self::Offer(..) => Self::Market,
            Self::Checkout(..) => Self::Basket,
            Self::MyOrder(_) => Self::MyOrders,
            Self::Likes | Self::Addresses | Self::SignIn | Self::Verify { .. } => Self::Me,
            Self::Home
            | Self::Begin
            | Self::Sell
            | Self::Orders
            | Self::Products
            | Self::Stock
            | Self::Today
            | Self::Settings
            | Self::Market
            | Self::Basket
            | Self::MyOrders
            | Self::Me
            | Self::NotFound => self.clone(),
        }
    }
}

fn browse(category: String, search: &str) -> Browse {
    let value = |name| parameter(search, name);
    Browse {
        category,
        stall: LogId::from_hex(&value("stall")),
        in_stock: value("stock") == "1",
        min: value("min").parse().ok(),
        max: value("max").parse().ok(),
        sort: Sort::from_word(&value("sort")).unwrap_or_default(),
    }
}

/// What is as usual is left out.
fn browse_path(browse: &Browse) -> String {
    let path = address::category(&browse.category);
    let sort = Some(browse.sort).filter(|sort| *sort != Sort::default());
    let parts = [
        ("sort", sort.map(|sort| sort.word().to_owned())),
        ("stall", browse.stall.map(|stall| stall.to_string())),
        ("stock", browse.in_stock.then(|| "1".into())),
        ("min", browse.min.map(|min| min.to_string())),
        ("max", browse.max.map(|max| max.to_string())),
    ];
    let mut parts = parts.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    parts.next().map_or(path.clone(), |first| {
        parts.fold(format!("{path}?{first}"), |all, part| format!("{all}&{part}"))
    })
}

/// As links of messages and notifications carry it.
const STALL_PARAMETER: &str = "at";

/// The stall that an address is about, where somebody works for several.
pub fn stall_of(search: &str) -> Option<LogId> {
    LogId::from_hex(&parameter(search, STALL_PARAMETER))
}

/// The address of a screen, and which stall it is about.
pub fn at_stall(path: &str, stall: LogId) -> String {
    format!("{path}?{STALL_PARAMETER}={stall}")
}

/// One value of a query string.
fn parameter(search: &str, name: &str) -> String {
    let pairs = search.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| unescaped(value)).unwrap_or_default()
}

fn with_parameter(path: &str, name: &str, value: &str) -> String {
    if value.is_empty() { path.into() } else { format!("{path}?{name}={}", address::encoded(value)) }
}

/// A form writes a blank as a plus.
fn unescaped(text: &str) -> String {
    address::decoded(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every() -> Vec<Route> {
        let (sale, order, product, stall) =
            (SaleId([1; 16]), OrderId([2; 16]), ProductId([3; 16]), LogId([0xab; 16]));
        vec![
            Route::Home,
            Route::Begin,
            Route::Sell,
            Route::Pay,
            Route::Receipt(sale),
            Route::Orders,
            Route::Order(order),
            Route::Reviews,
            Route::Coupons,
            Route::Programs,
            Route::Products,
            Route::NewProduct { code: String::new() },
            Route::NewProduct { code: "40 06381&x=1".into() },
            Route::ImportProducts,
            Route::Categories,
            Route::NeedsEye,
            Route::Product(product),
            Route::Labels,
            Route::Prices,
            Route::Price(ProductId([4; 16])),
            Route::Stock,
            Route::StockSession(Session::Count),
            Route::StockOf(product),
            Route::Today,
            Route::Incidents,
            Route::Drawer,
            Route::ShiftReportNow,
            Route::ShiftReport(AuthorId([5; 16]), ShiftId([6; 16])),
            Route::People,
            Route::Audit,
            Route::Sales,
            Route::Sale(sale),
            Route::Customers,
            Route::Customer(ThingId([7; 16])),
            Route::Cards,
            Route::Figures,
            Route::Settings,
            Route::Market,
            Route::Search { text: "قهوة + 100 %".into() },
            Route::Category(Browse::of("")),
            Route::Category(Browse {
                stall: Some(stall),
                in_stock: true,
                min: Some(2),
                max: Some(90),
                sort: Sort::Cheapest,
                ..Browse::of("خضار-fruit")
            }),
            Route::Stall(stall),
            Route::Offer(stall, product),
            Route::Basket,
            Route::Checkout(stall, Leg::Delivery),
            Route::Checkout(stall, Leg::Review),
            Route::MyOrders,
            Route::MyOrder(order),
            Route::Likes,
            Route::Addresses,
            Route::Me,
            Route::Verify { proof: String::new() },
            Route::Verify { proof: "AQEC-_9".into() },
            Route::SignIn,
            Route::Devices,
            Route::Told,
        ]
    }

    #[test]
    fn a_plus_in_a_path_is_a_plus_and_in_a_search_a_blank() {
        let of = |category: &str| Route::Category(Browse::of(category));
        assert_eq!(Route::parse("/category/c+c%20c", ""), of("c+c c"));
        assert_eq!(Route::parse("/search", "?q=green+tea"), Route::Search { text: "green tea".into() });
    }

    #[test]
    fn every_address_leads_back_to_its_screen() {
        for route in every() {
            let address = route.path();
            let (path, search) = address.split_once('?').unwrap_or((&address, ""));
            assert_eq!(Route::parse(path, search), route, "{address}");
        }
    }

    #[test]
    fn a_stranger_names_every_screen_and_nothing_else() {
        for route in every() {
            let address = route.path();
            assert_eq!(Route::of_stranger(&address), Some(route.clone()), "{address}");
            let stall = LogId([7; 16]);
            let led = Route::of_stranger(&at_stall(&address, stall));
            assert_eq!(led, Some(route).filter(|_| !address.contains('?')), "{address}");
        }
        let longest = "A".repeat(PROOF_TEXT_BYTES_MAX);
        assert!(Route::of_stranger(&format!("/verify/{longest}")).is_some(), "a receipt's code");
        for address in [
            "",
            "sell",
            "/sell/",
            "//sell",
            "//evil.example",
            "/sell?then=javascript:alert(1)",
            "/sell?then=1",
            "/sell?at=x",
            "/sell#x",
            "/../sell",
            "/category/..",
            "/category/%2e%2e",
            "/stall/%2e%2e",
            "/stall/../../sell",
            "/verify/<script>",
            "/verify/a b",
            "/search?q=%zz",
            "/search?q=a+b",
            "/no/such",
            "/javascript:alert(1)",
        ] {
            assert_eq!(Route::of_stranger(address), None, "{address}");
        }
        let upper = format!("/orders/{}", OrderId([0xab; 16]).to_string().to_uppercase());
        assert_eq!(Route::of_stranger(&upper), None);
        assert_eq!(Route::of_stranger(&format!("/verify/{}", "A".repeat(ADDRESS_BYTES_MAX))), None);
    }

    #[test]
    fn a_forged_address_shows_nothing() {
        for path in ["/sell/receipt/x", "/products/../sell", "/orders/%3Cscript%3E", "/stall/ab", "/no/such"]
        {
            assert_eq!(Route::parse(path, ""), Route::NotFound, "{path}");
        }
        let stall = LogId([7; 16]);
        assert_eq!(stall_of(&format!("?x=1&at={stall}")), Some(stall));
        assert_eq!((stall_of("?at=x"), stall_of("")), (None, None));
        assert_eq!(Route::parse("/search", "?q=%zz%"), Route::Search { text: "%zz%".into() });
    }
}
