//! Experiments with suggestions: which arm whoever uses this device is in, found out here and kept, so that it is the same tomorrow and
//! without a server. One account has one arm on all of its devices. Nothing is sent for it.

use serde_json::Value;
use soko_app_api::Arm;
use soko_domain::ids::{Hash, ThingId};
use soko_experiment::assign::Shares;
use soko_record_log::{StoreError, Tx, params};

use crate::buyer::likes;
use crate::device::Device;
use crate::failure::Undone;

/// What a server says of its models.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Published {
    /// The one in use.
    pub(crate) model: Hash,
    pub(crate) tried: Option<Tried>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Tried {
    experiment: ThingId,
    shares: Shares,
    /// What each arm gets.
    arms: Vec<(Hash, bool)>,
}

/// The arm of whoever uses this device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OwnArm {
    pub(crate) experiment: ThingId,
    /// None stays outside.
    pub(crate) arm: Option<usize>,
    /// Whether the last place goes to something further down.
    pub(crate) explores: bool,
}

impl OwnArm {
    /// As what is met in it says so; nothing outside.
    pub(crate) fn named(self) -> Option<Arm> {
        Some(Arm { experiment: self.experiment.to_string(), arm: self.arm?.to_string() })
    }
}

impl Published {
    /// An experiment that this version does not understand is as good as none.
    pub(crate) fn read(answer: &Value) -> Option<Self> {
        let model = answer["model"].as_str().and_then(Hash::from_hex)?;
        Some(Self { model, tried: Tried::read(&answer["experiment"]) })
    }
}

impl Tried {
    fn read(answer: &Value) -> Option<Self> {
        let experiment = answer["experiment"].as_str().and_then(ThingId::from_hex)?;
        let (mut parts, mut arms) = (Vec::new(), Vec::new());
        for arm in answer["arms"].as_array()? {
            parts.push(u32::try_from(arm["share_ppm"].as_u64()?).ok()?);
            arms.push((arm["model"].as_str().and_then(Hash::from_hex)?, arm["explores"].as_bool()?));
        }
        Some(Self { experiment, shares: Shares::new(&parts).ok()?, arms })
    }
}

impl Device {
    /// The arm that whoever uses this device is in, and the model that it should have.
    pub(crate) fn own_part(&self, published: &Published) -> Result<(Option<OwnArm>, Hash), Undone> {
        let Some(tried) = &published.tried else { return Ok((None, published.model)) };
        let known = self.read(own_arm)?.filter(|known| known.experiment == tried.experiment);
        let arm = match known {
            Some(known) => known.arm,
            None => tried.shares.arm(tried.experiment.as_bytes(), &self.somebody()?),
        };
        let gets = arm.and_then(|arm| tried.arms.get(arm));
        let explores = gets.is_none_or(|gets| gets.1);
        let own = OwnArm { experiment: tried.experiment, arm, explores };
        Ok((Some(own), gets.map_or(published.model, |gets| gets.0)))
    }

    pub(crate) fn is_tried(&self) -> Result<bool, Undone> {
        Ok(self.read(own_arm)?.is_some())
    }

    /// Somebody else uses this device: what it is in was forgotten with them, and until a server says more it is in no arm. What is
    /// suggested meanwhile counts for none.
    pub(crate) fn find_arm_again(&self, was_tried: bool) {
        if was_tried {
            self.market.ring();
        }
    }

    /// Whoever is signed in, the same on their other devices; else this device.
    fn somebody(&self) -> Result<Vec<u8>, Undone> {
        let own = self.own()?;
        let whose = likes::whose(&own);
        Ok(if whose.is_empty() { own.guest.to_vec() } else { whose.into_bytes() })
    }
}

pub(crate) fn own_arm(tx: &mut dyn Tx) -> Result<Option<OwnArm>, StoreError> {
    let Some(row) = tx.query_opt("select experiment, arm, explores from own_experiment", &[])? else {
        return Ok(None);
    };
    let arm = row.number_opt::<u32>(1)?.and_then(|arm| usize::try_from(arm).ok());
    Ok(Some(OwnArm { experiment: row.id(0)?, arm, explores: row.bool(2)? }))
}

/// In the transaction that keeps the arm's model, so that nobody is counted for what they do not have.
pub(crate) fn put_own_arm(tx: &mut dyn Tx, own: Option<OwnArm>) -> Result<(), StoreError> {
    tx.run("delete from own_experiment", &[])?;
    let Some(own) = own else { return Ok(()) };
    tx.run(
        "insert into own_experiment (only_row, experiment, arm, explores) values (1, $1, $2, $3)",
        params![own.experiment, own.arm, own.explores],
    )
}
