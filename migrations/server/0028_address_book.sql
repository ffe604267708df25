-- Addresses that people keep, so that all their devices have them. `edits` and `chosen` are counted as
-- `soko_domain::address_book` says; `version` grows with every change of an account's book, so that a device asks only
-- for what it has not seen. Of one that was taken out nothing is left but its number.
create table kept_address (
    account {blob} not null references account (account),
    address {blob} not null,
    edits {int} not null,
    chosen {int} not null,
    is_gone {int} not null,
    label text not null,
    name text not null,
    reach text not null,
    goes_to text not null,
    version {int} not null,
    primary key (account, address)
) {keyed};
create index kept_address_version on kept_address (account, version);
