-- What was done with models, and experiments between them.

-- Each act stays when its model is gone, so that a page can show how models did over time. The act is 1 for a model that was
-- made and used, 2 for one that was made and kept aside, 3 for one that somebody chose, 4 for one that was made before
-- acts were written down.
create table model_act (
  at_ms {int} not null,
  model {blob} not null,
  act {int} not null,
  card text not null,
  because text not null,
  primary key (at_ms, model, act)
) {keyed};

insert into model_act (at_ms, model, act, card, because)
  select made_ms, model, case when in_use = 1 then 1 else 4 end, card, '' from model;

-- One runs at a time: its ended_ms is null. What it looks for is written before it begins and never changes.
create table experiment (
  experiment {blob} not null primary key,
  name text not null,
  aim {int} not null,
  worth_ppm {int} not null,
  people_min {int} not null,
  people_max {int} not null,
  ordered_margin_ppm {int} not null,
  dismissed_margin_ppm {int} not null,
  begun_ms {int} not null,
  ended_ms {int},
  -- How it ended: the verdict's number, and the arm that it speaks of; 0 if somebody ended it, with their reason.
  verdict {int},
  verdict_arm {int},
  verdict_metric {int},
  because text not null
) {strict};

-- What an arm's people get, and what came of it so far.
create table experiment_arm (
  experiment {blob} not null,
  arm {int} not null,
  name text not null,
  share_ppm {int} not null,
  -- Null is the model that is in use.
  model {blob},
  explores {int} not null,
  people {int} not null,
  shown {int} not null,
  tapped {int} not null,
  basket {int} not null,
  ordered {int} not null,
  dismissed {int} not null,
  primary key (experiment, arm)
) {keyed};
