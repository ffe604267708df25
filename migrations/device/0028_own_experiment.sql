-- The experiment with suggestions that this device takes part in, found out here: its arm, or null where it stays outside. It stays
-- until that experiment is published no more, whoever signs in meanwhile.

create table own_experiment (
  only_row {int} primary key check (only_row = 1),
  experiment {blob} not null check (length(experiment) = 16),
  arm {int},
  explores {int} not null
) {strict};

-- Prices that this register tries out, against what they were before, day by day. The state is 1 while it runs; then 2 for
-- harm, 3 worse, 4 better, 5 no clear difference, 6 for a price that somebody set by hand, 7 for one that somebody ended.
create table own_price_experiment (
  experiment {blob} not null primary key check (length(experiment) = 16),
  log {blob} not null, product {blob} not null,
  before_minor {int} not null, tried_minor {int} not null,
  from_day {int} not null, days {int} not null, state {int} not null
) {strict};
create index own_price_experiment_of on own_price_experiment (log, product, from_day);

-- The days on which its price stood as planned; no other day counts.
create table own_price_day (
  experiment {blob} not null, day {int} not null,
  primary key (experiment, day)
) {keyed};
