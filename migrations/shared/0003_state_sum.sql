-- The sum of the hashes of all rows that the digest of a log covers. It moves with every row, so that comparing
-- two devices does not read everything.
create table state_sum (
  log {blob} not null, sum {blob} not null,
  primary key (log)
) {strict};
