-- What a shift's report says, as running totals; who works at the stall; and what somebody may want to look into. The
-- columns are new: the tables of every log are marked, and whoever opens the database fills them again from the records.

insert into tables_stale (log) select log from log_counter where true
  on conflict (log) do nothing;

alter table shift add column opened_offset {int} not null default 0;
alter table shift add column opened_by {blob};
alter table shift add column closed_at_ms {int} not null default 0;
alter table shift add column closed_offset {int} not null default 0;
alter table shift add column closed_by {blob};
-- A register's shifts in the order in which they were closed, from 1; 0 while it is open.
alter table shift add column z_number {int} not null default 0;
alter table shift add column voids_minor {int} not null default 0;
alter table shift add column refunds {int} not null default 0;
alter table shift add column discounts_minor {int} not null default 0;
alter table shift add column rounding_minor {int} not null default 0;
alter table shift add column tendered_minor {int} not null default 0;
alter table shift add column change_minor {int} not null default 0;
alter table shift add column paid_in_minor {int} not null default 0;
alter table shift add column paid_out_minor {int} not null default 0;
alter table shift add column openings {int} not null default 0;
-- How often it was counted, and what came out last.
alter table shift add column counts {int} not null default 0;
alter table shift add column last_counted_minor {int} not null default 0;
-- What arrived for it after it was closed, and what that did to its cash.
alter table shift add column late {int} not null default 0;
alter table shift add column late_minor {int} not null default 0;
-- The shift whose drawer paid.
alter table refund_line add column shift {blob};
create index refund_line_shift on refund_line (log, author, shift);
create index shift_closed on shift (log, closed, closed_at_ms);

create table shift_tender (
  log {blob} not null, shift {blob} not null, author {blob} not null, kind {int} not null,
  payments {int} not null, amount_minor {int} not null, refunded_minor {int} not null,
  primary key (log, shift, author, kind)
) {keyed};

create table shift_tax (
  log {blob} not null, shift {blob} not null, author {blob} not null,
  ppm {int} not null, mode {int} not null, label text not null,
  net_minor {int} not null, tax_minor {int} not null,
  primary key (log, shift, author, ppm, mode, label)
) {keyed};

create table person (
  log {blob} not null, person {blob} not null, revision {int} not null, author {blob} not null,
  name text not null, role {int} not null, active {int} not null, erased {int} not null,
  primary key (log, person)
) {keyed};

-- Which records hold a name, so that it can be taken out of them.
create table person_card (
  log {blob} not null, person {blob} not null, author {blob} not null, seq {int} not null,
  primary key (log, person, author, seq)
) {keyed};

create table role_limits (
  log {blob} not null, role {int} not null, revision {int} not null, author {blob} not null,
  discount_ppm {int} not null, refund_minor {int} not null, void_sale {int} not null,
  open_drawer {int} not null, change_price {int} not null,
  primary key (log, role)
) {keyed};

-- Records that somebody may want to look into: everything that moves money or rights and is not a plain sale.
create table audit (
  log {blob} not null, author {blob} not null, seq {int} not null, at_ms {int} not null,
  business_day {int} not null, kind {int} not null, person {blob}, approved_by {blob},
  primary key (log, author, seq)
) {keyed};
create index audit_at on audit (log, at_ms);
create index audit_day on audit (log, business_day, at_ms);
create index audit_person on audit (log, person, at_ms);
