-- PINs of those who work at this register. They never leave it: a PIN has few digits, and whoever holds its hash can
-- try them all. Those of an earlier author of this register count no longer.
create table own_pin (
  log {blob} not null, author {blob} not null, person {blob} not null,
  salt {blob} not null check (length(salt) = 16), hash {blob} not null check (length(hash) = 32),
  failures {int} not null, wait_until_ms {int} not null,
  primary key (log, author, person)
) {keyed};
