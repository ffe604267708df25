-- The model of what goes with what, as the server last gave it, and what somebody does not want to be shown again.

create table own_model (
  only_row {int} primary key check (only_row = 1),
  model {blob} not null check (length(model) = 32), bytes {blob} not null
) {strict};

create table unwanted (
  product {blob} not null primary key check (length(product) = 16)
) {keyed};
