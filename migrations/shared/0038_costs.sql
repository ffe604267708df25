-- What goods cost when they were sold, as far as that was said then, and of how many units it was: margins are no more reckoned with
-- what they cost today. Sums of before have none of it, which is what they would say if they were filled again; but where a device of
-- a newer version said costs already, an older program passed that on unread. Those logs are marked, and filled again from the records.

alter table figure_product add column cost_minor {int} not null default 0;
alter table figure_product add column costed_units {int} not null default 0;

-- 8193 is the kind of record that says costs.
insert into tables_stale (log)
select distinct log from record where kind = 8193 and log not in (select log from tables_stale);
