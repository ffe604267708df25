-- Every record, in the order of its author's chain.
create table record (
    log {blob} not null check (length(log) = 16),
    author {blob} not null check (length(author) = 16),
    seq {int} not null check (seq > 0),
    kind {int} not null,
    hash {blob} not null check (length(hash) = 32),
    prev {blob} not null check (length(prev) = 32),
    body {blob},
    withheld_hash {blob} check (length(withheld_hash) = 32),
    signature {blob} check (length(signature) = 64),
    position {int} not null,
    primary key (log, author, seq),
    check ((body is null) <> (withheld_hash is null))
) {keyed};

-- The order of arrival, which cursors count.
create unique index record_position on record (log, position);

-- The last record of each author, and the key that checks its chain.
create table author_head (
    log {blob} not null check (length(log) = 16),
    author {blob} not null check (length(author) = 16),
    seq {int} not null check (seq > 0),
    hash {blob} not null check (length(hash) = 32),
    public_key {blob} not null check (length(public_key) = 32),
    primary key (log, author)
) {keyed};

-- The last position given out in each log: gapless, because it is taken in the transaction that appends.
create table log_counter (
    log {blob} not null primary key check (length(log) = 16),
    last_position {int} not null check (last_position > 0)
) {keyed};
