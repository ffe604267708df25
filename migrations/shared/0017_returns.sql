-- What buyers bring back of their orders, how long a stall takes it back, and when an order was handed over. The column of the
-- profile was not read before, and when something was handed over stood in its record alone: the tables of every log are
-- marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

alter table stall_profile add column return_days {int} not null default 0;
alter table orders add column ended_ms {int} not null default 0;

-- `state` 1 asked, 2 taken, 3 refused; `lines` and `goods` as the entries have them. An answer may arrive before what it answers.
create table order_return (
  log {blob} not null, returned {blob} not null, order_id {blob} not null, state {int} not null,
  why {int} not null, lines {blob} not null, goods {blob} not null, reason text not null,
  asked_ms {int} not null, answered_ms {int} not null,
  primary key (log, returned)
) {keyed};
create index order_return_order on order_return (log, order_id);
