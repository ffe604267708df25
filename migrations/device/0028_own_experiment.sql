-- The experiment with suggestions that this device takes part in, found out here: its arm, or null where it stays outside. It stays
-- until that experiment is published no more, whoever signs in meanwhile.

create table own_experiment (
  only_row {int} primary key check (only_row = 1),
  experiment {blob} not null check (length(experiment) = 16),
  arm {int},
  explores {int} not null
) {strict};
