-- What the buyer of this device says of what was bought, from when it is written; and what others were seen to say.

create table own_review (
  order_id {blob} not null, product {blob} not null,
  -- 0 takes back what was said.
  stars {int} not null, words text not null,
  -- 1 waits to be sent, 2 the server has it, 3 it was refused.
  state {int} not null, because text not null,
  primary key (order_id, product)
) {keyed};

-- The latest of a product, in a version byte and the message they came in.
create table market_review (
  stall {blob} not null, product {blob} not null, as_of_ms {int} not null, reviews {blob} not null,
  primary key (stall, product)
) {strict};
