//! Say that an incident was dealt with. What was done about it stands in other entries, if anything was to be written.

use crate::entry::{Entry, IncidentSettled};
use crate::ids::ThingId;
use crate::refusal::{Refusal, ensure, invalid};
use crate::wrong::Wrong;

#[derive(Clone, Copy, Default, Debug)]
pub struct Facts {
    pub is_known: bool,
    pub is_settled: bool,
}

/// Nothing where somebody said it before.
pub fn decide(facts: Facts, incident: ThingId) -> Result<Vec<Entry>, Refusal> {
    ensure(facts.is_known, invalid(Wrong::IncidentUnknown))?;
    if facts.is_settled {
        return Ok(Vec::new());
    }
    Ok(vec![IncidentSettled { incident }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_is_settled_once() {
        let incident = ThingId([7; 16]);
        for (is_known, is_settled, entries) in
            [(false, false, None), (true, false, Some(1)), (true, true, Some(0))]
        {
            let decided = decide(Facts { is_known, is_settled }, incident);
            assert_eq!(decided.ok().map(|entries| entries.len()), entries, "{is_known} {is_settled}");
        }
    }
}
