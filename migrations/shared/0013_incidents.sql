-- What became of incidents. The column and the entries are new: the tables of every log are marked, and filled again from
-- the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

alter table incident add column incident {blob};
create index incident_named on incident (log, incident);

-- Somebody looked at it and did what was to be done; `person` where the register knew who.
create table incident_word (
  log {blob} not null, author {blob} not null, seq {int} not null, incident {blob} not null,
  person {blob}, at_ms {int} not null, offset_minutes {int} not null,
  primary key (log, author, seq)
) {strict};
create index incident_word_of on incident_word (log, incident);
