-- What stalls offer in place of a line of an order. The entries are new, and an older program kept them aside: the tables of every log
-- are marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- By how much the offers that were taken changed the order's total, and how many there are.
alter table orders add column swapped_minor {int} not null default 0;
alter table orders add column swaps {int} not null default 0;

-- What is said of each offer. `what`: 1 it is asked for, 2 offered, 3 taken, 4 ended, 5 withdrawn. `line` is the line that is to go, of
-- 1 and 2, and where the new one stands, of 3; `code` how it ended, of 4.
create table order_swap (
  log {blob} not null, author {blob} not null, seq {int} not null, order_id {blob} not null,
  swap {blob} not null, what {int} not null, line {int} not null, code {int} not null,
  primary key (log, author, seq)
) {strict};
create index order_swap_order on order_swap (log, order_id, swap);
