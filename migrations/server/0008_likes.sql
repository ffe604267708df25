-- What people like, so that all their devices show it. `turns` is counted as `soko_domain::likes` says; `version` grows
-- with every change of an account's likes, so that a device asks only for what it has not seen.
create table liked (
    account {blob} not null references account (account),
    stall {blob} not null,
    product {blob} not null,
    turns {int} not null,
    version {int} not null,
    primary key (account, stall, product)
) {keyed};
create index liked_version on liked (account, version);
