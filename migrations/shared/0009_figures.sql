-- What reports add up: sums by hour, register and person; by product; by way to pay; by tax rate. Every row is a sum of
-- what entries add, so that the order in which they come does not matter. The tables are new: those of every log are
-- marked, and whoever opens the database fills them from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- Where nobody said who they were, the person is sixteen zeros.
create table figure_hour (
  log {blob} not null, business_day {int} not null, hour {int} not null, register {blob} not null,
  person {blob} not null,
  -- Sales that stand: a void takes back what its sale had added, on the sale's own day.
  sales {int} not null, lines {int} not null, revenue_minor {int} not null, tax_minor {int} not null,
  discount_minor {int} not null, rounding_minor {int} not null,
  voids {int} not null, voided_minor {int} not null,
  -- Money that was given back then, whatever day it had been taken.
  refunds {int} not null, refunded_minor {int} not null,
  -- What came back later of what was sold then; and how often another day changed this one.
  returned_minor {int} not null, restated {int} not null,
  primary key (log, business_day, hour, register, person)
) {keyed};

-- Grain 1: `at` is a business day. Grain 2: `at` is a month, twelve to the year since the year 0. Amounts without a
-- product stand under sixteen zeros.
create table figure_product (
  log {blob} not null, grain {int} not null, at {int} not null, product {blob} not null,
  units {int} not null, lines {int} not null, revenue_minor {int} not null, tax_minor {int} not null,
  discount_minor {int} not null,
  returned_units {int} not null, restocked_units {int} not null, refunded_minor {int} not null,
  refunded_tax_minor {int} not null,
  primary key (log, grain, at, product)
) {keyed};

create table figure_tender (
  log {blob} not null, business_day {int} not null, kind {int} not null,
  payments {int} not null, amount_minor {int} not null, refunded_minor {int} not null,
  primary key (log, business_day, kind)
) {keyed};

-- What sales that stand owe, less what refunds of that day took back.
create table figure_tax (
  log {blob} not null, business_day {int} not null, ppm {int} not null, mode {int} not null, label text not null,
  net_minor {int} not null, tax_minor {int} not null,
  primary key (log, business_day, ppm, mode, label)
) {keyed};
