-- How the money for orders from the shop moved, and how a stall lets buyers pay. The columns are new, and so are the
-- entries, which an older program kept aside: the tables of every log are marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- `kind`: 1 is to be paid before it is fetched, 2 paid, 3 paid back. `way` is how.
create table order_money (
  log {blob} not null, author {blob} not null, seq {int} not null, order_id {blob} not null,
  kind {int} not null, way {int} not null, amount_minor {int} not null,
  reference text not null, at_ms {int} not null,
  primary key (log, author, seq)
) {strict};
create index order_money_order on order_money (log, order_id, kind);

alter table stall_profile add column takes_card {int} not null default 0;
alter table stall_profile add column takes_phone {int} not null default 0;
