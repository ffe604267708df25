-- Prices that learn: what may be done with a price by itself, how it moved and why, what was refused. The tables are new:
-- those of every log are marked, and whoever opens the database fills them from the records.

insert into tables_stale (log)
select log from log_counter where log not in (select log from tables_stale);

-- Sixteen zeros stand for every product without a rule of its own.
create table price_rule (
  log {blob} not null, product {blob} not null, revision {int} not null, author {blob} not null,
  mode {int} not null, aim {int} not null, floor_minor {int}, ceiling_minor {int},
  over_cost_ppm {int} not null, step_ppm {int} not null, gone_by_minutes {int},
  primary key (log, product)
) {keyed};

create table price_move (
  log {blob} not null, author {blob} not null, seq {int} not null, product {blob} not null,
  moved {blob} not null, at_ms {int} not null, business_day {int} not null,
  from_minor {int} not null, to_minor {int} not null, undoes {blob},
  primary key (log, author, seq)
) {keyed};
create index price_move_product on price_move (log, product, at_ms);
create index price_move_day on price_move (log, business_day);

create table price_refusal (
  log {blob} not null, author {blob} not null, seq {int} not null, product {blob} not null,
  price_minor {int} not null, until_day {int} not null,
  primary key (log, author, seq)
) {keyed};
create index price_refusal_until on price_refusal (log, until_day);
