//! Commands: look up a repeat, load the facts, let the domain decide, write. One transaction each.

mod bundles;
mod coupons;
mod customers;
mod desk;
mod documents;
mod exchange;
mod families;
mod goods;
mod imports;
mod labels;
mod orders;
mod payment;
mod prices;
mod purses;
mod rivals;
mod sale;
mod tabs;

pub(crate) use bundles::parts;
pub(crate) use exchange::pays;
pub(crate) use goods::{GivenBack, return_share};
pub(crate) use imports::{Plan, Target, job, jobs, no_table, plan, target_of};
pub(crate) use labels::{Label, label, of_code};
pub(crate) use prices::move_by_themselves;
pub(crate) use purses::take_rest;
pub(crate) use sale::would_go_back;
pub(crate) use sale::{Catalogue, Offered, Priced, TOLD_MS, Terms, basket, currency, offered, terms};

use sha2::{Digest as _, Sha256};
use soko_app_api::{Command, QueryKey, Refused, Reply, Verb, decode, encode};
use soko_domain::ask::Ask;
use soko_domain::entry::Kind;
use soko_domain::ids::{AuthorId, ProductId, SaleId, ThingId};
use soko_domain::refusal::Refusal;
use soko_domain::role::Role;
use soko_domain::stock::MOVE_QUANTITY_MAX;
use soko_domain::verbs::{close_shift, open_shift, revoke_device, settle_incident, take_back};
use soko_domain::wire::Wire as _;
use soko_domain::wrong::Wrong;

use crate::failure::{Failure, NotDone};
use crate::own::{self, Before};
use crate::weaken::Sabotage;
use crate::write::Writing;

/// In front of every kept answer. An answer of another version is not read.
const OUTCOME_VERSION: u8 = 2;

/// Answers a command, for the first time or again.
pub(crate) fn answer(
    writing: &mut Writing<'_>,
    command: &Command,
) -> Result<Result<Reply, Refused>, Failure> {
    let fingerprint = fingerprint(command)?;
    let known = own::answered(writing.tx, command.id)?;
    match known.filter(|_| !writing.weakened.is(Sabotage::RetryExecutesAgain)) {
        Some(Before::Kept(known)) if known.fingerprint != fingerprint => {
            return Ok(Err(Refusal::IdReused.into()));
        }
        Some(Before::Kept(known)) => return unpack(&known.outcome),
        Some(Before::LongAgo) => return Ok(Err(Refusal::AnsweredLongAgo.into())),
        None => {}
    }
    let outcome = match perform(writing, command) {
        Ok(reply) => Ok(reply),
        Err(NotDone::Refused(refused)) => Err(refused),
        Err(NotDone::Failed(failure)) => return Err(failure),
    };
    let answer = own::Answered { fingerprint, outcome: pack(&outcome)? };
    own::keep_answer(writing.tx, (command.id, command.stall), &answer)?;
    Ok(outcome)
}

fn fingerprint(command: &Command) -> Result<Vec<u8>, Failure> {
    let bytes = encode(&(command.stall.as_bytes(), &command.verb)).map_err(inconsistent)?;
    Ok(Sha256::digest(&bytes).to_vec())
}

fn pack(outcome: &Result<Reply, Refused>) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![OUTCOME_VERSION];
    bytes.extend(encode(outcome).map_err(inconsistent)?);
    Ok(bytes)
}

fn unpack(bytes: &[u8]) -> Result<Result<Reply, Refused>, Failure> {
    match bytes.split_first() {
        Some((&OUTCOME_VERSION, outcome)) => decode(outcome).map_err(inconsistent),
        Some(_) | None => Err(Failure::Inconsistent("an answer was kept by another version".into())),
    }
}

fn inconsistent(error: soko_app_api::CodecError) -> Failure {
    Failure::Inconsistent(error.to_string())
}

/// What every verb needs, whatever it is.
fn check(writing: &mut Writing<'_>, verb: &Verb) -> Result<(), NotDone> {
    check_register(writing)?;
    writing.doer.allow(&[])?;
    check_role(writing.role, verb)?;
    check_up_to_date(writing, verb)
}

fn perform(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    check(writing, &command.verb)?;
    match &command.verb {
        Verb::CreateStall(content) => documents::create_stall(writing, content),
        Verb::EditStall { edits } => documents::edit_stall(writing, edits),
        Verb::CreateProduct { product, content } => documents::create_product(writing, *product, content),
        Verb::EditProduct { product, edits } => documents::edit_product(writing, *product, edits),
        Verb::MakeVariants { product, variants } => families::make(writing, *product, variants),
        Verb::EditCategory { category, edits } => documents::edit_category(writing, *category, edits),
        Verb::EditPriceList { price_list, edits } => documents::edit_price_list(writing, *price_list, edits),
        Verb::EditOpenOrder { order, edits } => documents::edit_open_order(writing, *order, edits),
        Verb::OpenShift { .. } | Verb::CloseShift { .. } => shift(writing, &command.verb),
        Verb::MakeSale { .. } => sale::make(writing, &command.verb),
        Verb::VerifyPayment { .. } | Verb::SettlePayment { .. } | Verb::FailPayment { .. } => {
            payment::say(writing, &command.verb)
        }
        Verb::VoidSale { sale, reason } => sale::void(writing, *sale, reason),
        Verb::Refund { .. } => sale::refund(writing, command),
        Verb::Exchange { returned, sale } => exchange::exchange(writing, command.id, (returned, sale)),
        Verb::ReceiveStock { lines, note } => goods::receive(writing, command.id, lines, note),
        Verb::AdjustStock { .. } => goods::adjust(writing, command),
        Verb::OpenCount { product } => goods::open_count(writing, command.id, *product),
        Verb::CountStock { .. } => goods::count(writing, command),
        Verb::DropCount { count } => goods::drop_count(writing, *count),
        Verb::KeepImport { .. } | Verb::TakeImport { .. } | Verb::UndoImport { .. } => {
            imports::perform(writing, command)
        }
        Verb::ReturnShare { product, quantity } => give_back(writing, command, (*product, *quantity)),
        Verb::AskShare { product, quantity } => ask_share(writing, command, *product, *quantity),
        Verb::PassShare { product, quantity, to } => pass_share(writing, command, (*product, *quantity, *to)),
        Verb::AskRefund { sale, line, quantity } => ask_refund(writing, command, (*sale, *line, *quantity)),
        Verb::MoveDrawer { .. } | Verb::OpenDrawer { .. } | Verb::CountDrawer { .. } => {
            desk::drawer(writing, command)
        }
        Verb::TakeOff { sale, lines, reason } => desk::take_off(writing, (command.id, *sale), lines, reason),
        Verb::PutPerson { .. } | Verb::ErasePerson { .. } | Verb::PutLimits { .. } => {
            desk::manage(writing, command)
        }
        Verb::PutCustomer { customer, about } => customers::put(writing, (*customer, command.id), about),
        Verb::EraseCustomer { customer } => customers::erase(writing, *customer),
        Verb::FillPurse { .. } => purses::fill(writing, &command.verb),
        Verb::AskPurse { purse, units } => purses::ask(writing, command, (purse, *units)),
        Verb::PutLoyalty(loyalty) => customers::put_loyalty(writing, *loyalty),
        Verb::PutPriceRule { .. }
        | Verb::AcceptPrice { .. }
        | Verb::RefusePrice { .. }
        | Verb::UndoPrice { .. }
        | Verb::BeginPriceExperiment { .. }
        | Verb::EndPriceExperiment { .. } => prices::perform(writing, command),
        Verb::SeeRival { .. }
        | Verb::DropRival { .. }
        | Verb::TakeRivals { .. }
        | Verb::PutRivalSource { .. } => rivals::perform(writing, &command.verb),
        Verb::PutCoupon { code, terms } => coupons::put(writing, code, terms),
        Verb::Approved { approval, verb } => {
            desk::approved(writing, (command.id, command.stall), (*approval, verb))
        }
        Verb::ConfirmDevices => confirm_devices(writing, command),
        Verb::RevokeDevice { author, reason } => revoke(writing, *author, reason),
        Verb::TakeBack { product, of, reason } => take_back(writing, command, (*product, *of), reason),
        Verb::SettleIncident { incident } => settle_incident(writing, *incident),
        Verb::HandOverOrder { order, tenders } => orders::hand_over(writing, *order, tenders),
        Verb::PayBackOrder { order, reason } => orders::pay_back(writing, *order, reason),
        Verb::RefundOrder { .. } | Verb::GiveOrderCash { .. } => orders::refund_order(writing, command),
        Verb::TransferCame { .. } | Verb::SendBackTransfer { .. } => orders::transfer(writing, &command.verb),
        Verb::AskCancelOrder { order, reason } => orders::cancel(writing, *order, reason),
        Verb::SwapLine { .. } | Verb::WithdrawSwap { .. } => orders::swap(writing, command),
        Verb::StepOrder { order, step } => orders::step_order(writing, *order, *step),
    }
}

fn confirm_devices(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    let epoch = writing.stall.row.epoch.id;
    ask(writing, command, &Ask::ConfirmDevicesOf { epoch })
}

fn revoke(writing: &mut Writing<'_>, author: AuthorId, reason: &str) -> Result<Reply, NotDone> {
    let device = writing.device(author)?;
    let facts = revoke_device::Facts {
        role: writing.role,
        known: device.is_some(),
        revoked: device.is_some_and(|device| device.revoked),
    };
    let payload = revoke_device::RevokeDevice { author, reason: reason.into() };
    writing.write(revoke_device::decide(&facts, &payload)?)?;
    Ok(Reply::Done)
}

/// The owner says that what is set apart is here. Only the server knows what is left of it.
fn take_back(
    writing: &mut Writing<'_>,
    command: &Command,
    (product, of): (ProductId, AuthorId),
    reason: &str,
) -> Result<Reply, NotDone> {
    writing.require_product(product)?;
    let is_revoked = writing.device(of)?.ok_or(Refusal::UnknownDevice(of))?.revoked;
    take_back::check(is_revoked, reason)?;
    ask(writing, command, &Ask::TakeBack { product, of, reason: reason.trim().into() })
}

fn settle_incident(writing: &mut Writing<'_>, incident: ThingId) -> Result<Reply, NotDone> {
    let facts = soko_projection::incidents::facts(writing.tx, writing.log, incident)?;
    writing.write(settle_incident::decide(facts, incident)?)?;
    Ok(Reply::Done)
}

/// A frozen copy has no pen, and a revoked device writes nothing that would count.
fn check_register(writing: &mut Writing<'_>) -> Result<(), NotDone> {
    if writing.stall.row.frozen.is_some() || writing.stall.pen.is_none() {
        return Err(Refusal::RegisterFrozen.into());
    }
    if writing.device(writing.me)?.is_some_and(|device| device.revoked) {
        return Err(Refusal::DeviceRevoked.into());
    }
    Ok(())
}

/// Who cannot read all that is held gives no share away and asks for none. What happened is recorded all the same.
fn check_up_to_date(writing: &mut Writing<'_>, verb: &Verb) -> Result<(), NotDone> {
    let is_about_shares = matches!(
        verb,
        Verb::AskShare { .. } | Verb::AskPurse { .. } | Verb::ReturnShare { .. } | Verb::PassShare { .. }
    );
    if is_about_shares && soko_projection::read::is_outdated(writing.tx, writing.log, writing.me)? {
        return Err(Refusal::Outdated.into());
    }
    Ok(())
}

fn check_role(role: Role, verb: &Verb) -> Result<(), Refusal> {
    let allowed = match verb {
        Verb::CreateStall(_)
        | Verb::EditStall { .. }
        | Verb::CreateProduct { .. }
        | Verb::EditProduct { .. }
        | Verb::MakeVariants { .. }
        | Verb::EditCategory { .. }
        | Verb::EditPriceList { .. }
        | Verb::KeepImport { .. }
        | Verb::TakeImport { .. }
        | Verb::UndoImport { .. } => role.may_edit_catalogue(),
        Verb::EditOpenOrder { .. } | Verb::AskShare { .. } | Verb::AskRefund { .. } => role.is_staff(),
        // What is approved is looked at when it is done.
        Verb::Approved { .. } => true,
        Verb::MoveDrawer { .. } => role.may_write(Kind::DrawerMoved),
        Verb::TakeOff { .. } => role.may_write(Kind::LinesTakenOff),
        Verb::OpenDrawer { .. } => role.may_write(Kind::DrawerOpened),
        Verb::CountDrawer { .. } => role.may_write(Kind::DrawerCounted),
        // The register's role bounds it; whether the person may is for people to say.
        Verb::PutPerson { .. } | Verb::ErasePerson { .. } | Verb::PutLimits { .. } => role.is_staff(),
        Verb::PutCustomer { .. } => role.may_write(Kind::CustomerPut),
        Verb::EraseCustomer { .. } => role.may_write(Kind::CustomerErased),
        Verb::FillPurse { .. } => role.may_write(Kind::PurseFilled),
        Verb::AskPurse { .. } => role.is_staff(),
        Verb::PutLoyalty(_) => role.may_write(Kind::LoyaltyPut),
        Verb::PutPriceRule { .. } | Verb::BeginPriceExperiment { .. } | Verb::EndPriceExperiment { .. } => {
            role.may_write(Kind::PriceRulePut)
        }
        Verb::PutCoupon { .. } => role.may_write(Kind::CouponPut),
        Verb::AcceptPrice { .. } | Verb::UndoPrice { .. } => role.may_write(Kind::PriceMoved),
        Verb::RefusePrice { .. } => role.may_write(Kind::PriceRefused),
        Verb::SeeRival { .. } | Verb::DropRival { .. } | Verb::TakeRivals { .. } => {
            role.may_write(Kind::RivalsSeen)
        }
        Verb::PutRivalSource { .. } => role.may_write(Kind::RivalSourcePut),
        Verb::ConfirmDevices => role == Role::Owner,
        Verb::OpenShift { .. } => role.may_write(Kind::ShiftOpened),
        Verb::CloseShift { .. } => role.may_write(Kind::ShiftClosed),
        Verb::MakeSale { .. } => role.may_write(Kind::SaleMade),
        Verb::VerifyPayment { .. } => role.may_write(Kind::PaymentVerified),
        Verb::SettlePayment { .. } => role.may_write(Kind::PaymentSettled),
        Verb::FailPayment { .. } => role.may_write(Kind::PaymentFailed),
        Verb::VoidSale { .. } => role.may_write(Kind::SaleVoided),
        Verb::Refund { .. } => role.may_write(Kind::RefundMade),
        Verb::Exchange { .. } => role.may_write(Kind::RefundMade) && role.may_write(Kind::SaleMade),
        Verb::ReceiveStock { .. } => role.may_write(Kind::StockReceived),
        Verb::AdjustStock { .. } => role.may_write(Kind::StockAdjusted),
        Verb::OpenCount { .. } => role.may_write(Kind::CountOpened),
        Verb::CountStock { .. } => role.may_write(Kind::StockCounted),
        Verb::DropCount { .. } => role.may_write(Kind::CountDropped),
        Verb::ReturnShare { .. } | Verb::PassShare { .. } => role.may_write(Kind::ShareReturned),
        Verb::RevokeDevice { .. } => role.may_write(Kind::DeviceRevoked),
        Verb::TakeBack { .. } => role.may_take_back(),
        Verb::SettleIncident { .. } => role.may_write(Kind::IncidentSettled),
        Verb::HandOverOrder { .. } => role.may_write(Kind::OrderHandedOver),
        Verb::PayBackOrder { .. } => role.may_write(Kind::OrderBackAsked),
        Verb::RefundOrder { .. } => role.may_write(Kind::OrderRefundAsked),
        Verb::GiveOrderCash { .. } => role.may_write(Kind::OrderCashGiven),
        Verb::TransferCame { .. } => role.may_write(Kind::OrderTransferCame),
        Verb::SendBackTransfer { .. } => role.may_write(Kind::OrderSentBack),
        Verb::AskCancelOrder { .. } => role.may_write(Kind::OrderCancelAsked),
        Verb::StepOrder { .. } => role.may_write(Kind::OrderStepped),
        Verb::SwapLine { .. } => role.may_write(Kind::OrderSwapAsked),
        Verb::WithdrawSwap { .. } => role.may_write(Kind::OrderSwapWithdrawn),
    };
    if allowed { Ok(()) } else { Err(Refusal::NotAllowed) }
}

fn shift(writing: &mut Writing<'_>, verb: &Verb) -> Result<Reply, NotDone> {
    let open = writing.open_shift()?;
    #[expect(clippy::wildcard_enum_match_arm, reason = "only the two verbs of a shift come here")]
    match verb {
        Verb::CloseShift { shift, counted_minor, reason } => {
            let facts = close_shift::Facts {
                open_shift: open.as_ref().map(|open| open.shift),
                expected_minor: open.as_ref().map_or(0, |open| open.expected_minor),
            };
            let payload = close_shift::CloseShift {
                shift: *shift,
                counted_minor: *counted_minor,
                reason: reason.clone(),
            };
            writing.write(close_shift::decide(&facts, &payload)?)?;
            Ok(Reply::ShiftClosed { expected_minor: facts.expected_minor, counted_minor: *counted_minor })
        }
        Verb::OpenShift { shift, float_minor } => {
            let facts = open_shift::Facts { open_shift: open.map(|open| open.shift) };
            let payload = open_shift::OpenShift { shift: *shift, float_minor: *float_minor };
            writing.write(open_shift::decide(&facts, &payload)?)?;
            Ok(Reply::Done)
        }
        _ => Err(Failure::Inconsistent("a verb went the wrong way".into()).into()),
    }
}

fn ask_share(
    writing: &mut Writing<'_>,
    command: &Command,
    product: ProductId,
    quantity: i64,
) -> Result<Reply, NotDone> {
    check_asked(quantity)?;
    ask(writing, command, &Ask::Share { product, quantity })
}

fn give_back(
    writing: &mut Writing<'_>,
    command: &Command,
    (product, quantity): (ProductId, i64),
) -> Result<Reply, NotDone> {
    goods::return_share(writing, GivenBack { share: command.id, product, quantity, recall: None })
}

/// One transaction: nobody promises the units until the server hears of both.
fn pass_share(
    writing: &mut Writing<'_>,
    command: &Command,
    (product, quantity, to): (ProductId, i64, AuthorId),
) -> Result<Reply, NotDone> {
    writing.require_product(product)?;
    let there = writing.device(to)?.filter(|device| device.admitted && to != writing.me);
    let there = there.ok_or(Refusal::UnknownDevice(to))?;
    if there.revoked {
        return Err(Refusal::DeviceRevoked.into());
    }
    give_back(writing, command, (product, quantity))?;
    ask(writing, command, &Ask::Pass { product, quantity, to })
}

fn ask_refund(
    writing: &mut Writing<'_>,
    command: &Command,
    (sale, line, quantity): (SaleId, u32, i64),
) -> Result<Reply, NotDone> {
    check_asked(quantity)?;
    ask(writing, command, &Ask::Refund { sale, line, quantity })
}

fn check_asked(quantity: i64) -> Result<(), Refusal> {
    if (1..=MOVE_QUANTITY_MAX).contains(&quantity) {
        return Ok(());
    }
    Err(Refusal::Invalid(Wrong::QuantityOdd))
}

/// The request goes with the next page, and again until it is answered.
fn ask(writing: &mut Writing<'_>, command: &Command, ask: &Ask) -> Result<Reply, NotDone> {
    own::add_ask(writing.tx, writing.log, command.id, &ask.to_bytes())?;
    writing.after.wants_to_send = true;
    writing.changed([QueryKey::Ask(command.id), QueryKey::Status]);
    Ok(Reply::Asked { ask: command.id })
}
