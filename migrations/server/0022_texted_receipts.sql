-- Receipts go by text, too: `channel` says which way, and `address` is a telephone number then. A text costs whoever runs the server
-- money: those of a stall and of all stalls are counted within a day.

alter table mailed_receipt add column channel {int} not null default 1;
create index mailed_receipt_channel on mailed_receipt (channel, made_ms);
