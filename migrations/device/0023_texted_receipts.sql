-- Receipts go by text, too: 1 by mail, 2 by text. `address` is a telephone number then.
alter table own_mailed_receipt add column way {int} not null default 1;
