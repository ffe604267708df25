-- What was paid for orders when they were handed over lies in the drawer of the shift, and orders count in the figures from there.
-- Hand-overs say it since their second version, which an older program kept aside: the tables of every log are marked, and filled
-- again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

alter table shift add column orders {int} not null default 0;
alter table shift add column orders_minor {int} not null default 0;

-- Who said that an order is with its buyer. Two registers may, where neither had heard of the other.
create table order_handed (
  log {blob} not null, order_id {blob} not null, author {blob} not null, seq {int} not null,
  primary key (log, order_id, author, seq)
) {keyed};
