-- Keys with which programs of a stall's owner read: shown once, kept as a hash.

-- `scopes`: a bit each, 1 orders, 2 products, 4 sales. A key counts as long as whoever made it owns the stall.
create table program_key (
    program_key {blob} not null primary key,
    stall {blob} not null references stall (stall),
    name text not null,
    scopes {int} not null,
    token_hash {blob} not null unique,
    made_by {blob} not null,
    made_ms {int} not null,
    ends_ms {int},
    used_ms {int}
) {strict};
create index program_key_stall on program_key (stall, made_ms);
