-- How far stalls are with their orders, and why they cancelled one. The entry is new, and reasons were in no table: the tables
-- of every log are marked, and whoever opens the database fills them from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- `step` 1 to 4 as the entry has it; 100 is a stall that cancels, with its reason.
create table order_step (
  log {blob} not null, author {blob} not null, seq {int} not null, order_id {blob} not null,
  step {int} not null, note text not null, at_ms {int} not null,
  primary key (log, author, seq)
) {strict};
create index order_step_order on order_step (log, order_id, step);

-- The furthest step, for lists.
alter table orders add column step {int} not null default 0;
