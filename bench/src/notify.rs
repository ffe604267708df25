//! Being told: how soon another device hears of an order, and how many mails about orders a server makes and hands over in a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use soko_app_api::Verb;
use soko_domain::ids::{LogId, ProductId};
use soko_register::home::random_id;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::client::Connection;
use crate::figure::{Fault, Measured, Milli, percentile, print};
use crate::world::{Folder, ServerProcess, Till};

const ORDERS: usize = 500;
const CLIENTS: usize = 10;
const SHOP_UNITS: i64 = 10_000;
const PATIENCE: Duration = Duration::from_secs(120);
/// Words that nobody took yet.
const UNHEARD_MAX: usize = 1_024;

pub(crate) fn notify() -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(stream())?;
    runtime.block_on(fan_out())
}

struct Shop {
    address: String,
    stall: LogId,
    product: ProductId,
    /// Of its owner.
    session: String,
}

impl Shop {
    async fn open(folder: &Folder, process: &ServerProcess) -> Measured<Self> {
        let mut till = Till::found(&folder.path().join("till"), 1)?;
        let server = till.server(process)?;
        let product = *till.products.first().ok_or_else(|| Fault("there is no product".into()))?;
        let session = till.enrol(&server).await?;
        till.exchange().await?;
        till.handle(Verb::ReturnShare { product, quantity: SHOP_UNITS })?;
        till.exchange().await?;
        let shop = Self { address: process.address.clone(), stall: till.stall, product, session };
        till.home.close()?;
        Ok(shop)
    }

    /// An order of somebody else each time.
    async fn order(&self, server: &mut Connection) -> Measured {
        let secret = format!("{}{}", random_id(), random_id());
        let lines = json!([{"product": self.product.to_string(), "quantity": 1}]);
        let body = json!({"order": random_id().to_string(), "lines": lines}).to_string();
        let (status, answer) =
            server.post(&format!("/v1/stalls/{}/orders", self.stall), &secret, &body).await?;
        if status == 201 { Ok(()) } else { Err(Fault(format!("an order was not taken: {status} {answer}"))) }
    }

    /// When each word of the stall's stream arrived.
    async fn listen(&self) -> Measured<mpsc::Receiver<Instant>> {
        let (tell, words) = mpsc::channel(UNHEARD_MAX);
        let mut stream = TcpStream::connect(&self.address).await?;
        let asked = format!(
            "GET /v1/stalls/{}/stream HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
            self.stall, self.address, self.session
        );
        stream.write_all(asked.as_bytes()).await?;
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with("data:") && tell.send(Instant::now()).await.is_err() {
                    return;
                }
            }
        });
        Ok(words)
    }
}

/// From the moment before an order is placed until another device has the word that the stall's log moved.
async fn stream() -> Measured {
    let folder = Folder::new()?;
    let process = ServerProcess::start(folder.path(), None)?;
    let shop = Shop::open(&folder, &process).await?;
    let mut words = shop.listen().await?;
    heard(&mut words).await?;
    let mut server = Connection::open(&shop.address).await?;
    let mut times = Vec::new();
    for _ in 0..ORDERS {
        // What came of the one before is not about this one.
        while words.try_recv().is_ok() {}
        let began = Instant::now();
        shop.order(&mut server).await?;
        times.push(heard(&mut words).await?.saturating_duration_since(began));
    }
    print("notify.stream.p99_ms", "ms", Milli::millis(percentile(&mut times, 99)), None);
    print("notify.stream.p50_ms", "ms", Milli::millis(percentile(&mut times, 50)), None);
    Ok(())
}

async fn heard(words: &mut mpsc::Receiver<Instant>) -> Measured<Instant> {
    let word = tokio::time::timeout(PATIENCE, words.recv()).await;
    word.ok().flatten().ok_or_else(|| Fault("the stream said nothing".into()))
}

/// Many orders, a mail to the owner for each: from the first order until a mail server that answers at once has the last mail.
async fn fan_out() -> Measured {
    let folder = Folder::new()?;
    let (address, mut mails) = sink().await?;
    let settings = [
        ("SOKO_PUBLIC_URL", "https://market.example".into()),
        ("SOKO_MAIL_SERVER", format!("smtp://{address}")),
        ("SOKO_MAIL_FROM", "Soko <market@market.example>".into()),
        // One owner hears of them all.
        ("SOKO_MESSAGES_PER_HOUR", ORDERS.to_string() + "0"),
    ];
    let process = ServerProcess::start_with(folder.path(), None, &settings)?;
    let shop = Arc::new(Shop::open(&folder, &process).await?);
    let began = Instant::now();
    let one = |_| {
        let shop = Arc::clone(&shop);
        tokio::spawn(async move {
            let mut server = Connection::open(&shop.address).await?;
            for _ in 0..ORDERS / CLIENTS {
                shop.order(&mut server).await?;
            }
            Ok::<(), Fault>(())
        })
    };
    let clients: Vec<_> = (0..CLIENTS).map(one).collect();
    for client in clients {
        client.await??;
    }
    let mut last = began;
    for _ in 0..ORDERS {
        last = heard(&mut mails).await?;
    }
    let took = last.saturating_duration_since(began);
    print("notify.fan_out.per_s", "1/s", Milli::per_second(u64::try_from(ORDERS)?, took), None);
    Ok(())
}

/// A mail server that takes everything at once, and when it took each mail.
async fn sink() -> Measured<(String, mpsc::Receiver<Instant>)> {
    let (tell, mails) = mpsc::channel(UNHEARD_MAX);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let _ = take(stream, tell).await;
            });
        }
    });
    Ok((address, mails))
}

async fn take(stream: TcpStream, tell: mpsc::Sender<Instant>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sink\r\n").await?;
    let mut is_mail = false;
    while let Some(line) = lines.next_line().await? {
        let answer: &[u8] = match line.as_str() {
            "." if is_mail => {
                is_mail = false;
                let _ = tell.send(Instant::now()).await;
                b"250 taken\r\n"
            }
            _ if is_mail => continue,
            "DATA" => {
                is_mail = true;
                b"354 go on\r\n"
            }
            "QUIT" => return write.write_all(b"221 bye\r\n").await,
            _ => b"250 sink\r\n",
        };
        write.write_all(answer).await?;
    }
    Ok(())
}
