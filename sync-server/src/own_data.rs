//! What is kept of one person, as a whole: to be read by them, and to be erased. Whoever keeps more of people adds it
//! to both.

use soko_domain::ids::{LogId, ThingId};
use soko_domain::role::Role;
use soko_domain::wanted::Baskets;
use soko_record_log::{Param, Row, StoreError, Tx, params};

use crate::console;
use crate::console::acts::{self, ActView, ActsAsked};
use crate::interactions::{self, Interaction};
use crate::messages::outbox::{self, Listed};
use crate::messages::quiet::{self, Quiet};
use crate::messages::{Channel, Topic, email_change, telephone, wishes};
use crate::platform::accounts::{self, Profile};
use crate::platform::addresses::{self, BookEntry};
use crate::platform::authorise::role_of;
use crate::platform::baskets;
use crate::platform::likes::{self, Like};
use crate::platform::refusal::Refusal;
use crate::reviews::{self, Review};
use crate::stall::{Contact, OrderView, contact_of_account, contact_of_order, order_view};

/// The latest orders that are told; more than anybody places by hand.
const ORDERS_MAX: u32 = 10_000;
/// The latest messages that are told; more are kept by nobody's wish.
const MESSAGES_MAX: usize = 1_000;
/// The latest acts of operators that are told.
const ACTS_MAX: usize = 1_000;
/// Where rows of an account simply go.
const OF_THE_ACCOUNT: [&str; 21] = [
    "session",
    "member",
    "reader",
    "message_wish",
    "channel_wish",
    "quiet_hours",
    "gathering",
    "mailbox_failing",
    "push_subscription",
    "telephone",
    "telephone_code",
    "recovery",
    "message",
    "account_contact",
    "kept_address",
    "basket_part",
    "basket_device",
    "account_basket",
    "email_change",
    "guest_account",
    "market_operator",
];

#[derive(Clone, Debug)]
pub(crate) struct OwnData {
    pub profile: Profile,
    /// The mail address that waits to be confirmed.
    pub asked_email: Option<String>,
    pub language: String,
    /// When each began and was last used, and what it is called.
    pub sessions: Vec<(i64, i64, String)>,
    pub memberships: Vec<Membership>,
    pub orders: Vec<OwnOrder>,
    pub likes: Vec<Like>,
    pub addresses: Vec<BookEntry>,
    pub baskets: Baskets,
    pub reviews: Vec<Review>,
    /// What was written for the last order.
    pub contact: Option<Contact>,
    /// What is not wanted, in which way.
    pub unwanted: Vec<(Channel, Topic)>,
    /// What is wanted in a way that nobody is told in unasked.
    pub wanted: Vec<(Channel, Topic)>,
    pub telephone: telephone::Own,
    pub quiet: Quiet,
    pub browsers: Vec<OwnBrowser>,
    pub messages: Vec<Listed>,
    /// What was met in the shop since they agreed that it is kept.
    pub interactions: Vec<Interaction>,
    /// What operators of the market did to the account, the latest first.
    pub looked_at: Vec<ActView>,
}

/// A browser that shows notifications.
#[derive(Clone, Debug)]
pub(crate) struct OwnBrowser {
    pub name: String,
    pub endpoint: String,
    pub made_ms: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub stall: LogId,
    pub role: Role,
    pub added_ms: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct OwnOrder {
    pub stall: LogId,
    pub order: OrderView,
    /// Whom it is for, until it ends.
    pub contact: Option<Contact>,
}

pub(crate) fn read(tx: &mut dyn Tx, account: ThingId, now_ms: i64) -> Result<Option<OwnData>, StoreError> {
    let Some(profile) = accounts::profile(tx, account)? else { return Ok(None) };
    let own = |tx: &mut dyn Tx, sql: &str| tx.query(sql, params![account]);
    let language = own(tx, "select language from reader where account = $1")?;
    let sessions =
        own(tx, "select created_ms, seen_ms, name from session where account = $1 order by created_ms")?;
    let members = own(tx, "select stall, role, added_ms from member where account = $1 order by stall")?;
    let membership = |row: &Row| {
        Ok(Membership { stall: row.id(0)?, role: role_of(row.number(1)?)?, added_ms: row.int(2)? })
    };
    let (unwanted, wanted) = chosen(tx, account)?;
    let of_operators = ActsAsked { subject: Some(account.to_string()), ..ActsAsked::default() };
    Ok(Some(OwnData {
        profile,
        asked_email: email_change::waits_for(tx, account, now_ms)?,
        language: language.first().map_or(Ok(String::new()), |row| row.text(0).map(str::to_owned))?,
        sessions: sessions
            .iter()
            .map(|row| Ok((row.int(0)?, row.int(1)?, row.text(2)?.to_owned())))
            .collect::<Result<_, StoreError>>()?,
        memberships: members.iter().map(membership).collect::<Result<_, StoreError>>()?,
        orders: orders(tx, account)?,
        likes: likes::all(tx, account)?,
        addresses: addresses::all(tx, account)?,
        baskets: baskets::of(tx, account)?,
        reviews: reviews::of_buyer(tx, account)?,
        contact: contact_of_account(tx, account)?,
        unwanted,
        wanted,
        telephone: telephone::of(tx, account, now_ms)?,
        quiet: quiet::of(tx, account)?,
        browsers: browsers(tx, account)?,
        messages: outbox::of_account(tx, account, MESSAGES_MAX)?,
        interactions: interactions::of_account(tx, account)?,
        looked_at: acts::list(tx, &of_operators, ACTS_MAX)?,
    }))
}

/// The latest first, with those of the guests that somebody was.
fn orders(tx: &mut dyn Tx, account: ThingId) -> Result<Vec<OwnOrder>, StoreError> {
    let rows = tx.query(
        "select log, order_id from orders
         where (buyer = $1 or buyer in (select guest from guest_account where account = $1)) and placed = 1
         order by at_ms desc, order_id limit $2",
        params![account, ORDERS_MAX],
    )?;
    let mut orders = Vec::with_capacity(rows.len());
    for row in &rows {
        let (stall, order) = (row.id(0)?, row.id(1)?);
        let contact = contact_of_order(tx, stall, order)?;
        orders.extend(order_view(tx, stall, order)?.map(|order| OwnOrder { stall, order, contact }));
    }
    Ok(orders)
}

type Chosen = Vec<(Channel, Topic)>;

/// What is not wanted although everybody is told it, and what is wanted although nobody is.
fn chosen(tx: &mut dyn Tx, account: ThingId) -> Result<(Chosen, Chosen), StoreError> {
    let (mut unwanted, mut wanted) = (Chosen::new(), Chosen::new());
    for channel in Channel::ALL {
        let is_usual = channel.is_wanted_unasked();
        let topics = wishes::all(tx, account, channel)?.into_iter();
        let unusual = topics.filter(|(_, wanted)| *wanted != is_usual).map(|(topic, _)| (channel, topic));
        if is_usual { unwanted.extend(unusual) } else { wanted.extend(unusual) }
    }
    Ok((unwanted, wanted))
}

fn browsers(tx: &mut dyn Tx, account: ThingId) -> Result<Vec<OwnBrowser>, StoreError> {
    let sql = "select name, endpoint, made_ms from push_subscription where account = $1 order by made_ms";
    let read = |row: &Row| {
        Ok(OwnBrowser {
            name: row.text(0)?.to_owned(),
            endpoint: row.text(1)?.to_owned(),
            made_ms: row.int(2)?,
        })
    };
    tx.query(sql, params![account])?.iter().map(read).collect()
}

/// Takes away what says who somebody is. The number stays, because records name it; nobody signs in with it again.
/// `password` is what was checked: if it is another by now, nothing happens. Says which stalls show something else now.
pub(crate) fn erase(tx: &mut dyn Tx, account: ThingId, password: &str) -> Result<Vec<LogId>, Refusal> {
    let sql = "select 1 from member m where m.account = $1 and m.role = $2 and not exists
               (select 1 from member o where o.stall = m.stall and o.role = $2 and o.account <> $1)";
    if tx.query_opt(sql, params![account, Role::Owner.number()])?.is_some() {
        return Err(Refusal::LastOwner);
    }
    console::require_other_admin(tx, account)?;
    let nobody = format!("erased {account}");
    let erased = tx.execute(
        "update account set email = $3, password = '', created_ms = 0, password_changed_ms = 0
         where account = $1 and password = $2",
        params![account, password, nobody],
    )?;
    if erased == 0 {
        return Err(Refusal::WrongCredentials);
    }
    let of_account: [Param<'_>; 1] = [Param::from(&account)];
    // Open orders, too: what is to be brought has to be fetched then. That somebody was named stays, so that a register tells an
    // erasure from a server that lost its memory, and forgets only then.
    let contacts = "update order_contact set name = '', reach = '', address = ''
        where buyer = $1 or buyer in (select guest from guest_account where account = $1)";
    tx.run(contacts, &of_account)?;
    interactions::forget(tx, account)?;
    let stalls = reviews::erase(tx, account)?;
    for table in OF_THE_ACCOUNT {
        tx.run(&format!("delete from {table} where account = $1"), &of_account)?;
    }
    likes::erase(tx, account)?;
    Ok(stalls)
}
