-- What each product cost and since when, so that a lower price can be shown beside what it was. Nobody noted it before: what
-- is asked now was always asked.
create table market_price (
  log {blob} not null, product {blob} not null, since_ms {int} not null, price_minor {int} not null,
  primary key (log, product, since_ms)
) {keyed};
insert into market_price (log, product, since_ms, price_minor) select log, product, 0, price_minor from product;

-- A price that went down: the lowest of the thirty days before.
create table market_lowered (
  log {blob} not null, product {blob} not null, was_minor {int} not null, since_ms {int} not null,
  primary key (log, product)
) {keyed};
