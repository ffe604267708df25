-- Parts of payments that go back: one row each, with how far it is at the provider. What the stall's records say of it is
-- elsewhere.
create table checkout_part (
  log {blob} not null, order_id {blob} not null, place {int} not null, refund {blob} not null,
  amount_minor {int} not null, stage {int} not null, asks {int} not null,
  primary key (log, order_id, refund)
) {strict};

-- The same at this server's own provider, which moves no money.
create table test_money_part (
  order_id {blob} not null, refund {blob} not null, amount_minor {int} not null,
  primary key (order_id, refund)
) {strict};
