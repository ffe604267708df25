-- How stalls hand orders over: where and when buyers come, what bringing and sending cost, what a piece weighs. The columns are
-- new, and so is the second form of an order, which an older program kept aside: the tables of every log are marked, and filled
-- again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

alter table stall_profile add column no_pickup {int} not null default 0;
alter table stall_profile add column pickup_text text not null default '';
alter table stall_profile add column local_terms text not null default '';
alter table stall_profile add column shipping_terms text not null default '';
alter table product add column piece_g {int} not null default 0;
-- As the entry has it; 1 is fetched.
alter table orders add column handing {int} not null default 1;
