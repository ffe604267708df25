-- When a receipt that waits is asked for again, and how often that was in vain, so that it waits longer: what is not due keeps nothing newer
-- from going. And whether its request may have reached the server, so that somebody may have it: of what waited before, nobody knows.
alter table own_mailed_receipt add column next_ms {int} not null default 0;
alter table own_mailed_receipt add column tries {int} not null default 0;
alter table own_mailed_receipt add column may_be_there {int} not null default 0;
update own_mailed_receipt set may_be_there = 1 where state = 1;
