-- Carts that are put aside: without this, a list of them had to open every one that there ever was. The tables of every
-- log are marked, and filled again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- A row goes when its cart has no lines or says that it is closed; a sale of it is looked for where it is read.
create table open_tab (
  log {blob} not null, tab {blob} not null, title text not null, lines {int} not null,
  primary key (log, tab)
) {keyed};
