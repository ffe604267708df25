-- What orders have of each deal together is compared with others from here: the tables of every log are marked, and filled again from the
-- records, so that the digest has it.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);
