-- Stalls that the operator puts on the market's front, and until when.
create table featured_stall (
  log {blob} not null primary key, until_ms {int} not null, chosen_ms {int} not null
) {keyed};
