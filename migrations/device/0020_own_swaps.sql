-- What stalls offer in place of lines of the buyer's own orders, and what its buyer says to it: kept before it is sent.
-- `state`: 1 offered, 2 yes is kept here, 3 no is kept here, 4 taken, 5 over. No product where the line is only to go.
create table own_swap (
  swap blob not null primary key, order_id blob not null, line integer not null,
  product blob, name text not null, quantity integer not null, total_minor integer not null,
  delta_minor integer not null, state integer not null
) strict;
create index own_swap_order on own_swap (order_id, state);
