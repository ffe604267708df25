//! Devices that meet by themselves, once somebody wants them to.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use soko_app_api::{
    Answer, BeyondShare, Call, Command, DiscountInput, Keeps, KeptIn, MEET_ADDRESSES_MAX, MeetCall,
    MeetTrouble, MeetView, PeopleCall, PeopleReply, PeopleVerb, ProductContent, Query, SaleAbout,
    SaleLineInput, StallContent, TenderInput, Told, Verb, View, Window, decode,
};
use soko_device::{Device, Host, Options, Parts, Work, open_folder};
use soko_domain::ids::{PersonId, ProductId, SaleId, ShiftId, ThingId};
use soko_domain::role::Role;
use soko_engine::{Entropy as _, Join, Now};
use soko_meet::{Neighbours, Parted, call_at, call_local};
use soko_replication::Timing;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

use crate::world::{NOON_MS, STALL, Seeded, Server};

/// Far more than anything here takes; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(40);
const MANGO: ProductId = ProductId([0x11; 16]);
const OWNER: PersonId = PersonId([0xa1; 16]);
const CASHIER: PersonId = PersonId([0xa2; 16]);

fn on_one_thread(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async { tokio::time::timeout(PATIENCE, test).await.unwrap() });
}

/// Each device, and each opening of one, draws others.
fn numbers() -> Seeded {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Seeded(NEXT.fetch_add(1, Ordering::SeqCst) << 32)
}

struct TestHost {
    begun: Instant,
    numbers: RefCell<Seeded>,
}

impl Host for TestHost {
    fn now(&self) -> Now {
        Now::utc(NOON_MS)
    }

    fn clock_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap()
    }

    fn sleep(&self, ms: u64) -> Work {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }

    fn spawn(&self, work: Work) {
        spawn_local(work);
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.numbers.borrow_mut().fill(bytes);
    }

    fn keeps(&self) -> Keeps {
        Keeps { place: KeptIn::Files, used_bytes: None, free_bytes: None }
    }
}

/// A device as a window has it: it meets others beside everything else, and hears when something was written.
struct Shop {
    device: Rc<Device>,
    neighbours: Rc<Neighbours>,
    next: Cell<u8>,
}

impl Shop {
    async fn open(folder: &Path) -> Self {
        let host = TestHost { begun: Instant::now(), numbers: RefCell::new(numbers()) };
        let open = Box::new(open_folder(folder, Timing::default(), || Box::new(numbers())));
        let device = Device::open(Parts { host: Rc::new(host), open, options: Options::default() }).unwrap();
        let neighbours = Neighbours::new(Rc::clone(&device), Box::new(|| {}));
        let hears = Rc::downgrade(&neighbours);
        device.on_told(Box::new(move |told| {
            if let (Told::Stall(_), Some(hears)) = (decode(&told).unwrap(), hears.upgrade()) {
                hears.written();
            }
        }));
        neighbours.recall().await;
        let runs = Rc::clone(&neighbours);
        spawn_local(async move { runs.run().await });
        Self { device, neighbours, next: Cell::new(0) }
    }

    fn join(&self, server: &mut Server, name: &str) {
        let server_keys = vec![server.public_key()];
        let join = Join { stall: STALL, name: name.into(), role: Role::Owner, server_keys };
        let author = self.device.engine().unwrap().join(join).unwrap().author;
        server.let_in(author, name);
        self.neighbours.changed();
    }

    fn hears(&self, server: &Server) {
        self.device.take_met(STALL, &server.page()).unwrap();
    }

    async fn done(&self, verb: Verb) {
        self.next.set(self.next.get() + 1);
        let command = Command { id: ThingId([self.next.get(); 16]), stall: STALL, verb };
        let answer = self.device.answer(Call::Do(command)).await;
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    }

    async fn opens(&self) {
        let content = StallContent {
            name: "Duka".into(),
            currency: "EUR".into(),
            zone: "Africa/Nairobi".into(),
            cut_off_minutes: 0,
        };
        self.done(Verb::CreateStall(content)).await;
        self.done(Verb::CreateProduct { product: MANGO, content: ProductContent::piece("Mango", 250) }).await;
        self.done(Verb::OpenShift { shift: ShiftId([1; 16]), float_minor: 0 }).await;
    }

    async fn sells(&self, sale: u8) {
        self.done(Verb::MakeSale {
            sale: SaleId([sale; 16]),
            lines: vec![SaleLineInput::of(MANGO, 1)],
            discount: DiscountInput::None,
            tenders: vec![TenderInput::cash(250)],
            beyond: BeyondShare::Allow,
            about: SaleAbout::default(),
        })
        .await;
    }

    fn sales(&self) -> usize {
        match self.device.ask(&Query::Sales { stall: STALL, window: Window::first(50) }) {
            Ok(View::Sales(rows)) => rows.len(),
            // It does not know the stall yet.
            _ => 0,
        }
    }

    async fn people(&self, verb: PeopleVerb) -> PeopleReply {
        match self.device.answer(Call::People(PeopleCall { stall: STALL, verb })).await {
            Answer::People(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    async fn meet(&self, call: MeetCall) -> MeetView {
        match self.neighbours.answer(&call).await {
            Answer::Meet(view) => view,
            other => panic!("{other:?}"),
        }
    }

    async fn refused(&self, call: MeetCall) -> String {
        match self.neighbours.answer(&call).await {
            Answer::Refused(refused) => refused.code,
            other => panic!("{other:?}"),
        }
    }

    /// Switches it on; where on this machine it listens then.
    async fn listens(&self) -> String {
        self.meet(MeetCall::Switch(true)).await;
        let own = until("it listens", async || self.meet(MeetCall::Look).await.own.into_iter().next()).await;
        format!("127.0.0.1:{}", own.rsplit_once(':').unwrap().1)
    }
}

async fn until<T>(what: &str, mut holds: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = holds().await {
            return value;
        }
        assert!(began.elapsed() < PATIENCE / 2, "waited for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Two devices that a server let in, one of them with goods, a shift and a sale; the server is gone.
async fn pair(folder: &Path) -> (Shop, Shop) {
    let mut server = Server::new();
    let (first, second) = (Shop::open(&folder.join("1")).await, Shop::open(&folder.join("2")).await);
    first.join(&mut server, "till 1");
    second.join(&mut server, "till 2");
    first.hears(&server);
    second.hears(&server);
    first.opens().await;
    first.sells(0x31).await;
    (first, second)
}

#[test]
fn devices_that_meet_hand_each_other_what_was_sold_before_and_since() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = pair(folder.path()).await;
        let address = first.listens().await;
        second.listens().await;
        second.meet(MeetCall::Add(address.clone())).await;
        let met = second.meet(MeetCall::MeetNow).await;
        let [row] = met.rows.as_slice() else { panic!("{met:?}") };
        assert_eq!(
            (row.address.as_str(), row.name.as_str(), row.trouble),
            (address.as_str(), "till 1", None)
        );
        assert!(row.met_ms.is_some() && row.records > 0, "{row:?}");
        assert_eq!(second.sales(), 1);
        // Who called is shown there, and without an address.
        let called = until("it was called", async || first.meet(MeetCall::Look).await.rows.pop()).await;
        assert_eq!((called.address.as_str(), called.name.as_str()), ("", "till 2"));
        // What is written by whoever knows the other one's address goes there by itself, what the other one writes is fetched.
        second.done(Verb::OpenShift { shift: ShiftId([2; 16]), float_minor: 0 }).await;
        second.sells(0x32).await;
        until("the sale is at the first", async || (first.sales() == 2).then_some(())).await;
        first.sells(0x33).await;
        until("the sale is at the second", async || (second.sales() == 3).then_some(())).await;
        let digest = |shop: &Shop| shop.device.engine().unwrap().state_digest(STALL).unwrap();
        assert_eq!(digest(&first), digest(&second));
    });
}

#[test]
fn nobody_is_met_before_somebody_wants_it_nor_afterwards() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = pair(folder.path()).await;
        let view = first.meet(MeetCall::Look).await;
        assert!(view.can_meet && view.may_choose && !view.is_on && view.own.is_empty(), "{view:?}");
        let address = first.listens().await;
        assert!(call_at(&address, STALL, &*second.device).await.is_ok());
        // A conversation that hangs does not keep the door open.
        let mut hanging = TcpStream::connect(&address).await.unwrap();
        first.meet(MeetCall::Switch(false)).await;
        until("nobody listens", async || TcpStream::connect(&address).await.err()).await;
        assert!(!matches!(hanging.read(&mut [0]).await, Ok(1..)), "it was answered");
        assert!(first.meet(MeetCall::Look).await.own.is_empty());
        // Switched on again, it is where others call it; and a start is as the last one was left.
        assert_eq!(first.listens().await, address);
        first.meet(MeetCall::Add("10.1.2.3".into())).await;
        first.device.close().unwrap();
        drop(first);
        let first = Shop::open(&folder.path().join("1")).await;
        let view = first.meet(MeetCall::Look).await;
        assert!(view.is_on, "{view:?}");
        assert_eq!(view.rows.iter().map(|row| row.address.as_str()).collect::<Vec<_>>(), ["10.1.2.3:7317"]);
    });
}

#[test]
fn a_device_without_a_stall_neither_listens_nor_calls() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::open(folder.path()).await;
        let somebody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = somebody.local_addr().unwrap().to_string();
        shop.meet(MeetCall::Add(address)).await;
        let view = shop.meet(MeetCall::Switch(true)).await;
        assert!(view.is_on && view.own.is_empty());
        assert_eq!(shop.meet(MeetCall::MeetNow).await.rows[0].trouble, None, "it was called");
        shop.join(&mut Server::new(), "till");
        until("it listens", async || shop.meet(MeetCall::Look).await.own.into_iter().next()).await;
        somebody.accept().await.unwrap();
    });
}

#[test]
fn what_cannot_be_met_is_told_and_asked_for_no_longer_than_it_takes() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (first, _second) = pair(folder.path()).await;
        let own = first.listens().await;
        for (address, code) in
            [("two words", "meet_address"), ("8.8.8.8", "meet_far"), ("203.0.113.7:7317", "meet_far")]
        {
            assert_eq!(first.refused(MeetCall::Add(address.into())).await, code, "{address}");
        }
        for own in [own, first.meet(MeetCall::Look).await.own.remove(0)] {
            assert_eq!(first.refused(MeetCall::Add(own.clone())).await, "meet_own", "{own}");
        }
        let other = Shop::open(&folder.path().join("3")).await;
        other.join(&mut Server::new(), "till 3");
        let stranger = other.listens().await;
        let empty = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
        let chatty = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let chatty_at = chatty.local_addr().unwrap().to_string();
        spawn_local(async move {
            loop {
                let (mut stream, _) = chatty.accept().await.unwrap();
                stream.read_exact(&mut [0; 34]).await.unwrap();
                stream.write_all(b"\0\x04nope").await.unwrap();
            }
        });
        for address in [&stranger, &empty, &chatty_at] {
            first.meet(MeetCall::Add(address.clone())).await;
        }
        let met = first.meet(MeetCall::MeetNow).await;
        let trouble = |address: &String| met.rows.iter().find(|row| row.address == *address).unwrap().trouble;
        assert_eq!(trouble(&stranger), Some(MeetTrouble::Stranger), "{met:?}");
        assert_eq!(trouble(&empty), Some(MeetTrouble::Unreachable), "{met:?}");
        assert_eq!(trouble(&chatty_at), Some(MeetTrouble::NoRegister), "{met:?}");
        for at in met.rows.len()..MEET_ADDRESSES_MAX {
            first.meet(MeetCall::Add(format!("10.0.0.{at}"))).await;
        }
        assert_eq!(first.refused(MeetCall::Add("10.0.1.1".into())).await, "meet_full");
        let left = first.meet(MeetCall::Remove(empty)).await;
        assert_eq!(left.rows.len(), MEET_ADDRESSES_MAX - 1);
        first.meet(MeetCall::Add("10.0.1.1".into())).await;
    });
}

#[test]
fn an_address_on_the_internet_is_not_called() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (first, _second) = pair(folder.path()).await;
        for address in ["192.0.2.1:7317", "[2001:db8::1]:7317"] {
            let called = call_local(address, STALL, &*first.device).await;
            assert!(matches!(called, Err(Parted::Far)), "{called:?}");
        }
    });
}

#[test]
fn whom_a_register_meets_is_chosen_by_who_manages_devices_and_goes_on_while_it_is_locked() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = pair(folder.path()).await;
        let address = first.listens().await;
        second.meet(MeetCall::Add(address)).await;
        second.listens().await;
        for (person, name, role, pin) in
            [(OWNER, "Amina", Role::Owner, "4711"), (CASHIER, "Baraka", Role::Cashier, "0815")]
        {
            first.done(Verb::PutPerson { person, name: name.into(), role, is_active: true }).await;
            let (pin, old) = (pin.into(), String::new());
            first.people(PeopleVerb::SetPin { person, pin, old, approval: None }).await;
        }
        let choices = || {
            [MeetCall::Switch(false), MeetCall::Add("10.0.0.1".into()), MeetCall::Remove("10.0.0.1".into())]
        };
        first.people(PeopleVerb::Lock).await;
        for choice in choices() {
            assert_eq!(first.refused(choice.clone()).await, "locked", "{choice:?}");
        }
        second.meet(MeetCall::MeetNow).await;
        assert_eq!(second.sales(), 1);
        let enter = |person, pin: &str| PeopleVerb::Enter { person, pin: pin.into() };
        first.people(enter(CASHIER, "0815")).await;
        for choice in choices() {
            assert_eq!(first.refused(choice.clone()).await, "not_allowed", "{choice:?}");
        }
        let seen = first.meet(MeetCall::MeetNow).await;
        assert!(seen.is_on && !seen.may_choose, "{seen:?}");
        first.people(enter(OWNER, "4711")).await;
        assert!(!first.meet(MeetCall::Switch(false)).await.is_on);
    });
}
