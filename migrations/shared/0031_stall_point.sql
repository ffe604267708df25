-- Where a stall is on the earth, in millionths of a degree, and when it is open, as its profile says. No program read these registers before:
-- the tables of every log are marked, and filled again from the records. The index finds what is near.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

alter table stall_profile add column lat {int};
alter table stall_profile add column lon {int};
alter table stall_profile add column opening text not null default '';
create index stall_profile_point on stall_profile (lat, lon);
