-- A business day may still change once it is over: a register was without a network, a sale is voided, goods come back. What
-- changed it then, and when, is kept beside its sums. And the hours of a business day are counted from the midnight with which
-- its date begins, so that those behind the next midnight are 24 and more: the hour in which a day begins and ends may have
-- been one number. Logs are marked, and whoever opens the database fills their tables again.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- The business days on which this place heard anything of a log, and behind how many records. It follows from no record, so
-- nothing fills or empties it.
create table heard_day (
  log {blob} not null, business_day {int} not null,
  -- What was heard on that day stands behind this position.
  from_position {int} not null,
  -- Behind this one stands what came once this place knew all there was: days before are over. Null: it never did that day.
  whole_position {int},
  primary key (log, business_day)
) {keyed};

-- By how much a business day changed on a later one. It depends on when a place heard of what, so it is in no digest.
create table figure_restated (
  log {blob} not null, business_day {int} not null, told_day {int} not null,
  sales {int} not null, revenue_minor {int} not null, refunded_minor {int} not null,
  -- What came back on that later day of what was sold on this one.
  returned_minor {int} not null,
  primary key (log, business_day, told_day)
) {keyed};

-- What each customer bought, whoever orders in the shop among them. Grain 1: `at` is a business day. Grain 3: ever, and `at` is
-- nothing, so that customers are found without looking at each of their days.
create table figure_customer (
  log {blob} not null, grain {int} not null, customer {blob} not null, at {int} not null,
  sales {int} not null, revenue_minor {int} not null,
  primary key (log, grain, customer, at)
) {keyed};

-- Gift cards that were sold in a time are found without looking at every point that was ever earned.
create index purse_entry_day on purse_entry (log, kind, filled, cause, business_day);
