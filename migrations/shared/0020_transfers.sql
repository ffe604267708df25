-- Paying by bank transfer. The entries are new, and an older program kept them aside: the tables of every log are marked, and filled
-- again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- How a stall takes transfers, as `soko_domain::transfer` reads it; empty where it does not.
alter table stall_profile add column transfer_terms text not null default '';

-- Where the buyer of an order was told to send its money, and until when the goods are held for it. What is due, and whether it
-- came, stands in `order_money`, where way 3 is this one.
create table order_transfer (
  log {blob} not null, author {blob} not null, seq {int} not null, order_id {blob} not null,
  holder text not null, number text not null, bank text not null, until_ms {int} not null,
  primary key (log, author, seq)
) {strict};
create index order_transfer_order on order_transfer (log, order_id);
create index order_transfer_until on order_transfer (until_ms);
