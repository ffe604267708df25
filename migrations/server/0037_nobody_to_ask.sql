-- Payments that records name and that no provider here can be asked about: the stall was told, once. Whoever can ask later takes it away.
create table pay_nobody (
  log {blob} not null, order_id {blob} not null, at_ms {int} not null,
  primary key (log, order_id)
) {strict};
