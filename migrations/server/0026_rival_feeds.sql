-- Addresses whose prices are fetched for a stall. What they said last is kept as it came, so that whoever asks about it on a
-- register sees what the server saw; what counts of it stands in the stall's records.

-- `choice`: what each column says, in words with commas between them, and the decimal mark behind a semicolon; empty: by its headers.
-- `trouble`: why the last look brought nothing, as a word; empty where it did.
create table rival_feed (
    feed {blob} not null primary key,
    stall {blob} not null references stall (stall),
    source text not null,
    address text not null,
    choice text not null,
    made_ms {int} not null,
    due_ms {int} not null,
    tried_ms {int},
    fetched_ms {int},
    failures {int} not null,
    trouble text not null,
    etag text not null,
    modified text not null,
    rows_read {int} not null,
    rows_known {int} not null,
    body {blob}
) {strict};
create index rival_feed_stall on rival_feed (stall, made_ms);
create index rival_feed_due on rival_feed (due_ms);
