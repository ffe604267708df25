-- Refunds say what went back by each means, and a stall what tax an amount has that is no product's. An older program kept such
-- refunds aside: the tables of every log are marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

alter table stall_profile add column tax_ppm {int} not null default 0;
alter table stall_profile add column tax_inclusive {int} not null default 0;

-- What a register may give back for what it was allowed to refund: as money, and at all.
alter table refund_allowance add column money_minor {int} not null default 0;
alter table refund_allowance add column all_minor {int} not null default 0;

-- Codes of payments by phone that paid something other than a sale: an order that was handed over, or value in a purse.
create table paid_code (
  log {blob} not null, author {blob} not null, seq {int} not null, code text not null, paid {blob} not null,
  primary key (log, author, seq, code)
) {strict};
create index paid_code_code on paid_code (log, code);
