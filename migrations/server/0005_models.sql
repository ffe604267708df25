-- Models of what goes with what, each under the hash of its bytes, with what was measured when it was made. At most one
-- is in use; the latest others stay, so that going back is one step.
create table model (
  model {blob} not null primary key,
  made_ms {int} not null,
  in_use {int} not null,
  card text not null,
  bytes {blob} not null
) {strict};
