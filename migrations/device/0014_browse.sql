-- The categories of the whole market as the server last said, in a version byte and the message they came in.
create table market_group (
  slug text not null primary key, place {int} not null, as_of_ms {int} not null, category {blob} not null
) {keyed};
-- A product's categories are replaced with each look at it.
create index market_category_product on market_category (stall, product);
