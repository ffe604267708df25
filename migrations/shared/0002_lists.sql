-- What lists show beside their rows, so that a list is one query, and what a business day comes to. The columns
-- are new: the tables of every log are marked, and whoever opens the database fills them again from the records.

create table tables_stale (
  log {blob} not null primary key
) {keyed};
insert into tables_stale (log) select log from log_counter;

-- Ids one after another: 32 bytes for each picture in the order to show them, 16 for each category.
alter table product add column pictures {blob};
alter table product add column categories {blob};

create table product_category (
  log {blob} not null, category {blob} not null, product {blob} not null,
  primary key (log, category, product)
) {keyed};
create index product_category_product on product_category (log, product);

create table category (
  log {blob} not null, category {blob} not null, name text not null, folded text not null,
  parent {blob}, position {int} not null,
  primary key (log, category)
) {keyed};

alter table orders add column currency text not null default '';
alter table orders add column lines {int} not null default 0;
create index orders_waiting on orders (log, at_ms)
  where placed = 1 and handed_over = 0 and released = 0 and fulfilled = 0;

-- What a sale left in the drawer; what a refund took out of it is the amount where cash is 1.
alter table sale add column cash_minor {int} not null default 0;
alter table refund_line add column business_day {int} not null default 0;
alter table refund_line add column cash {int} not null default 0;
create index refund_line_day on refund_line (log, business_day);

alter table stall_profile add column hours text not null default '';
