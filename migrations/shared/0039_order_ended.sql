-- Why an order ended without its goods being handed over: the record says it, and no table had it. The tables of every log are marked,
-- and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- As the record has it: 1 its buyer, 2 its stall, 3 it was not paid, 4 not in time. 0 did not end so.
alter table orders add column ended {int} not null default 0;
