-- Customers, and what a stall owes them: gift cards, store credit, points. The columns are new: the tables of every log
-- are marked, and whoever opens the database fills them again from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

create table customer (
  log {blob} not null, customer {blob} not null, revision {int} not null, author {blob} not null,
  name text not null, phone text not null, email text not null, note text not null,
  may_contact {int} not null, erased {int} not null,
  -- What is compared when somebody searches: the name without accents, the digits of the number, the address.
  folded text not null,
  primary key (log, customer)
) {keyed};
create index customer_folded on customer (log, folded, customer);

-- Which records hold a name, so that it can be taken out of them.
create table customer_card (
  log {blob} not null, customer {blob} not null, author {blob} not null, seq {int} not null,
  primary key (log, customer, author, seq)
) {keyed};

-- What was ever filled. How much is in it stands in `balance`, under the same id.
create table purse (
  log {blob} not null, purse {blob} not null, kind {int} not null, customer {blob},
  first_at_ms {int} not null,
  primary key (log, purse)
) {keyed};
create index purse_kind on purse (log, kind, first_at_ms, purse);

-- What happened to purses. `cause` is that of what filled it, or of what spent it.
create table purse_entry (
  log {blob} not null, author {blob} not null, seq {int} not null, purse {blob} not null,
  kind {int} not null, filled {int} not null, cause {int} not null, units {int} not null,
  money_minor {int} not null, missing {int} not null, sale {blob}, reason text not null,
  at_ms {int} not null, offset_minutes {int} not null, business_day {int} not null,
  primary key (log, author, seq)
) {strict};
create index purse_entry_purse on purse_entry (log, purse, at_ms);
create index purse_entry_sale on purse_entry (log, sale) where sale is not null;

-- What a shift did to purses of one kind.
create table shift_purse (
  log {blob} not null, shift {blob} not null, author {blob} not null, kind {int} not null,
  bought {int} not null, bought_units {int} not null, given_units {int} not null,
  spent_units {int} not null, spent_minor {int} not null, taken_units {int} not null,
  primary key (log, shift, author, kind)
) {keyed};

-- How points are earned.
create table loyalty (
  log {blob} not null, revision {int} not null, author {blob} not null,
  earn_minor {int} not null, worth_minor {int} not null,
  primary key (log)
) {keyed};

alter table sale add column customer {blob};
create index sale_customer on sale (log, customer, at_ms) where customer is not null;
