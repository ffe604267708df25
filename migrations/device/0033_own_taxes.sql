-- What an own order says about each rate, as its device worked it out and then as the server says it. `is_inclusive`: the prices
-- contain it.
create table own_order_tax (
  order_id blob not null, place integer not null, label text not null, ppm integer not null,
  is_inclusive integer not null, net_minor integer not null, tax_minor integer not null,
  primary key (order_id, place)
) strict, without rowid;
-- How much of what was seen before the last tap was taxes.
alter table own_order add column seen_tax_minor integer;
