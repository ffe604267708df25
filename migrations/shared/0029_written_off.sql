-- What refunds took out of the books because it never came: it waits for nobody to see it any more. The tables of every log are marked,
-- and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

create table written_off (
  log {blob} not null, author {blob} not null, seq {int} not null, place {int} not null, sale {blob} not null, kind {int} not null,
  amount_minor {int} not null,
  primary key (log, author, seq, place)
) {keyed};
create index written_off_sale on written_off (log, sale, kind);
