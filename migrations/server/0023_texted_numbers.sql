-- A receipt that waits to be texted has a number of its own among the messages, 8, which a server from before such receipts leaves alone:
-- it would take the telephone number for a mailbox. Before, these waited under 7, as texts to people do (23 is the topic of receipts).
update message set state = 8 where state = 7 and topic = 23;

-- Texts to one telephone number are counted within a day. What is kept for that is no number but what the server's secret makes of one, and
-- goes after that day.
alter table mailed_receipt add column number_digest {blob};
create index mailed_receipt_number on mailed_receipt (made_ms) where number_digest is not null;
