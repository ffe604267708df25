-- How far a price may be from the middle of what others ask was 30 % for everybody; now an owner may say it. Entries that say something
-- else are new, and an older program kept them aside; and what others ask stands among what is looked into. The tables of every log are
-- marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

alter table price_rule add column market_ppm {int} not null default 300000;
