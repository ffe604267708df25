-- What somebody may want to look into, one row for each thing that a record says: a sale can have a discount and a custom amount, and
-- either is looked for. The table `audit` had one row a record; it stays until no older program fills it any more. And what custom
-- amounts of one sale may come to: no limit for roles whose limits were said before there was one. The tables of every log are marked, and
-- filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

alter table role_limits add column custom_minor {int} not null default 9223372036854775807;

create table audit_row (
  log {blob} not null, author {blob} not null, seq {int} not null, facet {int} not null, kind {int} not null,
  at_ms {int} not null, business_day {int} not null, person {blob}, approved_by {blob},
  primary key (log, author, seq, facet)
) {keyed};
-- Each order in which rows are read, the latest first, to its last column: a page begins where the one before it ended.
create index audit_row_at on audit_row (log, at_ms, author, seq, facet);
create index audit_row_day on audit_row (log, business_day, at_ms, author, seq, facet);
create index audit_row_kind on audit_row (log, kind, facet, at_ms, author, seq);
create index audit_row_person on audit_row (log, person, at_ms, author, seq, facet);
create index audit_row_approved on audit_row (log, approved_by, at_ms, author, seq, facet);
