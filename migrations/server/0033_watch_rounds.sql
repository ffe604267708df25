-- Of a product that is back or costs less, everybody who likes it is told, a portion at a time: `after` is the last account that was, none
-- before the first. The row goes with the last portion. `at_ms` is in the identity of each message, so none is made twice.

create table watch_round (
    log {blob} not null,
    product {blob} not null,
    at_ms {int} not null,
    topic {int} not null,
    after {blob},
    primary key (log, product, at_ms)
) {keyed};

-- 1: there was something to tell within a day of what was told last; it is looked at again when the day is over.
alter table told_offer add column is_owed {int} not null default 0;
