-- What lies in people's baskets, brought together from all their devices as `soko_domain::wanted` says: how far each device has counted, and
-- which of those units are still in. `version` grows with everything that is new to an account's baskets, so that a device that has seen it
-- is told nothing; a device's own is that at which it was last heard to count on.
create table account_basket (
    account {blob} not null primary key references account (account),
    version {int} not null
) {keyed};
create table basket_device (
    account {blob} not null references account (account),
    device {blob} not null,
    up_to {int} not null,
    version {int} not null,
    primary key (account, device)
) {keyed};
create table basket_part (
    account {blob} not null references account (account),
    device {blob} not null,
    first {int} not null,
    units {int} not null,
    stall {blob} not null,
    product {blob} not null,
    seen_minor {int} not null,
    added_ms {int} not null,
    primary key (account, device, first)
) {keyed};
