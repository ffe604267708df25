-- Receipts that go to a customer by mail as soon as there is a connection. No record has the address: it stands here until the receipt
-- was sent or refused.
create table own_mailed_receipt (
  request {blob} not null primary key, log {blob} not null, sale {blob} not null,
  address text not null, language text not null, is_copy {int} not null,
  -- 1 waits, 2 was sent, 3 was refused.
  state {int} not null, because text not null, at_ms {int} not null
) {strict};
create index own_mailed_receipt_sale on own_mailed_receipt (log, sale);
create index own_mailed_receipt_state on own_mailed_receipt (state, at_ms);
