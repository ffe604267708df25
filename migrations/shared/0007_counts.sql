-- Counts that were opened, and where each register's chain stood when it heard of one. The kinds of entry are new, so no
-- table of any log lacks a row.

create table stock_count (
  log {blob} not null, count_id {blob} not null, author {blob} not null, seq {int} not null,
  product {blob} not null, given {int} not null,
  primary key (log, count_id, author)
) {keyed};
create index stock_count_open on stock_count (log, product) where given = 0;

create table count_mark (
  log {blob} not null, count_id {blob} not null, author {blob} not null, seq {int} not null,
  primary key (log, count_id, author)
) {keyed};
