-- Points that a refund or a void here has to take back and that lie elsewhere: what was asked for them, until they came.
create table own_points_asked (
  log {blob} not null, ask {blob} not null, purse {blob} not null, sale {blob} not null, units {int} not null,
  primary key (log, ask)
) {strict};
