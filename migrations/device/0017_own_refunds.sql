-- What goes back of the buyer's own orders, as the server last said it. `state`: 1 on its way, 2 to fetch, 3 back, 4 refused.
create table own_refund (
  order_id blob not null, place integer not null, amount_minor integer not null, state integer not null,
  reason text not null, at_ms integer not null,
  primary key (order_id, place)
) strict;
