//! Taking this device out of one stall. What is unsent is sent, what it may promise goes back, then it writes nothing more and tells the
//! server; once that said yes, the stall's copy goes. Whoever dies in between finds one of two states: the stall is as it was, or the
//! device waits for the server's word and asks for it again.

use std::pin::pin;

use futures_util::future::select;
use soko_app_api::{LeavingView, RegisterState, View};
use soko_domain::ids::{AuthorId, LogId};
use soko_record_log::StoreError;

use crate::device::Device;
use crate::exchange::Exchange;
use crate::failure::Undone;
use crate::server::{Farewell, Unanswered};

/// What is granted while shares go back goes back, too, so often.
const ROUNDS: usize = 3;
/// What the server says where something arrived here after all was given back and sent.
const BETWEEN: [&str; 2] = ["share_left", "records_missing"];
/// The server is asked again after this, or when it is heard.
const AGAIN_MS: u64 = 15_000;

/// Every author that this device was at a stall, with its last record.
pub(crate) type OwnHeads = Vec<(AuthorId, u64)>;

/// What is left to do once all was sent that can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ready {
    /// The server has nothing to hear.
    Remove,
    Say {
        /// A person chose that something stays unsent.
        anyway: bool,
    },
}

/// How a word to the server ended.
enum Ended {
    Left,
    /// Nobody knows whether it was heard.
    Unknown,
    /// It was not, for this reason.
    Stays(Undone),
}

impl Device {
    /// Leaves a stall. A stall that is not here any more was left.
    pub(crate) async fn leave(&self, stall: LogId, by_backup: bool) -> Result<(), Undone> {
        if !self.engine()?.stalls().contains(&stall) {
            return Ok(());
        }
        if !self.leaving.borrow_mut().insert(stall) {
            return Err(is_leaving());
        }
        let left = self.leave_once(stall, by_backup).await;
        self.leaving.borrow_mut().remove(&stall);
        if self.engine()?.is_leaving(stall) {
            self.go_on_leaving(stall);
        }
        self.tell_changes();
        self.tell_device();
        left
    }

    async fn leave_once(&self, stall: LogId, by_backup: bool) -> Result<(), Undone> {
        let mut why = no_server();
        for _ in 0..ROUNDS {
            let mut anyway = by_backup;
            if !self.engine()?.is_leaving(stall) {
                self.engine()?.may_leave(stall)?;
                match self.get_ready(stall, by_backup).await? {
                    Ready::Remove => return self.remove(stall),
                    Ready::Say { anyway: said } => anyway = said,
                }
            }
            match self.say_farewell(stall, anyway).await? {
                Ended::Left => return self.remove(stall),
                Ended::Unknown => {
                    let sentence = "the server did not say whether it heard that this device leaves: it is asked again by itself";
                    return Err(Undone::refused("leave_unanswered", sentence));
                }
                // Something came in between, which goes back with the next round.
                Ended::Stays(Undone::Refused(refused)) if BETWEEN.contains(&refused.code.as_str()) => {
                    why = refused.into();
                }
                Ended::Stays(stays) => return Err(stays),
            }
        }
        Err(why)
    }

    /// Gives back and sends what it can; refuses while something would be lost.
    async fn get_ready(&self, stall: LogId, by_backup: bool) -> Result<Ready, Undone> {
        let lies = self.engine()?.lies_here(stall)?;
        // An invitation that came to nothing leaves nothing behind.
        if !lies.has_records && self.connected(stall).is_err() {
            return Ok(Ready::Remove);
        }
        if lies.is_shut_out {
            self.look_at_unsent(stall, by_backup)?;
            return Ok(Ready::Remove);
        }
        if lies.is_shift_open {
            let sentence = "the drawer of this register is open: count and close it first";
            return Err(Undone::refused("leave_drawer_open", sentence));
        }
        if self.connected(stall).is_err() {
            let sentence = "what is on this device is all there is of this stall: connect it to a server first, or save a backup";
            return Err(Undone::refused("leave_not_connected", sentence));
        }
        // Whoever cannot leave sells on: what this device may promise stays here until all else is at the server.
        let may_send = access(self.send_all(stall).await)?;
        let anyway = self.look_at_unsent(stall, by_backup)?;
        if !may_send {
            return Ok(Ready::Say { anyway });
        }
        access(self.give_back(stall).await)?;
        // A copy that was found out meanwhile would end the register that it is a copy of.
        self.engine()?.may_leave(stall)?;
        Ok(Ready::Say { anyway: self.look_at_unsent(stall, by_backup)? })
    }

    async fn send_all(&self, stall: LogId) -> Result<(), Undone> {
        Exchange::new(self, stall)?.until_sent().await?;
        self.send_pictures(stall).await?;
        let now_ms = self.now().at_ms;
        self.send_mailed(now_ms).await.map(drop)
    }

    async fn give_back(&self, stall: LogId) -> Result<(), Undone> {
        for _ in 0..ROUNDS {
            let now = self.now();
            let given = self.engine()?.give_all_back(stall, now)?;
            self.tell_changes();
            if given == 0 {
                break;
            }
            Exchange::new(self, stall)?.until_sent().await?;
        }
        Ok(())
    }

    /// Says whether something stays unsent because a person chose that.
    fn look_at_unsent(&self, stall: LogId, by_backup: bool) -> Result<bool, Undone> {
        let left = self.leaving_view(stall)?;
        if !left.has_unsent() {
            return Ok(false);
        }
        if by_backup && left.is_backed_up {
            return Ok(true);
        }
        let sentence = format!(
            "{} records, {} pictures and {} receipts of this device are nowhere else: wait until they are sent, or save a backup and \
             leave with it",
            left.records, left.pictures, left.receipts
        );
        Err(Undone::refused("leave_unsent", sentence))
    }

    /// Tells the server, in words that this device signs. What it cannot have heard keeps the device in the stall.
    async fn say_farewell(&self, stall: LogId, anyway: bool) -> Result<Ended, Undone> {
        let Some(link) = self.link(stall)? else { return Err(no_server()) };
        let server = self.server_at(&link.server)?;
        // A word before this one may have been heard.
        let was_said = self.engine()?.is_leaving(stall);
        let (author, seq) = self.engine()?.seal(stall)?;
        let farewell = Farewell { author, seq, anyway };
        let signed = self.engine()?.sign(stall, &farewell.message());
        let Ok(Some(signature)) = signed else {
            self.engine()?.unseal(stall)?;
            return Err(Undone::failed("the register's key is missing: renew it"));
        };
        let why = match server.leave(farewell, &signature).await {
            Ok(()) => return Ok(Ended::Left),
            Err(Unanswered::NoAnswer(_)) => return Ok(Ended::Unknown),
            Err(Unanswered::Refused { code, .. }) if was_said && !BETWEEN.contains(&code.as_str()) => {
                return Ok(Ended::Unknown);
            }
            Err(
                Unanswered::Unreached(_)
                | Unanswered::NoAccess(_)
                | Unanswered::Expired(_)
                | Unanswered::Later { .. },
            ) if was_said => {
                return Ok(Ended::Unknown);
            }
            Err(Unanswered::Unreached(_)) => no_server(),
            Err(
                refused @ (Unanswered::NoAccess(_)
                | Unanswered::Expired(_)
                | Unanswered::Later { .. }
                | Unanswered::Refused { .. }),
            ) => refused.into(),
        };
        self.engine()?.unseal(stall)?;
        Ok(Ended::Stays(why))
    }

    /// Until the server said whether this device is out. Begun anew with each start.
    pub(crate) fn go_on_leaving(&self, stall: LogId) {
        self.spawn(|device| Box::pin(async move { device.finish_leaving(stall).await }));
    }

    async fn finish_leaving(&self, stall: LogId) {
        while !self.is_closed() && self.engine().is_ok_and(|engine| engine.is_leaving(stall)) {
            let heard = self.heard.turned.heard();
            if self.leaving.borrow_mut().insert(stall) {
                let ended = self.say_farewell(stall, false).await;
                if let Ok(Ended::Left) = ended {
                    // What fails here is done by the next round.
                    let _ = self.remove(stall);
                }
                self.leaving.borrow_mut().remove(&stall);
                self.tell_changes();
                self.tell_device();
            }
            if self.engine().is_ok_and(|engine| engine.is_leaving(stall)) {
                select(pin!(self.heard.turned.after(heard)), self.host.sleep(AGAIN_MS)).await;
            }
        }
    }

    /// Takes the stall off this device. Other stalls, what somebody ordered and who is signed in stay.
    fn remove(&self, stall: LogId) -> Result<(), Undone> {
        self.let_pictures_go(stall)?;
        self.engine()?.forget(stall)?;
        self.unlink(stall);
        self.tell_device();
        Ok(())
    }

    pub(crate) fn leaving_answer(&self, stall: LogId) -> Result<View, Undone> {
        self.leaving_view(stall).map(View::Leaving)
    }

    fn leaving_view(&self, stall: LogId) -> Result<LeavingView, Undone> {
        let lies = self.engine()?.lies_here(stall)?;
        let status = self.status(stall)?;
        let heads = self.engine()?.own_heads(stall)?;
        let is_backed_up = self.backed_up.borrow().get(&stall) == Some(&heads);
        let (pictures, receipts) = self.read(|tx| {
            Ok::<_, StoreError>((crate::pictures::only_here(tx)?, crate::mailed::waiting(tx, stall)?))
        })?;
        Ok(LeavingView {
            is_connected: self.connected(stall).is_ok(),
            is_shut_out: lies.is_shut_out,
            is_leaving: status.state == RegisterState::Leaving,
            is_shift_open: lies.is_shift_open,
            records: status.unsent,
            pictures,
            receipts,
            products: lies.products,
            pieces: lies.pieces,
            purses: lies.purses,
            is_backed_up,
        })
    }

    /// Whoever waits in vain for the server's word may go on as a new register, but not while it is being asked.
    pub(crate) fn require_not_asking(&self, stall: LogId) -> Result<(), Undone> {
        if self.leaving.borrow().contains(&stall) { Err(is_leaving()) } else { Ok(()) }
    }

    /// Nothing is written at a stall that this device leaves: what is written now would be nowhere a moment later.
    pub(crate) fn require_staying(&self, stall: LogId) -> Result<(), Undone> {
        if self.engine()?.is_leaving(stall) { Err(is_leaving()) } else { Ok(()) }
    }
}

/// Whether the server takes anything more of this device; what is unsent stays so where it does not.
fn access(sent: Result<(), Undone>) -> Result<bool, Undone> {
    match sent {
        Ok(()) => Ok(true),
        Err(Undone::Refused(refused)) if refused.code == "access_ended" => Ok(false),
        Err(undone) => Err(undone),
    }
}

fn is_leaving() -> Undone {
    Undone::refused("leaving", "this device is leaving the stall: wait until the server has answered")
}

pub(crate) fn no_server() -> Undone {
    Undone::refused(
        "leave_no_server",
        "the server cannot be reached, and must know that this device leaves: connect it and try again, or save a backup meanwhile",
    )
}
