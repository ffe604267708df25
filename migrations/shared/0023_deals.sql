-- Other prices for a while and for so many. The entries are new, and an older program kept them aside; documents may hold deals that it
-- did not read. The tables of every log are marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- As `soko_domain::deal` reads it; empty where there is none. Its identity once more, so that what was taken of it can be joined.
alter table product add column deal text not null default '';
alter table product add column deal_id {blob};

-- What each order took of a deal.
create table deal_taken (
  log {blob} not null, author {blob} not null, seq {int} not null, order_id {blob} not null, deal {blob} not null,
  product {blob} not null, buyer {blob} not null, units {int} not null,
  primary key (log, author, seq)
) {strict};
create index deal_taken_order on deal_taken (log, order_id);
create index deal_taken_buyer on deal_taken (log, deal, buyer);

-- What orders that were not cancelled have of it together: a burst of buyers asks for this alone, however many there were before.
create table deal_sum (
  log {blob} not null, product {blob} not null, deal {blob} not null, units {int} not null,
  primary key (log, product, deal)
) {keyed};
