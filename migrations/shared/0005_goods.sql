-- What a product has beside its price: what it cost, whether it is wanted at hand, when to buy more, which variant of
-- what it is, and what it is made of. And what happened to each product's units, one row for each record that moved
-- them. The columns are new: the tables of every log are marked and filled again from the records.
alter table product add column cost_minor {int};
alter table product add column favourite {int} not null default 0;
alter table product add column low_level {int};
alter table product add column variant_of {blob};
-- "Size=M", one a line, in the order of the names.
alter table product add column options text not null default '';
-- Sixteen bytes of an id and eight of a quantity, one after another.
alter table product add column parts {blob};
create index product_variant on product (log, variant_of) where variant_of is not null;
create index product_asks on product (log, product) where problems > 0;

alter table category add column archived {int} not null default 0;

create table stock_change (
  log {blob} not null, product {blob} not null, at_ms {int} not null, author {blob} not null,
  seq {int} not null,
  -- The kind of entry; by how much it changed what is here; how many units it moved.
  kind {int} not null, here {int} not null, moved {int} not null,
  primary key (log, product, at_ms, author, seq)
) {keyed};

insert into tables_stale (log) select log from log_counter where true on conflict (log) do nothing;
