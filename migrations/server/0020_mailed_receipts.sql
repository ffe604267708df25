-- Receipts of sales at a counter that go by mail. The message stands among the others; here is what it is of and whereto: no record
-- has that. `address` is empty as soon as the mail server has it or it was given up. The row stays some weeks, so that the same request
-- is known again.

create table mailed_receipt (
    message {blob} not null primary key,
    stall {blob} not null references stall (stall),
    author {blob} not null,
    sale {blob} not null,
    address text not null,
    language text not null,
    is_copy {int} not null,
    made_ms {int} not null
) {strict};
create index mailed_receipt_author on mailed_receipt (author, made_ms);
create index mailed_receipt_sale on mailed_receipt (stall, sale);
create index mailed_receipt_made on mailed_receipt (made_ms);
