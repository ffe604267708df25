-- How often what a stall shows to everybody was edited: whoever holds a copy in memory knows when it is old.
create table market_goods (
    log {blob} not null primary key,
    version {int} not null
) {keyed};

-- Pictures under the hash of their bytes. They are the same for every stall that shows them.
create table picture (
    hash {blob} not null primary key,
    kind {int} not null,
    bytes {blob} not null
) {strict};

-- Who brought which picture, so that nobody can fill the disk alone.
create table stall_picture (
    stall {blob} not null references stall (stall),
    hash {blob} not null references picture (hash),
    length {int} not null,
    put_ms {int} not null,
    primary key (stall, hash)
) {keyed};
