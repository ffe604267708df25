-- What shoppers who agreed met in the shop. `who` is an account, or a guest by the hash of their device's secret; `what` and `place` are
-- numbers of `soko_domain::interaction`, `hour` counts hours since 1970: no moment is kept. The id is the device's, so that what is said
-- twice is kept once.
create table interaction (
    id {blob} not null primary key,
    who {blob} not null,
    stall {blob} not null,
    product {blob} not null,
    what {int} not null,
    place {int} not null,
    hour {int} not null,
    -- The model that suggested it.
    model {blob},
    -- The experiment that the suggestion was part of, and its arm; both empty outside of one.
    experiment text not null,
    arm text not null
) {keyed};
create index interaction_who on interaction (who, hour);
create index interaction_stall on interaction (stall, hour);
create index interaction_hour on interaction (hour);
create index interaction_experiment on interaction (experiment, arm, hour) where experiment <> '';
