-- What was told last of stock and of what people like, to tell only what is new.

-- `standing`: 0 enough, 1 low, 2 nothing left. A product of zeros says that the stall was looked at before.
create table told_stock (
    log {blob} not null,
    product {blob} not null,
    standing {int} not null,
    primary key (log, product)
) {keyed};

create table told_offer (
    log {blob} not null,
    product {blob} not null,
    price_minor {int} not null,
    is_there {int} not null,
    told_ms {int} not null,
    primary key (log, product)
) {keyed};

-- Who likes a product is asked for each stall that moved.
create index liked_product on liked (stall, product, version);
