-- Refunds say what went back by each means, and a stall what tax an amount has that is no product's. An older program kept such
-- refunds aside: the tables of every log are marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

alter table stall_profile add column tax_ppm {int} not null default 0;
alter table stall_profile add column tax_inclusive {int} not null default 0;
