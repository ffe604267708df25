-- Papers that this device gave to somebody: the first one of a sale is the original, each later one is a copy.

create table own_paper (
  log {blob} not null check (length(log) = 16), sale {blob} not null check (length(sale) = 16),
  times {int} not null,
  primary key (log, sale)
) {keyed};
