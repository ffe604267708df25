-- When each device of a stall last spoke with the server, and how many records it said then that it had and the server had not. The
-- server writes it with each exchange; a device keeps what the server told. It follows from no record and is in no digest.
create table device_word (
  log {blob} not null, author {blob} not null,
  last_ms {int} not null, waiting {int} not null,
  -- 1 once the device took its leave by itself, with nothing left to send.
  has_left {int} not null,
  -- When this was known.
  told_ms {int} not null,
  primary key (log, author)
) {keyed};
