-- What of an open order was taken out stands in its document beside what was put in, and a sale's word counts for the order
-- that it names alone. The tables of every log are marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- As before, with the units that words took out.
drop table open_tab;
create table open_tab (
  log {blob} not null, tab {blob} not null, title text not null, held {blob} not null, taken_out {blob} not null,
  unpaid {int} not null, is_rest {int} not null,
  primary key (log, tab)
) {keyed};

-- As before, with the order.
drop table tab_paid;
create table tab_paid (
  log {blob} not null, sale {blob} not null, author {blob} not null, seq {int} not null, tab {blob} not null,
  spans {blob} not null,
  primary key (log, sale, author, seq)
) {keyed};
