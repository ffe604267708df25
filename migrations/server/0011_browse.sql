-- Since when a product is on offer, for what is new. Nobody noted it before: what was there then is old.
create table market_added (
    log {blob} not null,
    product {blob} not null,
    at_ms {int} not null,
    primary key (log, product)
) {keyed};
insert into market_added (log, product, at_ms) select log, product, 0 from product;
