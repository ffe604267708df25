-- What of an open order was paid, and what of it was not. The tables of every log are marked, and filled again from the
-- records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- A row goes when its cart has no lines or says that it is closed. `held` is the quantity of each of its lines, `unpaid` how
-- many of them have something that no sale says is paid, and `is_rest` says that something was.
drop table open_tab;
create table open_tab (
  log {blob} not null, tab {blob} not null, title text not null, held {blob} not null, unpaid {int} not null,
  is_rest {int} not null,
  primary key (log, tab)
) {keyed};

-- What a sale says of the open order that it pays. It stands before its sale, and counts from when that is here.
create table tab_paid (
  log {blob} not null, sale {blob} not null, author {blob} not null, seq {int} not null, spans {blob} not null,
  primary key (log, sale, author, seq)
) {keyed};
