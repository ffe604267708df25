-- What was paid for orders when they were handed over lies in the drawer of the shift. Hand-overs say it since their second
-- version, which an older program kept aside: the tables of every log are marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

alter table shift add column orders {int} not null default 0;
alter table shift add column orders_minor {int} not null default 0;
