-- What was counted in a drawer first, before anything said what should be in it. The tables of every log are marked, and filled again
-- from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

alter table shift add column first_counted_minor {int} not null default 0;
