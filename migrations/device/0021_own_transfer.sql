-- Where the money for the buyer's own orders goes by bank, as the server said it when the order was placed: it is shown without a
-- network, too.
create table own_transfer (
  order_id blob not null primary key, holder text not null, number text not null, bank text not null,
  amount_minor integer not null, until_ms integer not null
) strict;
